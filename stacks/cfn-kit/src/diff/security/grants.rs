//! Who may call what that they could not, and who no longer may.
//!
//! A statement is compared with all statements about the same role or of the same resource, so that moving one, splitting it, or
//! writing out a part of what a wildcard granted before is no broadening.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value as Json;

use super::super::compare::{section, type_of};
use super::super::normal;
use super::statements::{Grant, of_resource};
use super::words::Words;
use super::{Area, Bodies, Direction, Renamed, SecurityChange, rename};

/// Beyond this many combinations of who, what and on what, a statement is compared as a whole.
const MOST_COMBINATIONS: usize = 20_000;

pub(super) fn changes(old: &Json, new: &Json, ids: &[&str], renamed: &Renamed<'_>, before: &Bodies, after: &Bodies) -> Vec<SecurityChange> {
    let own = |bodies: &Bodies| -> Vec<Grant> { ids.iter().filter_map(|id| Some(of_resource(id, bodies.get(*id)?))).flatten().collect() };
    let (mut olds, mut news) = (own(before), own(after));
    olds.iter_mut().for_each(|grant| renamed_in(grant, renamed));
    let groups: HashSet<String> = olds.iter().chain(&news).map(|grant| grant.group.clone()).collect();
    if groups.is_empty() {
        return boundaries(ids, before, after);
    }
    // A role's rights may come from resources that did not change.
    let others = others(old, new, ids, &groups);
    olds.extend(others.iter().cloned());
    news.extend(others);

    let mut found = Vec::new();
    for grant in &news {
        let direction = if grant.denies() { Direction::Narrowed } else { Direction::Broadened };
        found.extend(uncovered(grant, &olds).map(|rest| told(rest, direction)));
    }
    for grant in &olds {
        let direction = if grant.denies() { Direction::Broadened } else { Direction::Narrowed };
        found.extend(uncovered(grant, &news).map(|rest| told(rest, direction)));
    }
    found.extend(boundaries(ids, before, after));
    found
}

/// The statements of resources that stayed as they were, about roles that are concerned.
fn others(old: &Json, new: &Json, ids: &[&str], groups: &HashSet<String>) -> Vec<Grant> {
    let changed: HashSet<&str> = ids.iter().copied().collect();
    let olds = section(old, "Resources");
    let same = section(new, "Resources").iter().filter(|(id, body)| {
        let type_name = type_of(body);
        !changed.contains(id.as_str())
            && olds.contains_key(*id)
            && (type_name.starts_with("AWS::IAM::") || type_name == "AWS::Lambda::Permission")
    });
    same.flat_map(|(id, body)| of_resource(id, &normal::resource(body))).filter(|grant| groups.contains(&grant.group)).collect()
}

/// Says the new names of what is only called something else.
fn renamed_in(grant: &mut Grant, renamed: &Renamed<'_>) {
    let words = grant.who.words.iter_mut().chain(&mut grant.what.words).chain(&mut grant.on.words);
    words.chain([&mut grant.group]).chain(&mut grant.when).for_each(|word| rename(word, renamed));
}

/// What of a statement none of the others says; none where all of it is said.
fn uncovered(grant: &Grant, others: &[Grant]) -> Option<Grant> {
    let comparable: Vec<&Grant> = others
        .iter()
        .filter(|other| other.group == grant.group && other.effect == grant.effect && (other.when.is_none() || other.when == grant.when))
        .collect();
    if comparable.iter().any(|other| holds(other, grant)) {
        return None;
    }
    let sets = [&grant.who, &grant.what, &grant.on];
    let combinations = sets.iter().map(|set| set.words.len().max(1)).product::<usize>();
    if sets.iter().any(|set| set.but) || combinations.saturating_mul(comparable.len().max(1)) > MOST_COMBINATIONS {
        return Some(grant.clone());
    }
    let nothing = [String::new()];
    let [whos, whats, ons] = sets.map(|set| if set.words.is_empty() { nothing.as_slice() } else { set.words.as_slice() });
    let mut rest = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    for who in whos {
        for what in whats {
            for on in ons {
                let said =
                    comparable.iter().any(|other| includes(&other.who, who) && includes(&other.what, what) && includes(&other.on, on));
                if !said {
                    for (rest, word) in rest.iter_mut().zip([who, what, on]) {
                        rest.insert(word.clone());
                    }
                }
            }
        }
    }
    if rest[1].is_empty() {
        return None;
    }
    let [who, what, on] = rest.map(|words| Words::only(words.into_iter().filter(|word| !word.is_empty())));
    Some(Grant { who, what, on, ..grant.clone() })
}

fn holds(other: &Grant, grant: &Grant) -> bool {
    let all = |other: &Words, own: &Words| other == own || (!own.words.is_empty() && other.has_all(own));
    all(&other.who, &grant.who) && all(&other.what, &grant.what) && all(&other.on, &grant.on)
}

fn includes(words: &Words, word: &str) -> bool {
    if word.is_empty() { words.words.is_empty() } else { words.has(word) }
}

fn told(grant: Grant, direction: Direction) -> SecurityChange {
    let wildcard =
        grant.effect == "Allow" && (grant.who.is_wild() || grant.what.is_wild() || grant.on.words.iter().any(|word| word == "*"));
    let administrator = grant.effect == "managed policy" && grant.what.words.iter().any(|arn| arn.ends_with("/AdministratorAccess"));
    SecurityChange {
        area: Area::Iam,
        direction,
        resource: grant.owner,
        wildcard: wildcard || administrator,
        effect: grant.effect,
        who: grant.who.told(),
        what: grant.what.told(),
        on: grant.on.told(),
        when: grant.when,
    }
}

/// A permissions boundary that goes or is another lets a role do more, as far as anybody knows.
fn boundaries(ids: &[&str], before: &Bodies, after: &Bodies) -> Vec<SecurityChange> {
    let boundary = |bodies: &Bodies, id: &str| {
        let boundary = bodies.get(id)?.get("Properties")?.get("PermissionsBoundary")?;
        Some(super::super::parts::spoken(boundary))
    };
    let of = |id: &&str| {
        let (old, new) = (boundary(before, id), boundary(after, id));
        if old == new || !before.contains_key(*id) || !after.contains_key(*id) {
            return None;
        }
        let direction = if old.is_none() { Direction::Narrowed } else { Direction::Broadened };
        let what = format!("{} → {}", old.as_deref().unwrap_or("none"), new.as_deref().unwrap_or("none"));
        Some(SecurityChange {
            area: Area::Iam,
            direction,
            resource: (*id).to_owned(),
            effect: "permissions boundary".to_owned(),
            who: vec![format!("${{{id}}}")],
            what: vec![what],
            on: Vec::new(),
            when: None,
            wildcard: new.is_none(),
        })
    };
    ids.iter().filter_map(of).collect()
}
