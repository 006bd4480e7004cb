//! An interpreter of just the states that the definitions use, in a clock of its own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::cloud::Scripted;
use crate::jsonata::{Scope, evaluate, fill};

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) succeeded: bool,
    pub(crate) cause: String,
}

/// Plays a definition from its beginning, for at most so many steps; how it ended, and after how many steps.
pub(crate) fn play(definition: &Value, input: &Value, cloud: &mut Scripted, most: usize) -> (End, usize) {
    let mut variables = Map::new();
    let mut at = definition["StartAt"].as_str().unwrap().to_owned();
    let begun = cloud.now;
    for step in 0..most.min(5_000) {
        let limit = definition["TimeoutSeconds"].as_u64().unwrap();
        assert!(cloud.now - begun <= limit, "it takes longer than it may: {} s", cloud.now - begun);
        let state = &definition["States"][&at];
        let next = match state["Type"].as_str().unwrap() {
            "Pass" => leave(state, json!({ "input": input }), &mut variables, cloud.now),
            "Wait" => {
                cloud.pass(state["Seconds"].as_u64().unwrap());
                state["Next"].as_str().unwrap().to_owned()
            }
            "Choice" => choose(state, &variables, cloud.now),
            "Task" => task(state, input, &mut variables, cloud),
            "Succeed" => return (End { succeeded: true, cause: String::new() }, step),
            "Fail" => {
                let scope = Scope { variables: &variables, states: json!({}), now: cloud.now };
                return (End { succeeded: false, cause: fill(&state["Cause"], &scope).as_str().unwrap().to_owned() }, step);
            }
            other => panic!("`{other}` is not understood"),
        };
        at = next;
    }
    assert!(most < 5_000, "it goes round in circles at `{at}`");
    (End { succeeded: false, cause: "left".to_owned() }, most)
}

/// Assigns the variables of a state, or of a catcher, all at once.
fn leave(state: &Value, states: Value, variables: &mut Map<String, Value>, now: u64) -> String {
    let scope = Scope { variables, states, now };
    let assigned = fill(&state["Assign"], &scope);
    if let Value::Object(assigned) = assigned {
        variables.extend(assigned);
    }
    state["Next"].as_str().unwrap().to_owned()
}

fn choose(state: &Value, variables: &Map<String, Value>, now: u64) -> String {
    let scope = Scope { variables, states: json!({}), now };
    let holds = |choice: &&Value| {
        let condition = choice["Condition"].as_str().unwrap().trim_start_matches("{%").trim_end_matches("%}");
        evaluate(condition, &scope).unwrap().as_bool().unwrap()
    };
    let chosen = state["Choices"].as_array().unwrap().iter().find(holds);
    chosen.map_or(&state["Default"], |choice| &choice["Next"]).as_str().unwrap().to_owned()
}

fn task(state: &Value, input: &Value, variables: &mut Map<String, Value>, cloud: &mut Scripted) -> String {
    let scope = Scope { variables, states: json!({ "input": input }), now: cloud.now };
    let arguments = fill(&state["Arguments"], &scope);
    let resource = state["Resource"].as_str().unwrap().rsplit_once("aws-sdk:").unwrap().1;
    let mut tried: BTreeMap<usize, u64> = BTreeMap::new();
    let (error, cause) = loop {
        let (error, cause) = match cloud.call(resource, &arguments) {
            Ok(result) => return leave(state, json!({ "input": input, "result": result }), variables, cloud.now),
            Err(failure) => failure,
        };
        // The first rule that knows the error decides, and counts for itself.
        let rules = state["Retry"].as_array().unwrap();
        let Some((at, rule)) = rules.iter().enumerate().find(|(_, rule)| knows(rule, &error)) else { break (error, cause) };
        let times = tried.entry(at).or_default();
        if *times >= rule["MaxAttempts"].as_u64().unwrap() {
            break (error, cause);
        }
        let grown = rule["IntervalSeconds"].as_f64().unwrap() * rule["BackoffRate"].as_f64().unwrap().powf(*times as f64);
        cloud.pass(rule["MaxDelaySeconds"].as_f64().map_or(grown, |most| grown.min(most)) as u64);
        *times += 1;
    };
    let catcher = state["Catch"].as_array().unwrap().iter().find(|catcher| knows(catcher, &error)).unwrap();
    let output = json!({ "input": input, "errorOutput": { "Error": error, "Cause": cause } });
    leave(catcher, output, variables, cloud.now)
}

fn knows(rule: &Value, error: &str) -> bool {
    rule["ErrorEquals"].as_array().unwrap().iter().any(|known| known == error || known == "States.ALL")
}
