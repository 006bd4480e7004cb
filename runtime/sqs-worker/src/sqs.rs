//! SQS as a queue.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{self, MessageAttributeValue, MessageSystemAttributeName};
use contract::jobs::{MAX_GROUP_BYTES, attribute};

use crate::{Message, Queue, Refusal};

/// How much longer than SQS waits for a message we wait for SQS.
const MARGIN: Duration = Duration::from_secs(10);

/// A FIFO queue of SQS, and its dead-letter queue.
#[derive(Clone)]
pub struct Sqs {
    client: Client,
    url: String,
    dead_letters_url: String,
}

impl fmt::Debug for Sqs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqs").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Sqs {
    /// A queue and its dead-letter queue by their URLs.
    #[must_use]
    pub fn new(client: Client, url: &str, dead_letters_url: &str) -> Self {
        Self { client, url: url.to_owned(), dead_letters_url: dead_letters_url.to_owned() }
    }
}

impl Queue for Sqs {
    async fn receive(&self, wait: Duration, hidden: Duration) -> Result<Option<Message>, Refusal> {
        // The SDK's retries of this call carry the same id, and so get the messages of an answer that was lost on the way.
        let attempt: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(wait + MARGIN).read_timeout(wait + MARGIN).build();
        let call = self
            .client
            .receive_message()
            .queue_url(&self.url)
            // One for the one free slot: a batch shares one visibility timeout, and would wait here for slots that others may have free.
            .max_number_of_messages(1)
            .wait_time_seconds(seconds(wait))
            .visibility_timeout(seconds(hidden))
            .receive_request_attempt_id(attempt)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            .config_override(aws_sdk_sqs::config::Builder::default().timeout_config(timeouts));
        let answer = call.send().await.map_err(|error| failed("receive a message", error))?;
        Ok(answer.messages.unwrap_or_default().pop().map(message))
    }

    async fn hide(&self, message: &Message, hidden: Duration) -> Result<(), Refusal> {
        let call = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(&message.receipt);
        let answer = call.visibility_timeout(seconds(hidden)).send().await;
        answer.map(drop).map_err(|error| refused("hide a message", error))
    }

    async fn delete(&self, message: &Message) -> Result<(), Refusal> {
        let answer = self.client.delete_message().queue_url(&self.url).receipt_handle(&message.receipt).send().await;
        answer.map(drop).map_err(|error| refused("delete a message", error))
    }

    async fn bury(&self, message: &Message, reason: &str) -> Result<(), Refusal> {
        let mut call = self
            .client
            .send_message()
            .queue_url(&self.dead_letters_url)
            .message_body(&message.body)
            .message_group_id(&message.group)
            .message_deduplication_id(deduplication_id(message));
        let reason = (attribute::REASON, reason);
        for (name, value) in message.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([reason]) {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            call = call.message_attributes(name, value.map_err(|error| failed("bury a message", error))?);
        }
        call.send().await.map(drop).map_err(|error| failed("bury a message", error))
    }
}

/// The same for every delivery of one message, so that it is buried once; another when the job is sent again out of the dead-letter
/// queue, since within five minutes SQS would drop the second dead letter of the same id, and with it the job.
fn deduplication_id(message: &Message) -> String {
    let job = message.attributes.get(attribute::JOB_ID).map_or("", String::as_str);
    let both = format!("{job}.{}", message.id);
    if job.is_empty() || MAX_GROUP_BYTES < both.len() || !job.bytes().all(|byte| byte.is_ascii_graphic()) {
        message.id.clone()
    } else {
        both
    }
}

fn message(message: types::Message) -> Message {
    let mut system = message.attributes.unwrap_or_default();
    let receive_count = system.remove(&MessageSystemAttributeName::ApproximateReceiveCount);
    let attributes = message.message_attributes.unwrap_or_default();
    Message {
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        group: system.remove(&MessageSystemAttributeName::MessageGroupId).unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        attributes: attributes.into_iter().filter_map(|(name, value)| Some((name, value.string_value?))).collect(),
        receive_count: receive_count.and_then(|count| count.parse().ok()).unwrap_or(1),
    }
}

/// SQS knows whole seconds; what is less than one would give a message back at once.
fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)
}

fn failed(action: &'static str, source: impl Error + Send + Sync + 'static) -> Refusal {
    Refusal::Failed { action, source: Box::new(source) }
}

/// SQS has three ways to say that a receipt handle is no good any more, and the third is in its words alone.
fn refused<E>(action: &'static str, error: SdkError<E>) -> Refusal
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let lost = error.as_service_error().is_some_and(|error| match error.code().unwrap_or_default() {
        "ReceiptHandleIsInvalid" | "MessageNotInflight" | "AWS.SimpleQueueService.MessageNotInflight" => true,
        "InvalidParameterValue" => error.message().is_some_and(|message| message.contains("eceipt handle")),
        _ => false,
    });
    if lost { Refusal::LeaseLost } else { failed(action, error) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn buried(job: &str) -> String {
        let attributes = BTreeMap::from([(attribute::JOB_ID.to_owned(), job.to_owned())]);
        let (id, receipt, group, body) = ("m-1".to_owned(), String::new(), String::new(), String::new());
        deduplication_id(&Message { id, receipt, group, body, attributes, receive_count: 1 })
    }

    #[test]
    fn a_dead_letter_is_named_after_its_job_and_its_message() {
        assert_eq!(buried("01KATX3W7G2M8Z9QCVB4R5NDEF"), "01KATX3W7G2M8Z9QCVB4R5NDEF.m-1");
        assert_eq!(buried(""), "m-1");
        assert_eq!(buried(&"x".repeat(200)), "m-1", "SQS would refuse the id, and the poison would come again for ever");
        assert_eq!(buried("not a name"), "m-1");
    }

    #[test]
    fn part_of_a_second_is_a_second_and_nothing_is_nothing() {
        let millis = Duration::from_millis;

        assert_eq!([0, 1, 1_000, 1_001].map(|milliseconds| seconds(millis(milliseconds))), [0, 1, 1, 2]);
    }
}
