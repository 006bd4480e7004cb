//! Whom a difference reaches without another text: those that refer to what is replaced, to a default, a condition, a mapping.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value as Json;

use super::compare::{empty, section, type_of};
use super::condition;
use super::model::{Action, Change, EntryDiff, Replacement, ResourceDiff};
use super::replacement::by_reference;
use crate::walk::{Section, Target, Use, uses};

/// Attributes that are another value after every update of their resource, although it is not replaced.
const COUNTING: [(&str, &str); 2] =
    [("AWS::EC2::LaunchTemplate", "LatestVersionNumber"), ("AWS::EC2::LaunchTemplate", "DefaultVersionNumber")];

/// What makes a reference give another value.
#[derive(Debug, Clone)]
enum Cause {
    /// A resource that is or may be replaced.
    Resource { id: String, certain: bool },
    /// A resource whose version is counted up.
    Counted { id: String },
    /// A parameter with another default.
    Parameter { id: String },
    /// A condition that may hold where it did not, or the other way round.
    Condition { id: String },
    /// A mapping, with the keys of the value that is another.
    Mapping { id: String, keys: Vec<String> },
}

impl Cause {
    fn path(&self) -> String {
        match self {
            Self::Resource { id, .. } | Self::Counted { id } => format!("Resources/{id}"),
            Self::Parameter { id } => format!("Parameters/{id}"),
            Self::Condition { id } => format!("Conditions/{id}"),
            Self::Mapping { id, .. } => format!("Mappings/{id}"),
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Resource { id, .. }
            | Self::Counted { id }
            | Self::Parameter { id }
            | Self::Condition { id }
            | Self::Mapping { id, .. } => id,
        }
    }

    /// Whether this use gives another value, and whether that is certain; none where it is not concerned.
    fn reaches(&self, one: &Use<'_>, types: &HashMap<&str, &str>) -> Option<bool> {
        match (self, &one.target) {
            (Self::Resource { certain, .. }, Target::Name(_)) => Some(*certain),
            (Self::Resource { id, certain }, Target::Attribute(_, attribute)) => {
                let type_name = types.get(id.as_str()).copied().unwrap_or_default();
                Some(*certain && attribute.as_ref().is_some_and(|attribute| identifies(type_name, attribute)))
            }
            (Self::Counted { id }, Target::Attribute(_, Some(attribute))) => {
                let type_name = types.get(id.as_str()).copied().unwrap_or_default();
                COUNTING.contains(&(type_name, attribute.as_ref())).then_some(true)
            }
            (Self::Parameter { .. }, Target::Name(_)) | (Self::Condition { .. }, Target::Condition(_)) => Some(false),
            (Self::Mapping { keys, .. }, Target::Mapping { first, second, .. }) => {
                let known = [first, second];
                let concerned = known.iter().zip(keys).all(|(wanted, changed)| wanted.is_none_or(|wanted| wanted == *changed));
                concerned.then(|| keys.len() >= 2 && first.is_some() && second.is_some())
            }
            _ => None,
        }
    }
}

/// Whether a new resource is certain to have another value here: it is made while the old one is still there.
fn identifies(type_name: &str, attribute: &str) -> bool {
    let named = crate::facts::of(type_name).is_some_and(|facts| {
        facts.reference.as_deref() == Some(attribute) || (facts.identifier.len() == 1 && facts.identifier[0] == attribute)
    });
    named || attribute.ends_with("Arn") || attribute.ends_with("ARN") || attribute.ends_with("Id") || attribute.ends_with("Name")
}

