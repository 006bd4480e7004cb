//! The record of a job, written by whoever has its fencing token and by nobody else.

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue::{self, N, S};
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use contract::jobs::{Finish, JobId, JobState, column};
use jiff::Timestamp;

/// The table could not be asked.
pub type Failed = Box<dyn Error + Send + Sync>;

/// The jobs table, as one worker sees it.
#[derive(Debug, Clone)]
pub struct Records {
    client: Client,
    table: String,
    worker: String,
    instance_type: Option<String>,
    record_days: u32,
}

/// What came of asking for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours, until somebody else asks.
    Ours(Claimed),
    /// Somebody asked to stop it before it began.
    Stopped,
    /// It came to its end before, with the reason when it failed.
    Ended(JobState, Option<String>),
    /// There is no record of it.
    Gone,
}

/// A job that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The job.
    pub job_id: JobId,
    /// The fencing token: how often it was begun.
    pub attempt: u64,
    /// How long earlier attempts were busy with it, in milliseconds.
    pub busy_before: u64,
}

/// Whether a job is still ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Ours,
    /// It is ours, and somebody asked to stop it.
    Stopped,
    /// Somebody else has begun it: nothing was written.
    Lost,
}

/// The text so far and what belongs to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) tokens: u64,
    pub(crate) prompt_tokens: Option<u64>,
    pub(crate) milliseconds: u64,
}

/// How a job came to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End<'a> {
    pub(crate) state: JobState,
    pub(crate) finish: Option<Finish>,
    /// Reason and words.
    pub(crate) failure: Option<(&'a str, &'a str)>,
}

const NOT_STOPPED: &str = "(attribute_not_exists(#stop) OR #stop = :false)";
const OPEN: &str = "#state IN (:queued, :running)";

impl Records {
    /// The table, for a worker of this name.
    #[must_use]
    pub fn new(client: Client, table: &str, worker: &str, instance_type: Option<&str>, record_days: u32) -> Self {
        let instance_type = instance_type.map(ToOwned::to_owned);
        Self { client, table: table.to_owned(), worker: worker.to_owned(), instance_type, record_days }
    }

    /// Asks for a job: from now on, whoever had it before can write nothing more.
    ///
    /// # Errors
    ///
    /// When the table cannot be asked.
    pub async fn claim(&self, job_id: &JobId) -> Result<Claim, Failed> {
        let mut change = Change::of(format!("attribute_exists({}) AND {OPEN} AND {NOT_STOPPED}", column::JOB_ID));
        change.open().not_stopped();
        change.set("state", column::STATE, S(JobState::Running.as_str().to_owned()));
        change.set("worker", column::WORKER, S(self.worker.clone()));
        change.set("started", column::STARTED_AT, milliseconds(Timestamp::now()));
        change.name("attempt", column::ATTEMPT).value(":zero", number(0)).value(":one", number(1));
        change.sets.push("#attempt = if_not_exists(#attempt, :zero) + :one".to_owned());
        // Its message was sent, or it would not be here. What an earlier attempt has written is not what this one will.
        for (name, removed) in [
            ("unsent", column::UNSENT),
            ("text", column::TEXT),
            ("tokens", column::TOKENS),
            ("prompt", column::PROMPT_TOKENS),
            ("finish", column::FINISH),
            ("ended", column::ENDED_AT),
        ] {
            change.name(name, removed).removes.push(format!("#{name}"));
        }
        match self.write(job_id, change).await? {
            Ok(new) => Ok(Claim::Ours(Claimed {
                job_id: job_id.clone(),
                attempt: read_number(&new, column::ATTEMPT),
                busy_before: read_number(&new, column::BUSY_MILLISECONDS),
            })),
            Err(old) if old.is_empty() => Ok(Claim::Gone),
            Err(old) => match read_state(&old) {
                Some(state) if state.is_final() => {
                    Ok(Claim::Ended(state, old.get(column::REASON).and_then(|reason| reason.as_s().ok()).cloned()))
                }
                Some(_) => Ok(Claim::Stopped),
                // The item of something else under a job's key.
                None => Ok(Claim::Gone),
            },
        }
    }

    /// Writes the text so far, and learns whether to go on.
    pub(crate) async fn step(&self, claimed: &Claimed, written: &Written) -> Result<Standing, Failed> {
        let mut change = Change::of(format!("#attempt = :attempt AND #state = :running AND {NOT_STOPPED}"));
        change.mine(claimed).not_stopped().name("state", column::STATE);
        change.written(claimed, written);
        Ok(match self.write(&claimed.job_id, change).await? {
            Ok(_) => Standing::Ours,
            Err(old) if is_mine(&old, claimed) && read_state(&old) == Some(JobState::Running) => Standing::Stopped,
            Err(_) => Standing::Lost,
        })
    }

    /// Writes the end of a job that is ours; false when it is not ours any more, and nothing was written.
    pub(crate) async fn end(&self, claimed: &Claimed, written: &Written, end: End<'_>) -> Result<bool, Failed> {
        let mut change = Change::of("#attempt = :attempt AND #state = :running".to_owned());
        change.mine(claimed).written(claimed, written);
        self.write_end(&mut change, end);
        if let Some(instance_type) = &self.instance_type {
            change.set("type", column::INSTANCE_TYPE, S(instance_type.clone()));
        }
        Ok(match self.write(&claimed.job_id, change).await? {
            Ok(_) => true,
            // The SDK tries again when an answer is lost on the way: then it was us.
            Err(old) => is_mine(&old, claimed) && read_state(&old) == Some(end.state),
        })
    }

