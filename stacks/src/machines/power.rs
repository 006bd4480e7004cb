//! The one instance on and off.

use serde_json::{Value, json};

use super::states::{again, call, choose, fail, machine, set, succeed, wait, when, with_retries};

/// Seconds between two looks at the instance.
const LOOK_SECONDS: u32 = 10;

/// How often to look: a quarter of an hour.
const LOOKS: u32 = 90;

/// How long the whole may take.
const SECONDS: u32 = 3_600;

/// Starts or stops the instance, and waits until it runs or is stopped.
///
/// An instance on its way somewhere (`IncorrectInstanceState`), or for which AWS has no capacity just now, is tried again for some
/// minutes; after that the reconciler starts a new execution if it still wants the same.
#[must_use]
pub fn power_instance() -> Value {
    let instances = json!({ "InstanceIds": ["${InstanceId}"] });
    let patient = || [again(&["States.ALL"], 5, 10, 60)];
    let change = |action: &str| with_retries(call(action, instances.clone(), json!({}), "Look", "Failed"), patient());
    machine(
        "Start or stop the one instance",
        SECONDS,
        [
            ("Begin", set(json!({ "action": "{% $states.input.action %}", "looks": 0, "cause": "" }), "WhichWay")),
            ("WhichWay", choose([when("$action = 'start'", "Start"), when("$action = 'stop'", "Stop")], "Refuse")),
            ("Refuse", set(json!({ "cause": "{% 'the action must be start or stop, not ' & $string($states.input.action) %}" }), "Failed")),
            ("Start", change("ec2:startInstances")),
            ("Stop", change("ec2:stopInstances")),
            (
                "Look",
                call(
                    "ec2:describeInstances",
                    instances.clone(),
                    json!({ "state": "{% $states.result.Reservations[0].Instances[0].State.Name %}", "looks": "{% $looks + 1 %}" }),
                    "IsThere",
                    "Failed",
                ),
            ),
            (
                "IsThere",
                choose(
                    [
                        when("($action = 'start' and $state = 'running') or ($action = 'stop' and $state = 'stopped')", "Done"),
                        when("$action = 'start' and $state in ['stopping', 'stopped']", "TurnedBack"),
                        when("$state in ['shutting-down', 'terminated']", "TurnedBack"),
                        when(&format!("$looks >= {LOOKS}"), "TooLong"),
                    ],
                    "Wait",
                ),
            ),
            ("Wait", wait(LOOK_SECONDS, "Look")),
            ("TurnedBack", set(json!({ "cause": "{% 'the instance is ' & $state & ' although it was to ' & $action %}" }), "Failed")),
            ("TooLong", set(json!({ "cause": "{% 'the instance is still ' & $state & ' although it was to ' & $action %}" }), "Failed")),
            ("Done", succeed()),
            ("Failed", fail("PowerFailed")),
        ],
    )
}
