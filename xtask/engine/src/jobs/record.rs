//! A job's record as DynamoDB keeps it, and as it is told.

use contract::jobs::{JobMessage, JobState, column, index};
use protocol::JobRecord;
use serde_json::{Map, Value, json};

/// The columns of a list: all but what is long.
const SHORT: &[&str] = &[
    column::JOB_ID,
    column::STATE,
    column::USER,
    column::TASK,
    column::CREATED_AT,
    column::WANTED_UNTIL,
    column::STARTED_AT,
    column::ENDED_AT,
    column::ATTEMPT,
    column::WORKER,
    column::INSTANCE_TYPE,
    column::BUSY_MILLISECONDS,
    column::TOKENS,
    column::PROMPT_TOKENS,
    column::FINISH,
    column::REASON,
    column::UNSENT,
    column::STOP,
];

/// The key of a job's item.
pub(super) fn key(job_id: &str) -> Value {
    json!({ column::JOB_ID: { "S": job_id } })
}

/// `#state`: every column is named so, because DynamoDB reserves `state`, `user`, `text` and hundreds of other words.
pub(super) fn names(columns: &[&str]) -> Map<String, Value> {
    columns.iter().map(|column| (format!("#{column}"), Value::from(*column))).collect()
}

/// A text as DynamoDB writes it.
pub(super) fn text_value(text: &str) -> Value {
    json!({ "S": text })
}

/// A number as DynamoDB writes it.
pub(super) fn number_value(number: u64) -> Value {
    json!({ "N": number.to_string() })
}

/// The record of a job whose message is not sent yet.
pub(super) fn of_message(message: &JobMessage<Value>, keep_seconds: u64) -> Value {
    json!({
        column::JOB_ID: text_value(message.job_id.as_str()),
        column::USER: text_value(&message.user),
        column::TASK: text_value(&message.task),
        column::STATE: text_value(JobState::Queued.as_str()),
        column::CREATED_AT: number_value(message.created_at),
        column::WANTED_UNTIL: number_value(message.expires_at),
        column::EXPIRES_AT: number_value(message.created_at.saturating_add(keep_seconds)),
        column::PARAMETERS: text_value(&message.parameters.to_string()),
        column::UNSENT: text_value(index::UNSENT_VALUE),
        column::ATTEMPT: number_value(0),
    })
}

/// A column that is a text.
pub(super) fn text<'i>(item: &'i Value, column: &str) -> Option<&'i str> {
    item.get(column)?.get("S")?.as_str()
}

/// A column that is a number.
pub(super) fn number(item: &Value, column: &str) -> Option<u64> {
    item.get(column)?.get("N")?.as_str()?.parse().ok()
}

/// What is read of every job for a list, as parameters of a scan.
pub(super) fn short() -> (String, Map<String, Value>) {
    let names = names(SHORT);
    (names.keys().cloned().collect::<Vec<_>>().join(", "), names)
}

/// An item as it is told; none for one that is no job, such as that of an idempotency key.
pub(super) fn told(item: &Value) -> Option<JobRecord> {
    let owned = |column: &str| text(item, column).map(str::to_owned);
    let state = owned(column::STATE)?;
    Some(JobRecord {
        job_id: owned(column::JOB_ID)?,
        state,
        user: owned(column::USER).unwrap_or_default(),
        task: owned(column::TASK).unwrap_or_default(),
        created_at: number(item, column::CREATED_AT).unwrap_or_default(),
        wanted_until: number(item, column::WANTED_UNTIL),
        started_at: number(item, column::STARTED_AT),
        ended_at: number(item, column::ENDED_AT),
        attempt: number(item, column::ATTEMPT),
        worker: owned(column::WORKER),
        instance_type: owned(column::INSTANCE_TYPE),
        busy_milliseconds: number(item, column::BUSY_MILLISECONDS),
        tokens: number(item, column::TOKENS),
        prompt_tokens: number(item, column::PROMPT_TOKENS),
        finish: owned(column::FINISH),
        reason: owned(column::REASON),
        error: owned(column::ERROR),
        unsent: item.get(column::UNSENT).is_some(),
        stop: item.get(column::STOP).and_then(|stop| stop.get("BOOL")).and_then(Value::as_bool).unwrap_or_default(),
        // Whatever stands there: a person who looks wants to see it even when it is no JSON.
        parameters: text(item, column::PARAMETERS).map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))),
        text: owned(column::TEXT),
        result_bucket: owned(column::RESULT_BUCKET),
        result_key: owned(column::RESULT_KEY),
    })
}

/// Whether a state is one that never changes again. A word that is not known is no end.
pub(super) fn is_final(state: &str) -> bool {
    serde_json::from_value::<JobState>(Value::from(state)).is_ok_and(JobState::is_final)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> JobMessage<Value> {
        let id = "01KATX3W7G2M8Z9QCVB4R5NDEF".parse().unwrap();
        JobMessage::new(id, "ada", "generate", 1_000, 60, json!({ "model": "tiny" }))
    }

    #[test]
    fn a_new_record_is_read_as_it_was_written() {
        let told = told(&of_message(&message(), 86_400)).unwrap();

        assert_eq!((told.job_id.as_str(), told.state.as_str(), told.user.as_str()), ("01KATX3W7G2M8Z9QCVB4R5NDEF", "queued", "ada"));
        assert_eq!((told.created_at, told.wanted_until, told.unsent), (1_000, Some(1_060), true));
        assert_eq!(told.parameters, Some(json!({ "model": "tiny" })));
    }

    #[test]
    fn an_idempotency_keys_item_is_no_job() {
        let item = json!({ "job_id": { "S": "key#ada#1" }, "for_job": { "S": "01KATX3W7G2M8Z9QCVB4R5NDEF" } });

        assert_eq!(told(&item), None, "it would be listed as a job without a state");
    }

    #[test]
    fn a_list_reads_nothing_that_is_long() {
        let (projection, names) = short();

        assert!(projection.contains("#state, #user") && names["#state"] == "state");
        assert!(!projection.contains("#text") && !projection.contains("#parameters"), "a list would fetch every text: {projection}");
    }

    #[test]
    fn only_states_that_are_known_to_be_final_are_final() {
        let states = ["done", "failed", "expired", "cancelled", "queued", "running", "resting"].map(is_final);

        assert_eq!(states, [true, true, true, true, false, false, false], "a job that goes on would not be followed any further");
    }
}
