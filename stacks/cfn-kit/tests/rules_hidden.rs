//! The rules are sure: what an expression hides is not judged, and nothing that a template can hold stops them.
#![cfg(test)]

use std::fs;
use std::path::Path;

use cfn_kit::rules::{Context, lint};
use cfn_kit::{Document, Json};
use serde_json::json;

/// The one thing in a function, such as the ID in a `Ref`, cannot be a function.
const FUNCTIONS: &[&str] = &["/Ref", "/Fn::GetAtt", "/Fn::Sub", "/Fn::Join"];

/// What another resource is for: a queue that nothing gives its failures to is not one for dead letters, a policy that bounds nobody
/// is no boundary, and another stack's deployment knows no routes of this one.
const MEANINGS: &[&str] = &["/DeadLetterConfig", "/PermissionsBoundary", "/DeploymentId"];

fn templates(folder: &str) -> Vec<(String, Json)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(folder);
    let mut found: Vec<(String, Json)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            let text = fs::read_to_string(&path).unwrap();
            (name.clone(), cfn_kit::read(&text, &name).unwrap().template)
        })
        .collect();
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found
}

/// The JSON pointers of everything within the properties of resources.
fn places(template: &Json) -> Vec<String> {
    fn walk(value: &Json, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        if let Some(entries) = value.as_object() {
            entries.iter().for_each(|(key, value)| walk(value, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), found));
        }
        if let Some(items) = value.as_array() {
            items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{path}/{index}"), found));
        }
    }
    let mut found = Vec::new();
    for (id, resource) in template["Resources"].as_object().unwrap() {
        for (name, value) in resource.get("Properties").and_then(Json::as_object).into_iter().flatten() {
            walk(value, &format!("/Resources/{id}/Properties/{name}"), &mut found);
        }
    }
    found
}

fn with(template: &Json, place: &str, value: Json) -> Document {
    let mut template = template.clone();
    *template.pointer_mut(place).unwrap() = value;
    Document::from_json(template)
}

#[test]
fn what_another_stack_knows_breaks_no_rule() {
    let mut alarms = Vec::new();
    for (name, template) in templates("good") {
        for place in places(&template) {
            if FUNCTIONS.iter().chain(MEANINGS).any(|part| place.contains(part)) {
                continue;
            }
            let document = with(&template, &place, json!({ "Fn::ImportValue": "Something" }));

            let findings = lint(&document, &Context::default());

            // What is allowed with a reason may not be needed any more, and that is true.
            let unexpected = findings.iter().filter(|finding| finding.rule != "unused-allow");
            alarms.extend(unexpected.map(|finding| format!("{name}: {place}: {finding:?}")));
        }
    }

    assert!(alarms.is_empty(), "{} false alarms:\n{}", alarms.len(), alarms.join("\n"));
}

#[test]
fn whatever_a_template_holds_the_rules_answer() {
    for (_, template) in templates("bad") {
        for place in places(&template) {
            for value in [Json::Null, json!("ü${"), json!([[], { "Fn::If": ["C"] }]), json!({ "Fn::GetAtt": [1] })] {
                lint(&with(&template, &place, value), &Context::default());
            }
        }
    }
}
