//! What changes from one template to the next, and what that means for what is deployed.

mod compare;
mod consequence;
mod text;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use text::{Line, Mark};

/// The version of [`Diff`]'s form; it grows when a field goes or changes its meaning.
pub const DIFF_VERSION: u32 = 1;

/// Everything that differs between two templates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// The version of this form: [`DIFF_VERSION`].
    pub version: u32,
    /// Resources that come, go or change, those of the new template first, in its order.
    pub resources: Vec<ResourceDiff>,
    /// Everything else: parameters, outputs, conditions, …
    pub entries: Vec<EntryDiff>,
}

/// What happens to one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceDiff {
    /// The logical ID.
    pub id: String,
    /// The resource type, that of the new template where it changes.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether it comes, goes or changes.
    pub action: Action,
    /// Whether a new one is made in its place; `no` for those that come or go.
    pub replacement: Replacement,
    /// Whether it holds data, as far as the facts say.
    pub stateful: bool,
    /// What becomes of the real resource, where it goes or may be replaced.
    pub fate: Option<Fate>,
    /// What differs; empty where the whole resource comes or goes.
    pub changes: Vec<Change>,
}

/// What happens to a parameter, an output, a condition or another part of the template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryDiff {
    /// The section, such as `Parameters`.
    pub section: String,
    /// The ID in it; empty for a section that is one text, such as `Description`.
    pub id: String,
    /// Whether it comes, goes or changes.
    pub action: Action,
    /// What differs.
    pub changes: Vec<Change>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Where, within the resource or the entry: `Properties/VisibilityTimeout`.
    pub path: String,
    /// What it was; nothing where it comes.
    pub old: Option<Json>,
    /// What it will be; nothing where it goes.
    pub new: Option<Json>,
    /// Whether this difference makes a new resource.
    pub replacement: Replacement,
    /// The resource whose replacement changes this value although its text stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because_of: Option<String>,
}

/// Whether something comes, goes or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is in the new template alone.
    Added,
    /// It is in the old template alone.
    Removed,
    /// It is in both and differs.
    Changed,
}

/// Whether CloudFormation makes a new resource and removes the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Replacement {
    /// It is changed in place.
    No,
    /// The facts do not know the type or the property.
    Unknown,
    /// That depends on values that only the deploy knows.
    Maybe,
    /// It does.
    Yes,
}

/// What becomes of a real resource that leaves the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It is deleted, with its data.
    Deleted,
    /// It stays, outside the stack.
    Retained,
    /// It is deleted after a last snapshot.
    Snapshot,
}

/// Compares two templates, each as CloudFormation's JSON.
pub fn diff(old: &Json, new: &Json) -> Diff {
    let mut resources = compare::resources(old, new);
    consequence::cascade(new, &mut resources);
    consequence::fates(old, new, &mut resources);
    Diff { version: DIFF_VERSION, resources, entries: compare::entries(old, new) }
}

impl Diff {
    /// Whether the templates mean the same.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.entries.is_empty()
    }

    /// Resources whose real counterpart is or may be deleted, by removal or by replacement.
    pub fn destructive(&self) -> impl Iterator<Item = &ResourceDiff> {
        self.resources.iter().filter(|resource| matches!(resource.fate, Some(Fate::Deleted | Fate::Snapshot)))
    }

    /// The difference for a person, line by line; colour is the caller's.
    pub fn lines(&self) -> Vec<Line> {
        text::lines(self)
    }
}
