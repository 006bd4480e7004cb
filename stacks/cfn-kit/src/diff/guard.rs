//! What a template says about its own changes: `Metadata."com.aws.cloudformation.Context"`.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::compare::section;
use super::model::{Action, Change, Class, Level, ResourceDiff};

const CONTEXT: &str = "com.aws.cloudformation.Context";

/// A change of something that the old or the new template guards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardedChange {
    /// The logical ID, that of the old template where it has another now.
    pub resource: String,
    /// The property; none where the whole resource goes, is replaced or called something else.
    pub property: Option<String>,
    /// How safe the template says that a change is.
    pub level: Level,
    /// Why the resource is what it is, in the template's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What must hold, in the template's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub must: Vec<String>,
    /// `file:line` of where it comes from, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl GuardedChange {
    /// The name by which it can be allowed: `LogicalId.Property`, or `LogicalId` for a whole resource.
    pub fn name(&self) -> String {
        match &self.property {
            Some(property) => format!("{}.{property}", self.resource),
            None => self.resource.clone(),
        }
    }
}

/// Every change of what is guarded more strictly than `free-to-tune`, by the stricter word of the two templates.
pub(super) fn changes(old: &Json, new: &Json, resources: &[ResourceDiff]) -> Vec<GuardedChange> {
    let (olds, news) = (section(old, "Resources"), section(new, "Resources"));
    let mut found = Vec::new();
    for resource in resources.iter().filter(|one| one.action != Action::Added) {
        let id = resource.renamed_from.as_ref().unwrap_or(&resource.id);
        let contexts: Vec<&Json> = [olds.get(id), news.get(&resource.id)].into_iter().flatten().filter_map(context).collect();
        if contexts.is_empty() {
            continue;
        }
        let mut guarded = |property: Option<String>, level: Level| {
            let Some(context) = contexts.first() else { return };
            found.push(GuardedChange {
                resource: id.clone(),
                property,
                level,
                why: context.get("why").and_then(Json::as_str).map(ToOwned::to_owned),
                must: context
                    .get("must")
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Json::as_str)
                    .map(ToOwned::to_owned)
                    .collect(),
                source: None,
            });
        };
        // With the resource, everything that must never change goes.
        let whole = resource.action != Action::Changed || matches!(resource.class, Class::Replace | Class::MayReplace | Class::MayDelete);
        if whole && let Some(level) = contexts.iter().filter_map(|context| strictest(context)).max() {
            guarded(None, level);
        }
        let mut properties: Vec<&str> = resource.changes.iter().filter_map(property).collect();
        properties.sort_unstable();
        properties.dedup();
        for property in properties {
            let level = contexts.iter().filter_map(|context| level_of(context, property, &resource.changes)).max();
            if let Some(level) = level.filter(|level| *level > Level::FreeToTune) {
                guarded(Some(property.to_owned()), level);
            }
        }
    }
    found
}

fn context(resource: &Json) -> Option<&Json> {
    resource.get("Metadata")?.get(CONTEXT)
}

/// The property that a change is in, by its own name.
fn property(change: &Change) -> Option<&str> {
    change.path.strip_prefix("Properties/")?.split('/').next()
}

fn level(word: &Json) -> Option<Level> {
    match word.as_str()? {
        "must-never-change" => Some(Level::MustNeverChange),
        "change-with-constraints" => Some(Level::ChangeWithConstraints),
        "review-required" => Some(Level::ReviewRequired),
        "free-to-tune" => Some(Level::FreeToTune),
        _ => None,
    }
}

/// What a context says of a property: its own level, else the resource's.
fn level_of(context: &Json, property: &str, changes: &[Change]) -> Option<Level> {
    let levels = context.get("mutability").and_then(Json::as_object);
    let own = levels.and_then(|levels| levels.get(property)).and_then(level);
    // `Policy.Statement` guards a part of a property.
    let parts = levels.into_iter().flatten().filter_map(|(name, word)| {
        let path = format!("Properties/{}", name.replace('.', "/"));
        let touched = name.split('.').next() == Some(property) && name.contains('.');
        let concerned = touched && changes.iter().any(|change| within(&change.path, &path) || within(&path, &change.path));
        concerned.then(|| level(word)).flatten()
    });
    let parts = parts.max();
    own.max(parts).or_else(|| context.get("mutable").and_then(level))
}

fn within(path: &str, around: &str) -> bool {
    path.strip_prefix(around).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The strictest `must-never-change` of a context: what the end of the resource would break.
fn strictest(context: &Json) -> Option<Level> {
    let levels = context.get("mutability").and_then(Json::as_object).into_iter().flat_map(|levels| levels.values());
    let mut levels = levels.chain(context.get("mutable")).filter_map(level);
    levels.find(|level| *level == Level::MustNeverChange)
}
