//! The calls that tables and queues get, against a cloud that understands them: conditions, transactions, attributes.
#![cfg(test)]

mod common;

use std::collections::BTreeSet;

use common::{Call, House, TestClock, USER, local::Local, tokens};
use contract::{
    api::Operation,
    fleet::{OPS_GROUP, OperationState, OpsMessage, Order},
    jobs::{JobId, JobMessage, JobState, Version, idempotency_key},
};
use front_door::{
    cloud::{Changed, Created, FleetStore, JobStore, NewJob, NewKey, Queues, RateStore, Written},
    limits::{Admission, Limiter, Limits, Window},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

const FOREVER: u64 = 9_999_999_999;
const FIRST: &str = "01KATX3W7G2M8Z9QCVB4R5NDEF";
const SECOND: &str = "01KATX3W7G2M8Z9QCVB4R5NDEG";
const NEVER: &str = "01KATX3W7G2M8Z9QCVB4R5NDEH";

fn infer() -> Call {
    Call::post("/infer", &json!({ "prompt": "why is the sky blue?" })).signed_in()
}

fn job_id(answer: &common::Told) -> JobId {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["job_id"].as_str().unwrap().parse().unwrap()
}

fn id(text: &str) -> JobId {
    text.parse().unwrap()
}

fn job(id: &str) -> JobMessage<Value> {
    JobMessage::new(id.parse().unwrap(), "ann", "generate", 1_000, 600, json!({ "model": "tiny" }))
}

fn new<'a>(message: &'a JobMessage<Value>, key: Option<NewKey<'a>>) -> NewJob<'a> {
    NewJob { message, expires_at: FOREVER, key }
}

#[tokio::test]
async fn a_job_lies_in_its_table_and_in_its_queue_and_the_reconciler_is_woken() {
    let local = Local::make().await;
    let house = local.house();

    let job_id = job_id(&house.call(infer()).await);

    let record = house.cloud().read(&job_id).await.unwrap().unwrap();
    assert_eq!((record.state, record.unsent, record.message.user.as_str()), (JobState::Queued, false, USER));
    let [taken] = local.jobs.take(&local.jobs.queue_url).await.unwrap().try_into().unwrap();
    let message: JobMessage<Value> = serde_json::from_str(&taken.body).unwrap();
    assert_eq!(message, record.message, "the worker would do another job than the table tells of");
    assert_eq!((taken.group.as_str(), taken.deduplication_id.as_str()), (USER, job_id.as_str()), "users would wait for each other");
    assert_eq!(taken.attributes["JobId"], job_id.as_str(), "a dead letter could not be told apart without reading its body");
    let [order] = local.jobs.take(&local.jobs.ops_queue_url).await.unwrap().try_into().unwrap();
    assert_eq!(serde_json::from_str::<OpsMessage>(&order.body).unwrap(), OpsMessage { version: Version, order: Order::Wake });
    assert_eq!(order.group, OPS_GROUP);
}

#[tokio::test]
async fn twenty_at_once_with_one_idempotency_key_are_one_job() {
    let local = Local::make().await;
    let containers: Vec<_> = (0..4).map(|_| local.house_with(|config| config.burst_per_second = 100)).collect();
    join_all(containers.iter().map(|house| house.door.warm())).await;

    let asked = (0..20).map(|number| containers[number % containers.len()].call_now(infer().header("idempotency-key", "k")));
    let answers = join_all(asked).await;

    let ids: BTreeSet<_> = answers.iter().map(job_id).collect();
    assert_eq!(ids.len(), 1, "the same work would be done, and paid for, more than once: {answers:?}");
    assert_eq!(local.items().await, 2, "one record and its key");
    assert_eq!(local.jobs.take(&local.jobs.queue_url).await.unwrap().len(), 1, "SQS would deliver it twice");
}

#[tokio::test]
async fn a_key_that_stands_for_another_body_is_refused_and_belongs_to_its_user_alone() {
    let local = Local::make().await;
    let house = local.house();
    let first = job_id(&house.call(infer().header("idempotency-key", "k")).await);

    let other_body = Call::post("/infer", &json!({ "prompt": "another" })).header("idempotency-key", "k");
    let reused = house.call(other_body.clone().signed_in()).await;
    let other_user = house.call(other_body.signed_in_as("somebody-else")).await;

    assert_eq!(reused.error(), (409, "idempotency_key_reused"));
    assert!(reused.message().contains(first.as_str()), "nobody could find the job that the key stands for: {reused:?}");
    assert_ne!(job_id(&other_user), first, "one user would be told of another's job");
}

#[tokio::test]
async fn a_job_that_could_not_be_sent_keeps_its_mark_until_its_client_comes_again() {
    let local = Local::make().await;
    let nowhere = local.house_with(|config| config.job_queue_url.push_str("-is-gone"));

    let first = job_id(&nowhere.call(infer().header("idempotency-key", "k")).await);

    let marked = nowhere.cloud().read(&first).await.unwrap().unwrap().unsent;
    assert!(marked, "the reconciler would not find the job, and nobody would do it");
    assert!(local.jobs.take(&local.jobs.queue_url).await.unwrap().is_empty());
    let house = local.house();
    let again = job_id(&house.call(infer().header("idempotency-key", "k")).await);
    assert_eq!(again, first);
    assert!(!house.cloud().read(&first).await.unwrap().unwrap().unsent);
    assert_eq!(local.jobs.take(&local.jobs.queue_url).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_record_that_is_written_twice_is_written_once() {
    let local = Local::make().await;
    let (cloud, plain, keyed) = (local.adapters(), job(FIRST), job(SECOND));
    let key = Some(NewKey { id: &idempotency_key("ann", "k"), body_sha256: "ab" });

    for _ in 0..2 {
        assert_eq!(cloud.create(&new(&plain, None)).await.unwrap(), Created::New, "a lost answer would become a failure");
    }
    assert_eq!(cloud.create(&new(&keyed, key)).await.unwrap(), Created::New);
    let again = cloud.create(&new(&keyed, key)).await.unwrap();

    // AWS knows the transaction by its token for ten minutes; who does not, finds the job's own key.
    let known = Created::Known { job_id: id(SECOND), body_sha256: "ab".to_owned() };
    assert!(again == Created::New || again == known, "{again:?}");
    assert_eq!(local.items().await, 3);
}

#[tokio::test]
async fn a_key_brings_both_or_neither_until_its_time_is_over() {
    let local = Local::make().await;
    let (cloud, first, second) = (local.adapters(), job(FIRST), job(SECOND));
    let key = Some(NewKey { id: &idempotency_key("ann", "k"), body_sha256: "ab" });
    cloud.create(&NewJob { message: &first, expires_at: 1_500, key }).await.unwrap();

    let in_time = cloud.create(&new(&second, key)).await.unwrap();
    let unwritten = cloud.read(&id(SECOND)).await.unwrap();
    let late = JobMessage::new(id(SECOND), "ann", "generate", 1_501, 600, json!({}));
    let over = cloud.create(&new(&late, key)).await.unwrap();

    assert_eq!(in_time, Created::Known { job_id: id(FIRST), body_sha256: "ab".to_owned() });
    assert_eq!(unwritten, None, "a record without its key would be done, and nobody be told of it");
    assert_eq!(over, Created::New, "a key that DynamoDB has not forgotten yet would stand for a job that is gone");
    assert_eq!(cloud.read(&id(SECOND)).await.unwrap().map(|record| record.message), Some(late));
}

#[tokio::test]
async fn a_record_that_is_forgotten_does_not_come_back_as_an_empty_one() {
    let local = Local::make().await;
    let cloud = local.adapters();

    cloud.sent(&id(NEVER)).await.unwrap();

    assert_eq!(cloud.read(&id(NEVER)).await.unwrap(), None);
    assert_eq!(cloud.cancel(&id(NEVER), "ann", 5).await.unwrap(), Changed::No(None));
}

#[tokio::test]
async fn a_job_is_stopped_by_its_user_alone_and_as_its_state_allows() {
    let local = Local::make().await;
    let (cloud, message) = (local.adapters(), job(FIRST));
    cloud.create(&new(&message, None)).await.unwrap();
    let state = |changed: Changed| match changed {
        Changed::No(Some(record)) => Some(record.state),
        Changed::Yes | Changed::No(None) => None,
    };

    let foreign = state(cloud.cancel(&id(FIRST), "bob", 5).await.unwrap());
    let too_early = state(cloud.ask_to_stop(&id(FIRST), "ann").await.unwrap());
    let own = cloud.cancel(&id(FIRST), "ann", 5).await.unwrap();
    let twice = state(cloud.cancel(&id(FIRST), "ann", 6).await.unwrap());

    assert_eq!((foreign, too_early), (Some(JobState::Queued), Some(JobState::Queued)), "somebody else's job would be stopped");
    assert_eq!((own, twice), (Changed::Yes, Some(JobState::Cancelled)));
    let record = cloud.read(&id(FIRST)).await.unwrap().unwrap();
    assert_eq!((record.unsent, record.ended_at), (false, Some(5)), "the reconciler would send what was cancelled");
}

#[tokio::test]
async fn a_resize_is_an_operation_in_the_table_and_an_order_in_the_queue() {
    let local = Local::make().await;
    let house = local.house();

    let answer = house.call(Call::post("/admin/resize", &json!({ "instance_type": "g6.xlarge" })).token(&tokens::admin(USER))).await;

    assert_eq!(answer.status, 202, "{answer:?}");
    let operation: Operation = serde_json::from_value(answer.body).unwrap();
    assert_eq!(house.cloud().operation(&operation.operation_id).await.unwrap().as_ref(), Some(&operation));
    let [order] = local.jobs.take(&local.jobs.ops_queue_url).await.unwrap().try_into().unwrap();
    assert_eq!((order.group.as_str(), &order.deduplication_id), (OPS_GROUP, &operation.operation_id), "it could be begun twice");
    let OpsMessage { order, .. } = serde_json::from_str(&order.body).unwrap();
    let Order::Resize { operation_id, instance_type, asked_by } = order else { panic!("another order") };
    assert_eq!((operation_id, instance_type.as_str(), asked_by.as_str()), (operation.operation_id, "g6.xlarge", USER));
}

#[tokio::test]
async fn an_operation_fails_once_and_only_while_it_waits() {
    let local = Local::make().await;
    let cloud = local.adapters();
    let operation = Operation {
        operation_id: FIRST.to_owned(),
        state: OperationState::Queued,
        instance_type: "g5.xlarge".to_owned(),
        created_at: 1,
        updated_at: 1,
        error: None,
    };
    cloud.begin(&operation, "ann", FOREVER).await.unwrap();

    cloud.fail(FIRST, "the queue is gone", 7).await.unwrap();
    cloud.fail(FIRST, "again", 8).await.unwrap();
    cloud.fail(NEVER, "never begun", 9).await.unwrap();

    let failed = Operation { state: OperationState::Failed, updated_at: 7, error: Some("the queue is gone".to_owned()), ..operation };
    assert_eq!(cloud.operation(FIRST).await.unwrap(), Some(failed));
    assert_eq!(cloud.operation(NEVER).await.unwrap(), None, "an operation that nobody asked for would show up");
}

#[tokio::test]
async fn the_same_order_within_five_minutes_is_one_message() {
    let local = Local::make().await;
    let (cloud, wake) = (local.adapters(), OpsMessage { version: Version, order: Order::Wake });

    for stretch in ["wake-1", "wake-1", "wake-2"] {
        cloud.send_order(&wake, stretch).await.unwrap();
    }

    let orders = local.jobs.take(&local.jobs.ops_queue_url).await.unwrap();
    let ids: Vec<_> = orders.iter().map(|order| order.deduplication_id.as_str()).collect();
    assert_eq!(ids, ["wake-1", "wake-2"], "the reconciler would be called for every job");
}

#[tokio::test]
async fn a_lost_race_brings_the_item_as_it_is() {
    let local = Local::make().await;
    let cloud = local.adapters();
    let window = |version, times: &[u64]| Window { version, times: times.to_vec() };
    let first = window(10, &[1]);

    let new = cloud.write("ann", None, &first, FOREVER).await.unwrap();
    let taken = cloud.write("ann", None, &window(11, &[2]), FOREVER).await.unwrap();
    let stale = cloud.write("ann", Some(9), &window(11, &[2]), FOREVER).await.unwrap();
    let forgotten = cloud.write("nobody", Some(10), &first, FOREVER).await.unwrap();
    let next = cloud.write("ann", Some(10), &window(11, &[1, 2]), FOREVER).await.unwrap();

    assert_eq!((new, next), (Written::Yes, Written::Yes));
    assert_eq!((taken, stale), (Written::No(Some(first.clone())), Written::No(Some(first))), "the limit would be decided blindly");
    assert_eq!(forgotten, Written::No(None), "whoever was away for a while would never be let in");
}

#[tokio::test]
async fn two_hundred_at_once_at_forty_containers_never_exceed_the_limit() {
    let local = Local::make().await;
    let (cloud, clock) = (local.adapters(), TestClock::default());
    let limits = Limits { burst_per_second: 5, per_minute: 8 };
    let containers: Vec<_> = (0..40).map(|_| Limiter::new(limits)).collect();

    let mut admitted = Vec::new();
    for _ in 0..3 {
        let asked = (0..200).map(|number| containers[number % containers.len()].admit(&cloud, &clock, USER));
        let outcomes: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
        admitted.push(outcomes.iter().filter(|outcome| matches!(outcome, Admission::Admitted)).count());
        clock.advance(1_000);
    }

    assert_eq!(admitted, [5, 3, 0], "five in a second, eight in a minute, and nobody lost a place to a race");
}

#[tokio::test]
async fn two_hundred_requests_at_once_are_answered_and_five_let_in() {
    let local = Local::make().await;
    let house: House<_> = local.house();
    house.door.warm().await;

    let answers = join_all((0..200).map(|_| house.call_now(Call::get("/ping").signed_in()))).await;

    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(200), with(429)), (5, 195), "{answers:?}");
}
