//! The jobs table: every write holds only while its condition does, and what was there tells why it did not.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue::{self, N, S};
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use contract::jobs::{JobId, JobState, column};

use super::{Aws, failed};
use crate::cloud::{Claim, Claimed, CloudError, End, Records};

const DAY_SECONDS: u64 = 86_400;

const NOT_STOPPED: &str = "(attribute_not_exists(#stop) OR #stop = :false)";
/// It waits, or the call that began it must be over.
const FREE: &str = "(#state = :queued OR (#state = :running AND #started <= :abandoned))";
const MINE: &str = "#attempt = :attempt AND #state = :running";

type Item = HashMap<String, AttributeValue>;

impl Records for Aws {
    async fn claim(&self, job_id: &JobId, now: u64, lease_milliseconds: u64) -> Result<Claim, CloudError> {
        let abandoned = now.saturating_sub(lease_milliseconds);
        let mut change = Change::of(&format!("{FREE} AND {NOT_STOPPED}"));
        change.free(abandoned).name("stop", column::STOP).value("false", AttributeValue::Bool(false));
        change.set("state", column::STATE, word(JobState::Running));
        change.set("worker", column::WORKER, S(self.worker.clone()));
        change.set("started", column::STARTED_AT, number(now));
        for (name, counted) in [("attempt", column::ATTEMPT), ("tries", column::TRIES)] {
            change.name(name, counted).sets.push(format!("#{name} = if_not_exists(#{name}, :zero) + :one"));
        }
        change.value("zero", number(0)).value("one", number(1));
        // Its message was sent, or it would not be here.
        change.remove("unsent", column::UNSENT).remove("ended", column::ENDED_AT);
        let old = match self.write(job_id, change, "claim the job").await? {
            Ok(new) => return Ok(Claim::Ours(claimed(job_id, &new))),
            Err(old) => old,
        };
        let Some(state) = state_of(&old) else { return Ok(Claim::Gone) };
        let started = number_of(&old, column::STARTED_AT);
        Ok(if state.is_final() {
            Claim::Ended(state, text_of(&old, column::REASON).map(str::to_owned))
        } else if state == JobState::Running && started == now && text_of(&old, column::WORKER) == Some(&self.worker) {
            // The SDK tries again when an answer is lost on the way: then it was us.
            Claim::Ours(claimed(job_id, &old))
        } else if state == JobState::Running && abandoned < started {
            Claim::Held { milliseconds: started - abandoned }
        } else {
            Claim::Stopped
        })
    }

    async fn end(&self, claimed: &Claimed, end: &End, now: u64) -> Result<bool, CloudError> {
        let mut change = Change::of(MINE);
        change.mine(claimed).set("state", column::STATE, word(end.state()));
        change.set("ended", column::ENDED_AT, number(now));
        change.set("expires", column::EXPIRES_AT, number(now / 1_000 + u64::from(self.record_days) * DAY_SECONDS));
        match end {
            End::Done { bucket, key } => {
                change.set("bucket", column::RESULT_BUCKET, S(bucket.clone())).set("key", column::RESULT_KEY, S(key.clone()));
            }
            End::Failed { reason, words } => {
                change.set("reason", column::REASON, S((*reason).to_owned())).set("error", column::ERROR, S(words.clone()));
            }
            End::Expired => {}
        }
        Ok(match self.write(&claimed.job_id, change, "write the job's end").await? {
            Ok(_) => true,
            // An answer that was lost: then it was us.
            Err(old) => number_of(&old, column::ATTEMPT) == claimed.attempt && state_of(&old) == Some(end.state()),
        })
    }

    async fn give_back(&self, claimed: &Claimed, no_room: bool) -> Result<(), CloudError> {
        let (tries, waits) = if no_room { (claimed.tries.saturating_sub(1), claimed.waits + 1) } else { (claimed.tries, 0) };
        let mut change = Change::of(MINE);
        change.mine(claimed).set("state", column::STATE, word(JobState::Queued));
        change.set("tries", column::TRIES, number(tries.into())).set("waits", column::WAITS, number(waits.into()));
        // Whoever has it by now does not need it back.
        self.write(&claimed.job_id, change, "give the job back").await.map(drop)
    }

