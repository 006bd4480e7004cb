//! What differs, place by place.

use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

use super::align::rows;
use super::fate::is_stateful;
use super::model::{Action, Change, Class, Replacement, ResourceDiff};
use super::names::{function, identity, is_function, join};
use super::normal;
use super::place::Place;
use super::replacement::replacement;

/// Resources that come, go or change.
pub(super) fn resources(old: &Json, new: &Json) -> Vec<ResourceDiff> {
    let (olds, news) = (section(old, "Resources"), section(new, "Resources"));
    let mut resources = Vec::new();
    for (id, new) in news {
        let resource = match olds.get(id) {
            None => Some(whole(id, new, Action::Added)),
            Some(old) => changed(id, old, new, olds, news),
        };
        resources.extend(resource);
    }
    resources.extend(olds.iter().filter(|(id, _)| !news.contains_key(*id)).map(|(id, old)| whole(id, old, Action::Removed)));
    resources
}

pub(super) fn section<'a>(template: &'a Json, name: &str) -> &'a Map<String, Json> {
    static EMPTY: LazyLock<Map<String, Json>> = LazyLock::new(Map::new);
    template.get(name).and_then(Json::as_object).unwrap_or(&EMPTY)
}

pub(super) fn type_of(resource: &Json) -> &str {
    resource.get("Type").and_then(Json::as_str).unwrap_or_default()
}

/// A resource of which nothing but the name is known to differ.
pub(super) fn empty(id: &str, type_name: &str, action: Action) -> ResourceDiff {
    ResourceDiff {
        id: id.to_owned(),
        type_name: type_name.to_owned(),
        action,
        class: Class::Update,
        replacement: Replacement::No,
        stateful: is_stateful(type_name),
        fate: None,
        lost: None,
        renamed_from: None,
        asset_only: false,
        warnings: Vec::new(),
        source: None,
        changes: Vec::new(),
    }
}

fn whole(id: &str, resource: &Json, action: Action) -> ResourceDiff {
    let (old, new) = if action == Action::Removed { (Some(resource.clone()), None) } else { (None, Some(resource.clone())) };
    ResourceDiff { changes: vec![Change::new("", old, new)], ..empty(id, type_of(resource), action) }
}

fn changed(id: &str, old: &Json, new: &Json, olds: &Map<String, Json>, news: &Map<String, Json>) -> Option<ResourceDiff> {
    // Most resources of most templates are what they were: no need to know what they mean.
    if old == new {
        return None;
    }
    let is_resource = |id: &str| olds.contains_key(id) || news.contains_key(id);
    let changes = body(old, new, &is_resource);
    let worst = changes.iter().map(|change| change.replacement).max()?;
    Some(ResourceDiff { replacement: worst, changes, ..empty(id, type_of(new), Action::Changed) })
}

/// What differs between two resources, and what each difference does to the real one.
pub(super) fn body(old: &Json, new: &Json, is_resource: &impl Fn(&str) -> bool) -> Vec<Change> {
    let type_name = type_of(new);
    let mut changes = changes(&normal::resource_as(old, type_name), &normal::resource_as(new, type_name), Place::resource(type_name));
    for change in &mut changes {
        if change.path.is_empty() {
            (change.old, change.new) = (Some(old.clone()), Some(new.clone()));
        }
        change.replacement = match change.path.strip_prefix("Properties/") {
            Some(path) => replacement(type_name, path, change.old.as_ref(), change.new.as_ref(), is_resource),
            None if change.path == "Type" => Replacement::Yes,
            // Broken in a way that CloudFormation refuses.
            None if matches!(change.path.as_str(), "Properties" | "") => Replacement::Unknown,
            None => Replacement::No,
        };
    }
    changes
}

/// What differs between two values in normal form.
pub(super) fn changes(old: &Json, new: &Json, place: Place<'_>) -> Vec<Change> {
    let mut walk = Walk { at: At::default(), changes: Vec::new() };
    walk.compare(old, new, place);
    walk.changes
}

/// One place in the new template, in the old one, and for people.
#[derive(Debug, Clone, Default)]
struct At {
    path: String,
    old_path: String,
    label: String,
}

impl At {
    fn key(&self, key: &str) -> Self {
        Self { path: join(&self.path, key), old_path: join(&self.old_path, key), label: join(&self.label, key) }
    }

    fn item(&self, old: usize, new: usize, item: &Json) -> Self {
        let label = match item.as_object().filter(|object| !is_function(object)).and_then(identity) {
            Some((_, name)) => format!("{}[{name}]", self.label),
            None => join(&self.label, &new.to_string()),
        };
        Self { path: join(&self.path, &new.to_string()), old_path: join(&self.old_path, &old.to_string()), label }
    }
}

struct Walk {
    at: At,
    changes: Vec<Change>,
}

