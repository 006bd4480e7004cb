//! What a difference means for the real resources.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::compare::is_function;
use super::{Action, Change, Fate, Replacement, ResourceDiff};
use crate::facts::Replaces;
use crate::walk::{Section, Target, uses};

/// Whether a change of this property makes a new resource, by the facts about its type.
pub(super) fn replacement(type_name: &str, path: &str, old: Option<&Json>, new: Option<&Json>) -> Replacement {
    let Some(facts) = crate::facts::of(type_name) else { return Replacement::Unknown };
    let top = path.split('/').next().unwrap_or(path);
    if facts.property(top).is_none() {
        return Replacement::Unknown;
    }
    let concerns = |replaces| facts.replacing(replaces).any(|pattern| touches(pattern, path, old, new));
    if concerns(Replaces::Yes) {
        // An expression may give the very value that was there.
        let certain = ![old, new].into_iter().flatten().any(has_expression);
        return if certain { Replacement::Yes } else { Replacement::Maybe };
    }
    if concerns(Replaces::Maybe) { Replacement::Maybe } else { Replacement::No }
}

/// Whether a change at `path` is one of what `pattern` (`A/*/B`) names, or of something within or around it.
fn touches(pattern: &str, path: &str, old: Option<&Json>, new: Option<&Json>) -> bool {
    let mut wanted = pattern.split('/');
    let mut steps = path.split('/');
    loop {
        match (wanted.next(), steps.next()) {
            (Some(want), Some(step)) if want == "*" || want == step => {}
            (Some(_), Some(_)) => return false,
            (None, _) => return true,
            (Some(want), None) => {
                let rest: Vec<&str> = std::iter::once(want).chain(wanted).collect();
                return holds(old, &rest) || holds(new, &rest);
            }
        }
    }
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
        Json::Object(object) => holds(object.get(*first), rest),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn has_expression(value: &Json) -> bool {
    match value {
        Json::Object(object) => is_function(object) || object.values().any(has_expression),
        Json::Array(items) => items.iter().any(has_expression),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

/// Adds what a replaced resource does to those that refer to it: their values change although their text stays.
pub(super) fn cascade(new: &Json, resources: &mut Vec<ResourceDiff>) {
    let uses = uses(new);
    let types: HashMap<&str, &str> = new
        .get("Resources")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .map(|(id, resource)| (id.as_str(), resource.get("Type").and_then(Json::as_str).unwrap_or_default()))
        .collect();
    let mut next = 0;
    let mut replaced: Vec<String> = Vec::new();
    loop {
        // What is replaced only now may replace others in its turn.
        let fresh = resources.iter().filter(|one| one.replacement >= Replacement::Maybe && !replaced.contains(&one.id));
        let fresh: Vec<String> = fresh.map(|one| one.id.clone()).collect();
        replaced.extend(fresh);
        let Some(cause) = replaced.get(next).cloned() else { return };
        next += 1;
        for one in uses.iter().filter(|one| one.section == Section::Resources && one.owner != cause) {
            let (Target::Name(target) | Target::Attribute(target, _)) = &one.target else { continue };
            let Some(path) = one.path.strip_prefix(&format!("Resources/{}/", one.owner)).filter(|_| *target == cause) else { continue };
            let Some(property) = path.strip_prefix("Properties/") else { continue };
            let type_name = types.get(one.owner.as_str()).copied().unwrap_or_default();
            // Whether the new resource has another ID or ARN is known for certain only once it is there.
            let replacement = replacement(type_name, property, None, None).min(Replacement::Maybe);
            let change = Change { path: path.to_owned(), old: None, new: None, replacement, because_of: Some(cause.clone()) };
            add(resources, &one.owner, type_name, change);
        }
    }
}

fn add(resources: &mut Vec<ResourceDiff>, id: &str, type_name: &str, change: Change) {
    let stateful = crate::facts::of(type_name).is_some_and(|facts| facts.stateful);
    let index = match resources.iter().position(|one| one.id == id) {
        Some(index) => index,
        None => {
            resources.push(ResourceDiff {
                id: id.to_owned(),
                type_name: type_name.to_owned(),
                action: Action::Changed,
                replacement: Replacement::No,
                stateful,
                fate: None,
                changes: Vec::new(),
            });
            resources.len() - 1
        }
    };
    let resource = &mut resources[index];
    if resource.action == Action::Changed && !resource.changes.iter().any(|known| change.path.starts_with(&known.path)) {
        resource.replacement = resource.replacement.max(change.replacement);
        resource.changes.push(change);
    }
}

/// What becomes of the real resources that go or may be replaced.
pub(super) fn fates(old: &Json, new: &Json, resources: &mut [ResourceDiff]) {
    for resource in resources {
        let policy = |template: &Json, name: &str| {
            let policy = template.get("Resources")?.get(&resource.id)?.get(name)?.as_str()?;
            Some(policy.to_owned())
        };
        resource.fate = match (resource.action, resource.replacement) {
            // The template that is deployed says what happens when a resource leaves it.
            (Action::Removed, _) => Some(fate(policy(old, "DeletionPolicy"), &resource.type_name)),
            (Action::Changed, Replacement::Maybe | Replacement::Yes) => Some(fate(policy(new, "UpdateReplacePolicy"), "")),
            (Action::Added | Action::Changed, _) => None,
        };
    }
}

fn fate(policy: Option<String>, type_name: &str) -> Fate {
    match policy.as_deref() {
        Some("Retain" | "RetainExceptOnCreate") => Fate::Retained,
        Some("Snapshot") => Fate::Snapshot,
        // Databases are the exception: without a policy they leave a snapshot.
        None if matches!(type_name, "AWS::RDS::DBCluster" | "AWS::RDS::DBInstance") => Fate::Snapshot,
        Some(_) | None => Fate::Deleted,
    }
}
