//! The job queue and its tables, as the stack `jobs` makes them, for tests of what stands around them.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue::{self, N, S};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};
use contract::jobs::{JobId, JobMessage, JobState, SPARE_DELIVERIES, column};
use contract::{fleet, front_door::rate};
use serde::Serialize;

/// The cloud did not do what a test needs.
pub type Failed = Box<dyn Error + Send + Sync>;

/// A job queue with its dead-letter queue, the ops queue, and the tables of jobs, of requests and of the fleet.
#[derive(Debug, Clone)]
pub struct Jobs {
    /// Asks the queues.
    pub sqs: aws_sdk_sqs::Client,
    /// Asks the tables.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// URL of the job queue.
    pub queue_url: String,
    /// URL of its dead-letter queue.
    pub dead_letter_queue_url: String,
    /// URL of the queue of orders to the fleet.
    pub ops_queue_url: String,
    /// Name of the jobs table.
    pub jobs_table: &'static str,
    /// Name of the table that counts requests per user.
    pub rate_table: &'static str,
    /// Name of the fleet's table.
    pub fleet_table: &'static str,
}

/// A message that was in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What its sender wrote.
    pub body: String,
    /// The texts beside it.
    pub attributes: BTreeMap<String, String>,
    /// Its message group id.
    pub group: String,
    /// Its deduplication id.
    pub deduplication_id: String,
}

impl Taken {
    fn of(message: Message) -> Self {
        let mut system = message.attributes.unwrap_or_default();
        let mut said = |name| system.remove(&name).unwrap_or_default();
        let attributes = message.message_attributes.unwrap_or_default();
        Self {
            body: message.body.unwrap_or_default(),
            attributes: attributes.into_iter().filter_map(|(name, value)| Some((name, value.string_value?))).collect(),
            group: said(MessageSystemAttributeName::MessageGroupId),
            deduplication_id: said(MessageSystemAttributeName::MessageDeduplicationId),
        }
    }
}

