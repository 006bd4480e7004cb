//! What differs, place by place.

use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

use super::consequence::replacement;
use super::{Action, Change, EntryDiff, Replacement, ResourceDiff};

pub(super) fn resources(old: &Json, new: &Json) -> Vec<ResourceDiff> {
    let (olds, news) = (section(old, "Resources"), section(new, "Resources"));
    let mut resources = Vec::new();
    for (id, new) in news {
        let resource = match olds.get(id) {
            None => Some(whole(id, new, Action::Added)),
            Some(old) => changed(id, old, new),
        };
        resources.extend(resource);
    }
    resources.extend(olds.iter().filter(|(id, _)| !news.contains_key(*id)).map(|(id, old)| whole(id, old, Action::Removed)));
    resources
}

fn section<'a>(template: &'a Json, name: &str) -> &'a Map<String, Json> {
    static EMPTY: LazyLock<Map<String, Json>> = LazyLock::new(Map::new);
    template.get(name).and_then(Json::as_object).unwrap_or(&EMPTY)
}

fn type_of(resource: &Json) -> &str {
    resource.get("Type").and_then(Json::as_str).unwrap_or_default()
}

fn whole(id: &str, resource: &Json, action: Action) -> ResourceDiff {
    let type_name = type_of(resource).to_owned();
    let stateful = crate::facts::of(&type_name).is_some_and(|facts| facts.stateful);
    ResourceDiff { id: id.to_owned(), type_name, action, replacement: Replacement::No, stateful, fate: None, changes: Vec::new() }
}

fn changed(id: &str, old: &Json, new: &Json) -> Option<ResourceDiff> {
    let type_name = type_of(new);
    let mut changes = Vec::new();
    compare("", old, new, &mut changes);
    // One dependency and a list of one say the same.
    changes.retain(|change| change.path != "DependsOn" || listed(change.old.as_ref()) != listed(change.new.as_ref()));
    for change in &mut changes {
        change.replacement = match change.path.strip_prefix("Properties/") {
            Some(path) => replacement(type_name, path, change.old.as_ref(), change.new.as_ref()),
            None if change.path == "Type" => Replacement::Yes,
            // The first or the last property comes or goes with the whole mapping.
            None if change.path == "Properties" => whole_properties(type_name, change),
            None => Replacement::No,
        };
    }
    let worst = changes.iter().map(|change| change.replacement).max()?;
    Some(ResourceDiff { replacement: worst, changes, ..whole(id, new, Action::Changed) })
}

fn listed(value: Option<&Json>) -> Vec<&Json> {
    match value {
        Some(Json::Array(items)) => items.iter().collect(),
        one => one.into_iter().collect(),
    }
}

fn whole_properties(type_name: &str, change: &Change) -> Replacement {
    let properties = [&change.old, &change.new].into_iter().flatten().filter_map(Json::as_object).flatten();
    let side = |name: &str, whole: &Option<Json>| whole.as_ref().and_then(|whole| whole.get(name)).cloned();
    properties
        .map(|(name, _)| replacement(type_name, name, side(name, &change.old).as_ref(), side(name, &change.new).as_ref()))
        .max()
        .unwrap_or(Replacement::No)
}

/// Collects the differences between two values, as deep as both have the same form.
fn compare(path: &str, old: &Json, new: &Json, changes: &mut Vec<Change>) {
    if same(old, new) {
        return;
    }
    match (old, new) {
        (Json::Object(olds), Json::Object(news)) if !is_function(olds) && !is_function(news) => {
            for (key, new) in news {
                let path = join(path, key);
                match olds.get(key) {
                    Some(old) => compare(&path, old, new, changes),
                    None => changes.push(change(path, None, Some(new))),
                }
            }
            for (key, old) in olds.iter().filter(|(key, _)| !news.contains_key(*key)) {
                changes.push(change(join(path, key), Some(old), None));
            }
        }
        // A list that grew is shown whole: which item came where is a guess.
        (Json::Array(olds), Json::Array(news)) if olds.len() == news.len() => {
            for (index, (old, new)) in olds.iter().zip(news).enumerate() {
                compare(&join(path, &index.to_string()), old, new, changes);
            }
        }
        _ => changes.push(change(path.to_owned(), Some(old), Some(new))),
    }
}

/// Whether two values are the same but for the order of their keys.
fn same(old: &Json, new: &Json) -> bool {
    match (old, new) {
        (Json::Object(olds), Json::Object(news)) => {
            olds.len() == news.len() && olds.iter().all(|(key, old)| news.get(key).is_some_and(|new| same(old, new)))
        }
        (Json::Array(olds), Json::Array(news)) => olds.len() == news.len() && olds.iter().zip(news).all(|(old, new)| same(old, new)),
        _ => old == new,
    }
}

fn change(path: String, old: Option<&Json>, new: Option<&Json>) -> Change {
    Change { path, old: old.cloned(), new: new.cloned(), replacement: Replacement::No, because_of: None }
}

pub(super) fn is_function(object: &Map<String, Json>) -> bool {
    object.len() == 1 && object.keys().any(|key| key == "Ref" || key.starts_with("Fn::"))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") }
}

/// The other sections, entry by entry.
pub(super) fn entries(old: &Json, new: &Json) -> Vec<EntryDiff> {
    let mut names: Vec<&str> = Vec::new();
    for template in [new, old] {
        for name in template.as_object().into_iter().flat_map(Map::keys).filter(|name| *name != "Resources") {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    names.into_iter().flat_map(|name| section_entries(name, old.get(name), new.get(name))).collect()
}

fn section_entries(name: &str, old: Option<&Json>, new: Option<&Json>) -> Vec<EntryDiff> {
    let nothing = Json::Object(Map::new());
    let mappings = [old, new].into_iter().flatten().all(Json::is_object);
    if !mappings {
        return entry(name, "", old, new).into_iter().collect();
    }
    let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
    let mut ids: Vec<&String> = new.as_object().into_iter().flat_map(Map::keys).collect();
    ids.extend(old.as_object().into_iter().flat_map(Map::keys).filter(|id| new.get(id.as_str()).is_none()));
    ids.into_iter().filter_map(|id| entry(name, id, old.get(id), new.get(id))).collect()
}

fn entry(section: &str, id: &str, old: Option<&Json>, new: Option<&Json>) -> Option<EntryDiff> {
    let mut changes = Vec::new();
    let action = match (old, new) {
        (None, None) => return None,
        (None, Some(_)) => Action::Added,
        (Some(_), None) => Action::Removed,
        (Some(old), Some(new)) => {
            compare("", old, new, &mut changes);
            if changes.is_empty() {
                return None;
            }
            Action::Changed
        }
    };
    if changes.is_empty() {
        changes.push(change(String::new(), old, new));
    }
    Some(EntryDiff { section: section.to_owned(), id: id.to_owned(), action, changes })
}
