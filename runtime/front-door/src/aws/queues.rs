//! The queues of jobs, and the ops queue.

use aws_sdk_sqs::types::MessageAttributeValue;
use contract::{
    fleet::{OPS_GROUP, OpsMessage},
    jobs::{JobMessage, PICTURE, is_fifo},
};
use serde_json::Value;

use super::{Aws, failed};
use crate::cloud::{Queues, StoreError};

const SENDING: &str = "send the job";
const ORDERING: &str = "send the order";

impl Queues for Aws {
    async fn send_job(&self, message: &JobMessage<Value>) -> Result<String, StoreError> {
        let body = serde_json::to_string(message).map_err(|error| StoreError::new(SENDING, error))?;
        let queue_url = if message.task == PICTURE { &self.picture_queue_url } else { &self.job_queue_url };
        let mut call = self
            .sqs
            .send_message()
            .queue_url(queue_url)
            .message_body(body)
            // A standard queue hands out by turns what is of different groups.
            .message_group_id(message.message_group_id())
            // Elsewhere SQS refuses one, and who receives a message twice finds its job claimed, or at its end.
            .set_message_deduplication_id(is_fifo(queue_url).then(|| message.deduplication_id().to_owned()));
        for (name, value) in message.attributes() {
            let attribute = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            call = call.message_attributes(name, attribute.map_err(|error| StoreError::new(SENDING, error))?);
        }
        let answer = call.send().await.map_err(failed(SENDING))?;
        Ok(answer.message_id.unwrap_or_default())
    }

    async fn send_order(&self, message: &OpsMessage, deduplication_id: &str) -> Result<(), StoreError> {
        let body = serde_json::to_string(message).map_err(|error| StoreError::new(ORDERING, error))?;
        let call = self
            .sqs
            .send_message()
            .queue_url(&self.ops_queue_url)
            .message_body(body)
            .message_group_id(OPS_GROUP)
            .message_deduplication_id(deduplication_id);
        call.send().await.map(drop).map_err(failed(ORDERING))
    }
}
