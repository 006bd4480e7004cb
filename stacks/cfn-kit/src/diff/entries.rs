//! The other sections of a template, entry by entry.

use serde_json::{Map, Value as Json};

use super::compare::changes;
use super::model::{Action, Change, EntryDiff};
use super::normal;
use super::place::Place;

/// Parameters, outputs, conditions, … that come, go or change; sections that nobody knows too.
pub(super) fn entries(old: &Json, new: &Json) -> Vec<EntryDiff> {
    let (Json::Object(olds), Json::Object(news)) = (old, new) else {
        // Not a template, at least on one side: all that can be said is that it is another value.
        return if old == new || is_template(old) && is_template(new) {
            Vec::new()
        } else {
            entry("", "", Some(old), Some(new)).into_iter().collect()
        };
    };
    let mut names: Vec<&String> = news.keys().collect();
    names.extend(olds.keys().filter(|name| !news.contains_key(*name)));
    let mut entries = Vec::new();
    for name in names {
        let (old, new) = (olds.get(name), news.get(name));
        if old == new {
            continue;
        }
        match name.as_str() {
            "Resources" => entries.extend(broken_resources(old, new)),
            name => entries.extend(section_entries(name, old, new)),
        }
    }
    entries
}

fn is_template(value: &Json) -> bool {
    value.is_object()
}

/// Resources that are no mapping are none, and still another text.
fn broken_resources(old: Option<&Json>, new: Option<&Json>) -> Option<EntryDiff> {
    let broken = |side: Option<&Json>| side.is_some_and(|side| !side.is_object());
    if broken(old) || broken(new) {
        let side = |side: Option<&Json>| side.filter(|side| !side.is_object()).cloned();
        let (old, new) = (side(old), side(new));
        let action = match (&old, &new) {
            (None, _) => Action::Added,
            (_, None) => Action::Removed,
            (Some(_), Some(_)) => Action::Changed,
        };
        return Some(EntryDiff {
            section: "Resources".to_owned(),
            id: String::new(),
            action,
            source: None,
            changes: vec![Change::new("", old, new)],
        });
    }
    None
}

fn section_entries(name: &str, old: Option<&Json>, new: Option<&Json>) -> Vec<EntryDiff> {
    let nothing = Json::Object(Map::new());
    // An entry without a name would look like the whole section.
    let mappings = [old, new].into_iter().flatten().all(|side| side.is_object() && side.get("").is_none());
    if !mappings {
        return entry(name, "", old, new).into_iter().collect();
    }
    let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
    let mut ids: Vec<&String> = new.as_object().into_iter().flat_map(Map::keys).collect();
    ids.extend(old.as_object().into_iter().flat_map(Map::keys).filter(|id| new.get(id.as_str()).is_none()));
    ids.into_iter().filter_map(|id| entry(name, id, old.get(id), new.get(id))).collect()
}

fn entry(section: &str, id: &str, old: Option<&Json>, new: Option<&Json>) -> Option<EntryDiff> {
    let place = place(section);
    let (action, changes) = match (old, new) {
        (None, None) => return None,
        (None, Some(new)) => (Action::Added, vec![Change::new("", None, Some(new.clone()))]),
        (Some(old), None) => (Action::Removed, vec![Change::new("", Some(old.clone()), None)]),
        (Some(old), Some(new)) => {
            let mut changes = changes(&normal::value(old, place), &normal::value(new, place), place);
            // What is another thing altogether is shown as it was written.
            for whole in changes.iter_mut().filter(|change| change.path.is_empty()) {
                (whole.old, whole.new) = (Some(old.clone()), Some(new.clone()));
            }
            if changes.is_empty() {
                return None;
            }
            (Action::Changed, changes)
        }
    };
    Some(EntryDiff { section: section.to_owned(), id: id.to_owned(), action, source: None, changes })
}

/// How the values of a section are read: defaults, keys of mappings and what is compared with what end as text.
pub(super) fn place(section: &str) -> Place<'static> {
    match section {
        "Parameters" | "Mappings" | "Conditions" | "AWSTemplateFormatVersion" => Place::TEXTS,
        _ => Place::PLAIN,
    }
}