impl Jobs {
    /// Makes all of it in an account.
    ///
    /// # Errors
    ///
    /// When the cloud refuses some of it.
    pub async fn make(config: &SdkConfig, visibility: Duration, tries: u32) -> Result<Self, Failed> {
        let (sqs, dynamodb) = (aws_sdk_sqs::Client::new(config), aws_sdk_dynamodb::Client::new(config));
        let dead_letter_queue_url = queue(&sqs, "dead.fifo", &[]).await?;
        let arn = QueueAttributeName::QueueArn;
        let answer = sqs.get_queue_attributes().queue_url(&dead_letter_queue_url).attribute_names(arn.clone()).send().await?;
        let arn = answer.attributes().and_then(|attributes| attributes.get(&arn)).ok_or("the queue has no ARN")?;
        let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{}}}"#, tries + SPARE_DELIVERIES);
        let more =
            [(QueueAttributeName::RedrivePolicy, redrive), (QueueAttributeName::VisibilityTimeout, visibility.as_secs().to_string())];
        let queue_url = queue(&sqs, "jobs.fifo", &more).await?;
        let ops_queue_url = queue(&sqs, "ops.fifo", &[]).await?;
        let (jobs_table, rate_table, fleet_table) = ("jobs", "rates", "fleet");
        table(&dynamodb, jobs_table, column::JOB_ID).await?;
        table(&dynamodb, rate_table, rate::USER).await?;
        table(&dynamodb, fleet_table, fleet::column::ID).await?;
        Ok(Self { sqs, dynamodb, queue_url, dead_letter_queue_url, ops_queue_url, jobs_table, rate_table, fleet_table })
    }

    /// Writes a job's record and sends its message, as the front door does.
    ///
    /// # Errors
    ///
    /// When table or queue refuse it.
    pub async fn enqueue<P: Serialize + Sync>(&self, job: &JobMessage<P>) -> Result<(), Failed> {
        let text = |text: &str| S(text.to_owned());
        let mut put = self.dynamodb.put_item().table_name(self.jobs_table);
        for (name, value) in [
            (column::JOB_ID, text(job.job_id.as_str())),
            (column::USER, text(&job.user)),
            (column::TASK, text(&job.task)),
            (column::STATE, text(JobState::Queued.as_str())),
            (column::CREATED_AT, N(job.created_at.to_string())),
            (column::WANTED_UNTIL, N(job.expires_at.to_string())),
            (column::PARAMETERS, S(serde_json::to_string(&job.parameters)?)),
        ] {
            put = put.item(name, value);
        }
        put.send().await?;
        self.send(&job.user, job.deduplication_id(), &serde_json::to_string(job)?, &job.attributes()).await
    }

    /// Sends any message into the job queue.
    ///
    /// # Errors
    ///
    /// When the queue refuses it.
    pub async fn send(&self, group: &str, deduplication_id: &str, body: &str, attributes: &[(&str, String)]) -> Result<(), Failed> {
        let mut send = self.sqs.send_message().queue_url(&self.queue_url).message_body(body);
        for (name, value) in attributes {
            send = send.message_attributes(*name, MessageAttributeValue::builder().data_type("String").string_value(value).build()?);
        }
        send.message_group_id(group).message_deduplication_id(deduplication_id).send().await?;
        Ok(())
    }

    /// A job's record, column by column; empty when there is none.
    ///
    /// # Errors
    ///
    /// When the table cannot be asked.
    pub async fn record(&self, job_id: &JobId) -> Result<BTreeMap<String, AttributeValue>, Failed> {
        let key = S(job_id.to_string());
        let answer = self.dynamodb.get_item().table_name(self.jobs_table).key(column::JOB_ID, key).consistent_read(true).send().await?;
        Ok(answer.item.unwrap_or_default().into_iter().collect())
    }

    /// Takes everything that is in the dead-letter queue: the body and the attributes of each message.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked.
    pub async fn dead_letters(&self) -> Result<Vec<(String, BTreeMap<String, String>)>, Failed> {
        let taken = self.take(&self.dead_letter_queue_url).await?;
        Ok(taken.into_iter().map(|Taken { body, attributes, .. }| (body, attributes)).collect())
    }

    /// Takes every message that is to be had of one of the queues, and deletes it there.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked.
    pub async fn take(&self, queue_url: &str) -> Result<Vec<Taken>, Failed> {
        let mut found = Vec::new();
        loop {
            let receive = self.sqs.receive_message().queue_url(queue_url).max_number_of_messages(10).message_attribute_names("All");
            let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
            let messages = receive.send().await?.messages.unwrap_or_default();
            if messages.is_empty() {
                return Ok(found);
            }
            for message in messages {
                let receipt = message.receipt_handle.clone().unwrap_or_default();
                self.sqs.delete_message().queue_url(queue_url).receipt_handle(receipt).send().await?;
                found.push(Taken::of(message));
            }
        }
    }

    /// How many messages the job queue holds: those that wait, and those that are hidden.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked.
    pub async fn left(&self) -> Result<(u64, u64), Failed> {
        let (waiting, hidden) =
            (QueueAttributeName::ApproximateNumberOfMessages, QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
        let ask = self.sqs.get_queue_attributes().queue_url(&self.queue_url);
        let answer = ask.attribute_names(waiting.clone()).attribute_names(hidden.clone()).send().await?;
        let attributes = answer.attributes.unwrap_or_default();
        let number = |name| attributes.get(name).and_then(|text: &String| text.parse().ok()).unwrap_or_default();
        Ok((number(&waiting), number(&hidden)))
    }
}

async fn queue(sqs: &aws_sdk_sqs::Client, name: &str, more: &[(QueueAttributeName, String)]) -> Result<String, Failed> {
    let mut create = sqs.create_queue().queue_name(name).attributes(QueueAttributeName::FifoQueue, "true");
    for (name, value) in more {
        create = create.attributes(name.clone(), value);
    }
    create.send().await?.queue_url.ok_or_else(|| "the queue has no URL".into())
}

async fn table(dynamodb: &aws_sdk_dynamodb::Client, name: &str, key: &str) -> Result<(), Failed> {
    let attribute = AttributeDefinition::builder().attribute_name(key).attribute_type(ScalarAttributeType::S).build()?;
    let schema = KeySchemaElement::builder().attribute_name(key).key_type(KeyType::Hash).build()?;
    let create = dynamodb.create_table().table_name(name).attribute_definitions(attribute).key_schema(schema);
    create.billing_mode(BillingMode::PayPerRequest).send().await?;
    Ok(())
}
