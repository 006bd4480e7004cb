//! The queue that messages come from, and the dead letters.

use aws_sdk_sqs::types::MessageAttributeValue;
use contract::jobs::{JobId, attribute};
use lambda_events::Message;

use super::{Aws, failed};
use crate::cloud::{CloudError, Queue};

const BURYING: &str = "send the dead letter";

impl Queue for Aws {
    async fn hide(&self, message: &Message, seconds: u32) -> Result<(), CloudError> {
        let call = self.sqs.change_message_visibility().queue_url(&self.queue_url).receipt_handle(&message.receipt_handle);
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        call.visibility_timeout(seconds).send().await.map(drop).map_err(failed("hide the message for longer"))
    }

    async fn bury(&self, message: &Message, job_id: Option<&JobId>, reason: &str) -> Result<(), CloudError> {
        let mut call = self.sqs.send_message().queue_url(&self.dead_letter_queue_url).message_body(&message.body);
        let attributes = [(attribute::REASON, Some(reason)), (attribute::JOB_ID, job_id.map(JobId::as_str))];
        for (name, value) in attributes {
            let Some(value) = value else { continue };
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build().map_err(failed(BURYING))?;
            call = call.message_attributes(name, value);
        }
        call.send().await.map(drop).map_err(failed(BURYING))
    }
}
