//! One job into the queue and out of it again.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_sdk_sqs::{
    Client,
    types::{Message, MessageAttributeValue, QueueAttributeName},
};
use contract::{
    jobs::{JobId, JobMessage},
    smoke::{Event, JobOutcome, Request, TASK},
};
use serde_json::{Value, json};
use ulid::Ulid;

use crate::run::{Failure, Names, Tell, tell};

/// How long the job is wanted; whoever finds it later may throw it away.
const LIFETIME_SECONDS: u64 = 600;
/// How long the test tries to receive it.
const PATIENCE: Duration = Duration::from_secs(10);

type Job = JobMessage<Value>;

pub(crate) async fn test(client: &Client, request: &Request, names: &Names, id: Ulid, told: Tell<'_>) -> Result<(), Failure> {
    let job = job(id)?;
    let queue = Queue { client, request, url: &names.job_queue_url };
    queue.send(&job).await?;
    let outcome = queue.take_back(&job).await?;
    tell(told, &Event::Job { queue_url: queue.url.to_owned(), job_id: job.job_id.to_string(), outcome })
}

fn job(id: Ulid) -> Result<Job, Failure> {
    let job_id: JobId = id.to_string().parse().map_err(|error| Failure {
        source: Some(Box::new(error)),
        ..Failure::new("could not name the job", "the pictures are there, no job was sent")
    })?;
    // A group of its own: it waits for nobody's job, and nobody's job waits for it.
    let user = format!("smoke-{id}");
    Ok(JobMessage::new(job_id, &user, TASK, now_seconds(), LIFETIME_SECONDS, json!({})))
}

fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Whose job was received, and so what to do with it.
#[derive(Debug, PartialEq, Eq)]
enum Whose {
    /// The one that was sent, unharmed: it is deleted.
    Ours,
    /// The one that was sent, but not as it was sent.
    OursChanged,
    /// One of an earlier test, which nobody wants any more: it is deleted.
    Leftover,
    /// Somebody else's: it goes back at once.
    Foreign,
}

fn whose(body: &str, sent: &Job, now_seconds: u64) -> Whose {
    match serde_json::from_str::<Job>(body) {
        Ok(job) if job == *sent => Whose::Ours,
        Ok(job) if job.job_id == sent.job_id => Whose::OursChanged,
        Ok(job) if job.task == TASK && job.is_expired(now_seconds) => Whose::Leftover,
        Ok(_) | Err(_) => Whose::Foreign,
    }
}

struct Queue<'a> {
    client: &'a Client,
    request: &'a Request,
    url: &'a str,
}

impl Queue<'_> {
    async fn send(&self, job: &Job) -> Result<(), Failure> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| Failure::call("send the job", self.request, error);
        let body = serde_json::to_string(job).map_err(|error| failed(error.into()))?;
        let mut message = self.client.send_message().queue_url(self.url).message_body(body);
        for (name, value) in job.attributes() {
            let value =
                MessageAttributeValue::builder().data_type("String").string_value(value).build().map_err(|error| failed(error.into()))?;
            message = message.message_attributes(name, value);
        }
        let message = message.message_group_id(job.message_group_id()).message_deduplication_id(job.deduplication_id());
        message.send().await.map_err(|error| failed(error.into()))?;
        Ok(())
    }

    /// Receives the job and deletes it, or finds out where else it is.
    async fn take_back(&self, job: &Job) -> Result<JobOutcome, Failure> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let Some(message) = self.receive().await? else { continue };
            match whose(message.body().unwrap_or_default(), job, now_seconds()) {
                Whose::Ours => {
                    self.delete(&message).await?;
                    return Ok(JobOutcome::Received);
                }
                Whose::OursChanged => {
                    self.delete(&message).await?;
                    let message = format!("job {} came back with another body: {}", job.job_id, message.body().unwrap_or_default());
                    return Err(Failure::new(message, "see what stands between the sender and the queue; the job was deleted"));
                }
                Whose::Leftover => self.delete(&message).await?,
                Whose::Foreign => {
                    self.release(&message).await?;
                    // Once is enough: every receive brings somebody's job closer to the dead letters.
                    return Ok(JobOutcome::Queued);
                }
            }
        }
        self.where_else().await
    }

    async fn receive(&self) -> Result<Option<Message>, Failure> {
        let received =
            self.client.receive_message().queue_url(self.url).max_number_of_messages(1).wait_time_seconds(1).visibility_timeout(30);
        let received = received.send().await.map_err(|error| Failure::call("receive the job", self.request, error))?;
        Ok(received.messages.unwrap_or_default().pop())
    }

    async fn delete(&self, message: &Message) -> Result<(), Failure> {
        let handle = message.receipt_handle().unwrap_or_default();
        let deleted = self.client.delete_message().queue_url(self.url).receipt_handle(handle).send().await;
        deleted.map_err(|error| Failure::call("delete the job", self.request, error))?;
        Ok(())
    }

    async fn release(&self, message: &Message) -> Result<(), Failure> {
        let handle = message.receipt_handle().unwrap_or_default();
        let released =
            self.client.change_message_visibility().queue_url(self.url).receipt_handle(handle).visibility_timeout(0).send().await;
        released.map_err(|error| Failure::call("give back somebody else's job", self.request, error))?;
        Ok(())
    }

    /// The queue's own count tells whether the job still waits.
    async fn where_else(&self) -> Result<JobOutcome, Failure> {
        let waiting = QueueAttributeName::ApproximateNumberOfMessages;
        let answer = self.client.get_queue_attributes().queue_url(self.url).attribute_names(waiting.clone()).send().await;
        let answer = answer.map_err(|error| Failure::call("count the jobs", self.request, error))?;
        let count = answer.attributes().and_then(|attributes| attributes.get(&waiting)).map_or("0", String::as_str);
        Ok(if count == "0" { JobOutcome::TakenByWorker } else { JobOutcome::Queued })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000;

    fn sent() -> Job {
        JobMessage::new("01KATX3W7G2M8Z9QCVB4R5NDEF".parse().unwrap(), "smoke-1", TASK, NOW, LIFETIME_SECONDS, json!({}))
    }

    fn other(task: &str, lifetime_seconds: u64) -> String {
        let job = JobMessage::new("01KATX3W7G2M8Z9QCVB4R5NDEG".parse().unwrap(), "ada", task, NOW, lifetime_seconds, json!({}));
        serde_json::to_string(&job).unwrap()
    }

    #[test]
    fn only_our_own_job_is_taken() {
        let ours = serde_json::to_string(&sent()).unwrap();
        let changed = ours.replace("smoke-1", "smoke-2");

        let judged = [ours, changed, other(TASK, 5), other(TASK, 500), other("generate", 5), "no job at all".to_owned()];
        let judged = judged.map(|body| whose(&body, &sent(), NOW + 10));

        let expected = [Whose::Ours, Whose::OursChanged, Whose::Leftover, Whose::Foreign, Whose::Foreign, Whose::Foreign];
        assert_eq!(judged, expected, "somebody's job would be lost");
    }

    #[test]
    fn the_job_can_be_sent() {
        let job = job(Ulid::generate()).unwrap();

        assert_eq!(job.problem(), None, "SQS would refuse the test's own job");
    }
}
