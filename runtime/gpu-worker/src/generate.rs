//! The work itself: a message becomes a text in the record of its job.

use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::jobs::{Finish, GENERATE, Generate, JobId, JobMessage, JobState, attribute};
use contract::smoke;
use inference::{Engine, Failure, Generation, Piece, Prompt};
use serde_json::Value;
use sqs_worker::{Delivery, Message, Outcome, Work};
use telemetry::Log;

use crate::records::{Claim, Claimed, End, Records, Standing, Written};
use crate::steps::Steps;
use crate::tell::{Figures, Teller};

/// Why a job failed here, where it is not the engine's own word.
mod reason {
    pub(super) const BAD_MESSAGE: &str = "bad_message";
    pub(super) const UNKNOWN_TASK: &str = "unknown_task";
    pub(super) const UNKNOWN_MODEL: &str = "unknown_model";
    pub(super) const ENGINE_BROKEN: &str = "engine_broken";
    pub(super) const FAILED_BEFORE: &str = "failed_before";
    pub(super) const TRIES_USED_UP: &str = "tries_used_up";
}

/// DynamoDB takes items of 400 KB: names, numbers and the parameters have to fit beside the text.
const RECORD_BYTES: usize = 380_000;

/// What one job may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Name that requests call this worker's model.
    pub model: String,
    /// How long one attempt may take; the text so far is kept.
    pub longest: Duration,
}

/// Makes texts with an engine.
pub struct Generating {
    engine: Arc<dyn Engine>,
    records: Records,
    limits: Limits,
    worker: String,
    log: Arc<Log>,
}

impl std::fmt::Debug for Generating {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generating").field("worker", &self.worker).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Work for Generating {
    async fn run(&self, delivery: Delivery) -> Outcome {
        let message = match serde_json::from_str::<JobMessage<Value>>(&delivery.message.body) {
            Ok(message) => message,
            Err(error) => return self.refuse(&delivery, named(&delivery.message).as_ref(), reason::BAD_MESSAGE, &error.to_string()).await,
        };
        let refuse = async |reason, error: &str| self.refuse(&delivery, Some(&message.job_id), reason, error).await;
        if delivery.spent {
            return self.give_up(&delivery, &message.job_id).await;
        }
        if message.task == smoke::TASK {
            self.teller(&message.job_id).ended(JobState::Done, 0, Figures::default(), None);
            return Outcome::Done;
        }
        if message.task != GENERATE {
            return refuse(reason::UNKNOWN_TASK, &format!("there is no task `{}` here, known is `{GENERATE}`", message.task)).await;
        }
        let parameters = match serde_json::from_value::<Generate>(message.parameters.clone()) {
            Ok(parameters) => parameters,
            Err(error) => return refuse(reason::BAD_MESSAGE, &error.to_string()).await,
        };
        if parameters.model != self.limits.model {
            let error = format!("there is no model `{}` here, this worker has `{}`", parameters.model, self.limits.model);
            return refuse(reason::UNKNOWN_MODEL, &error).await;
        }
        if message.is_expired(now_seconds()) {
            return self.close(&message.job_id, JobState::Expired, None, 0).await;
        }
        self.begin(&delivery, &message, parameters).await
    }
}

/// The job that a message says it is about, when its body cannot be read.
fn named(message: &Message) -> Option<JobId> {
    message.attributes.get(attribute::JOB_ID)?.parse().ok()
}

fn now_seconds() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default()
}

/// How a text came to be no longer in the making.
enum Made {
    Ended(Finish),
    Failed(Failure),
    Lost,
}

impl Generating {
    /// With this engine, into these records.
    #[must_use]
    pub fn new(engine: Arc<dyn Engine>, records: Records, limits: Limits, worker: &str, log: Arc<Log>) -> Self {
        Self { engine, records, limits, worker: worker.to_owned(), log }
    }

