//! What a change of a template means, and that nothing of it is lost.
#![cfg(test)]

mod guard;
mod impact;
mod laws;
mod meaning;
mod oracle;
mod rename;
mod security;
mod spread;

use cfn_kit::{Diff, diff};
use serde_json::{Value as Json, json};

fn template(resources: Json) -> Json {
    json!({ "Resources": resources })
}

fn queue(properties: Json) -> Json {
    json!({ "Type": "AWS::SQS::Queue", "Properties": properties })
}

/// The difference between two templates that hold this one resource.
fn of_one(type_name: &str, old: Json, new: Json) -> Diff {
    let one = |properties: Json| template(json!({ "It": { "Type": type_name, "Properties": properties } }));
    diff(&one(old), &one(new))
}

fn text(diff: &Diff) -> String {
    diff.lines().iter().map(|line| format!("{line}\n")).collect()
}
