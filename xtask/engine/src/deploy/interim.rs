//! A step on the way: everything new of a stack, and what it drops kept while another stack still takes it.

use std::collections::BTreeSet;

use protocol::{Failure, Source, StackSpec};
use serde_json::{Map, Value};

use crate::cloud::StackState;
use crate::failure;

/// What DescribeStacks shows instead of a parameter that is not to be seen.
const HIDDEN: &str = "****";

/// The sections of a template that a reference can lead to.
const SECTIONS: [&str; 4] = ["Resources", "Parameters", "Conditions", "Mappings"];

/// The new stack with outputs of the deployed one, and everything that those refer to and the new one no longer has.
///
/// # Errors
/// When what is kept depends on a parameter whose value nobody can read.
pub(super) fn interim(spec: &StackSpec, live: &Value, state: &StackState, outputs: &[String]) -> Result<StackSpec, Failure> {
    let Ok(Value::Object(mut template)) = serde_json::from_str::<Value>(&spec.template) else { return Ok(spec.clone()) };
    let mut parameters = spec.parameters.clone();
    let mut open: Vec<(&str, &String)> = outputs.iter().map(|output| ("Outputs", output)).collect();
    let mut names = BTreeSet::new();
    while let Some((section, id)) = open.pop() {
        let Some(part) = live.get(section).and_then(|section| section.get(id)) else { continue };
        let Some(there) = section_of(&mut template, section) else { continue };
        if there.contains_key(id) {
            continue;
        }
        there.insert(id.clone(), part.clone());
        if section == "Parameters" {
            parameters.insert(id.clone(), Source::Value { value: present(spec, state, id)? });
        }
        names.clear();
        words(part, &mut names);
        for section in SECTIONS {
            let known = live.get(section).and_then(Value::as_object);
            open.extend(known.into_iter().flatten().filter(|(id, _)| names.contains(id.as_str())).map(|(id, _)| (section, id)));
        }
    }
    Ok(StackSpec { template: Value::Object(template).to_string(), parameters, ..spec.clone() })
}

fn section_of<'a>(template: &'a mut Map<String, Value>, section: &str) -> Option<&'a mut Map<String, Value>> {
    template.entry(section).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}

/// The value that a parameter has now.
fn present(spec: &StackSpec, state: &StackState, parameter: &str) -> Result<String, Failure> {
    match state.parameters.get(parameter) {
        Some(value) if value != HIDDEN => Ok(value.clone()),
        Some(_) | None => Err(failure::request(
            format!("`{}` drops what another stack still takes, and `{parameter}`, which that depends on, cannot be read", spec.name),
            "deploy twice: first with the stack that takes it changed, then with the rest",
        )),
    }
}

/// Every word that may be a reference: whole texts, and names within `${…}` of a text, up to a point.
///
/// A text that is no reference and has a resource's name only makes more stay for a moment.
fn words<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => {
            found.insert(before_point(text));
            let inner = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
            found.extend(inner.map(|(name, _)| before_point(name.trim())));
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, found)),
        Value::Object(entries) => entries.values().for_each(|value| words(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `Queue` of `Queue.Arn`.
fn before_point(text: &str) -> &str {
    text.split_once('.').map_or(text, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use indexmap::IndexMap;
    use serde_json::json;

    use super::*;

    fn spec(template: &Value) -> StackSpec {
        StackSpec {
            stack: "jobs".to_owned(),
            name: "cloudwright-staging-jobs".to_owned(),
            template: template.to_string(),
            parameters: IndexMap::new(),
            capabilities: Vec::new(),
            tags: BTreeMap::new(),
            sources: BTreeMap::new(),
            termination_protection: false,
        }
    }

    fn live(parameters: &[(&str, &str)]) -> StackState {
        StackState {
            name: "cloudwright-staging-jobs".to_owned(),
            id: "arn:1".to_owned(),
            status: "UPDATE_COMPLETE".to_owned(),
            reason: None,
            parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            outputs: IndexMap::new(),
            changed_at: None,
            tags: BTreeMap::new(),
            rollback_alarms: Vec::new(),
            protected: false,
        }
    }

    fn template() -> Value {
        json!({
            "Parameters": { "Days": { "Type": "Number" }, "Unused": { "Type": "String" } },
            "Conditions": { "Long": { "Fn::Equals": [{ "Ref": "Days" }, "14"] } },
            "Mappings": { "Sizes": { "small": { "depth": 1 } } },
            "Resources": {
                "Old": { "Type": "AWS::SQS::Queue", "Condition": "Long", "Properties": { "RedrivePolicy": { "Fn::GetAtt": ["Letters", "Arn"] } } },
                "Letters": { "Type": "AWS::SQS::Queue", "DependsOn": "Key", "Properties": { "DelaySeconds": { "Fn::FindInMap": ["Sizes", "small", "depth"] } } },
                "Key": { "Type": "AWS::KMS::Key" },
                "Other": { "Type": "AWS::SNS::Topic" }
            },
            "Outputs": { "OldArn": { "Value": { "Fn::Sub": "x-${Old.Arn}" } }, "OtherArn": { "Value": { "Ref": "Other" } } }
        })
    }

    #[test]
    fn what_is_kept_keeps_all_that_it_refers_to_and_nothing_else() {
        let new = spec(&json!({ "Resources": { "New": { "Type": "AWS::SQS::Queue" } }, "Outputs": { "NewArn": { "Value": "n" } } }));

        let interim = interim(&new, &template(), &live(&[("Days", "14"), ("Unused", "x")]), &["OldArn".to_owned()]).unwrap();

        let kept: Value = serde_json::from_str(&interim.template).unwrap();
        let keys = |section: &str| {
            let sorted: BTreeSet<&str> = kept[section].as_object().unwrap().keys().map(String::as_str).collect();
            sorted.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(keys("Resources"), "Key Letters New Old", "the step on the way would delete what is still in use");
        assert_eq!((keys("Outputs"), keys("Conditions"), keys("Mappings")), ("NewArn OldArn".into(), "Long".into(), "Sizes".into()));
        assert_eq!(keys("Parameters"), "Days");
        assert_eq!(interim.parameters["Days"], Source::Value { value: "14".to_owned() });
    }

    #[test]
    fn what_is_new_is_not_taken_from_the_old() {
        let new = spec(&json!({ "Resources": { "Letters": { "Type": "AWS::SQS::Queue", "Properties": { "DelaySeconds": 9 } } } }));

        let interim = interim(&new, &template(), &live(&[("Days", "14")]), &["OldArn".to_owned()]).unwrap();

        let kept: Value = serde_json::from_str(&interim.template).unwrap();
        assert_eq!(kept["Resources"]["Letters"]["Properties"]["DelaySeconds"], 9, "the change would come only with the second step");
    }

    #[test]
    fn a_value_that_cannot_be_read_is_not_overwritten_with_stars() {
        let new = spec(&json!({ "Resources": {} }));

        let failure = interim(&new, &template(), &live(&[("Days", "****")]), &["OldArn".to_owned()]).unwrap_err();

        assert!(failure.message.contains("`Days`"), "a secret would become four stars: {}", failure.message);
    }
}