    async fn cancel(&self, job_id: &JobId, now: u64) -> Result<(), CloudError> {
        // As at the claim that found it stopped: no call has it, so that none has to be waited for.
        let mut change = Change::of("#state IN (:queued, :running) AND #stop = :true");
        change.name("stop", column::STOP).value("true", AttributeValue::Bool(true));
        change.value("queued", word(JobState::Queued)).value("running", word(JobState::Running));
        change.set("state", column::STATE, word(JobState::Cancelled)).set("ended", column::ENDED_AT, number(now));
        self.write(job_id, change, "cancel the job").await.map(drop)
    }
}

impl Aws {
    /// The item as it is now, or as it was when the condition did not hold: empty when there is none.
    async fn write(&self, job_id: &JobId, change: Change, doing: &'static str) -> Result<Result<Item, Item>, CloudError> {
        let removes = if change.removes.is_empty() { String::new() } else { format!(" REMOVE {}", change.removes.join(", ")) };
        let call = self
            .dynamodb
            .update_item()
            .table_name(&self.jobs_table)
            .key(column::JOB_ID, S(job_id.to_string()))
            .update_expression(format!("SET {}{removes}", change.sets.join(", ")))
            .condition_expression(change.condition)
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values(Some(change.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.send().await {
            Ok(answer) => Ok(Ok(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(Err(failed.item.clone().unwrap_or_default())),
                Some(_) | None => Err(failed(doing)(error)),
            },
        }
    }
}

/// One conditional update.
struct Change {
    condition: String,
    sets: Vec<String>,
    removes: Vec<String>,
    names: HashMap<String, String>,
    values: Item,
}

impl Change {
    fn of(condition: &str) -> Self {
        Self { condition: condition.to_owned(), sets: Vec::new(), removes: Vec::new(), names: HashMap::new(), values: HashMap::new() }
    }

    fn name(&mut self, name: &str, column: &str) -> &mut Self {
        self.names.insert(format!("#{name}"), column.to_owned());
        self
    }

    fn value(&mut self, name: &str, value: AttributeValue) -> &mut Self {
        self.values.insert(format!(":{name}"), value);
        self
    }

    fn set(&mut self, name: &str, column: &str, value: AttributeValue) -> &mut Self {
        self.sets.push(format!("#{name} = :new_{name}"));
        self.name(name, column).value(&format!("new_{name}"), value)
    }

    fn remove(&mut self, name: &str, column: &str) -> &mut Self {
        self.removes.push(format!("#{name}"));
        self.name(name, column)
    }

    /// What the condition `FREE` speaks of.
    fn free(&mut self, abandoned: u64) -> &mut Self {
        self.name("state", column::STATE)
            .name("started", column::STARTED_AT)
            .value("queued", word(JobState::Queued))
            .value("running", word(JobState::Running))
            .value("abandoned", number(abandoned))
    }

    /// What the condition `MINE` speaks of.
    fn mine(&mut self, claimed: &Claimed) -> &mut Self {
        self.name("attempt", column::ATTEMPT).value("attempt", number(claimed.attempt)).value("running", word(JobState::Running))
    }
}

fn claimed(job_id: &JobId, item: &Item) -> Claimed {
    let small = |column| u32::try_from(number_of(item, column)).unwrap_or(u32::MAX);
    Claimed { job_id: job_id.clone(), attempt: number_of(item, column::ATTEMPT), tries: small(column::TRIES), waits: small(column::WAITS) }
}

fn word(state: JobState) -> AttributeValue {
    S(state.as_str().to_owned())
}

fn number(number: u64) -> AttributeValue {
    N(number.to_string())
}

fn text_of<'a>(item: &'a Item, column: &str) -> Option<&'a str> {
    item.get(column)?.as_s().ok().map(String::as_str)
}

fn number_of(item: &Item, column: &str) -> u64 {
    item.get(column).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn state_of(item: &Item) -> Option<JobState> {
    serde_json::from_value(text_of(item, column::STATE)?.into()).ok()
}
