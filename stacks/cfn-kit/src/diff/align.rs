//! Which item of one list is which of the other.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::compare::same;
use super::names::{identity, is_function};
use super::place::Place;

/// One row of two lists side by side; a side that has no such item is none.
pub(super) type Row = (Option<usize>, Option<usize>);

/// Where comparing every item with every other would take longer than anybody waits.
const MOST_PAIRS: usize = 1_000_000;

/// Lays two lists side by side, in the order of the new one where they have an order.
pub(super) fn rows(olds: &[Json], news: &[Json], place: Place<'_>) -> Vec<Row> {
    let item = place.item();
    if place.is_set() && olds.len().saturating_mul(news.len()) <= MOST_PAIRS {
        set_rows(olds, news, item)
    } else {
        list_rows(olds, news, item)
    }
}

/// The items that both lists identify, once each: index in the old list by index in the new one.
fn identified(olds: &[Json], news: &[Json]) -> HashMap<usize, usize> {
    let name = |item: &Json| item.as_object().filter(|object| !is_function(object)).and_then(identity);
    let unique = |items: &[Json]| {
        let mut found: HashMap<_, Option<usize>> = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            if let Some(name) = name(item) {
                // What stands twice identifies nothing.
                found.entry(name).and_modify(|known| *known = None).or_insert(Some(index));
            }
        }
        found
    };
    let (olds, news) = (unique(olds), unique(news));
    news.into_iter().filter_map(|(name, new)| Some((new?, (*olds.get(&name)?)?))).collect()
}

fn is_identified(item: &Json) -> bool {
    item.as_object().filter(|object| !is_function(object)).and_then(identity).is_some()
}

fn set_rows(olds: &[Json], news: &[Json], place: Place<'_>) -> Vec<Row> {
    let identified = identified(olds, news);
    let mut partner: Vec<Option<usize>> = (0..news.len()).map(|new| identified.get(&new).copied()).collect();
    let mut taken = vec![false; olds.len()];
    partner.iter().flatten().for_each(|old| taken[*old] = true);
    // Those that are the same come first, so that what is left did change.
    for (new, partner) in partner.iter_mut().enumerate().filter(|(_, partner)| partner.is_none()) {
        // In most sets nothing moved.
        let likely = olds.get(new).is_some().then_some(new);
        let found = likely.into_iter().chain(0..olds.len()).find(|old| !taken[*old] && same(&olds[*old], &news[new], place));
        if let Some(old) = found {
            taken[old] = true;
            *partner = Some(old);
        }
    }
    for (new, partner) in partner.iter_mut().enumerate().filter(|(_, partner)| partner.is_none()) {
        let best = (0..olds.len()).filter(|old| !taken[*old]).map(|old| (likeness(&olds[old], &news[new]), old));
        // The first of those that are alike: `max_by_key` would take the last.
        let best = best.rev().max_by_key(|(likeness, _)| *likeness).filter(|(likeness, _)| *likeness > 0);
        if let Some((_, old)) = best {
            taken[old] = true;
            *partner = Some(old);
        }
    }
    let rows = partner.into_iter().enumerate().map(|(new, old)| (old, Some(new)));
    let gone = taken.iter().enumerate().filter(|(_, taken)| !**taken).map(|(old, _)| (Some(old), None));
    rows.chain(gone).collect()
}

/// How many entries two items share where at least half of them are shared; 0 for what is not alike.
fn likeness(old: &Json, new: &Json) -> usize {
    let (Some(olds), Some(news)) = (old.as_object(), new.as_object()) else { return 0 };
    if is_function(olds) || is_function(news) || (is_identified(old) && is_identified(new)) {
        return 0;
    }
    let shared = olds.iter().filter(|(key, old)| news.get(*key) == Some(old)).count();
    if shared * 2 >= olds.len().max(news.len()) { shared } else { 0 }
}

fn list_rows(olds: &[Json], news: &[Json], place: Place<'_>) -> Vec<Row> {
    let identified = identified(olds, news);
    let matches = |old: usize, new: usize| match identified.get(&new) {
        Some(partner) => *partner == old,
        None => same(&olds[old], &news[new], place),
    };
    let head = (0..olds.len().min(news.len())).take_while(|index| matches(*index, *index)).count();
    let tail = (0..olds.len().min(news.len()) - head).take_while(|back| matches(olds.len() - 1 - back, news.len() - 1 - back)).count();

    let mut rows: Vec<Row> = (0..head).map(|index| (Some(index), Some(index))).collect();
    let (old_end, new_end) = (olds.len() - tail, news.len() - tail);
    let common = longest_common(head..old_end, head..new_end, &matches);
    let (mut old, mut new) = (head, head);
    for (next_old, next_new) in common.into_iter().chain([(old_end, new_end)]) {
        gap(olds, news, old..next_old, new..next_new, &mut rows);
        if next_old < old_end && next_new < new_end {
            rows.push((Some(next_old), Some(next_new)));
        }
        (old, new) = (next_old + 1, next_new + 1);
    }
    rows.extend((0..tail).rev().map(|back| (Some(olds.len() - 1 - back), Some(news.len() - 1 - back))));
    rows
}

/// The items between two that match: changed one by one where they can be, else gone and come.
fn gap(olds: &[Json], news: &[Json], mut old: std::ops::Range<usize>, mut new: std::ops::Range<usize>, rows: &mut Vec<Row>) {
    loop {
        match (old.next(), new.next()) {
            (Some(left), Some(right)) if pairs(&olds[left], &news[right]) => rows.push((Some(left), Some(right))),
            (None, None) => return,
            (left, right) => {
                rows.extend(left.map(|left| (Some(left), None)));
                rows.extend(right.map(|right| (None, Some(right))));
            }
        }
    }
}

/// Whether one of these can be the other, changed.
fn pairs(old: &Json, new: &Json) -> bool {
    let name = |item: &Json| item.as_object().filter(|object| !is_function(object)).and_then(identity);
    old.is_object() == new.is_object()
        && old.is_array() == new.is_array()
        && match (name(old), name(new)) {
            (Some(old), Some(new)) => old == new,
            _ => true,
        }
}

/// The longest sequence of items that stand in both, in order.
fn longest_common(
    olds: std::ops::Range<usize>,
    news: std::ops::Range<usize>,
    matches: &impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let (height, width) = (olds.len(), news.len());
    if height == 0 || width == 0 || height.saturating_mul(width) > MOST_PAIRS {
        return Vec::new();
    }
    let equal: Vec<Vec<bool>> = olds.clone().map(|old| news.clone().map(|new| matches(old, new)).collect()).collect();
    let mut lengths = vec![vec![0_u32; width + 1]; height + 1];
    for row in (0..height).rev() {
        for column in (0..width).rev() {
            lengths[row][column] =
                if equal[row][column] { lengths[row + 1][column + 1] + 1 } else { lengths[row + 1][column].max(lengths[row][column + 1]) };
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut common = Vec::new();
    while row < height && column < width {
        if equal[row][column] {
            common.push((olds.start + row, news.start + column));
            (row, column) = (row + 1, column + 1);
        } else if lengths[row + 1][column] >= lengths[row][column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    common
}
