//! What becomes of the messages, the unsent jobs and the orders.
#![cfg(test)]

mod common;

use common::{Job, Op, POWER, RESIZE, World, config, messages, minute, reconciler, resize, run, wake};
use contract::fleet::{OperationState, ReconcilerConfig};
use contract::jobs::JobState;
use lambda_events::BatchResponse;
use reconciler::cloud::Counts;
use reconciler::event::Call;
use serde_json::json;

const NOW: u64 = 1_000_000;
const JOB: &str = "01KATX3W7G2M8Z9QCVB4R5NDEF";
const OPERATION: &str = "01KATX3W7G2M8Z9QCVB4R5NDEG";
const OTHER: &str = "01KATX3W7G2M8Z9QCVB4R5NDEH";

fn unsent(created_at: u64) -> Job {
    Job { state: JobState::Queued, unsent: true, created_at, wanted_until: NOW + 60, readable: true }
}

fn queued() -> Op {
    Op { state: OperationState::Queued, execution_arn: None, error: None }
}

fn after(world: World, config: ReconcilerConfig, call: &Call) -> (World, BatchResponse) {
    let function = reconciler(world, config);
    let answer = run(function.handle(call, NOW)).unwrap();
    let world = function.cloud().world().clone();
    (world, answer)
}

fn failures(answer: &BatchResponse) -> Vec<&str> {
    answer.ids().collect()
}

#[test]
fn a_call_of_the_schedule_and_a_batch_are_told_apart() {
    let schedule: Call = serde_json::from_value(json!({ "version": "0", "source": "aws.scheduler", "detail": {} })).unwrap();
    let batch: Call = serde_json::from_value(json!({ "Records": [{ "messageId": "a", "body": "{}", "receiptHandle": "r" }] })).unwrap();

    assert!(schedule.messages.is_empty());
    assert_eq!(batch.messages[0].message_id, "a");
}

#[test]
fn a_job_that_was_sent_again_starts_the_fleet_in_the_same_minute() {
    let jobs = [(JOB.to_owned(), unsent(NOW - 31))].into();

    let (world, _) = after(World { jobs, ..World::default() }, config(), &minute());

    assert_eq!(world.group.desired, 1, "it would wait a minute longer, until SQS counts it");
}

#[test]
fn a_job_that_the_front_door_may_still_be_sending_is_left_alone() {
    let jobs = [(JOB.to_owned(), unsent(NOW - 29))].into();

    let (world, _) = after(World { jobs, ..World::default() }, config(), &minute());

    assert!(world.sent.is_empty() && world.jobs[JOB].unsent);
}

#[test]
fn a_job_that_nobody_wants_any_more_expires_unsent() {
    let jobs = [(JOB.to_owned(), Job { wanted_until: NOW, ..unsent(NOW - 3_600) })].into();

    let (world, _) = after(World { jobs, ..World::default() }, config(), &minute());

    assert!(world.sent.is_empty() && world.jobs[JOB].state == JobState::Expired && !world.jobs[JOB].unsent);
}

#[test]
fn a_job_that_was_stopped_before_it_was_sent_is_not_sent() {
    let jobs = [(JOB.to_owned(), Job { state: JobState::Cancelled, ..unsent(NOW - 60) })].into();

    let (world, _) = after(World { jobs, ..World::default() }, config(), &minute());

    assert!(world.sent.is_empty() && world.jobs[JOB].state == JobState::Cancelled && !world.jobs[JOB].unsent);
}

#[test]
fn a_record_of_which_no_message_can_be_made_ends_as_failed_and_holds_up_nobody() {
    let jobs = [(JOB.to_owned(), Job { readable: false, ..unsent(NOW - 60) }), (OTHER.to_owned(), unsent(NOW - 60))].into();

    let (world, _) = after(World { jobs, ..World::default() }, config(), &minute());

    assert_eq!(world.jobs[JOB].state, JobState::Failed);
    assert!(world.sent.contains(OTHER));
}

