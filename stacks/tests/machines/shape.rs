//! What Step Functions checks when a machine is made, and what it does not.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stacks::machines;

fn all() -> [(&'static str, Value); 3] {
    [
        ("resize_fleet", machines::resize_fleet()),
        ("resize_instance", machines::resize_instance()),
        ("power_instance", machines::power_instance()),
    ]
}

/// Where a state leads.
fn targets(state: &Value) -> Vec<&str> {
    let list = |name: &str| state[name].as_array().into_iter().flatten().filter_map(|entry| entry["Next"].as_str());
    list("Choices").chain(list("Catch")).chain(state["Next"].as_str()).chain(state["Default"].as_str()).collect()
}

#[test]
fn every_state_can_be_reached_and_leads_to_a_state_or_an_end() {
    for (name, machine) in all() {
        let states = machine["States"].as_object().unwrap();
        let mut reached = BTreeSet::new();
        let mut open = vec![machine["StartAt"].as_str().unwrap()];
        while let Some(state) = open.pop() {
            let body = states.get(state).unwrap_or_else(|| panic!("{name}: there is no state `{state}`"));
            if reached.insert(state) {
                open.extend(targets(body));
            }
            let ends = matches!(body["Type"].as_str(), Some("Succeed" | "Fail"));
            assert_eq!(targets(body).is_empty(), ends, "{name}: `{state}` leads nowhere, or goes on after its end");
        }
        let unreached: Vec<_> = states.keys().filter(|state| !reached.contains(state.as_str())).collect();
        assert!(unreached.is_empty(), "{name}: nothing leads to {unreached:?}");
        assert!(machine["TimeoutSeconds"].as_u64().is_some(), "{name}: it could go on for a year");
    }
}

#[test]
fn every_call_has_a_limit_is_tried_again_and_fails_to_somewhere() {
    for (name, machine) in all() {
        for (state, body) in machine["States"].as_object().unwrap().iter().filter(|(_, body)| body["Type"] == "Task") {
            assert!(body["TimeoutSeconds"].as_u64().is_some(), "{name}: `{state}` may hang");
            let covers =
                |list: &str| body[list].as_array().unwrap().last().is_some_and(|last| last["ErrorEquals"] == json!(["States.ALL"]));
            assert!(covers("Retry") && covers("Catch"), "{name}: `{state}` ends the machine, and nobody is told");
        }
    }
}

#[test]
fn every_substitution_is_one_that_stacks_know() {
    use machines::substitution::{AUTO_SCALING_GROUP_NAME, FLEET_TABLE, INSTANCE_ID, INSTANCE_TYPE_PARAMETER, LAUNCH_TEMPLATE_ID};
    let wanted = [
        BTreeSet::from([LAUNCH_TEMPLATE_ID, AUTO_SCALING_GROUP_NAME, FLEET_TABLE, INSTANCE_TYPE_PARAMETER]),
        BTreeSet::from([INSTANCE_ID, FLEET_TABLE, INSTANCE_TYPE_PARAMETER]),
        BTreeSet::from([INSTANCE_ID]),
    ];

    for ((name, machine), wanted) in all().into_iter().zip(wanted) {
        let text = machine.to_string();
        let used: BTreeSet<_> = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect();
        assert_eq!(used, wanted, "{name}");
    }
}

#[test]
fn the_actions_are_those_of_the_calls() {
    let actions = machines::actions(&machines::power_instance());

    let expected = ["ec2:DescribeInstances", "ec2:StartInstances", "ec2:StopInstances"].map(str::to_owned);
    assert_eq!(actions, BTreeSet::from(expected), "the machine would be denied its calls");
}
