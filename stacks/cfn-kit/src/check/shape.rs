//! The outer form of a template: sections, IDs, types.

use serde_json::{Map, Value as Json};

use super::kinds::kind;
use super::{Report, did_you_mean};

/// Every section that a template can have.
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

/// The longest logical ID, in characters.
const LONGEST_ID: usize = 255;

/// How deep lists and mappings may lie within each other: twice what the reader of texts lets through, as each of its levels may be a
/// function and its argument.
const DEEPEST: usize = 300;

/// Whether the rest of the checks, which call themselves for each level, can walk this template; says so where not.
pub(super) fn is_flat_enough(report: &mut Report<'_>) -> bool {
    let mut open = vec![(&report.document.template, 1)];
    while let Some((value, depth)) = open.pop() {
        if depth > DEEPEST {
            let message = format!("values lie more than {DEEPEST} deep within each other");
            report.error("limit", "", message, "no template needs this: look for what repeats itself");
            return false;
        }
        match value {
            Json::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Json::Object(entries) => open.extend(entries.values().map(|value| (value, depth + 1))),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
    true
}

pub(super) fn check(report: &mut Report<'_>) {
    let Some(sections) = report.document.template.as_object() else {
        return report.error("shape", "", "a template is a mapping of sections".to_owned(), "begin with `Resources:`");
    };
    for (name, value) in sections {
        section(name, value, report);
    }
    match sections.get("Resources").map(|resources| resources.as_object().map(Map::len)) {
        None => report.error("shape", "", "the template has no `Resources`".to_owned(), "add at least one resource"),
        Some(Some(0)) => report.error("shape", "Resources", "`Resources` is empty".to_owned(), "add at least one resource"),
        Some(_) => {}
    }
    version(sections, report);
    ids_of_two_kinds(sections, report);
}

/// There is one version of templates, and has been since 2010.
fn version(sections: &Map<String, Json>, report: &mut Report<'_>) {
    let wrong = |version: &&Json| version.as_str() != Some("2010-09-09");
    if let Some(version) = sections.get("AWSTemplateFormatVersion").filter(wrong) {
        let message = format!("{} is no version of templates", super::kinds::shown(version));
        report.error("not-in-enum", "AWSTemplateFormatVersion", message, "write `2010-09-09`, or leave it out");
    }
    if let Some(description) = sections.get("Description").filter(|description| description.is_array() || description.is_object()) {
        report.error("shape", "Description", format!("the description is {}, not a text", kind(description)), "write it out");
    }
}

fn section(name: &str, value: &Json, report: &mut Report<'_>) {
    let of_sam = name == "Globals" && super::names::Names::of(&report.document.template).has_transform("AWS::Serverless");
    if of_sam {
        return;
    }
    if !SECTIONS.contains(&name) {
        let hint = match did_you_mean(name, SECTIONS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the sections are `{}`", SECTIONS.join("`, `")),
        };
        return report.error("shape", name, format!("`{name}` is no section of a template"), hint);
    }
    if !matches!(name, "Conditions" | "Mappings" | "Outputs" | "Parameters" | "Resources") {
        return;
    }
    let Some(entries) = value.as_object() else {
        return report.error("shape", name, format!("`{name}` is {}, not a mapping", kind(value)), "write one entry per ID");
    };
    for (id, entry) in entries {
        // `Fn::ForEach::…` and `Fn::Transform` stand where an ID would.
        if !id.starts_with("Fn::") {
            logical_id(name, id, report);
            entry_of(name, id, entry, report);
        }
    }
}

fn logical_id(section: &str, id: &str, report: &mut Report<'_>) {
    // The names of conditions may hold more: AWS's own quick starts have `&` in them.
    if section == "Conditions" && !id.is_empty() && id.chars().all(|character| character.is_ascii_graphic()) {
        return;
    }
    if id.is_empty() || !id.chars().all(|character| character.is_ascii_alphanumeric()) {
        report.error(
            "invalid-id",
            &format!("{section}/{id}"),
            format!("`{id}` is no ID: only letters and digits may stand in it"),
            "leave the other characters out",
        );
    } else if id.len() > LONGEST_ID {
        let message = format!("`{id}` has {} characters, an ID may have {LONGEST_ID}", id.len());
        report.error("invalid-id", &format!("{section}/{id}"), message, "take a shorter ID");
    }
}

fn entry_of(section: &str, id: &str, entry: &Json, report: &mut Report<'_>) {
    let path = || format!("{section}/{id}");
    let wanted = match section {
        "Resources" | "Parameters" => "Type",
        "Outputs" => "Value",
        _ => return,
    };
    let Some(entries) = entry.as_object() else {
        return report.error("shape", &path(), format!("`{id}` is {}, not a mapping", kind(entry)), format!("write its `{wanted}`"));
    };
    match entries.get(wanted) {
        None if entries.contains_key("Fn::Transform") => {}
        None => report.error("shape", &path(), format!("`{id}` has no `{wanted}`"), format!("add `{wanted}`")),
        Some(Json::String(_)) => {}
        Some(other) if wanted == "Type" => {
            report.error(
                "shape",
                &format!("{}/Type", path()),
                format!("the `Type` of `{id}` is {}, not a text", kind(other)),
                "name the type",
            );
        }
        Some(_) => {}
    }
    if let Some(properties) = entries.get("Properties").filter(|_| section == "Resources")
        && !properties.is_object()
    {
        let message = format!("the `Properties` of `{id}` are {}, not a mapping", kind(properties));
        report.error("shape", &format!("{}/Properties", path()), message, "write one entry per property");
    }
}

/// `Ref` looks parameters and resources up in one list.
fn ids_of_two_kinds(sections: &Map<String, Json>, report: &mut Report<'_>) {
    let section = |name: &str| sections.get(name).and_then(Json::as_object);
    let (Some(parameters), Some(resources)) = (section("Parameters"), section("Resources")) else { return };
    for id in parameters.keys().filter(|id| resources.contains_key(*id)) {
        let message = format!("`{id}` is both a parameter and a resource");
        report.error("duplicate-id", &format!("Resources/{id}"), message, "give one of the two another ID");
    }
}
