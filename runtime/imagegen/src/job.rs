//! One job: claimed, its picture made once in effect, its end written.

use contract::{
    imagegen::{picture_key, reason},
    jobs::{JobId, JobMessage, JobState, PICTURE, Picture},
    logs,
    metrics::{JOB_MILLISECONDS, JOB_WAIT_MILLISECONDS, JOBS_ENDED, JOBS_FAILED, MODEL_THROTTLES, PICTURES_REFUSED, Unit},
};
use lambda_events::Message;
use serde_json::Value;
use telemetry::Line;

use crate::{
    Imagegen,
    clock::Clock,
    cloud::{Claim, Claimed, Cloud, CloudError, End, Trouble},
    handler::Fate,
    pause,
};

/// Why a job that will not be tried again becomes a dead letter, which a person looks at. A refusal does not: whoever asked is told.
const BURIED: [&str; 3] = [reason::TRIED_TOO_OFTEN, reason::UNKNOWN_TASK, reason::UNREADABLE];

/// What came of one try.
enum Tried {
    Ended(End),
    NoRoom(String),
    InVain(String),
}

impl<C: Cloud, T: Clock> Imagegen<C, T> {
    /// Does what the message asks for, as far as it is not done.
    pub(crate) async fn job(&self, message: &Message) -> Fate {
        let job: JobMessage<Value> = match serde_json::from_str(&message.body) {
            Ok(job) => job,
            Err(error) => {
                self.log.error("the message is unreadable").field(logs::MESSAGE_ID, &message.message_id).because(&error).write();
                return self.bury(message, None, reason::UNREADABLE).await;
            }
        };
        match self.claimed(message, &job).await {
            Ok(fate) => fate,
            Err(error) => {
                let line = self.log.error("the job comes again: the cloud did not do what was asked").because(&error);
                line.field(logs::JOB_ID, job.job_id.as_str()).field(logs::MESSAGE_ID, &message.message_id).write();
                // What was claimed and not ended is nobody's at the end of its lease, and the message comes again after that.
                Fate::Again
            }
        }
    }

    async fn claimed(&self, message: &Message, job: &JobMessage<Value>) -> Result<Fate, CloudError> {
        let job_id = &job.job_id;
        let now = self.clock.milliseconds();
        let claim = self.cloud.claim(job_id, now, u64::from(self.config.lease_seconds) * 1_000).await?;
        match claim {
            Claim::Ours(claimed) => self.ours(message, job, &claimed, now).await,
            Claim::Held { milliseconds } => {
                self.log.info("another call has the job").field(logs::JOB_ID, job_id.as_str()).write();
                Ok(Fate::After(u32::try_from(milliseconds.div_ceil(1_000)).unwrap_or(u32::MAX).max(1)))
            }
            Claim::Stopped => {
                self.cloud.cancel(job_id, now).await?;
                self.ended(job_id, JobState::Cancelled).write();
                Ok(Fate::Done)
            }
            Claim::Ended(state, reason) => {
                self.log
                    .info("the job had come to its end")
                    .field(logs::JOB_ID, job_id.as_str())
                    .field(logs::STATE, state.as_str())
                    .write();
                // Whoever wrote the end may have been cut off before the dead letter.
                match BURIED.into_iter().find(|buried| state == JobState::Failed && reason.as_deref() == Some(*buried)) {
                    Some(reason) => Ok(self.bury(message, Some(job_id), reason).await),
                    None => Ok(Fate::Done),
                }
            }
            Claim::Gone => {
                self.log.error("the job has no record").field(logs::JOB_ID, job_id.as_str()).write();
                Ok(self.bury(message, Some(job_id), reason::NO_RECORD).await)
            }
        }
    }

