//! The state machines: well-formed, and played against a cloud that refuses, throttles, lacks capacity, and is left in the middle.
#![cfg(test)]

mod cloud;
mod jsonata;
mod player;
mod shape;

use cloud::Scripted;
use player::{End, play};
use serde_json::{Value, json};
use stacks::machines;

const OPERATION: &str = "01KATX3W7G2M8Z9QCVB4R5NDEG";

fn input(instance_type: &str) -> Value {
    json!({ "operation_id": OPERATION, "instance_type": instance_type })
}

/// Plays it to its end once, and then again and again with an end after each number of steps, begun again with the same input.
///
/// However often it was left in the middle, the cloud must look the same at the end.
fn left_everywhere(definition: &Value, input: &Value, cloud: &Scripted) -> (End, Scripted) {
    let mut whole = cloud.clone();
    let (end, steps) = play(definition, input, &mut whole, usize::MAX);
    assert!(steps > 5, "there is nothing to leave");
    for leave_after in 1..steps {
        let mut world = cloud.clone();
        play(definition, input, &mut world, leave_after);
        let (again, _) = play(definition, input, &mut world, usize::MAX);
        assert_eq!(again.succeeded, end.succeeded, "left after {leave_after} steps, then: {again:?}");
        assert_eq!(world.outcome(), whole.outcome(), "left after {leave_after} steps");
    }
    (end, whole)
}

#[test]
fn the_one_instance_gets_another_type_wherever_it_is_left() {
    for state in ["running", "stopped"] {
        let (end, cloud) = left_everywhere(&machines::resize_instance(), &input("g5.xlarge"), &Scripted::with_instance(state));

        assert!(end.succeeded, "{end:?}");
        assert_eq!((cloud.instance.kind.as_str(), cloud.instance.state), ("g5.xlarge", "running"));
        assert_eq!((cloud.parameter.as_str(), cloud.operation("state")), ("g5.xlarge", "done"), "the next deploy would take it back");
    }
}

#[test]
fn without_capacity_the_one_instance_runs_again_as_it_was() {
    let mut cloud = Scripted::with_instance("running");
    cloud.no_capacity = vec!["g5.xlarge"];

    let (end, cloud) = left_everywhere(&machines::resize_instance(), &input("g5.xlarge"), &cloud);

    assert!(!end.succeeded);
    assert_eq!((cloud.instance.kind.as_str(), cloud.instance.state), ("g4dn.xlarge", "running"), "nobody would have a worker");
    assert_eq!((cloud.parameter.as_str(), cloud.operation("state")), ("g4dn.xlarge", "failed"));
    assert!(cloud.operation("error").contains("InsufficientInstanceCapacity"), "{}", cloud.operation("error"));
}

#[test]
fn without_any_capacity_both_reasons_are_told() {
    let mut cloud = Scripted::with_instance("running");
    cloud.no_capacity = vec!["g5.xlarge", "g4dn.xlarge"];

    let (end, _) = play(&machines::resize_instance(), &input("g5.xlarge"), &mut cloud, usize::MAX);

    assert!(!end.succeeded && cloud.operation("error").contains("; and on the way back: "), "{}", cloud.operation("error"));
}

#[test]
fn a_busy_cloud_is_asked_again() {
    let (mut one, mut fleet) = (Scripted::with_instance("running"), Scripted::with_group(2));
    (one.throttle_every, fleet.throttle_every) = (2, 2);

    let (first, _) = play(&machines::resize_instance(), &input("g5.xlarge"), &mut one, usize::MAX);
    let (second, _) = play(&machines::resize_fleet(), &input("g5.xlarge"), &mut fleet, usize::MAX);

    assert!(first.succeeded && second.succeeded, "{first:?} {second:?}");
}

#[test]
fn the_fleet_gets_another_type_wherever_it_is_left() {
    for instances in [0, 2] {
        let (end, cloud) = left_everywhere(&machines::resize_fleet(), &input("g5.xlarge"), &Scripted::with_group(instances));

        assert!(end.succeeded, "{end:?}");
        assert_eq!(cloud.versions, ["g4dn.xlarge", "g5.xlarge"], "each attempt would leave a version");
        assert_eq!((cloud.group_version, cloud.default_version), (2, 2));
        assert_eq!(cloud.instances, vec![2; instances], "workers would stay as they were");
        assert_eq!((cloud.parameter.as_str(), cloud.operation("state")), ("g5.xlarge", "done"));
    }
}

#[test]
fn a_fleet_that_finds_no_capacity_is_put_back() {
    let mut cloud = Scripted::with_group(2);
    cloud.no_capacity = vec!["g5.xlarge"];

    let (end, cloud) = left_everywhere(&machines::resize_fleet(), &input("g5.xlarge"), &cloud);

    assert!(!end.succeeded);
    assert_eq!((cloud.group_version, cloud.default_version, cloud.parameter.as_str()), (1, 1, "g4dn.xlarge"));
    assert_eq!(cloud.operation("state"), "failed");
    assert!(cloud.operation("error").contains("InsufficientInstanceCapacity"), "{}", cloud.operation("error"));
}

#[test]
fn a_group_that_mixes_types_is_refused_untouched() {
    let mut cloud = Scripted::with_group(1);
    cloud.mixed = true;

    let (end, _) = play(&machines::resize_fleet(), &input("g5.xlarge"), &mut cloud, usize::MAX);

    assert!(!end.succeeded && cloud.operation("error").contains("environment's file"));
    assert_eq!((cloud.versions.len(), cloud.group_version), (1, 1));
}

#[test]
fn power_does_as_it_is_told_from_every_state() {
    for (from, action, to) in [
        ("stopped", "start", "running"),
        ("running", "start", "running"),
        ("running", "stop", "stopped"),
        ("stopped", "stop", "stopped"),
        ("stopping", "start", "running"),
        ("pending", "stop", "stopped"),
    ] {
        let mut cloud = Scripted::with_instance(from);

        let (end, _) = play(&machines::power_instance(), &json!({ "action": action }), &mut cloud, usize::MAX);

        assert!(end.succeeded && cloud.instance.state == to, "{action} from {from}: {end:?}, {}", cloud.instance.state);
    }
}

#[test]
fn power_gives_up_without_capacity_and_says_so() {
    let mut cloud = Scripted::with_instance("stopped");
    cloud.no_capacity = vec!["g4dn.xlarge"];

    let (end, _) = play(&machines::power_instance(), &json!({ "action": "start" }), &mut cloud, usize::MAX);
    let (refused, _) = play(&machines::power_instance(), &json!({ "action": "hop" }), &mut cloud, usize::MAX);

    assert!(!end.succeeded && end.cause.contains("InsufficientInstanceCapacity"), "{end:?}");
    assert!(!refused.succeeded && refused.cause.contains("hop"), "{refused:?}");
}
