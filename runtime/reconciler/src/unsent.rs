//! Jobs whose message may not be in the queue: the front door was cut off between the table and the queue.

use contract::logs;
use contract::metrics::{self, Unit};

use crate::Reconciler;
use crate::cloud::{Cloud, CloudError, End, JobRecord};

/// How many jobs are sent again in one minute; the others wait for the next.
const MOST: u32 = 100;

impl<C: Cloud> Reconciler<C> {
    /// Sends again what carries the mark for too long, and says how many.
    ///
    /// Cut off between the message and the mark, the next minute sends it once more: within five minutes SQS takes both for one
    /// message, and later the worker that comes second finds the job done.
    pub(crate) async fn send_again(&self, now: u64) -> Result<u64, CloudError> {
        let before = now.saturating_sub(self.config.unsent_seconds.into());
        let mut sent = 0;
        for job_id in self.cloud.unsent(before, MOST).await? {
            // The index is a moment behind the table.
            let Some(job) = self.cloud.job(&job_id).await? else { continue };
            if job.unsent && self.settle(&job_id, job, now).await? {
                sent += 1;
            }
        }
        Ok(sent)
    }

    /// Whether the job was sent.
    async fn settle(&self, job_id: &str, job: JobRecord, now: u64) -> Result<bool, CloudError> {
        if job.state.is_some_and(contract::jobs::JobState::is_final) {
            // Stopped before it was sent, or done by the message that was sent after all.
            self.cloud.remove_mark(job_id).await?;
            return Ok(false);
        }
        if job.wanted_until <= now {
            self.cloud.end_job(job_id, End::Expired, now).await?;
            self.log.warn("the job expired before it was sent").field(logs::JOB_ID, job_id).write();
            return Ok(false);
        }
        match job.message {
            Ok(message) => {
                self.cloud.send(&message).await?;
                self.cloud.remove_mark(job_id).await?;
                self.log
                    .warn("the job's message was sent again")
                    .field(logs::JOB_ID, job_id)
                    .metric(metrics::JOBS_SENT_AGAIN, Unit::Count, 1.0)
                    .write();
                Ok(true)
            }
            Err(error) => {
                self.cloud.end_job(job_id, End::Failed { error: &error }, now).await?;
                self.log.error("no message can be made of the job's record").field(logs::JOB_ID, job_id).field(logs::ERROR, &error).write();
                Ok(false)
            }
        }
    }
}