    async fn ours(&self, message: &Message, job: &JobMessage<Value>, claimed: &Claimed, began: u64) -> Result<Fate, CloudError> {
        self.line("started", claimed)
            .field(logs::STATE, "started")
            .field(logs::MESSAGE_ID, &message.message_id)
            .metric(JOB_WAIT_MILLISECONDS, Unit::Milliseconds, began.saturating_sub(job.created_at.saturating_mul(1_000)) as f64)
            .write();
        let end = match self.tried(job, claimed, began).await? {
            Tried::Ended(end) => end,
            Tried::NoRoom(words) => {
                self.cloud.give_back(claimed, true).await?;
                let seconds = pause::after(claimed.waits);
                let line = self.line("the model has no room for the job, which waits", claimed).field(logs::ERROR, &words);
                line.number("waitSeconds", seconds.into()).metric(MODEL_THROTTLES, Unit::Count, 1.0).write();
                return Ok(Fate::After(seconds));
            }
            Tried::InVain(words) if claimed.tries < self.config.tries => {
                self.cloud.give_back(claimed, false).await?;
                let seconds = pause::after(claimed.tries);
                self.log
                    .warn("the job was tried in vain and comes again")
                    .field(logs::JOB_ID, claimed.job_id.as_str())
                    .number(logs::ATTEMPT, claimed.attempt)
                    .field(logs::ERROR, &words)
                    .write();
                return Ok(Fate::After(seconds));
            }
            Tried::InVain(words) => End::Failed {
                reason: reason::TRIED_TOO_OFTEN,
                words: format!("no picture came of {} tries; at last: {words}", self.config.tries),
            },
        };
        let now = self.clock.milliseconds();
        if !self.cloud.end(claimed, &end, now).await? {
            self.log.warn("somebody else has the job by now: nothing was written").field(logs::JOB_ID, job.job_id.as_str()).write();
            return Ok(Fate::After(self.config.lease_seconds));
        }
        let line = self.ended(&claimed.job_id, end.state()).number(logs::ATTEMPT, claimed.attempt);
        let line = line.metric(JOB_MILLISECONDS, Unit::Milliseconds, now.saturating_sub(began) as f64);
        match &end {
            End::Done { bucket, key } => line.field(logs::BUCKET, bucket).field(logs::KEY, key).write(),
            End::Expired => line.write(),
            End::Failed { reason, words } => {
                let metric = if BURIED.contains(reason) { JOBS_FAILED } else { PICTURES_REFUSED };
                line.field(logs::REASON, reason).field(logs::ERROR, words).metric(metric, Unit::Count, 1.0).write();
            }
        }
        match end {
            End::Failed { reason, .. } if BURIED.contains(&reason) => Ok(self.bury(message, Some(&claimed.job_id), reason).await),
            End::Failed { .. } | End::Done { .. } | End::Expired => Ok(Fate::Done),
        }
    }

    /// Makes the picture, unless there is one, or reason to make none.
    async fn tried(&self, job: &JobMessage<Value>, claimed: &Claimed, now: u64) -> Result<Tried, CloudError> {
        if job.is_expired(now / 1_000) {
            return Ok(Tried::Ended(End::Expired));
        }
        if job.task != PICTURE {
            let words = format!("the task `{}` is none of this queue's, which has `{PICTURE}`", job.task);
            return Ok(Tried::Ended(End::Failed { reason: reason::UNKNOWN_TASK, words }));
        }
        let wanted: Picture = match serde_json::from_value(job.parameters.clone()) {
            Ok(wanted) => wanted,
            Err(error) => {
                let words = format!("the job's parameters cannot be read: {error}");
                return Ok(Tried::Ended(End::Failed { reason: reason::UNREADABLE, words }));
            }
        };
        let key = picture_key(&job.job_id);
        let done = |key| Tried::Ended(End::Done { bucket: self.cloud.bucket().to_owned(), key });
        // Cut off between the picture and the record, an earlier attempt has left a picture that is paid for.
        if 1 < claimed.attempt && self.cloud.has(&key).await? {
            return Ok(done(key));
        }
        if self.config.tries < claimed.tries {
            // The function died at every one of them, or it would have said why.
            return Ok(Tried::InVain("the function was cut off".to_owned()));
        }
        match self.cloud.generate(&wanted).await {
            Ok(picture) => {
                self.cloud.put(&key, picture).await?;
                Ok(done(key))
            }
            Err(Trouble::NoRoom(words)) => Ok(Tried::NoRoom(words)),
            Err(Trouble::Refused { reason, words }) => Ok(Tried::Ended(End::Failed { reason, words })),
            Err(Trouble::Broken(words)) => Ok(Tried::InVain(words)),
        }
    }

    /// Puts the message among the dead letters, with its reason, and out of this queue.
    async fn bury(&self, message: &Message, job_id: Option<&JobId>, reason: &str) -> Fate {
        match self.cloud.bury(message, job_id, reason).await {
            Ok(()) => Fate::Done,
            Err(error) => {
                self.log.error("the dead letter could not be written").field(logs::MESSAGE_ID, &message.message_id).because(&error).write();
                Fate::Again
            }
        }
    }

    fn line(&self, text: &'static str, claimed: &Claimed) -> Line<'_> {
        self.log.info(text).field(logs::JOB_ID, claimed.job_id.as_str()).number(logs::ATTEMPT, claimed.attempt)
    }

    fn ended(&self, job_id: &JobId, state: JobState) -> Line<'_> {
        let line = if state == JobState::Failed { self.log.warn(state.as_str()) } else { self.log.info(state.as_str()) };
        line.field(logs::JOB_ID, job_id.as_str()).field(logs::STATE, state.as_str()).metric(JOBS_ENDED, Unit::Count, 1.0)
    }
}