    async fn begin(&self, delivery: &Delivery, message: &JobMessage<Value>, parameters: Generate) -> Outcome {
        let teller = self.teller(&message.job_id);
        let claimed = match self.records.claim(&message.job_id).await {
            Ok(Claim::Ours(claimed)) => claimed,
            Ok(Claim::Stopped) => return self.close(&message.job_id, JobState::Cancelled, Some(Finish::Cancelled), 0).await,
            // Whoever wrote that it failed may have died before its dead letter was sent.
            Ok(Claim::Ended(JobState::Failed, reason)) => {
                return Outcome::Permanent { reason: reason.unwrap_or_else(|| reason::FAILED_BEFORE.to_owned()) };
            }
            Ok(Claim::Ended(..)) => {
                teller.note(self.log.info("a job had come to its end before"), 0);
                return Outcome::Nothing;
            }
            Ok(Claim::Gone) => {
                teller.note(self.log.warn("there is no record of this job; nobody could read its text"), 0);
                return Outcome::Nothing;
            }
            Err(error) => return self.no_table(&teller, 0, &*error),
        };
        teller.started(claimed.attempt, message.created_at);
        let started = Instant::now();
        let mut written = Written::default();
        // The parameters stand in the record too, about as long as in the message.
        let room = RECORD_BYTES.saturating_sub(delivery.message.body.len());
        let made = self.make(&claimed, parameters, room, started, &mut written).await;
        written.milliseconds = milliseconds(started);
        self.conclude(delivery, &claimed, &written, made).await
    }

    async fn make(&self, claimed: &Claimed, parameters: Generate, room: usize, started: Instant, written: &mut Written) -> Made {
        let Generate { messages, max_tokens, temperature, top_p, seed, model: _ } = parameters;
        let Generation { mut pieces } = self.engine.start(Prompt { messages, max_tokens, temperature, top_p, seed });
        let over = tokio::time::sleep_until((started + self.limits.longest).into());
        tokio::pin!(over);
        let mut steps = Steps::from(started);
        loop {
            tokio::select! {
                biased;
                () = &mut over => return Made::Ended(Finish::Time),
                () = tokio::time::sleep_until(steps.next().into()) => {
                    written.milliseconds = milliseconds(started);
                    match self.records.step(claimed, written).await {
                        Ok(Standing::Ours) => {}
                        Ok(Standing::Stopped) => return Made::Ended(Finish::Cancelled),
                        Ok(Standing::Lost) => return Made::Lost,
                        // The next step writes this text too.
                        Err(error) => {
                            let line = self.log.warn("the text so far could not be written").because(&*error);
                            self.teller(&claimed.job_id).note(line, claimed.attempt);
                        }
                    }
                    steps.taken(Instant::now(), written.text.len());
                }
                piece = pieces.recv() => match piece {
                    Some(Ok(Piece::Text { text, .. })) if room < written.text.len() + text.len() => return Made::Ended(Finish::Length),
                    Some(Ok(Piece::Text { text, tokens })) => {
                        written.text.push_str(&text);
                        written.tokens += u64::from(tokens);
                    }
                    Some(Ok(Piece::End { finish, prompt_tokens })) => {
                        written.prompt_tokens = Some(u64::from(prompt_tokens));
                        return Made::Ended(finish);
                    }
                    Some(Err(failure)) => return Made::Failed(failure),
                    None => return Made::Failed(Failure::Broken { message: "the engine broke off in the middle".to_owned() }),
                },
            }
        }
    }

    async fn conclude(&self, delivery: &Delivery, claimed: &Claimed, written: &Written, made: Made) -> Outcome {
        let (end, outcome) = match &made {
            Made::Ended(finish) => {
                let state = if *finish == Finish::Cancelled { JobState::Cancelled } else { JobState::Done };
                (End { state, finish: Some(*finish), failure: None }, Outcome::Done)
            }
            Made::Failed(Failure::Refused { reason, message }) => failed(reason, message),
            Made::Failed(Failure::Broken { message }) if delivery.last_try => failed(reason::ENGINE_BROKEN, message),
            Made::Failed(Failure::Broken { message }) => return self.try_again(claimed, written, message).await,
            Made::Lost => return self.lost(claimed),
        };
        let teller = self.teller(&claimed.job_id);
        match self.records.end(claimed, written, end).await {
            Ok(true) => {
                let figures = Figures { milliseconds: written.milliseconds, tokens: written.tokens };
                teller.ended(end.state, claimed.attempt, figures, end.failure);
                outcome
            }
            Ok(false) => self.lost(claimed),
            Err(error) => self.no_table(&teller, claimed.attempt, &*error),
        }
    }

