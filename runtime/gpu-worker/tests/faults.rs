//! Workers that are killed, frozen, told to end and given bad messages, against the queue and the tables of the local cloud.
#![cfg(test)]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod common;

use std::time::Duration;

use common::{Platform, job, lasting, platform};
use contract::jobs::{attribute, column};
use contract::logs;
use contract::worker::WorkerConfig;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_worker_is_killed_in_the_middle_is_done_by_another() {
    let cloud = platform().await;
    let job = cloud.enqueue("ada", &lasting(3)).await;
    let mut first = cloud.start("first");
    cloud.until_state(&job, "running").await;

    first.kill();
    let second = cloud.start("second");

    let record = cloud.until_state(&job, "done").await;
    assert_eq!((record.number(column::ATTEMPT), record.number(column::TOKENS)), (2, 30), "{record:?}");
    assert_eq!(record.text(column::WORKER), second.worker());
    // The line is written after the record and before the message goes.
    cloud.until_empty().await;
    assert_eq!(first.lines(logs::STATE, "done") + second.lines(logs::STATE, "done"), 1);
    assert!(cloud.jobs.dead_letters().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_wakes_up_after_its_lease_was_over_writes_nothing_more() {
    let cloud = platform().await;
    let job = cloud.enqueue("ada", &lasting(4)).await;
    let first = cloud.start("first");
    cloud.until_state(&job, "running").await;

    first.signal("STOP");
    let second = cloud.start("second");
    cloud.until(&job, "the second has it", |record| record.text(column::WORKER) == second.worker()).await;
    first.signal("CONT");

    let record = cloud.until_state(&job, "done").await;
    cloud.until_empty().await;
    let record_later = cloud.until_state(&job, "done").await;
    assert_eq!(record.number(column::ATTEMPT), 2);
    assert_eq!(record_later.text(column::WORKER), second.worker(), "a worker from the past has written over the result");
    assert_eq!(record_later.text(column::TEXT), record.text(column::TEXT));
    assert_eq!(first.lines(logs::STATE, "done"), 0, "the job would count twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_again_after_its_job_was_done_changes_nothing() {
    let cloud = platform().await;
    let sent = job("ada", &lasting(0));
    cloud.jobs.enqueue(&sent).await.unwrap();
    let worker = cloud.start("only");
    let done = cloud.until_state(&sent.job_id, "done").await;

    // What a worker leaves that is killed between the record and the delete; under another id, as when somebody sends it again.
    let body = serde_json::to_string(&sent).unwrap();
    cloud.jobs.send(&sent.user, "another", &body, &sent.attributes()).await.unwrap();
    let next = cloud.enqueue("ada", &lasting(0)).await;
    cloud.until_state(&next, "done").await;

    cloud.until_empty().await;
    let still = cloud.until_state(&sent.job_id, "done").await;
    assert_eq!(still.number(column::ENDED_AT), done.number(column::ENDED_AT), "the job was done twice");
    assert_eq!(still.number(column::ATTEMPT), 1);
    assert_eq!(worker.lines(logs::STATE, "done"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_goes_to_the_dead_letters_while_others_go_on() {
    let cloud = platform().await;
    cloud.jobs.send("ada", "poison", "{\"version\": 9}", &[]).await.unwrap();
    let refused = cloud.enqueue("ada", &json!({"fails": "refused"})).await;
    let behind = cloud.enqueue("ada", &lasting(0)).await;
    let beside = cloud.enqueue("grace", &lasting(0)).await;

    let _worker = cloud.start("only");

    cloud.until_state(&behind, "done").await;
    cloud.until_state(&beside, "done").await;
    cloud.until_empty().await;
    let record = cloud.until_state(&refused, "failed").await;
    assert_eq!(record.text(column::REASON), "prompt_too_long");
    let dead = cloud.jobs.dead_letters().await.unwrap();
    let mut reasons: Vec<_> = dead.iter().map(|(_, attributes)| attributes[attribute::REASON].as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["bad_message", "prompt_too_long"], "whoever looks at the dead letters would not know why: {dead:?}");
    assert!(dead.iter().any(|(_, attributes)| attributes.get(attribute::JOB_ID) == Some(&refused.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_engine_breaks_is_tried_until_the_last_try_and_then_fails() {
    let cloud = platform().await;
    let job = cloud.enqueue("ada", &json!({"fails": "broken"})).await;

    let worker = cloud.start("only");

    let record = cloud.until_state(&job, "failed").await;
    cloud.until_empty().await;
    assert_eq!((record.number(column::ATTEMPT), record.text(column::REASON)), (3, "engine_broken"));
    assert_eq!(worker.lines(logs::STATE, "started"), 3);
    let dead = cloud.jobs.dead_letters().await.unwrap();
    assert_eq!(dead.len(), 1, "{dead:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ends_every_worker_is_a_failed_job_and_its_user_goes_on() {
    let cloud = platform().await;
    let deadly = cloud.enqueue("ada", &json!({"fails": "deadly"})).await;
    let behind = cloud.enqueue("ada", &lasting(0)).await;

    // A call that a dead worker had open may be handed the message too, which costs a try: so there is not always a third death.
    let (mut worker, mut deaths) = (cloud.start("worker 0"), 0);
    let record = loop {
        if worker.has_ended() {
            deaths += 1;
            worker = cloud.start(&format!("worker {deaths}"));
        }
        let record = cloud.until(&deadly, "it is there", |_| true).await;
        if record.text(column::STATE) == "failed" {
            break record;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };

    cloud.until_state(&behind, "done").await;
    cloud.until_empty().await;
    assert!((1..=3).contains(&deaths), "{deaths} workers died of one job");
    assert_eq!((record.number(column::ATTEMPT), record.text(column::REASON)), (deaths, "tries_used_up"));
    assert_eq!(worker.lines(logs::STATE, "started"), 1, "the job was tried once more");
    let dead = cloud.jobs.dead_letters().await.unwrap();
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!(dead[0].1[attribute::REASON], "tries_used_up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_end_ends_its_job_and_leaves_the_next_one() {
    let cloud = platform().await;
    let first = cloud.enqueue("ada", &lasting(3)).await;
    let next = cloud.enqueue("ada", &lasting(0)).await;
    let mut worker = cloud.start("only");
    cloud.until_state(&first, "running").await;

    worker.signal("TERM");

    assert_eq!(worker.ended().await, Some(0));
    let record = cloud.until_state(&first, "done").await;
    assert_eq!((record.number(column::ATTEMPT), record.number(column::TOKENS)), (1, 30));
    assert_eq!(cloud.until_state(&next, "queued").await.number(column::ATTEMPT), 0);
    assert_eq!(cloud.jobs.left().await.unwrap(), (1, 0), "the next job would be hidden from the next worker");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_no_time_left_gives_its_job_to_another_at_once() {
    let cloud = platform().await;
    let job = cloud.enqueue("ada", &lasting(5)).await;
    // One slot: the local cloud goes on with a call that a worker has left open, and would hand it the job.
    let mut first = cloud.start_with("first", WorkerConfig { drain_seconds: 0, slots: 1, ..cloud.config() });
    cloud.until_state(&job, "running").await;

    first.signal("TERM");
    assert_eq!(first.ended().await, Some(0));

    assert_eq!(cloud.jobs.left().await.unwrap(), (1, 0), "the job would wait until its visibility timeout is over");
    let _second = cloud.start("second");
    assert_eq!(cloud.until_state(&job, "done").await.number(column::ATTEMPT), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_stopped_keeps_the_text_that_it_had() {
    let cloud = platform().await;
    let job = cloud.enqueue("ada", &lasting(60)).await;
    let _worker = cloud.start("only");
    cloud.until(&job, "there is text", |record| !record.text(column::TEXT).is_empty()).await;

    ask_to_stop(&cloud, &job).await;

    let record = cloud.until_state(&job, "cancelled").await;
    assert_eq!(record.text(column::FINISH), "cancelled");
    assert!(record.text(column::TEXT).starts_with("w0 w1 "), "{record:?}");
    cloud.until_empty().await;
}

async fn ask_to_stop(cloud: &Platform, job: &contract::jobs::JobId) {
    use aws_sdk_dynamodb::types::AttributeValue::{Bool, S};
    let update = cloud.jobs.dynamodb.update_item().table_name(cloud.jobs.jobs_table).key(column::JOB_ID, S(job.to_string()));
    let update = update.update_expression("SET #stop = :true").expression_attribute_names("#stop", column::STOP);
    update.expression_attribute_values(":true", Bool(true)).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_wants_any_more_is_not_begun() {
    let cloud = platform().await;
    let stopped = cloud.enqueue("ada", &lasting(60)).await;
    ask_to_stop(&cloud, &stopped).await;
    let mut late = job("grace", &lasting(60));
    (late.created_at, late.expires_at) = (1_000, 2_000);
    cloud.jobs.enqueue(&late).await.unwrap();
    let hurried = cloud.enqueue("edsger", &lasting(60)).await;

    let worker = cloud.start_with("only", WorkerConfig { max_job_seconds: 2, ..cloud.config() });

    cloud.until_state(&stopped, "cancelled").await;
    cloud.until_state(&late.job_id, "expired").await;
    let record = cloud.until_state(&hurried, "done").await;
    assert_eq!(record.text(column::FINISH), "time", "one job could keep a machine for ever");
    assert_eq!(worker.lines(logs::STATE, "started"), 1);
    cloud.until_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tells_the_fleet_that_it_is_there_and_busy() {
    use aws_sdk_dynamodb::types::AttributeValue::S;
    use contract::fleet;
    let cloud = platform().await;
    let job = cloud.enqueue("ada", &lasting(3)).await;
    let mut worker = cloud.start("only");
    let key = S(fleet::worker_key(&worker.worker()));
    let item = async || {
        let get = cloud.jobs.dynamodb.get_item().table_name(cloud.jobs.fleet_table).key(fleet::column::ID, key.clone());
        get.send().await.unwrap().item
    };
    cloud.until_state(&job, "running").await;
    // It is told beside the work, not before it.
    let mut busy = String::new();
    for _ in 0..100 {
        busy = item().await.unwrap_or_default().get(fleet::column::BUSY).and_then(|busy| busy.as_n().ok().cloned()).unwrap_or_default();
        if busy == "1" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    assert_eq!(busy, "1", "a machine with work would be taken for idle, and stopped");
    cloud.until_state(&job, "done").await;
    worker.signal("TERM");
    worker.ended().await;
    assert_eq!(item().await, None, "a worker that has ended would be counted");
}
