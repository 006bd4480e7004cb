//! What a condition gives where no deploy says otherwise.

use serde_json::Value as Json;

use super::compare::section;
use super::names::function;

/// Whether a condition holds with the parameters' defaults; none where only a deploy knows.
pub(super) fn holds(template: &Json, name: &str) -> Option<bool> {
    test(template, section(template, "Conditions").get(name)?, 0)
}

fn test(template: &Json, test_of: &Json, depth: u8) -> Option<bool> {
    // A condition that refers to itself never ends.
    let depth = depth.checked_add(1).filter(|depth| *depth < 32)?;
    let object = test_of.as_object()?;
    if let (1, Some(name)) = (object.len(), object.get("Condition")) {
        return test(template, section(template, "Conditions").get(name.as_str()?)?, depth);
    }
    let (name, arguments) = function(object)?;
    let arguments = arguments.as_array()?;
    let mut tests = arguments.iter().map(|argument| test(template, argument, depth));
    match name {
        "Fn::Equals" => match arguments.as_slice() {
            [left, right] => Some(text(template, left)? == text(template, right)?),
            _ => None,
        },
        "Fn::Not" => tests.next()?.map(|holds| !holds),
        "Fn::And" => tests.try_fold(true, |all, one| Some(all && one?)),
        "Fn::Or" => tests.try_fold(false, |any, one| Some(any || one?)),
        _ => None,
    }
}

fn text(template: &Json, value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        Json::Object(object) => match function(object)? {
            ("Ref", Json::String(name)) => {
                text(template, section(template, "Parameters").get(name)?.get("Default").filter(|it| !it.is_object())?)
            }
            _ => None,
        },
        Json::Null | Json::Array(_) => None,
    }
}
