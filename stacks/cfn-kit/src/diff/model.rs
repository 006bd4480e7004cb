//! The form of a difference, which other programs read.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use super::guard::GuardedChange;
use super::security::SecurityChange;

/// The version of [`Diff`]'s form; it grows when a field goes or changes its meaning.
pub const DIFF_VERSION: u32 = 2;

/// Everything that differs between two templates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// The version of this form: [`DIFF_VERSION`].
    pub version: u32,
    /// Resources that come, go or change, those of the new template first, in its order.
    pub resources: Vec<ResourceDiff>,
    /// Everything else: parameters, outputs, conditions, …, unknown sections too.
    pub entries: Vec<EntryDiff>,
    /// What is granted or opened, and what no longer is.
    pub security: Vec<SecurityChange>,
    /// Changes of what a template's own `com.aws.cloudformation.Context` guards.
    pub guarded: Vec<GuardedChange>,
}

/// What happens to one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceDiff {
    /// The logical ID, that of the new template where it has another now.
    pub id: String,
    /// The resource type, that of the new template where it changes.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether it comes, goes, changes or is only called something else.
    pub action: Action,
    /// What CloudFormation does with the real resource.
    pub class: Class,
    /// Whether a new one is made in its place; `no` for those that come or go.
    pub replacement: Replacement,
    /// Whether it holds data, as far as the facts say.
    pub stateful: bool,
    /// What becomes of the real resource, where it goes or may be replaced.
    pub fate: Option<Fate>,
    /// What is gone with it, in words, where it is or may be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// The logical ID that it had, where it is only called something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// Whether nothing but the code or the image that it runs is another.
    pub asset_only: bool,
    /// What a person should know before it is deployed.
    pub warnings: Vec<String>,
    /// `file:line` of where it comes from, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What differs; one change with an empty path where the whole resource comes or goes.
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
    /// `file:line` of where it comes from, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What differs; one change with an empty path where the whole entry comes or goes.
    pub changes: Vec<Change>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Where, within the resource or the entry of the new template, in normal form: `Properties/VisibilityTimeout`. What goes is
    /// where it was. `~1` is a `/` in a key and `~0` a `~`, as in a JSON pointer; `~2` is a key that is empty.
    pub path: String,
    /// The same for the old template, where that is another place because items of a list came, went or moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// The path for people, where an item has something better than its number: `Properties/Tags[Team]/Value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it was; absent where it comes.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub old: Option<Json>,
    /// What it will be; absent where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub new: Option<Json>,
    /// Whether this difference makes a new resource.
    pub replacement: Replacement,
    /// What changes this value although its text stays: `Resources/Jobs` that is replaced, `Parameters/Days`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because_of: Option<String>,
}

/// A `null` that stands there is a value; only what does not stand there is none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl Change {
    pub(super) fn new(path: impl Into<String>, old: Option<Json>, new: Option<Json>) -> Self {
        Self { path: path.into(), old_path: None, label: None, old, new, replacement: Replacement::No, because_of: None }
    }

    pub(super) fn because_of(path: impl Into<String>, replacement: Replacement, cause: &str) -> Self {
        Self { replacement, because_of: Some(cause.to_owned()), ..Self::new(path, None, None) }
    }

    /// Where it is in the old template.
    pub fn old_path(&self) -> &str {
        self.old_path.as_deref().unwrap_or(&self.path)
    }

    /// Where it is, for people.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.path)
    }
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
    /// It is in both under another logical ID: CloudFormation makes a new one and removes the old one.
    Renamed,
}

/// What CloudFormation does with a real resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It is made.
    Add,
    /// It is changed in place.
    Update,
    /// It is changed; the facts do not know whether a new one is made.
    Unknown,
    /// Whether a new one is made depends on values that only the deploy knows.
    MayReplace,
    /// A new one is made, and the old one leaves the stack.
    Replace,
    /// Its condition decides anew whether it exists.
    MayDelete,
    /// It is deleted.
    Delete,
    /// It leaves the stack and stays (`Retain`).
    Keep,
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

/// How safe a template says that a change of a property is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Anybody may change it.
    FreeToTune,
    /// Somebody should look at the change.
    ReviewRequired,
    /// It may change within what `must` says.
    ChangeWithConstraints,
    /// A change of it is refused.
    MustNeverChange,
}