#[test]
fn a_type_that_is_not_on_the_list_is_refused() {
    let operations = [(OPERATION.to_owned(), queued())].into();

    let (world, answer) = after(World { operations, ..World::default() }, config(), &messages(&[resize(OPERATION, "p5.48xlarge")]));

    let operation = &world.operations[OPERATION];
    assert!(world.executions.is_empty() && operation.state == OperationState::Failed, "somebody would pay 98 dollars an hour");
    assert!(operation.error.as_deref().unwrap().contains("g4dn.xlarge,g5.xlarge"), "{operation:?}");
    assert!(failures(&answer).is_empty(), "it would be refused again and again");
}

#[test]
fn a_second_resize_does_not_begin_while_the_first_runs() {
    let executions = [((OTHER.to_owned(), RESIZE.to_owned()), (json!({}), true))].into();
    let operations = [(OPERATION.to_owned(), queued())].into();

    let world = World { executions, operations, ..World::default() };
    let (world, _) = after(world, config(), &messages(&[resize(OPERATION, "g5.xlarge")]));

    assert_eq!(world.executions.len(), 1);
    assert!(world.operations[OPERATION].error.as_deref().unwrap().contains(OTHER));
}

#[test]
fn a_duplicate_of_an_order_changes_nothing() {
    let done = Op { state: OperationState::Done, execution_arn: Some("arn".to_owned()), error: None };
    let world = World { operations: [(OPERATION.to_owned(), done)].into(), ..World::default() };

    let (after, answer) = after(world.clone(), config(), &messages(&[resize(OPERATION, "g5.xlarge")]));

    assert!(after == world && failures(&answer).is_empty());
}

#[test]
fn a_machine_that_was_quicker_keeps_its_state() {
    let executions =
        [((OPERATION.to_owned(), RESIZE.to_owned()), (json!({ "operation_id": OPERATION, "instance_type": "g5.xlarge" }), true))];
    let running = Op { state: OperationState::Running, execution_arn: None, error: None };
    let world = World { executions: executions.into(), operations: [(OPERATION.to_owned(), running)].into(), ..World::default() };

    let (world, _) = after(world, config(), &messages(&[resize(OPERATION, "g5.xlarge")]));

    assert_eq!(world.operations[OPERATION].execution_arn, Some(format!("{RESIZE}:{OPERATION}")));
}

#[test]
fn behind_a_message_that_comes_again_nothing_is_taken_out_of_order() {
    let operations = [(OPERATION.to_owned(), queued())].into();
    let call = messages(&[wake(), json!({ "version": 2 }), resize(OPERATION, "g5.xlarge")]);

    let (world, answer) = after(World { operations, ..World::default() }, config(), &call);

    let mut again = failures(&answer);
    again.sort_unstable();
    assert_eq!(again, ["message-0", "message-1", "message-2"]);
    assert!(world.executions.is_empty());
    assert_eq!(world.group.desired, 1, "jobs have arrived, whatever else is wrong");
}

#[test]
fn the_one_instance_is_left_alone_while_it_is_resized() {
    let config = ReconcilerConfig { mode: "single".to_owned(), ..config() };
    let executions = [((OTHER.to_owned(), RESIZE.to_owned()), (json!({}), true))].into();
    let world = World { executions, counts: Counts { visible: 1, ..Counts::default() }, ..World::default() };

    let (world, _) = after(world, config, &minute());

    assert!(world.executions.keys().all(|(_, machine)| machine != POWER), "two machines would start and stop the same instance");
}

#[test]
fn a_worker_that_speaks_is_not_started_again() {
    let config = ReconcilerConfig { mode: "single".to_owned(), ..config() };
    let world = World { workers: vec![1], counts: Counts { visible: 3, in_flight: 1, delayed: 0 }, ..World::default() };

    let (world, _) = after(world, config, &minute());

    assert!(world.executions.is_empty());
}