impl Walk {
    fn inside(&mut self, at: At, visit: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.at, at);
        visit(self);
        self.at = outside;
    }

    fn found(&mut self, at: At, old: Option<&Json>, new: Option<&Json>) {
        let old_path = (at.old_path != at.path).then_some(at.old_path);
        let label = (at.label != at.path).then_some(at.label);
        self.changes.push(Change { old_path, label, ..Change::new(at.path, old.cloned(), new.cloned()) });
    }

    /// Collects the differences, as deep as both have the same form.
    fn compare(&mut self, old: &Json, new: &Json, place: Place<'_>) {
        if same(old, new, place) {
            return;
        }
        match (old, new) {
            (Json::Object(olds), Json::Object(news)) => match (function(olds), function(news)) {
                (None, None) => self.mappings(olds, news, place.seeing(news)),
                (Some((old_name, old)), Some((new_name, new))) if old_name == new_name => self.calls(old_name, old, new, place),
                _ => self.leaf(old, new),
            },
            (Json::Array(olds), Json::Array(news)) => self.lists(olds, news, place),
            _ => self.leaf(old, new),
        }
    }

    fn leaf(&mut self, old: &Json, new: &Json) {
        self.found(self.at.clone(), Some(old), Some(new));
    }

    fn mappings(&mut self, olds: &Map<String, Json>, news: &Map<String, Json>, place: Place<'_>) {
        for (key, new) in news {
            let at = self.at.key(key);
            match olds.get(key) {
                Some(old) => self.inside(at, |walk| walk.compare(old, new, place.inside(key))),
                None => self.found(at, None, Some(new)),
            }
        }
        for (key, old) in olds.iter().filter(|(key, _)| !news.contains_key(*key)) {
            self.found(self.at.key(key), Some(old), None);
        }
    }

    /// Two calls of the same function: some are worth a look inside.
    fn calls(&mut self, name: &str, old: &Json, new: &Json, place: Place<'_>) {
        match (name, old.as_array().map(Vec::as_slice), new.as_array().map(Vec::as_slice)) {
            ("Fn::If", Some([old_test, old_yes, old_no]), Some([new_test, new_yes, new_no])) if old_test == new_test => {
                let at = self.at.key(name);
                for (index, (old, new)) in [(1, (old_yes, new_yes)), (2, (old_no, new_no))] {
                    self.inside(at.key(&format!("{index}")), |walk| walk.compare(old, new, place));
                }
            }
            ("Fn::ToJsonString", _, _) => self.inside(self.at.key(name), |walk| walk.compare(old, new, Place::PLAIN)),
            _ => {
                let call = |argument: &Json| Json::Object(Map::from_iter([(name.to_owned(), argument.clone())]));
                self.leaf(&call(old), &call(new));
            }
        }
    }

    /// Where an item comes or goes; the number of a word in a set tells people nothing.
    fn whole_item(&self, index: usize, item: &Json, place: Place<'_>) -> At {
        let at = self.at.item(index, index, item);
        if place.is_set() && !item.is_object() { At { label: self.at.label.clone(), ..at } } else { at }
    }

    fn lists(&mut self, olds: &[Json], news: &[Json], place: Place<'_>) {
        for row in rows(olds, news, place) {
            match row {
                (Some(old), Some(new)) => {
                    let at = self.at.item(old, new, &news[new]);
                    self.inside(at, |walk| walk.compare(&olds[old], &news[new], place.item()));
                }
                (None, Some(new)) => self.found(self.whole_item(new, &news[new], place), None, Some(&news[new])),
                (Some(old), None) => self.found(self.whole_item(old, &olds[old], place), Some(&olds[old]), None),
                (None, None) => {}
            }
        }
    }
}

/// Whether two values in normal form mean the same.
pub(super) fn same(old: &Json, new: &Json, place: Place<'_>) -> bool {
    match (old, new) {
        (Json::Object(olds), Json::Object(news)) => {
            if olds.len() != news.len() {
                return false;
            }
            match (function(olds), function(news)) {
                (Some((old_name, old)), Some((new_name, new))) => old_name == new_name && same_arguments(old_name, old, new, place),
                (None, None) => {
                    let place = place.seeing(news);
                    olds.iter().all(|(key, old)| news.get(key).is_some_and(|new| same(old, new, place.inside(key))))
                }
                _ => false,
            }
        }
        (Json::Array(olds), Json::Array(news)) => {
            olds.len() == news.len() && (same_items(olds, news, place) || (place.is_set() && same_sets(olds, news, place)))
        }
        (Json::String(old), Json::String(new)) if place.is_actions() => old.eq_ignore_ascii_case(new),
        _ => old == new,
    }
}

fn same_arguments(name: &str, old: &Json, new: &Json, place: Place<'_>) -> bool {
    match (name, old, new) {
        ("Fn::If", Json::Array(olds), Json::Array(news)) => {
            olds.len() == news.len()
                && olds.first() == news.first()
                && olds.iter().zip(news).skip(1).all(|(old, new)| same(old, new, place))
        }
        // It does not matter which of the two stands first.
        ("Fn::Equals" | "Fn::And" | "Fn::Or", Json::Array(olds), Json::Array(news)) => {
            olds.len() == news.len() && same_sets(olds, news, Place::PLAIN)
        }
        _ => same(old, new, Place::PLAIN),
    }
}

fn same_items(olds: &[Json], news: &[Json], place: Place<'_>) -> bool {
    olds.iter().zip(news).all(|(old, new)| same(old, new, place.item()))
}

fn same_sets(olds: &[Json], news: &[Json], place: Place<'_>) -> bool {
    let mut left: Vec<&Json> = news.iter().collect();
    olds.iter().all(|old| match left.iter().position(|new| same(old, new, place.item())) {
        Some(index) => {
            left.remove(index);
            true
        }
        None => false,
    })
}
