//! A difference for people.

mod table;

use std::fmt;

use serde_json::Value as Json;

use super::model::{Action, Change, Class, Diff, EntryDiff, Fate, Level, Replacement, ResourceDiff};
use super::parts::spoken;

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
    /// What the lines that follow are about.
    Heading,
    /// What somebody must look at: more is allowed than before, or CloudFormation will not do as the template reads.
    Warning,
    /// Less is allowed than before.
    Narrowed,
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

impl Line {
    fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark, text: text.into() }
    }
}

/// The longest value that is shown whole, in characters.
const LONGEST_VALUE: usize = 160;

pub(super) fn lines(diff: &Diff) -> Vec<Line> {
    let mut lines = table::security(&diff.security);
    lines.extend(guarded(diff));
    lines.extend(diff.resources.iter().flat_map(resource));
    lines.extend(diff.entries.iter().flat_map(entry));
    lines
}

/// What a template guards, before what does it.
fn guarded(diff: &Diff) -> Vec<Line> {
    let line = |change: &super::GuardedChange| {
        let level = match change.level {
            Level::MustNeverChange => "must never change",
            Level::ChangeWithConstraints => "changes only within its constraints",
            Level::ReviewRequired => "wants a review",
            Level::FreeToTune => "may change",
        };
        let mut text = format!("# {} {level}", change.name());
        if let Some(why) = &change.why {
            text.push_str(&format!(": {why}"));
        }
        let mut lines = vec![Line::new(Mark::Warning, text)];
        lines.extend(change.must.iter().map(|must| Line::new(Mark::Detail, format!("    must: {must}"))));
        lines
    };
    diff.guarded.iter().flat_map(line).collect()
}

fn resource(resource: &ResourceDiff) -> Vec<Line> {
    let (mark, sign) = match (resource.action, resource.class) {
        (Action::Added, _) => (Mark::Added, '+'),
        (Action::Removed, _) => (Mark::Removed, '-'),
        (Action::Renamed, _) | (Action::Changed, Class::Replace | Class::MayReplace | Class::MayDelete) => (Mark::Replaced, '!'),
        (Action::Changed, Class::Add | Class::Update | Class::Unknown | Class::Delete | Class::Keep) => (Mark::Changed, '~'),
    };
    let name = match &resource.renamed_from {
        Some(from) => format!("{from} → {}", resource.id),
        None => resource.id.clone(),
    };
    let mut text = format!("{sign} {} {name}", resource.type_name);
    let consequence = consequence(resource);
    if !consequence.is_empty() {
        text.push_str(&format!(": {consequence}"));
    }
    if let Some(source) = &resource.source {
        text.push_str(&format!(" ({source})"));
    }
    let mut lines = vec![Line::new(mark, text)];
    lines.extend(resource.warnings.iter().map(|warning| Line::new(Mark::Warning, format!("    warning: {warning}"))));
    if !resource.asset_only {
        lines.extend(resource.changes.iter().filter(|change| !is_whole(resource, change)).map(change));
    }
    lines
}

fn is_whole(resource: &ResourceDiff, change: &Change) -> bool {
    change.path.is_empty() && matches!(resource.action, Action::Added | Action::Removed)
}

/// What happens to the real resource, and to what it holds.
fn consequence(resource: &ResourceDiff) -> String {
    if resource.asset_only {
        return "new code, and nothing else".to_owned();
    }
    let what = match (resource.action, resource.class) {
        (Action::Renamed, _) => "renamed, which makes a new one",
        (Action::Changed, Class::Replace) => "replaced",
        (Action::Changed, Class::MayReplace) => "may be replaced",
        (Action::Changed, Class::MayDelete) if resource.replacement == Replacement::Maybe => "may be replaced, or go with its condition",
        (Action::Changed, Class::MayDelete) => "may go with its condition",
        (Action::Changed, Class::Unknown) => "whether it is replaced is not known for this type",
        (Action::Added | Action::Removed, _) | (Action::Changed, Class::Add | Class::Update | Class::Delete | Class::Keep) => "",
    };
    let lost = match &resource.lost {
        Some(lost) => format!("; lost: {lost}"),
        None => String::new(),
    };
    let removed = resource.action == Action::Removed;
    let fate = match resource.fate {
        None => String::new(),
        Some(Fate::Deleted) if removed => format!("deleted{lost}"),
        Some(Fate::Deleted) => format!("the old one is deleted{lost}"),
        Some(Fate::Retained) if removed => "stays outside the stack, with its data".to_owned(),
        Some(Fate::Retained) => "the old one stays outside the stack, with its data".to_owned(),
        Some(Fate::Snapshot) if removed => "deleted after a snapshot".to_owned(),
        Some(Fate::Snapshot) => "the old one is deleted after a snapshot".to_owned(),
    };
    [what.to_owned(), fate].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn change(change: &Change) -> Line {
    // That a text is JSON is seen from what is in it.
    let label = change.label().replace("/Fn::ToJsonString", "");
    let mut text = format!("    {label}");
    match &change.because_of {
        Some(cause) => text.push_str(&format!(": {}", because(cause))),
        None => text.push_str(&format!(": {}", values(change.old.as_ref(), change.new.as_ref()))),
    }
    match change.replacement {
        Replacement::Yes => text.push_str(" (replaces)"),
        Replacement::Maybe => text.push_str(" (may replace)"),
        Replacement::No | Replacement::Unknown => {}
    }
    Line::new(Mark::Detail, text)
}

fn because(cause: &str) -> String {
    match cause.split_once('/') {
        Some(("Resources", id)) => format!("follows {id}, which is another one afterwards"),
        Some(("Parameters", id)) => format!("follows the new default of {id}, unless the deploy gives a value"),
        Some(("Conditions", id)) => format!("may follow the condition {id}"),
        Some((_, id)) => format!("follows the mapping {id}"),
        None => format!("follows {cause}"),
    }
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
    let text = match json {
        // What a function gives reads better as `${Queue.Arn}`.
        Json::Object(object) if super::names::is_function(object) => spoken(json),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => json.to_string(),
    };
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn entry(entry: &EntryDiff) -> Vec<Line> {
    let (mark, sign) = match entry.action {
        Action::Added => (Mark::Added, '+'),
        Action::Removed => (Mark::Removed, '-'),
        Action::Changed | Action::Renamed => (Mark::Changed, '~'),
    };
    let head = format!("{sign} {} {}", if entry.section.is_empty() { "Template" } else { &entry.section }, entry.id);
    let head = head.trim_end();
    match entry.changes.as_slice() {
        [only] if only.path.is_empty() && only.because_of.is_none() => {
            vec![Line::new(mark, format!("{head}: {}", values(only.old.as_ref(), only.new.as_ref())))]
        }
        changes => {
            let mut lines = vec![Line::new(mark, head)];
            lines.extend(changes.iter().map(change));
            lines
        }
    }
}