    /// Writes the end of a job that nobody has begun, or that nobody goes on with; false when it had ended before or there is none.
    pub(crate) async fn close(&self, job_id: &JobId, end: End<'_>) -> Result<bool, Failed> {
        let mut change = Change::of(format!("attribute_exists({}) AND {OPEN}", column::JOB_ID));
        change.open();
        self.write_end(&mut change, end);
        Ok(match self.write(job_id, change).await? {
            Ok(_) => true,
            Err(old) => read_state(&old) == Some(end.state),
        })
    }

    /// Puts a job of ours back among those that wait.
    pub(crate) async fn give_back(&self, claimed: &Claimed, written: &Written) -> Result<(), Failed> {
        let mut change = Change::of("#attempt = :attempt AND #state = :running".to_owned());
        change.mine(claimed).written(claimed, written).set("state", column::STATE, S(JobState::Queued.as_str().to_owned()));
        self.write(&claimed.job_id, change).await.map(drop)
    }

    fn write_end(&self, change: &mut Change, end: End<'_>) {
        let now = Timestamp::now();
        let forgotten = now.as_second() + i64::from(self.record_days) * 86_400;
        change.set("state", column::STATE, S(end.state.as_str().to_owned()));
        change.set("worker", column::WORKER, S(self.worker.clone()));
        change.set("ended", column::ENDED_AT, milliseconds(now));
        change.set("expires", column::EXPIRES_AT, N(forgotten.to_string()));
        if let Some(finish) = end.finish {
            change.set("finish", column::FINISH, S(finish.as_str().to_owned()));
        }
        if let Some((reason, error)) = end.failure {
            change.set("reason", column::REASON, S(reason.to_owned()));
            change.set("error", column::ERROR, S(error.to_owned()));
        }
    }

    /// The item as it is now, or as it was when the condition did not hold: empty when there is none.
    async fn write(&self, job_id: &JobId, change: Change) -> Result<Result<Item, Item>, Failed> {
        let call = self.client.update_item().table_name(&self.table).key(column::JOB_ID, S(job_id.to_string()));
        let error = match change.into_call(call).send().await {
            Ok(answer) => return Ok(Ok(answer.attributes.unwrap_or_default())),
            Err(error) => error,
        };
        if let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() {
            return Ok(Err(failed.item.clone().unwrap_or_default()));
        }
        Err(Box::new(error))
    }
}

type Item = HashMap<String, AttributeValue>;

/// One conditional update.
#[derive(Default)]
struct Change {
    condition: String,
    sets: Vec<String>,
    removes: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Change {
    fn of(condition: String) -> Self {
        Self { condition, ..Self::default() }
    }

    fn name(&mut self, name: &str, column: &str) -> &mut Self {
        self.names.insert(format!("#{name}"), column.to_owned());
        self
    }

    fn value(&mut self, name: &str, value: AttributeValue) -> &mut Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    fn set(&mut self, name: &str, column: &str, value: AttributeValue) -> &mut Self {
        self.sets.push(format!("#{name} = :new_{name}"));
        self.name(name, column).value(&format!(":new_{name}"), value)
    }

    /// What the condition `OPEN` speaks of.
    fn open(&mut self) -> &mut Self {
        self.name("state", column::STATE)
            .value(":queued", S(JobState::Queued.as_str().to_owned()))
            .value(":running", S(JobState::Running.as_str().to_owned()))
    }

    /// What the condition `NOT_STOPPED` speaks of.
    fn not_stopped(&mut self) -> &mut Self {
        self.name("stop", column::STOP).value(":false", AttributeValue::Bool(false))
    }

    /// What a condition on the fencing token speaks of.
    fn mine(&mut self, claimed: &Claimed) -> &mut Self {
        self.name("attempt", column::ATTEMPT)
            .value(":attempt", number(claimed.attempt))
            .value(":running", S(JobState::Running.as_str().to_owned()))
    }

    fn written(&mut self, claimed: &Claimed, written: &Written) -> &mut Self {
        self.set("text", column::TEXT, S(written.text.clone()));
        self.set("tokens", column::TOKENS, number(written.tokens));
        // Not added up by the table: a call that is tried again would count twice.
        self.set("busy", column::BUSY_MILLISECONDS, number(claimed.busy_before + written.milliseconds));
        if let Some(tokens) = written.prompt_tokens {
            self.set("prompt", column::PROMPT_TOKENS, number(tokens));
        }
        self
    }

    fn into_call(self, call: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        let removes = if self.removes.is_empty() { String::new() } else { format!(" REMOVE {}", self.removes.join(", ")) };
        call.update_expression(format!("SET {}{removes}", self.sets.join(", ")))
            .condition_expression(self.condition)
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

fn is_mine(item: &Item, claimed: &Claimed) -> bool {
    read_number(item, column::ATTEMPT) == claimed.attempt
}

fn number(number: u64) -> AttributeValue {
    N(number.to_string())
}

fn milliseconds(time: Timestamp) -> AttributeValue {
    N(time.as_millisecond().to_string())
}

fn read_number(item: &Item, column: &str) -> u64 {
    item.get(column).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn read_state(item: &Item) -> Option<JobState> {
    let text = item.get(column::STATE)?.as_s().ok()?;
    serde_json::from_value(text.as_str().into()).ok()
}
