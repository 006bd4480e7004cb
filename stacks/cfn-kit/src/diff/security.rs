//! What a change grants or opens, and what it takes away: the part of a diff that a reviewer reads first.

mod grants;
mod network;
mod statements;
mod switches;
mod words;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::compare::section;
use super::model::ResourceDiff;
use super::normal;

/// Something that is granted or opened, or no longer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityChange {
    /// Which of the two tables it belongs to.
    pub area: Area,
    /// Whether more is possible afterwards, or less.
    pub direction: Direction,
    /// The logical ID that says it.
    pub resource: String,
    /// What kind of rule it is: `Allow`, `Deny`, `managed policy`, `ingress`, `egress`, `public access`, ….
    pub effect: String,
    /// Whom it concerns: principals, roles, address ranges.
    pub who: Vec<String>,
    /// What they can do: actions, ports, or the setting that does it.
    pub what: Vec<String>,
    /// On what.
    pub on: Vec<String>,
    /// Under which condition, as JSON on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Whether everybody, every action, every resource or every address is meant.
    pub wildcard: bool,
}

/// What a security change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Who may call what.
    Iam,
    /// Who can reach what.
    Network,
}

/// Whether more is possible, or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Something is possible that was not, or may be.
    Broadened,
    /// Something is no longer possible.
    Narrowed,
}

impl Direction {
    fn opposite(self) -> Self {
        match self {
            Self::Broadened => Self::Narrowed,
            Self::Narrowed => Self::Broadened,
        }
    }
}

/// The resources of one template that matter here, in normal form.
type Bodies = HashMap<String, Json>;

/// New logical IDs by those that they had.
type Renamed<'a> = HashMap<&'a str, &'a str>;

/// Says the new names in a text that refers by the old ones: `${Jobs.Arn}`.
fn rename(text: &mut String, renamed: &Renamed<'_>) {
    if renamed.is_empty() || !text.contains("${") {
        return;
    }
    let mut pieces = text.split("${");
    let mut changed = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(['.', '}']).unwrap_or(piece.len());
        let name = &piece[..end];
        changed.push_str("${");
        changed.push_str(renamed.get(name).copied().unwrap_or(name));
        changed.push_str(&piece[end..]);
    }
    *text = changed;
}

/// Everything that is granted or opened by the one template and not by the other, what broadens first.
pub(super) fn changes(old: &Json, new: &Json, resources: &[ResourceDiff]) -> Vec<SecurityChange> {
    // Only what has another text can grant something else.
    let touched = resources.iter().filter(|one| one.renamed_from.is_some() || one.changes.iter().any(|change| change.because_of.is_none()));
    let touched: Vec<&ResourceDiff> = touched.collect();
    if touched.is_empty() {
        return Vec::new();
    }
    let (olds, news) = (section(old, "Resources"), section(new, "Resources"));
    let mut before = Bodies::new();
    let mut after = Bodies::new();
    for resource in &touched {
        // What is only called something else grants what it did, under the name that it has now.
        let former = resource.renamed_from.as_ref().unwrap_or(&resource.id);
        before.extend(olds.get(former).map(|body| (resource.id.clone(), normal::resource(body))));
        after.extend(news.get(&resource.id).map(|body| (resource.id.clone(), normal::resource(body))));
    }
    let ids: Vec<&str> = touched.iter().map(|one| one.id.as_str()).collect();
    let renamed: Renamed<'_> = resources.iter().filter_map(|one| Some((one.renamed_from.as_deref()?, one.id.as_str()))).collect();

    let mut found = grants::changes(old, new, &ids, &renamed, &before, &after);
    found.extend(network::changes(old, new, &ids, &renamed, &before, &after));
    found.extend(switches::changes(&ids, &before, &after));
    found.sort_by_key(|change| (change.area == Area::Network, change.direction == Direction::Narrowed));
    found
}
