//! From a request to a job: a record in the table, then a message in the queue, such that a crash between the two loses nothing.
//!
//! The record says `unsent` until the message is surely in the queue. Whoever finds it so sends the message again, under the same
//! deduplication id: the reconciler, or this function when its client comes again with the same idempotency key. A worker begins a job
//! only from its record, so that a second message has no effect.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use caller::Answer;
use contract::{
    api::{Accepted, IDEMPOTENCY_KEY},
    fleet::{OpsMessage, Order, WAKE_PREFIX, WAKE_SECONDS},
    front_door::FrontDoorConfig,
    jobs::{GENERATE, JobId, JobMessage, JobState, NotAJobId, PICTURE, Version, idempotency_key},
    logs,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use telemetry::Log;
use ulid::{Generator, Overflow};

use crate::{
    clock::Clock,
    cloud::{Cloud, Created, NewJob, NewKey, StoreError},
    event::Request,
    infer, picture,
};

/// Longest `Idempotency-Key`, in characters.
const MOST_KEY_CHARACTERS: usize = 128;

const DAY_SECONDS: u64 = 86_400;

/// What may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Text, of the fleet's models.
    Generate,
    /// A picture, of a model of AWS.
    Picture,
}

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) task: Task,
    pub(crate) request: &'a Request,
    pub(crate) user: &'a str,
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Self::Generate => GENERATE,
            Self::Picture => PICTURE,
        }
    }

    /// What the request asks of it.
    fn parameters(self, request: &Request, config: &FrontDoorConfig) -> Result<Value, Answer> {
        let written = match self {
            Self::Generate => serde_json::to_value(infer::parameters(request, config)?),
            Self::Picture => serde_json::to_value(picture::parameters(request, config)?),
        };
        written.map_err(|error| Answer::unavailable("the job could not be written").because(error.to_string()))
    }

    /// What tells a request from another one under the same key. The same words at another path ask for something else.
    fn digest(self, body: &[u8]) -> String {
        let mut digest = Sha256::new();
        match self {
            // As it was before there were others: keys that were given then still stand for their jobs.
            Self::Generate => {}
            Self::Picture => digest.update(b"picture\n"),
        }
        digest.update(body);
        hexadecimal(&digest.finalize())
    }
}

/// Gives identities to jobs and remembers when it last woke the fleet.
pub(crate) struct Submitter {
    generator: Mutex<Generator>,
    /// The last stretch of [`WAKE_SECONDS`] in which the reconciler was woken.
    woken: Mutex<Option<u64>>,
}

impl Submitter {
    pub(crate) fn new() -> Self {
        Self { generator: Mutex::new(Generator::new()), woken: Mutex::default() }
    }

    /// A new identity: those of one container sort in the order in which they were given.
    pub(crate) fn identity(&self, now_milliseconds: u64) -> String {
        let now = UNIX_EPOCH + Duration::from_millis(now_milliseconds);
        let mut generator = self.generator.lock().unwrap_or_else(PoisonError::into_inner);
        generator.generate_from_datetime(now).unwrap_or_else(Overflow::commit_overflow_random).to_string()
    }

    /// Answers `POST /infer` and `POST /generate`.
    pub(crate) async fn submit(
        &self,
        asked: Asked<'_>,
        config: &FrontDoorConfig,
        cloud: &impl Cloud,
        clock: &impl Clock,
        log: &Log,
    ) -> Result<Answer, Answer> {
        if !config.accepts_jobs {
            return Err(Answer { error: Some("jobs_refused"), ..Answer::error(503, "jobs_refused", "no new jobs are taken at present") });
        }
        let Asked { task, request, user } = asked;
        let parameters = task.parameters(request, config)?;
        let key = request.header(IDEMPOTENCY_KEY).map(|key| key_of(user, key)).transpose()?;
        let message = self.message(task, user, parameters, config, clock)?;
        let expires_at = message.created_at + u64::from(config.record_days) * DAY_SECONDS;
        let body_sha256 = task.digest(request.body().unwrap_or_default());
        let key = key.as_deref().map(|id| NewKey { id, body_sha256: &body_sha256 });

        match cloud.create(&NewJob { message: &message, expires_at, key }).await? {
            Created::New => {
                self.send(&message, cloud, clock, log).await;
                Ok(accepted(&message.job_id, JobState::Queued))
            }
            Created::Known { job_id, body_sha256: theirs } if theirs != body_sha256 => {
                let message = format!("this `Idempotency-Key` stands for job `{job_id}`, which had another body; take another key");
                Err(Answer::error(409, "idempotency_key_reused", message).about(&job_id))
            }
            Created::Known { job_id, .. } => self.again(&job_id, cloud, clock, log).await,
        }
    }

