//! Whether a change of a property makes a new resource, by the facts about its type.

use serde_json::{Value as Json, json};

use super::model::Replacement;
use super::names::{function, is_function};
use super::normal::certainly_differ;
use crate::facts::{Facts, Replaces};

/// Whether this difference in a property makes a new resource.
pub(super) fn replacement(
    type_name: &str,
    path: &str,
    old: Option<&Json>,
    new: Option<&Json>,
    is_resource: &impl Fn(&str) -> bool,
) -> Replacement {
    match mark(type_name, path, old, new) {
        None => Replacement::Unknown,
        Some(Replaces::No) => Replacement::No,
        Some(Replaces::Maybe) => Replacement::Maybe,
        Some(Replaces::Yes) => {
            let certain = match (old, new) {
                (Some(old), Some(new)) => certainly_differ(old, new, is_resource),
                // A choice may be to say nothing.
                (Some(only), None) | (None, Some(only)) => !is_choice(only),
                (None, None) => false,
            };
            // An expression may give the very value that was there.
            if certain && !path.contains("Fn::If") { Replacement::Yes } else { Replacement::Maybe }
        }
    }
}

/// Whether another value at this place makes a new resource, where only a reference at it changed its meaning.
pub(super) fn by_reference(type_name: &str, path: &str, certain: bool) -> Replacement {
    let anything = json!({ "Ref": "" });
    match mark(type_name, path, Some(&anything), Some(&anything)) {
        None => Replacement::Unknown,
        Some(Replaces::No) => Replacement::No,
        Some(Replaces::Maybe) => Replacement::Maybe,
        Some(Replaces::Yes) => {
            if certain && !path.contains("Fn::If") {
                Replacement::Yes
            } else {
                Replacement::Maybe
            }
        }
    }
}

/// What the facts say of a change at this path; none where they do not know the type or the property.
fn mark(type_name: &str, path: &str, old: Option<&Json>, new: Option<&Json>) -> Option<Replaces> {
    let facts: &Facts = crate::facts::of(type_name)?;
    let path = without_functions(path);
    let top = *path.first()?;
    facts.property(top)?;
    let concerns = |replaces| facts.replacing(replaces).any(|pattern| touches(pattern, &path, old, new));
    Some(if concerns(Replaces::Yes) {
        Replaces::Yes
    } else if concerns(Replaces::Maybe) {
        Replaces::Maybe
    } else {
        Replaces::No
    })
}

/// The steps to the property that a function gives the value of.
fn without_functions(path: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut steps = path.split('/');
    while let Some(step) = steps.next() {
        match step {
            "Fn::If" => {
                steps.next();
            }
            "Fn::ToJsonString" => {}
            function if function == "Ref" || function.starts_with("Fn::") => break,
            step => found.push(step),
        }
    }
    found
}

/// Whether a change at `path` is one of what `pattern` (`A/*/B`) names, or of something within or around it.
fn touches(pattern: &str, path: &[&str], old: Option<&Json>, new: Option<&Json>) -> bool {
    let wanted: Vec<&str> = pattern.split('/').collect();
    // Some schemas leave the star of a list out.
    let mut want = wanted.iter().peekable();
    for step in path {
        match want.peek() {
            None => return true,
            Some(name) if **name == "*" || *name == step => {
                want.next();
            }
            Some(_) if step.bytes().all(|byte| byte.is_ascii_digit()) => {}
            Some(_) => return false,
        }
    }
    let rest: Vec<&str> = want.copied().collect();
    rest.is_empty() || holds(old, &rest) || holds(new, &rest)
}

/// Whether a value has anything at the end of these steps.
fn holds(value: Option<&Json>, steps: &[&str]) -> bool {
    let Some(value) = value else { return false };
    let Some((first, rest)) = steps.split_first() else { return true };
    match value {
        Json::Array(items) => {
            let rest = if *first == "*" { rest } else { steps };
            items.iter().any(|item| holds(Some(item), rest))
        }
        // What an expression gives is not known here.
        Json::Object(object) if is_function(object) => true,
        Json::Object(object) if *first == "*" => object.values().any(|value| holds(Some(value), rest)),
        Json::Object(object) => holds(object.get(*first), rest),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn is_choice(value: &Json) -> bool {
    match value.as_object().and_then(function) {
        Some(("Fn::If", _)) => true,
        Some(_) | None => false,
    }
}
