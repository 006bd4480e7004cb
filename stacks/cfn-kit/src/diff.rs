#![doc = include_str!("diff/README.md")]

mod align;
mod apply;
mod asset;
mod cascade;
mod compare;
mod condition;
mod entries;
mod fate;
mod guard;
mod json_text;
mod model;
mod names;
mod normal;
mod parts;
mod place;
mod rename;
mod replacement;
mod security;
mod text;

use serde_json::Value as Json;

pub use guard::GuardedChange;
pub use model::{Action, Change, Class, DIFF_VERSION, Diff, EntryDiff, Fate, Level, Replacement, ResourceDiff};
pub use security::{Area, Direction, SecurityChange};
pub use text::{Line, Mark};

use crate::document::Document;

/// Compares two templates, each as CloudFormation's JSON.
pub fn diff(old: &Json, new: &Json) -> Diff {
    let mut resources = compare::resources(old, new);
    rename::find(&mut resources, old, new);
    let mut entries = entries::entries(old, new);
    cascade::spread(old, new, &mut resources, &mut entries);
    fate::decide(old, new, &mut resources);
    asset::mark(new, &entries, &mut resources);
    let security = security::changes(old, new, &resources);
    let guarded = guard::changes(old, new, &resources);
    Diff { version: DIFF_VERSION, resources, entries, security, guarded }
}

/// Compares two templates and remembers which line each difference comes from: of the new one, and of the old one for what goes.
pub fn diff_documents(old: &Document, new: &Document) -> Diff {
    let mut diff = diff(&old.template, &new.template);
    for resource in &mut diff.resources {
        let sources = if resource.action == Action::Removed { &old.sources } else { &new.sources };
        resource.source = sources.of_resource(&resource.id).map(ToOwned::to_owned);
    }
    for entry in &mut diff.entries {
        let sources = if entry.action == Action::Removed { &old.sources } else { &new.sources };
        let path = if entry.id.is_empty() { entry.section.clone() } else { format!("{}/{}", entry.section, entry.id) };
        entry.source = sources.of(&path).map(ToOwned::to_owned);
    }
    for guarded in &mut diff.guarded {
        let source = diff.resources.iter().find(|one| one.id == guarded.resource).and_then(|one| one.source.clone());
        guarded.source = source;
    }
    diff
}

impl Diff {
    /// Whether the templates mean the same.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.entries.is_empty()
    }

    /// Resources whose real counterpart is or may be deleted, by removal, by replacement or under another name.
    pub fn destructive(&self) -> impl Iterator<Item = &ResourceDiff> {
        self.resources.iter().filter(|resource| matches!(resource.fate, Some(Fate::Deleted | Fate::Snapshot)))
    }

    /// What is or may be granted or opened that was not before.
    pub fn broadened(&self) -> impl Iterator<Item = &SecurityChange> {
        self.security.iter().filter(|change| change.direction == Direction::Broadened)
    }

    /// Changes of what a template says must never change, but for those that are allowed by name (`LogicalId.Property`).
    pub fn refused<'a>(&'a self, allowed: &'a [String]) -> impl Iterator<Item = &'a GuardedChange> {
        self.guarded.iter().filter(|change| change.level == Level::MustNeverChange && !allowed.contains(&change.name()))
    }

    /// The old template with the differences in it: it means what the new one does.
    pub fn apply(&self, old: &Json) -> Json {
        apply::apply(self, old)
    }

    /// The difference for a person, line by line; colour is the caller's.
    pub fn lines(&self) -> Vec<Line> {
        text::lines(self)
    }
}