    /// The same request came again: the same job is the answer, and what was not finished the first time is finished now.
    async fn again(&self, job_id: &JobId, cloud: &impl Cloud, clock: &impl Clock, log: &Log) -> Result<Answer, Answer> {
        let Some(record) = cloud.read(job_id).await? else {
            let message = format!("this `Idempotency-Key` stands for job `{job_id}`, which is not kept any more; take another key");
            return Err(Answer::error(409, "idempotency_key_reused", message).about(job_id));
        };
        if record.unsent {
            self.send(&record.message, cloud, clock, log).await;
        }
        Ok(accepted(job_id, record.state))
    }

    fn message(
        &self,
        task: Task,
        user: &str,
        parameters: Value,
        config: &FrontDoorConfig,
        clock: &impl Clock,
    ) -> Result<JobMessage<Value>, Answer> {
        let wrong = |error: &dyn std::fmt::Display| Answer::unavailable("the job could not be written").because(error.to_string());
        let now = clock.milliseconds();
        let job_id = self.identity(now).parse().map_err(|error: NotAJobId| wrong(&error))?;
        let bytes = parameters.to_string().len();
        if infer::MAX_PARAMETERS_BYTES < bytes {
            let most = infer::MAX_PARAMETERS_BYTES;
            let message = format!("the prompt has {bytes} bytes as JSON, it may have at most {most}");
            return Err(Answer::error(413, "prompt_too_long", message));
        }
        let message = JobMessage::new(job_id, user, task.name(), now / 1_000, u64::from(config.job_lifetime_seconds), parameters);
        message.problem().map_or(Ok(message), |problem| Err(wrong(&problem)))
    }

    /// Puts the message into the queue of its task and wakes the fleet for what the fleet does.
    ///
    /// Nothing of this fails the request: the record stands, so the job will be done. Who would be told that it failed would ask again,
    /// and have it done twice.
    async fn send(&self, message: &JobMessage<Value>, cloud: &impl Cloud, clock: &impl Clock, log: &Log) {
        let job_id = &message.job_id;
        match cloud.send_job(message).await {
            Ok(message_id) => {
                log.info("queued").field(logs::JOB_ID, job_id.as_str()).field(logs::MESSAGE_ID, &message_id).write();
                let (sent, woken) = tokio::join!(cloud.sent(job_id), self.wake(&message.task, cloud, clock));
                if let Err(error) = sent {
                    log.warn("a job stays marked as unsent and will be sent again")
                        .field(logs::JOB_ID, job_id.as_str())
                        .because(&error)
                        .write();
                }
                if let Err(error) = woken {
                    log.warn("the reconciler was not woken and comes within a minute").because(&error).write();
                }
            }
            Err(error) => {
                let line = log.error("a job was stored and not sent; the reconciler will send it");
                line.field(logs::JOB_ID, job_id.as_str()).because(&error).write();
            }
        }
    }

    /// Wakes the reconciler, once in [`WAKE_SECONDS`] over all containers. Pictures are no work of the fleet's.
    async fn wake(&self, task: &str, cloud: &impl Cloud, clock: &impl Clock) -> Result<(), StoreError> {
        if task == PICTURE {
            return Ok(());
        }
        let stretch = clock.seconds() / WAKE_SECONDS;
        if *self.woken.lock().unwrap_or_else(PoisonError::into_inner) == Some(stretch) {
            return Ok(());
        }
        let message = OpsMessage { version: Version, order: Order::Wake };
        cloud.send_order(&message, &format!("{WAKE_PREFIX}{stretch}")).await?;
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = Some(stretch);
        Ok(())
    }
}

fn accepted(job_id: &JobId, state: JobState) -> Answer {
    let body = Accepted { job_id: job_id.to_string(), state };
    Answer::json(200, &body).header("location", format!("/jobs/{job_id}")).about(job_id)
}

/// The item's key for what a client calls its request.
fn key_of(user: &str, key: &str) -> Result<String, Answer> {
    let printable = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if key.is_empty() || MOST_KEY_CHARACTERS < key.len() || !key.bytes().all(printable) {
        let message = format!("`Idempotency-Key` must be 1 to {MOST_KEY_CHARACTERS} printable characters of ASCII");
        return Err(Answer::error(400, "invalid_idempotency_key", message));
    }
    Ok(idempotency_key(user, key))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
