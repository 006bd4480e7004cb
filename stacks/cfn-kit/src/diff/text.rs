//! A difference for people.

use std::fmt;

use serde_json::Value as Json;

use super::{Action, Change, Diff, EntryDiff, Fate, Replacement, ResourceDiff};

/// What a line is about, for whoever colours it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Something comes.
    Added,
    /// Something goes.
    Removed,
    /// Something changes in place.
    Changed,
    /// Something is or may be replaced.
    Replaced,
    /// What belongs to the line before.
    Detail,
}

/// One line of text; it says everything without its mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub mark: Mark,
    /// The line, indented, without a line end.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The longest value that is shown whole, in characters.
const LONGEST_VALUE: usize = 100;

pub(super) fn lines(diff: &Diff) -> Vec<Line> {
    let resources = diff.resources.iter().flat_map(resource);
    let entries = diff.entries.iter().flat_map(entry);
    resources.chain(entries).collect()
}

fn resource(resource: &ResourceDiff) -> Vec<Line> {
    let (mark, sign) = match (resource.action, resource.replacement) {
        (Action::Added, _) => (Mark::Added, '+'),
        (Action::Removed, _) => (Mark::Removed, '-'),
        (Action::Changed, Replacement::Maybe | Replacement::Yes) => (Mark::Replaced, '!'),
        (Action::Changed, Replacement::No | Replacement::Unknown) => (Mark::Changed, '~'),
    };
    let mut text = format!("{sign} {} {}", resource.type_name, resource.id);
    let consequence = consequence(resource);
    if !consequence.is_empty() {
        text.push_str(&format!(": {consequence}"));
    }
    let mut lines = vec![Line { mark, text }];
    lines.extend(resource.changes.iter().map(change));
    lines
}

fn consequence(resource: &ResourceDiff) -> String {
    let what = match (resource.action, resource.replacement) {
        (Action::Changed, Replacement::Yes) => "replaced",
        (Action::Changed, Replacement::Maybe) => "may be replaced",
        (Action::Changed, Replacement::Unknown) => "whether it is replaced is not known for this type",
        (Action::Added | Action::Removed, _) | (Action::Changed, Replacement::No) => "",
    };
    let data = if resource.stateful { " with its data" } else { "" };
    let fate = match (resource.action, resource.fate) {
        (_, None) => String::new(),
        (Action::Removed, Some(Fate::Deleted)) => format!("deleted{data}"),
        (_, Some(Fate::Deleted)) => format!("the old one is deleted{data}"),
        (Action::Removed, Some(Fate::Retained)) => "stays outside the stack".to_owned(),
        (_, Some(Fate::Retained)) => "the old one stays outside the stack".to_owned(),
        (Action::Removed, Some(Fate::Snapshot)) => "deleted after a snapshot".to_owned(),
        (_, Some(Fate::Snapshot)) => "the old one is deleted after a snapshot".to_owned(),
    };
    [what.to_owned(), fate].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn change(change: &Change) -> Line {
    let mut text = format!("    {}", change.path);
    match (&change.because_of, &change.old, &change.new) {
        (Some(cause), _, _) => text.push_str(&format!(": follows the replacement of {cause}")),
        (None, old, new) => text.push_str(&format!(": {}", values(old.as_ref(), new.as_ref()))),
    }
    match change.replacement {
        Replacement::Yes => text.push_str(" (replaces)"),
        Replacement::Maybe => text.push_str(" (may replace)"),
        Replacement::No | Replacement::Unknown => {}
    }
    Line { mark: Mark::Detail, text }
}

fn values(old: Option<&Json>, new: Option<&Json>) -> String {
    match (old, new) {
        (Some(old), Some(new)) => format!("{} → {}", value(old), value(new)),
        (None, Some(new)) => format!("added {}", value(new)),
        (Some(old), None) => format!("removed {}", value(old)),
        (None, None) => String::new(),
    }
}

fn value(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn entry(entry: &EntryDiff) -> Vec<Line> {
    let (mark, sign) = match entry.action {
        Action::Added => (Mark::Added, '+'),
        Action::Removed => (Mark::Removed, '-'),
        Action::Changed => (Mark::Changed, '~'),
    };
    let head = format!("{sign} {} {}", entry.section, entry.id);
    let head = head.trim_end();
    match entry.changes.as_slice() {
        [only] if only.path.is_empty() => vec![Line { mark, text: format!("{head}: {}", values(only.old.as_ref(), only.new.as_ref())) }],
        changes => {
            let mut lines = vec![Line { mark, text: head.to_owned() }];
            lines.extend(changes.iter().map(change));
            lines
        }
    }
}
