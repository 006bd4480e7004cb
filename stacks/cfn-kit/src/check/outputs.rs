//! Outputs: one text each.

use serde_json::{Map, Value as Json};

use super::expressions::{Count, Given, count_of_attribute, count_of_parameter, given};
use super::kinds::kind;
use super::names::Names;
use super::{Report, did_you_mean_or, list};
use crate::walk::placeholders;

const KEYS: [&str; 4] = ["Condition", "Description", "Export", "Value"];

/// The longest description of an output, in bytes.
const LONGEST_DESCRIPTION: usize = 1_024;

pub(super) fn check(names: &Names<'_>, report: &mut Report<'_>) {
    let document = report.document;
    let outputs = document.template.get("Outputs").and_then(Json::as_object);
    for (id, output) in outputs.into_iter().flatten().filter(|(id, _)| !id.starts_with("Fn::")) {
        let Some(entries) = output.as_object() else { continue };
        let path = format!("Outputs/{id}");
        for key in entries.keys().filter(|key| !KEYS.contains(&key.as_str()) && !key.starts_with("Fn::")) {
            let hint = did_you_mean_or(key, KEYS, &format!("an output has {}", list(KEYS)));
            report.error("unknown-key", &format!("{path}/{key}"), format!("`{key}` is no key of an output"), hint);
        }
        if let Some(value) = entries.get("Value") {
            self::value(id, value, &format!("{path}/Value"), names, report);
        }
        description(id, entries, &path, report);
        if let Some(export) = entries.get("Export") {
            self::export(id, export, &path, names, report);
        }
        if let Some(condition) = entries.get("Condition").filter(|condition| !condition.is_string()) {
            let message = format!("the `Condition` of `{id}` is {}, not the name of a condition", kind(condition));
            report.error("shape", &format!("{path}/Condition"), message, "name one of `Conditions`");
        }
    }
}

fn value(id: &str, value: &Json, path: &str, names: &Names<'_>, report: &mut Report<'_>) {
    let what = match given(value, names) {
        Given::Either { yes, no, .. } => {
            self::value(id, yes, &format!("{path}/Fn::If/1"), names, report);
            return self::value(id, no, &format!("{path}/Fn::If/2"), names, report);
        }
        Given::Literal(literal @ (Json::Array(_) | Json::Object(_))) => kind(literal),
        Given::List => "a list",
        Given::Parameter(_, parameter) if count_of_parameter(parameter) == Some(Count::Several) => "a list",
        Given::Resource { id, attribute } if count_of_attribute(id, attribute, names) == Some(Count::Several) => "a list",
        Given::Literal(_) | Given::Nothing | Given::Parameter(..) | Given::Resource { .. } | Given::Text | Given::Unknown => return,
    };
    let message = format!("the output `{id}` is {what}, and an output is one text");
    report.error("wrong-type", path, message, "join a list with `Fn::Join`, or make several outputs");
}

fn description(id: &str, entries: &Map<String, Json>, path: &str, report: &mut Report<'_>) {
    let path = format!("{path}/Description");
    match entries.get("Description") {
        Some(Json::String(text)) if text.len() > LONGEST_DESCRIPTION => {
            let message = format!("the description of `{id}` has {} bytes, CloudFormation takes {LONGEST_DESCRIPTION}", text.len());
            report.error("limit", &path, message, "say it shorter");
        }
        Some(other @ (Json::Array(_) | Json::Object(_))) => {
            report.error("shape", &path, format!("the description of `{id}` is {}, not a text", kind(other)), "write it out");
        }
        None | Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => {}
    }
}

fn export(id: &str, export: &Json, path: &str, names: &Names<'_>, report: &mut Report<'_>) {
    let path = format!("{path}/Export");
    let Some(name) = export.get("Name") else {
        return report.error("shape", &path, format!("the export of `{id}` has no `Name`"), "write `Export: { Name: … }`");
    };
    for key in export.as_object().into_iter().flat_map(Map::keys).filter(|key| *key != "Name" && !key.starts_with("Fn::")) {
        report.error("unknown-key", &format!("{path}/{key}"), format!("`{key}` is no key of an export"), "an export has a `Name` alone");
    }
    if let Some(resource) = resource_within(name, names) {
        let message = format!("the name of an export cannot depend on a resource, and `{resource}` is one");
        report.error("shape", &format!("{path}/Name"), message, "make the name from parameters and texts");
    }
}

/// A resource that a text is made with.
fn resource_within<'a>(value: &'a Json, names: &Names<'a>) -> Option<&'a str> {
    if let Given::Resource { id, .. } = given(value, names) {
        return Some(id);
    }
    match value {
        Json::Object(entries) => {
            let text = entries.get("Fn::Sub").and_then(|text| text.as_str().or_else(|| text.get(0)?.as_str())).unwrap_or_default();
            let named = placeholders(text).map(|name| name.split('.').next().unwrap_or(name)).find(|name| names.resources.has(name));
            named.or_else(|| entries.values().find_map(|value| resource_within(value, names)))
        }
        Json::Array(items) => items.iter().find_map(|item| resource_within(item, names)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}
