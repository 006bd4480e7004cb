//! A template with differences put into it.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::entries::place;
use super::model::{Action, Change, Diff};
use super::names::unescaped;
use super::normal;

/// The old template with the differences in it. What differs in part is left in normal form.
pub(super) fn apply(diff: &Diff, old: &Json) -> Json {
    if let Some(whole) = diff.entries.iter().find(|entry| entry.section.is_empty() && entry.id.is_empty()) {
        // One of the two was no template.
        return whole.changes.first().and_then(|change| change.new.clone()).unwrap_or(Json::Null);
    }
    let mut template = old.clone();
    let Some(sections) = template.as_object_mut() else { return template };
    for entry in &diff.entries {
        if entry.id.is_empty() {
            let old = sections.get(&entry.section).cloned();
            let changed = |old: &Json| edited(&normal::value(old, place(&entry.section)), &entry.changes);
            put(sections, &entry.section, old.as_ref(), &entry.changes, changed);
            continue;
        }
        let Some(entries) = section(sections, &entry.section) else { continue };
        let old = entries.get(&entry.id).cloned();
        put(entries, &entry.id, old.as_ref(), &entry.changes, |old| edited(&normal::value(old, place(&entry.section)), &entry.changes));
    }
    if diff.resources.is_empty() {
        return template;
    }
    let Some(resources) = section(sections, "Resources") else { return template };
    let before = resources.clone();
    for resource in &diff.resources {
        let from = resource.renamed_from.as_ref().unwrap_or(&resource.id);
        let old = before.get(from);
        if resource.action == Action::Renamed {
            resources.shift_remove(from);
        }
        put(resources, &resource.id, old, &resource.changes, |old| {
            edited(&normal::resource_as(old, &resource.type_name), &resource.changes)
        });
    }
    template
}

fn section<'a>(sections: &'a mut Map<String, Json>, name: &str) -> Option<&'a mut Map<String, Json>> {
    let section = sections.entry(name.to_owned()).or_insert(Json::Null);
    if !section.is_object() {
        *section = Json::Object(Map::new());
    }
    section.as_object_mut()
}

fn put(into: &mut Map<String, Json>, key: &str, old: Option<&Json>, changes: &[Change], edit: impl Fn(&Json) -> Json) {
    match (changes.iter().find(|change| change.path.is_empty() && change.because_of.is_none()), old) {
        (Some(whole), _) => match &whole.new {
            Some(new) => {
                into.insert(key.to_owned(), new.clone());
            }
            None => {
                into.shift_remove(key);
            }
        },
        (None, Some(old)) => {
            into.insert(key.to_owned(), edit(old));
        }
        (None, None) => {}
    }
}

/// A value in normal form with these changes.
fn edited(old: &Json, changes: &[Change]) -> Json {
    let mut root = Edit::default();
    for change in changes.iter().filter(|change| change.because_of.is_none()) {
        let mut edit = &mut root;
        for step in change.old_path().split('/') {
            edit = edit.inside.entry(unescaped(step)).or_default();
        }
        edit.changes.push(change);
    }
    root.apply(old)
}

/// The changes at a place, and at the places in it.
#[derive(Default)]
struct Edit<'a> {
    /// What is at one place goes, comes or both: the items of a list are counted anew when all that goes has gone.
    changes: Vec<&'a Change>,
    inside: BTreeMap<String, Edit<'a>>,
}

impl Edit<'_> {
    fn apply(&self, old: &Json) -> Json {
        match old {
            Json::Object(entries) => self.mapping(entries),
            Json::Array(items) => self.list(items),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => old.clone(),
        }
    }

    /// What becomes of the value that stands here; none where it goes.
    fn replaced(&self, old: &Json) -> Option<Json> {
        match self.changes.iter().find(|change| change.old.is_some()) {
            Some(change) => change.new.clone(),
            None => Some(self.apply(old)),
        }
    }

    fn coming(&self) -> Option<&Json> {
        self.changes.iter().find(|change| change.old.is_none()).and_then(|change| change.new.as_ref())
    }

    fn mapping(&self, entries: &Map<String, Json>) -> Json {
        let mut edited = Map::new();
        for (key, old) in entries {
            let new = match self.inside.get(key) {
                Some(edit) => edit.replaced(old),
                None => Some(old.clone()),
            };
            edited.extend(new.map(|new| (key.clone(), new)));
        }
        for (key, edit) in &self.inside {
            edited.extend(edit.coming().map(|new| (key.clone(), new.clone())));
        }
        Json::Object(edited)
    }

    fn list(&self, items: &[Json]) -> Json {
        let kept = items.iter().enumerate().filter_map(|(index, old)| match self.inside.get(&index.to_string()) {
            Some(edit) => edit.replaced(old),
            None => Some(old.clone()),
        });
        let mut edited: Vec<Json> = kept.collect();
        let coming = self.inside.iter().filter_map(|(step, edit)| Some((step.parse::<usize>().ok()?, edit.coming()?)));
        let coming: BTreeMap<usize, &Json> = coming.collect();
        for (index, new) in coming {
            edited.insert(index.min(edited.len()), new.clone());
        }
        Json::Array(edited)
    }
}