/// Adds to each resource and output what changes its values although their text stays.
pub(super) fn spread(old: &Json, new: &Json, resources: &mut Vec<ResourceDiff>, entries: &mut Vec<EntryDiff>) {
    let mut causes: VecDeque<Cause> = own_causes(resources, entries).into();
    if causes.is_empty() {
        return;
    }
    let bodies = section(new, "Resources");
    let types: HashMap<&str, &str> = bodies.iter().map(|(id, body)| (id.as_str(), type_of(body))).collect();
    let uses = uses(new);
    let mut by_target: HashMap<&str, Vec<(&Use<'_>, &str)>> = HashMap::new();
    for (one, path) in &uses {
        let name = match &one.target {
            Target::Name(name) | Target::Attribute(name, _) | Target::Condition(name) | Target::Mapping { name, .. } => name,
            Target::Dependency(_) => continue,
        };
        by_target.entry(name).or_default().push((one, path));
    }
    let mut told = HashSet::new();
    let mut index: HashMap<String, usize> = resources.iter().enumerate().map(|(index, one)| (one.id.clone(), index)).collect();
    while let Some(cause) = causes.pop_front() {
        // What may be replaced for one reason can be certain to be for another, and then says so once more.
        if !told.insert(format!("{cause:?}")) {
            continue;
        }
        for (one, path) in by_target.get(cause.id()).into_iter().flatten() {
            let Some(certain) = cause.reaches(one, &types) else { continue };
            let path = path.splitn(3, '/').nth(2).unwrap_or_default();
            match one.section {
                Section::Resources if cause.path() != format!("Resources/{}", one.owner) => {
                    let type_name = types.get(one.owner).copied().unwrap_or_default();
                    let replacement = match path.strip_prefix("Properties/") {
                        Some(property) => by_reference(type_name, property, certain),
                        None => Replacement::No,
                    };
                    // A choice is made in its property: `Fn::If` names a condition where it stands.
                    let change = Change::because_of(path, replacement, &cause.path());
                    causes.extend(add(resources, &mut index, one.owner, type_name, change));
                }
                Section::Outputs => output(entries, one.owner, Change::because_of(path, Replacement::No, &cause.path())),
                Section::Conditions => {
                    let is_same = condition::holds(old, one.owner).is_some_and(|was| condition::holds(new, one.owner) == Some(was));
                    if !is_same {
                        causes.push_back(Cause::Condition { id: one.owner.to_owned() });
                    }
                }
                Section::Resources | Section::Rules => {}
            }
        }
    }
}

fn own_causes(resources: &[ResourceDiff], entries: &[EntryDiff]) -> Vec<Cause> {
    let mut causes: Vec<Cause> = resources.iter().filter_map(cause_of).collect();
    for entry in entries.iter().filter(|entry| entry.action == Action::Changed) {
        let id = entry.id.clone();
        match entry.section.as_str() {
            "Parameters" if entry.changes.iter().any(|change| matches!(change.path.as_str(), "Default" | "Type" | "")) => {
                causes.push(Cause::Parameter { id });
            }
            "Conditions" => causes.push(Cause::Condition { id }),
            "Mappings" => causes.extend(entry.changes.iter().map(|change| {
                let keys = change.path.split('/').filter(|step| !step.is_empty()).take(2).map(super::names::unescaped);
                Cause::Mapping { id: id.clone(), keys: keys.collect() }
            })),
            _ => {}
        }
    }
    causes
}

fn cause_of(resource: &ResourceDiff) -> Option<Cause> {
    let id = resource.id.clone();
    match (resource.action, resource.replacement) {
        (Action::Changed, Replacement::Yes) => Some(Cause::Resource { id, certain: true }),
        (Action::Changed, Replacement::Maybe) => Some(Cause::Resource { id, certain: false }),
        (Action::Changed, _) if COUNTING.iter().any(|(type_name, _)| *type_name == resource.type_name) => Some(Cause::Counted { id }),
        (Action::Added | Action::Removed | Action::Renamed | Action::Changed, _) => None,
    }
}

/// Adds a change to a resource, and gives what that causes in its turn.
fn add(resources: &mut Vec<ResourceDiff>, index: &mut HashMap<String, usize>, id: &str, type_name: &str, change: Change) -> Option<Cause> {
    let position = *index.entry(id.to_owned()).or_insert_with(|| {
        resources.push(empty(id, type_name, Action::Changed));
        resources.len() - 1
    });
    let resource = resources.get_mut(position)?;
    if resource.action != Action::Changed {
        return None;
    }
    match resource.changes.iter_mut().find(|known| covers(&known.path, &change.path)) {
        // Its text is another as well: that says more, but not that the new one refers to something new.
        Some(known) if known.replacement < change.replacement => known.replacement = change.replacement,
        Some(_) => return None,
        None => resource.changes.push(change.clone()),
    }
    resource.replacement = resource.replacement.max(change.replacement);
    cause_of(resource)
}

fn covers(known: &str, path: &str) -> bool {
    path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn output(entries: &mut Vec<EntryDiff>, id: &str, change: Change) {
    match entries.iter_mut().find(|entry| entry.section == "Outputs" && entry.id == id) {
        Some(entry) => {
            if entry.action == Action::Changed && !entry.changes.iter().any(|known| covers(&known.path, &change.path)) {
                entry.changes.push(change);
            }
        }
        None => entries.push(EntryDiff {
            section: "Outputs".to_owned(),
            id: id.to_owned(),
            action: Action::Changed,
            source: None,
            changes: vec![change],
        }),
    }
}
