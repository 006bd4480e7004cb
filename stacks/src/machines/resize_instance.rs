//! The one instance on another type.

use contract::fleet::column;
use serde_json::{Value, json};

use super::states::{again, call, choose, fail, machine, record_done, record_failed, remember, set, succeed, wait, when, with_retries};

/// Seconds between two looks at the instance.
const LOOK_SECONDS: u32 = 10;

/// How often to look while it stops or starts: a quarter of an hour, since an instance with a GPU can take ten minutes to stop.
const LOOKS: u32 = 90;

/// How long the whole may take: there, and back again.
const SECONDS: u32 = 2 * 3_600;

/// Stops the instance, waits, changes its type, starts it and waits until it runs.
///
/// The type can only be changed while the instance is stopped. When the new type cannot be had, the same states are passed once more
/// with the type that it had before: the instance runs again, and the operation's item says why it is no other.
/// The parameter gets the type that the instance then has, so that the next deploy does not change it.
#[must_use]
pub fn resize_instance() -> Value {
    let look =
        |assign: Value, next: &str| call("ec2:describeInstances", json!({ "InstanceIds": ["${InstanceId}"] }), assign, next, "GoBack");
    let now = || {
        json!({
            "type": "{% $states.result.Reservations[0].Instances[0].InstanceType %}",
            "state": "{% $states.result.Reservations[0].Instances[0].State.Name %}",
            "looks": "{% $looks + 1 %}",
        })
    };
    let instances = json!({ "InstanceIds": ["${InstanceId}"] });
    let remembered = json!({ "previous_type": format!("{{% $states.result.Attributes.{}.S %}}", column::PREVIOUS_INSTANCE_TYPE) });
    // `IncorrectInstanceState` while it is on its way somewhere, `InsufficientInstanceCapacity` where AWS has none just now. Step
    // Functions calls both `Ec2.Ec2Exception`.
    let patient = || [again(&["States.ALL"], 5, 8, 60)];
    let failed = |cause: &str| set(json!({ "cause": cause }), "GoBack");
    machine(
        "Another type for the one instance",
        SECONDS,
        [
            (
                "Begin",
                set(
                    json!({
                        "operation": "{% $states.input.operation_id %}",
                        "target": "{% $states.input.instance_type %}",
                        "previous_type": "",
                        "looks": 0,
                        "cause": "",
                        "first_cause": "",
                    }),
                    "LookAtInstance",
                ),
            ),
            ("LookAtInstance", look(now(), "Remember")),
            ("Remember", remember(&[(column::PREVIOUS_INSTANCE_TYPE, "{% $type %}")], remembered, "IsThere", "RecordFailed")),
            ("IsThere", choose([when("$type = $target and $state = 'running'", "PutParameter")], "Stop")),
            ("Stop", with_retries(call("ec2:stopInstances", instances.clone(), json!({ "looks": 0 }), "LookStopped", "GoBack"), patient())),
            ("LookStopped", look(now(), "IsStopped")),
            (
                "IsStopped",
                choose(
                    [
                        when("$state = 'stopped'", "Change"),
                        when("$state in ['shutting-down', 'terminated']", "IsTerminated"),
                        when(&format!("$looks >= {LOOKS}"), "StopsTooLong"),
                    ],
                    "WaitStopped",
                ),
            ),
            ("WaitStopped", wait(LOOK_SECONDS, "LookStopped")),
            (
                "Change",
                with_retries(
                    call(
                        "ec2:modifyInstanceAttribute",
                        json!({ "InstanceId": "${InstanceId}", "InstanceType": { "Value": "{% $target %}" } }),
                        json!({ "looks": 0 }),
                        "Start",
                        "GoBack",
                    ),
                    patient(),
                ),
            ),
            ("Start", with_retries(call("ec2:startInstances", instances, json!({ "looks": 0 }), "WaitRunning", "GoBack"), patient())),
            ("WaitRunning", wait(LOOK_SECONDS, "LookRunning")),
            ("LookRunning", look(now(), "IsRunning")),
            (
                "IsRunning",
                choose(
                    [
                        when("$state = 'running' and $type = $target", "PutParameter"),
                        when("$state in ['shutting-down', 'terminated']", "IsTerminated"),
                        when("$state in ['stopping', 'stopped']", "StoppedAgain"),
                        when(&format!("$looks >= {LOOKS}"), "StartsTooLong"),
                    ],
                    "WaitRunning",
                ),
            ),
            ("StopsTooLong", failed("the instance does not stop")),
            ("StartsTooLong", failed("the instance does not start")),
            ("StoppedAgain", failed("the instance stopped again while it was starting")),
            ("IsTerminated", set(json!({ "cause": "the instance is terminated: the next deploy makes another" }), "RecordFailed")),
            (
                // Without another type to go back to, or already on the way back, there is nothing more to try.
                "GoBack",
                choose(
                    [when("$first_cause != ''", "BackFailed"), when("$previous_type = '' or $target = $previous_type", "RecordFailed")],
                    "Back",
                ),
            ),
            ("Back", set(json!({ "target": "{% $previous_type %}", "first_cause": "{% $cause %}" }), "Stop")),
            ("BackFailed", set(json!({ "cause": "{% $first_cause & '; and on the way back: ' & $cause %}" }), "RecordFailed")),
            (
                "PutParameter",
                call(
                    "ssm:putParameter",
                    json!({ "Name": "${InstanceTypeParameter}", "Value": "{% $target %}", "Type": "String", "Overwrite": true }),
                    json!({}),
                    "IsAsAsked",
                    "RecordFailed",
                ),
            ),
            ("IsAsAsked", choose([when("$first_cause = ''", "RecordDone")], "RecordFailed")),
            ("RecordDone", record_done("Done", "Failed")),
            ("RecordFailed", record_failed("Failed")),
            ("Done", succeed()),
            ("Failed", fail("ResizeFailed")),
        ],
    )
}
