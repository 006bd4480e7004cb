//! The job queue, and the queue of those jobs that are pictures.

use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use contract::jobs::{JobMessage, PICTURE, is_fifo};
use serde_json::Value;

use super::{Aws, failed};
use crate::cloud::{CloudError, Counts, JobQueue};

impl JobQueue for Aws {
    async fn counts(&self) -> Result<Counts, CloudError> {
        const DOING: &str = "read the counts of the job queue";
        let (visible, in_flight, delayed) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        );
        let answer = self
            .sqs
            .get_queue_attributes()
            .queue_url(&self.job_queue_url)
            .set_attribute_names(Some(vec![visible.clone(), in_flight.clone(), delayed.clone()]))
            .send()
            .await
            .map_err(failed(DOING))?;
        let count = |name: &QueueAttributeName| {
            let number = answer.attributes().and_then(|all| all.get(name)).and_then(|text| text.parse().ok());
            // A count that is missing is no zero: a busy fleet would be stopped.
            number.ok_or_else(|| failed(DOING)(format!("the answer has no `{}`", name.as_str())))
        };
        Ok(Counts { visible: count(&visible)?, in_flight: count(&in_flight)?, delayed: count(&delayed)? })
    }

    async fn send(&self, job: &JobMessage<Value>) -> Result<(), CloudError> {
        const DOING: &str = "send a job's message again";
        let queue_url = if job.task == PICTURE { &self.picture_queue_url } else { &self.job_queue_url };
        let mut call = self
            .sqs
            .send_message()
            .queue_url(queue_url)
            .message_body(serde_json::to_string(job).map_err(failed(DOING))?)
            .message_group_id(job.message_group_id())
            // Elsewhere SQS refuses one, and who receives a message twice finds its job claimed, or at its end.
            .set_message_deduplication_id(is_fifo(queue_url).then(|| job.deduplication_id().to_owned()));
        for (name, value) in job.attributes() {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build().map_err(failed(DOING))?;
            call = call.message_attributes(name, value);
        }
        call.send().await.map(|_| ()).map_err(failed(DOING))
    }
}
