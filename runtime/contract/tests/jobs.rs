//! Job messages as sender and worker exchange them.
#![cfg(test)]

use contract::jobs::{JobId, JobMessage, JobState, MAX_GROUP_BYTES, attribute};
use serde_json::{Value, json};

const JOB: &str = "01KATX3W7G2M8Z9QCVB4R5NDEF";

fn message() -> JobMessage<Value> {
    JobMessage::new(JOB.parse().unwrap(), "9a1b-user", "generate", 1_000, 60, json!({"prompt": "a lighthouse"}))
}

#[test]
fn the_body_of_version_one_stays_as_it_is() {
    let message = message();

    let body = serde_json::to_value(&message).unwrap();

    let expected = json!({
        "version": 1, "job_id": JOB, "user": "9a1b-user", "task": "generate",
        "created_at": 1_000, "expires_at": 1_060, "parameters": {"prompt": "a lighthouse"},
    });
    assert_eq!(body, expected, "workers that run already could not read new jobs");
    assert_eq!(serde_json::from_value::<JobMessage<Value>>(body).unwrap(), message);
}

#[test]
fn a_field_that_a_newer_sender_adds_is_ignored() {
    let mut body = serde_json::to_value(message()).unwrap();
    body["priority"] = json!(7);

    let read = serde_json::from_value::<JobMessage<Value>>(body);

    assert_eq!(read.unwrap(), message(), "no sender could be released before every worker");
}

#[test]
fn another_version_is_refused_by_name() {
    let mut body = serde_json::to_value(message()).unwrap();
    body["version"] = json!(2);

    let error = serde_json::from_value::<JobMessage<Value>>(body).unwrap_err();

    assert!(error.to_string().contains("version `2` is unknown here, known is 1"), "a worker would guess what the fields mean: {error}");
}

#[test]
fn one_users_jobs_keep_their_order_and_a_job_is_sent_once() {
    let message = message();

    let (group, deduplication) = (message.message_group_id(), message.deduplication_id());

    assert_eq!(group, "9a1b-user", "a group per message would mean no order at all");
    assert_eq!(deduplication, JOB, "a retried send would run the job twice");
    assert!(message.attributes().contains(&(attribute::JOB_ID, JOB.to_owned())), "a dead letter could not be traced to its job");
}

#[test]
fn only_a_ulid_is_a_job_id() {
    for wrong in ["", "01KATX3W7G2M8Z9QCVB4R5NDE", "01katx3w7g2m8z9qcvb4r5ndef", "81KATX3W7G2M8Z9QCVB4R5NDEF", "01KATX3W7G2M8Z9QCVB4R5NDEU"]
    {
        let read = wrong.parse::<JobId>();

        assert!(read.is_err(), "`{wrong}` would become a key in the jobs table");
    }
}

#[test]
fn what_sqs_would_refuse_is_refused_before() {
    let sendable = message();
    let nobody = JobMessage { user: String::new(), ..message() };
    let long = JobMessage { user: "x".repeat(MAX_GROUP_BYTES + 1), ..message() };
    let spaced = JobMessage { user: "two words".to_owned(), ..message() };
    let stale = JobMessage { expires_at: 1_000, ..message() };

    assert_eq!(sendable.problem(), None);
    for wrong in [nobody, long, spaced, stale] {
        assert!(wrong.problem().is_some(), "SQS or the first worker would refuse it: {wrong:?}");
    }
}

#[test]
fn a_job_expires_at_its_second() {
    let message = message();

    let (before, at) = (message.is_expired(1_059), message.is_expired(1_060));

    assert!(!before && at, "a GPU would work for somebody who has left");
}

#[test]
fn a_state_is_one_word_everywhere() {
    use JobState::{Cancelled, Done, Expired, Failed, Queued, Running};

    for state in [Queued, Running, Done, Failed, Expired, Cancelled] {
        let written = serde_json::to_value(state).unwrap();

        assert_eq!(written, state.as_str(), "the table and the answer would name the state differently");
        assert_eq!(state.is_final(), !matches!(state, Queued | Running));
    }
}
