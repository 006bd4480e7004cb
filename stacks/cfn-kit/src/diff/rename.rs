//! Resources that are only called something else.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value as Json;

use super::compare::{body, section};
use super::model::{Action, ResourceDiff};
use super::names::function;
use super::normal;

/// How much of what either says both must say.
const ALIKE: f64 = 0.7;

/// Turns what goes and what comes with the same type and nearly the same properties into one entry each.
pub(super) fn find(resources: &mut Vec<ResourceDiff>, old: &Json, new: &Json) {
    let of = |action: Action| -> Vec<&ResourceDiff> { resources.iter().filter(|one| one.action == action).collect() };
    let (removed, added) = (of(Action::Removed), of(Action::Added));
    if removed.is_empty() || added.is_empty() {
        return;
    }
    let (olds, news) = (section(old, "Resources"), section(new, "Resources"));
    let ids: HashSet<&str> = removed.iter().chain(&added).map(|one| one.id.as_str()).collect();
    let said = |side: &[&ResourceDiff], bodies: &serde_json::Map<String, Json>| -> Vec<(String, String, Vec<u64>)> {
        let described = side.iter().filter_map(|one| Some((one.id.clone(), one.type_name.clone(), says(bodies.get(&one.id)?, &ids))));
        described.collect()
    };
    let (removed, added) = (said(&removed, olds), said(&added, news));

    let mut by_type: HashMap<&str, (Vec<usize>, Vec<usize>)> = HashMap::new();
    removed.iter().enumerate().for_each(|(index, (_, kind, _))| by_type.entry(kind).or_default().0.push(index));
    added.iter().enumerate().for_each(|(index, (_, kind, _))| by_type.entry(kind).or_default().1.push(index));
    let mut pairs = Vec::new();
    for (gone, come) in by_type.values() {
        let only = gone.len() == 1 && come.len() == 1;
        for (gone, come) in gone.iter().flat_map(|gone| come.iter().map(move |come| (*gone, *come))) {
            let likeness = likeness(&removed[gone].2, &added[come].2, only);
            if likeness >= ALIKE {
                pairs.push((likeness, gone, come));
            }
        }
    }
    // The most alike first; among equals, in the order of the templates.
    pairs.sort_by(|left, right| right.0.total_cmp(&left.0).then((left.1, left.2).cmp(&(right.1, right.2))));
    let (mut gone, mut come) = (HashSet::new(), HashSet::new());
    let mut renamed = HashMap::new();
    for (_, from, to) in pairs {
        if !gone.contains(&from) && !come.contains(&to) {
            gone.insert(from);
            come.insert(to);
            renamed.insert(added[to].0.clone(), removed[from].0.clone());
        }
    }
    let is_resource = |id: &str| olds.contains_key(id) || news.contains_key(id);
    for resource in resources.iter_mut().filter(|one| one.action == Action::Added) {
        let Some(from) = renamed.get(&resource.id) else { continue };
        let (Some(former), Some(latter)) = (olds.get(from), news.get(&resource.id)) else { continue };
        resource.action = Action::Renamed;
        resource.renamed_from = Some(from.clone());
        resource.changes = body(former, latter, &is_resource);
    }
    let gone: HashSet<&String> = renamed.values().collect();
    resources.retain(|one| one.action != Action::Removed || !gone.contains(&one.id));
}

fn likeness(old: &[u64], new: &[u64], only: bool) -> f64 {
    let total = old.len() + new.len();
    if total == 0 {
        // Two bare topics are alike because nothing is said of them: only where there is no other to mean.
        return if only { 1.0 } else { 0.0 };
    }
    let (mut left, mut right, mut common) = (0, 0, 0_usize);
    while let (Some(one), Some(other)) = (old.get(left), new.get(right)) {
        match one.cmp(other) {
            std::cmp::Ordering::Less => left += 1,
            std::cmp::Ordering::Greater => right += 1,
            std::cmp::Ordering::Equal => (left, right, common) = (left + 1, right + 1, common + 1),
        }
    }
    // Templates have far fewer parts than a float can count.
    #[expect(clippy::cast_precision_loss, reason = "a resource has no more than a million parts")]
    let share = (2 * common) as f64 / total as f64;
    share
}

/// A number for everything that a resource says, sorted; names that come or go are all the same to it.
fn says(body: &Json, ids: &HashSet<&str>) -> Vec<u64> {
    let mut found = Vec::new();
    let mut normal = normal::resource(body);
    if let Some(resource) = normal.as_object_mut() {
        resource.shift_remove("Type");
        // Where it was written is no part of what it is.
        resource.shift_remove("Metadata");
    }
    let mut path = DefaultHasher::new();
    leaves(&normal, ids, &mut path, &mut found);
    found.sort_unstable();
    found
}

fn leaves(value: &Json, ids: &HashSet<&str>, path: &mut DefaultHasher, found: &mut Vec<u64>) {
    match value {
        Json::Object(object) => match function(object) {
            Some((name, argument)) => {
                let words = anonymous(&argument.to_string(), ids);
                found.push(hashed(path, &(name, words)));
            }
            None => {
                for (key, value) in object {
                    let mut path = path.clone();
                    key.hash(&mut path);
                    leaves(value, ids, &mut path, found);
                }
            }
        },
        Json::Array(items) => items.iter().for_each(|item| leaves(item, ids, path, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => found.push(hashed(path, &value.to_string())),
    }
}

fn hashed(path: &DefaultHasher, value: &impl Hash) -> u64 {
    let mut hasher = path.clone();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A text without the names that come or go.
fn anonymous(text: &str, ids: &HashSet<&str>) -> String {
    let words = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    let words = words.map(|word| {
        let name = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        if ids.contains(name) { word.replacen(name, "·", 1) } else { word.to_owned() }
    });
    words.collect()
}
