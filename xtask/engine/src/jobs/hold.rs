//! Holding dead letters in the hand: received for a short time, and given back.

use std::collections::BTreeMap;

use contract::jobs::{JobMessage, attribute};
use protocol::{DeadLetter, Failure, Target};
use serde_json::{Value, json};

use super::{ATTRIBUTES, DELETE, GIVE_BACK, RECEIVE};
use crate::cloud::{Cloud, CloudError, ErrorKind};
use crate::engine::{Engine, Talk};
use crate::failure;

/// For how long nobody else sees what is looked at. A look takes less than a second and then gives everything back; when it is killed,
/// everything shows again after this.
const VISIBILITY_SECONDS: u64 = 30;

/// The most that SQS hands out at once.
const BATCH: u64 = 10;

const QUEUE: &str = "AWS::SQS::Queue";

/// A dead-letter queue, and where its messages came from.
#[derive(Debug, Clone)]
pub(super) struct Graveyard {
    /// The short name of its stack.
    pub(super) stack: String,
    pub(super) logical_id: String,
    pub(super) url: String,
    /// The queue whose redrive policy names this one.
    pub(super) source: String,
    /// Whether that is a FIFO queue, and so this one as well.
    pub(super) fifo: bool,
    /// How many messages SQS thinks there are.
    pub(super) waiting: u64,
}

/// A message, held.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) letter: DeadLetter,
    receipt: String,
}

impl Held {
    /// Whether it is the one that a person named.
    pub(super) fn is(&self, id: &str) -> bool {
        self.letter.message_id == id || self.letter.job_id.as_deref() == Some(id)
    }
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// The dead-letter queues of some stacks: those that a redrive policy of one of their queues names.
    pub(super) async fn graveyards(&self, request: &protocol::DeadLetters) -> Result<Vec<Graveyard>, Failure> {
        let target = &request.target;
        let problem = |error| failure::of(error, target);
        let mut queues = Vec::new();
        for stack in &request.stacks {
            let resources = match self.cloud.resources(&stack.name).await {
                Ok(resources) => resources,
                Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(problem(error)),
            };
            for queue in resources.into_iter().filter(|one| one.resource_type == QUEUE && !one.physical_id.is_empty()) {
                let ask = ATTRIBUTES.ask(json!({ "QueueUrl": queue.physical_id, "AttributeNames": ["All"] }));
                let answer = self.cloud.read(&ask).await.map_err(problem)?;
                queues.push((stack, queue, answer.get("Attributes").cloned().unwrap_or_default()));
            }
        }
        let word = |attributes: &Value, name: &str| attributes.get(name).and_then(Value::as_str).map(str::to_owned);
        let names = |attributes: &Value| {
            let policy: Value = serde_json::from_str(&word(attributes, "RedrivePolicy")?).ok()?;
            word(&policy, "deadLetterTargetArn")
        };
        let mut found = Vec::new();
        for (stack, queue, attributes) in &queues {
            let arn = word(attributes, "QueueArn");
            let source = queues.iter().find(|(_, _, other)| arn.is_some() && names(other) == arn);
            let Some((_, source, of_source)) = source else { continue };
            found.push(Graveyard {
                stack: stack.stack.clone(),
                logical_id: queue.logical_id.clone(),
                url: queue.physical_id.clone(),
                source: source.physical_id.clone(),
                fifo: word(of_source, "FifoQueue").as_deref() == Some("true"),
                waiting: word(attributes, "ApproximateNumberOfMessages").and_then(|text| text.parse().ok()).unwrap_or_default(),
            });
        }
        let Some(wanted) = &request.queue else { return Ok(found) };
        let known: Vec<String> = found.iter().map(|one| one.logical_id.clone()).collect();
        found.retain(|one| one.logical_id == *wanted);
        if found.is_empty() {
            let message = format!("there is no dead-letter queue `{wanted}`; there are: {}", known.join(", "));
            return Err(failure::request(message, &format!("`cargo xtask queues --env {}` lists all queues", target.environment)));
        }
        Ok(found)
    }

