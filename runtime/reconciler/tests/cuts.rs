//! The function is cut off at every call, before and after its effect; the next call puts everything right.
#![cfg(test)]

mod common;

use common::{Cut, Job, Op, RESIZE, World, config, messages, minute, reconciler, resize, run, wake};
use contract::fleet::{OperationState, ReconcilerConfig};
use contract::jobs::JobState;
use reconciler::cloud::{Counts, GroupState};
use reconciler::event::Call;

const NOW: u64 = 1_000_000;
const JOB: &str = "01KATX3W7G2M8Z9QCVB4R5NDEF";
const OPERATION: &str = "01KATX3W7G2M8Z9QCVB4R5NDEG";

/// Cuts the call off everywhere, calls once more, and compares with what an undisturbed call makes of the same world.
fn cut_everywhere(world: &World, config: &ReconcilerConfig, call: &Call) -> World {
    let whole = reconciler(world.clone(), config.clone());
    run(whole.handle(call, NOW)).unwrap();
    let expected = whole.cloud().world().clone();
    let calls = whole.cloud().calls();
    assert!(calls > 2, "there is nothing to cut");
    for at in 0..calls {
        for after in [false, true] {
            let function = reconciler(world.clone(), config.clone());
            function.cloud().cut(Some(Cut { at, after }));
            let answer = run(function.handle(call, NOW));
            let told = answer.is_err() || !answer.unwrap().batch_item_failures.is_empty();
            assert!(told, "cut off at call {at}, it says that all is done: nobody would call again");
            function.cloud().cut(None);
            let answer = run(function.handle(call, NOW)).unwrap();
            assert!(answer.batch_item_failures.is_empty());
            assert_eq!(*function.cloud().world(), expected, "cut off at call {at}, {}", if after { "after it" } else { "before it" });
        }
    }
    expected
}

fn job(created_at: u64, wanted_until: u64) -> Job {
    Job { state: JobState::Queued, unsent: true, created_at, wanted_until, readable: true }
}

#[test]
fn work_starts_the_fleet_whatever_happens() {
    let world = World { counts: Counts { visible: 25, ..Counts::default() }, idle_since: Some(NOW - 900), ..World::default() };

    let after = cut_everywhere(&world, &config(), &minute());

    assert_eq!((after.group.desired, after.idle_since), (3, None));
}

#[test]
fn a_wake_starts_the_fleet_whatever_happens() {
    let after = cut_everywhere(&World { idle_since: Some(NOW - 900), ..World::default() }, &config(), &messages(&[wake(), wake()]));

    assert_eq!((after.group.desired, after.idle_since), (1, None));
}

#[test]
fn an_idle_fleet_stops_whatever_happens() {
    let group = GroupState { desired: 3, ..World::default().group };

    let after = cut_everywhere(&World { group, idle_since: Some(NOW - 300), ..World::default() }, &config(), &minute());

    assert_eq!(after.group.desired, 0, "somebody pays for three GPUs that do nothing");
}

#[test]
fn a_job_that_did_not_reach_the_queue_is_sent_whatever_happens() {
    let jobs = [(JOB.to_owned(), job(NOW - 60, NOW + 60))].into();

    let after = cut_everywhere(&World { jobs, ..World::default() }, &config(), &minute());

    assert!(after.sent.contains(JOB) && !after.jobs[JOB].unsent, "the job would wait for ever");
}

#[test]
fn a_resize_is_begun_once_whatever_happens() {
    let queued = Op { state: OperationState::Queued, execution_arn: None, error: None };
    let operations = [(OPERATION.to_owned(), queued)].into();

    let after = cut_everywhere(&World { operations, ..World::default() }, &config(), &messages(&[resize(OPERATION, "g5.xlarge")]));

    assert_eq!(after.executions.len(), 1);
    let operation = &after.operations[OPERATION];
    assert_eq!(operation.state, OperationState::Running);
    assert_eq!(operation.execution_arn, Some(format!("{RESIZE}:{OPERATION}")));
}

#[test]
fn the_one_instance_is_started_once_whatever_happens() {
    let config = ReconcilerConfig { mode: "single".to_owned(), ..config() };
    let world = World { counts: Counts { visible: 1, ..Counts::default() }, ..World::default() };

    let after = cut_everywhere(&world, &config, &minute());

    assert_eq!(after.executions.len(), 1, "{:?}", after.executions);
}

#[test]
fn the_one_instance_is_stopped_once_whatever_happens() {
    let config = ReconcilerConfig { mode: "single".to_owned(), ..config() };
    let world = World { idle_since: Some(NOW - 300), workers: vec![0], ..World::default() };

    let after = cut_everywhere(&world, &config, &minute());

    let inputs: Vec<_> = after.executions.values().map(|(input, _)| input["action"].clone()).collect();
    assert_eq!(inputs, ["stop"]);
}