    async fn try_again(&self, claimed: &Claimed, written: &Written, message: &str) -> Outcome {
        let teller = self.teller(&claimed.job_id);
        teller.note(self.log.warn("the engine failed; the job will be tried again").field(contract::logs::ERROR, message), claimed.attempt);
        match self.records.give_back(claimed, written).await {
            Ok(()) => Outcome::Retry,
            Err(error) => self.no_table(&teller, claimed.attempt, &*error),
        }
    }

    /// Somebody else has begun the job: what this worker made of it counts for nothing.
    fn lost(&self, claimed: &Claimed) -> Outcome {
        let line = self.log.warn("another worker has begun this job; this one has written nothing more");
        self.teller(&claimed.job_id).note(line, claimed.attempt);
        Outcome::Leave
    }

    /// Never to be tried: written down where there is a record, then a dead letter.
    async fn refuse(&self, delivery: &Delivery, job_id: Option<&JobId>, reason: &'static str, error: &str) -> Outcome {
        let Some(job_id) = job_id else {
            let line = self.log.error("a message is no job").field(contract::logs::MESSAGE_ID, &delivery.message.id);
            line.field(contract::logs::REASON, reason).field(contract::logs::ERROR, error).write();
            return Outcome::Permanent { reason: reason.to_owned() };
        };
        let (end, outcome) = failed(reason, error);
        let teller = self.teller(job_id);
        match self.records.close(job_id, end).await {
            Ok(_) => {
                teller.ended(JobState::Failed, 0, Figures::default(), end.failure);
                outcome
            }
            Err(error) => self.no_table(&teller, 0, &*error),
        }
    }

    /// The end of a job that was begun as often as it may be, and whose workers did not live to write how it ended.
    async fn give_up(&self, delivery: &Delivery, job_id: &JobId) -> Outcome {
        let before = delivery.message.receive_count.saturating_sub(1);
        let error = format!("it was handed out {before} times, and no worker lived to write how it ended: it may be what ends them");
        let (end, outcome) = failed(reason::TRIES_USED_UP, &error);
        let teller = self.teller(job_id);
        match self.records.close(job_id, end).await {
            Ok(true) => {
                teller.ended(JobState::Failed, 0, Figures::default(), end.failure);
                outcome
            }
            Ok(false) => {
                teller.note(self.log.info("a job had come to its end before"), 0);
                Outcome::Nothing
            }
            Err(error) => self.no_table(&teller, 0, &*error),
        }
    }

    /// The end of a job that was never begun.
    async fn close(&self, job_id: &JobId, state: JobState, finish: Option<Finish>, attempt: u64) -> Outcome {
        let teller = self.teller(job_id);
        match self.records.close(job_id, End { state, finish, failure: None }).await {
            Ok(true) => {
                teller.ended(state, attempt, Figures::default(), None);
                Outcome::Done
            }
            Ok(false) => Outcome::Nothing,
            Err(error) => self.no_table(&teller, attempt, &*error),
        }
    }

    fn no_table(&self, teller: &Teller<'_>, attempt: u64, error: &(dyn std::error::Error + 'static)) -> Outcome {
        teller.note(self.log.error("the jobs table could not be written; the job will be tried again").because(error), attempt);
        Outcome::Retry
    }

    fn teller<'a>(&'a self, job_id: &'a JobId) -> Teller<'a> {
        Teller { log: &self.log, worker: &self.worker, job_id }
    }
}

fn failed<'a>(reason: &'a str, error: &'a str) -> (End<'a>, Outcome) {
    let end = End { state: JobState::Failed, finish: None, failure: Some((reason, error)) };
    (end, Outcome::Permanent { reason: reason.to_owned() })
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
