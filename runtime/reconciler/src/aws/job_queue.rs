//! The job queue.

use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use contract::jobs::JobMessage;
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
        let mut call = self
            .sqs
            .send_message()
            .queue_url(&self.job_queue_url)
            .message_body(serde_json::to_string(job).map_err(failed(DOING))?)
            .message_group_id(job.message_group_id())
            .message_deduplication_id(job.deduplication_id());
        for (name, value) in job.attributes() {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build().map_err(failed(DOING))?;
            call = call.message_attributes(name, value);
        }
        call.send().await.map(|_| ()).map_err(failed(DOING))
    }
}