    /// Some messages that are not held yet; none when there are no more.
    pub(super) async fn take(&self, queue: &Graveyard, target: &Target) -> Result<Vec<Held>, Failure> {
        let receive = RECEIVE.with(json!({
            "QueueUrl": queue.url,
            "MaxNumberOfMessages": BATCH,
            "VisibilityTimeout": VISIBILITY_SECONDS,
            // All of SQS's machines are asked, not some of them.
            "WaitTimeSeconds": 1,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }));
        let answer = self.cloud.act(&receive).await.map_err(|error| failure::of(error, target))?;
        let messages = answer.get("Messages").and_then(Value::as_array).into_iter().flatten();
        Ok(messages.filter_map(|message| held(message, queue)).collect())
    }

    /// Everything that SQS hands out, held. Of one message group these are ten at most, since it hands out no more while those are held.
    pub(super) async fn take_all(&self, queue: &Graveyard, target: &Target) -> Result<Vec<Held>, Failure> {
        let mut all: Vec<Held> = Vec::new();
        loop {
            let more = match self.take(queue, target).await {
                Ok(more) => more,
                Err(failure) => {
                    self.give_back(queue, &all).await;
                    return Err(failure);
                }
            };
            let before = all.len();
            for one in more {
                // What took too long shows once more, under a receipt that counts instead of the first.
                match all.iter_mut().find(|known| known.letter.message_id == one.letter.message_id) {
                    Some(known) => *known = one,
                    None => all.push(one),
                }
            }
            if all.len() == before || self.interrupt.requested() {
                return Ok(all);
            }
        }
    }

    /// Let others see them again, at once. What cannot be given back shows again by itself, half a minute later.
    pub(super) async fn give_back(&self, queue: &Graveyard, held: &[Held]) {
        for one in held {
            let back = json!({ "QueueUrl": queue.url, "ReceiptHandle": one.receipt, "VisibilityTimeout": 0 });
            if let Err(error) = self.cloud.act(&GIVE_BACK.with(back)).await {
                self.say_once(&format!("some messages show again only after {VISIBILITY_SECONDS} seconds ({error})"));
            }
        }
    }

    /// Delete one.
    pub(super) async fn bury(&self, queue: &Graveyard, held: &Held) -> Result<(), CloudError> {
        self.cloud.act(&DELETE.with(json!({ "QueueUrl": queue.url, "ReceiptHandle": held.receipt }))).await.map(drop)
    }
}

fn held(message: &Value, queue: &Graveyard) -> Option<Held> {
    let word = |name: &str| message.get(name).and_then(Value::as_str).map(str::to_owned);
    let system = |name: &str| message.get("Attributes").and_then(|all| all.get(name)).and_then(Value::as_str);
    let attributes: BTreeMap<String, String> = message
        .get("MessageAttributes")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.get("StringValue")?.as_str()?.to_owned())))
        .collect();
    let body = word("Body")?;
    let of_body = || serde_json::from_str::<JobMessage<Value>>(&body).ok().map(|job| job.job_id.to_string());
    Some(Held {
        receipt: word("ReceiptHandle")?,
        letter: DeadLetter {
            stack: queue.stack.clone(),
            queue: queue.logical_id.clone(),
            message_id: word("MessageId")?,
            job_id: attributes.get(attribute::JOB_ID).cloned().or_else(of_body),
            reason: attributes.get(attribute::REASON).cloned(),
            received: system("ApproximateReceiveCount").and_then(|text| text.parse().ok()).unwrap_or_default(),
            sent_at: system("SentTimestamp").and_then(|text| text.parse().ok()).unwrap_or_default(),
            group: system("MessageGroupId").map(str::to_owned),
            attributes,
            body,
        },
    })
}
