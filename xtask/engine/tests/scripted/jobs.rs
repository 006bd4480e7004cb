//! One table of jobs and some FIFO queues, in memory.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What DynamoDB and SQS know.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    /// Items by job id; none when there is no table.
    pub(crate) items: Option<BTreeMap<String, Value>>,
    /// Messages by the URL of their queue, oldest first.
    pub(crate) queues: BTreeMap<String, Vec<Message>>,
    /// How many items a page of a scan has.
    pub(crate) page: usize,
    number: u64,
}

/// A message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) group: String,
    pub(crate) deduplication: String,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) received: u64,
    /// The receipt that counts, while it is held.
    pub(crate) held: Option<String>,
}

impl Jobs {
    pub(crate) fn put(&mut self, item: Value) {
        let id = item["job_id"]["S"].as_str().unwrap().to_owned();
        self.items.get_or_insert_default().insert(id, item);
    }

    pub(crate) fn item(&self, id: &str) -> Value {
        self.items.as_ref().and_then(|items| items.get(id)).cloned().unwrap_or_default()
    }

    /// What was held shows again, as after half a minute.
    pub(crate) fn show_all(&mut self) {
        self.queues.values_mut().flatten().for_each(|message| message.held = None);
    }

    pub(super) fn read(&self, operation: &str, parameters: &Map<String, Value>) -> Option<Value> {
        let items = self.items.as_ref()?;
        match operation {
            "GetItem" => {
                let id = parameters["Key"]["job_id"]["S"].as_str().unwrap();
                Some(items.get(id).map_or_else(|| json!({}), |item| json!({ "Item": item })))
            }
            "Scan" => {
                let after = parameters.get("ExclusiveStartKey").and_then(|key| key["job_id"]["S"].as_str());
                let rest: Vec<_> = items.iter().filter(|(id, _)| after.is_none_or(|after| after < id.as_str())).collect();
                let page: Vec<_> = rest.iter().take(self.page.max(1)).map(|(_, item)| (*item).clone()).collect();
                let last = (page.len() < rest.len()).then(|| json!({ "job_id": page.last().unwrap()["job_id"] }));
                Some(json!({ "Items": page, "LastEvaluatedKey": last }))
            }
            _ => None,
        }
    }

    pub(super) fn act(&mut self, operation: &str, parameters: &Map<String, Value>) -> Result<Value, &'static str> {
        let word = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match operation {
            "PutItem" => {
                let id = parameters["Item"]["job_id"]["S"].as_str().unwrap().to_owned();
                self.allowed(&id, parameters)?;
                self.items.get_or_insert_default().insert(id, parameters["Item"].clone());
            }
            "UpdateItem" => {
                let id = parameters["Key"]["job_id"]["S"].as_str().unwrap().to_owned();
                self.allowed(&id, parameters)?;
                let item = self.items.get_or_insert_default().entry(id.clone()).or_insert_with(|| json!({ "job_id": { "S": id } }));
                update(item.as_object_mut().unwrap(), parameters);
            }
            "SendMessage" => {
                let (url, deduplication) = (word("QueueUrl"), word("MessageDeduplicationId"));
                self.number += 1;
                let attributes = parameters.get("MessageAttributes").and_then(Value::as_object).cloned().unwrap_or_default();
                let message = Message {
                    id: format!("new-{}", self.number),
                    body: word("MessageBody"),
                    group: word("MessageGroupId"),
                    deduplication: deduplication.clone(),
                    attributes,
                    ..Message::default()
                };
                let queue = self.queues.entry(url).or_default();
                if queue.iter().all(|known| known.deduplication != deduplication) {
                    queue.push(message);
                }
            }
            "ReceiveMessage" => return Ok(self.receive(&word("QueueUrl"))),
            "DeleteMessage" => {
                let receipt = Some(word("ReceiptHandle"));
                self.queues.entry(word("QueueUrl")).or_default().retain(|message| message.held != receipt);
            }
            "ChangeMessageVisibility" => {
                let receipt = Some(word("ReceiptHandle"));
                let queue = self.queues.entry(word("QueueUrl")).or_default();
                queue.iter_mut().filter(|message| message.held == receipt).for_each(|message| message.held = None);
            }
            other => panic!("nobody plays `{other}`"),
        }
        Ok(json!({}))
    }

    /// At most ten, and none of a group of which some are held.
    fn receive(&mut self, url: &str) -> Value {
        let queue = self.queues.entry(url.to_owned()).or_default();
        let busy: Vec<String> = queue.iter().filter(|message| message.held.is_some()).map(|message| message.group.clone()).collect();
        let free = queue.iter_mut().filter(|message| message.held.is_none() && !busy.contains(&message.group)).take(10);
        let told = free.map(|message| {
            self.number += 1;
            message.received += 1;
            message.held = Some(format!("receipt-{}", self.number));
            json!({
                "MessageId": message.id,
                "Body": message.body,
                "ReceiptHandle": message.held,
                "MessageAttributes": message.attributes,
                "Attributes": {
                    "ApproximateReceiveCount": message.received.to_string(),
                    "SentTimestamp": "1790000000000",
                    "MessageGroupId": message.group,
                },
            })
        });
        json!({ "Messages": told.collect::<Vec<_>>() })
    }

    /// Whether the condition of a write holds.
    fn allowed(&self, id: &str, parameters: &Map<String, Value>) -> Result<(), &'static str> {
        let item = self.item(id);
        let column = |name: &str| parameters["ExpressionAttributeNames"][name].as_str().unwrap().to_owned();
        let holds = |condition: &str| match condition.strip_suffix(')').and_then(|condition| condition.split_once('(')) {
            Some(("attribute_exists", name)) => item.get(column(name)).is_some(),
            Some(("attribute_not_exists", name)) => item.get(column(name)).is_none(),
            Some(other) => panic!("nobody plays {other:?}"),
            None => {
                let (name, value) = condition.split_once(" = ").unwrap();
                item.get(column(name)) == Some(&parameters["ExpressionAttributeValues"][value])
            }
        };
        let conditions = parameters.get("ConditionExpression").and_then(Value::as_str).unwrap();
        if conditions.split(" AND ").all(holds) { Ok(()) } else { Err("ConditionalCheckFailedException") }
    }
}

fn update(item: &mut Map<String, Value>, parameters: &Map<String, Value>) {
    let column = |name: &str| parameters["ExpressionAttributeNames"][name].as_str().unwrap().to_owned();
    let expression = parameters["UpdateExpression"].as_str().unwrap();
    let (sets, removes) = expression.split_once("REMOVE ").unwrap();
    for set in sets.trim().strip_prefix("SET ").into_iter().flat_map(|sets| sets.split(", ")) {
        let (name, value) = set.split_once(" = ").unwrap();
        item.insert(column(name), parameters["ExpressionAttributeValues"][value].clone());
    }
    for name in removes.split(", ") {
        item.remove(&column(name));
    }
}
