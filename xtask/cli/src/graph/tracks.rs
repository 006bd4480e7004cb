//! Who turns where in the gaps between the columns: no two bundles on one line, and few across each other.

use std::collections::BTreeMap;

use super::layout::count;
use super::order::Bundle;

/// Where bundles change rows, by the gap to the right of a column.
#[derive(Default)]
pub(super) struct Tracks {
    rows: BTreeMap<usize, BTreeMap<Bundle, Rows>>,
    numbers: BTreeMap<(usize, Bundle), i32>,
    most: BTreeMap<usize, i32>,
}

/// The rows on which a bundle comes into a gap and leaves it.
#[derive(Default)]
struct Rows {
    from: Vec<i32>,
    to: Vec<i32>,
}

/// Nearer than this, two lines look like one.
const APART: i32 = 6;

impl Rows {
    fn span(&self) -> (i32, i32) {
        let all = || self.from.iter().chain(&self.to).copied();
        (all().min().unwrap_or(0), all().max().unwrap_or(0))
    }

    /// Whether this one must turn before the other: it comes in on the row on which the other leaves.
    fn before(&self, other: &Self) -> bool {
        self.from.iter().any(|from| other.to.iter().any(|to| (from - to).abs() < APART))
    }
}

impl Tracks {
    /// Notes that a bundle comes into a gap on one row and leaves it on another.
    pub(super) fn take(&mut self, gap: usize, bundle: Bundle, from: i32, to: i32) {
        let rows = self.rows.entry(gap).or_default().entry(bundle).or_default();
        rows.from.push(from);
        rows.to.push(to);
    }

    /// Gives every bundle the first track on which it meets no other.
    pub(super) fn assign(&mut self) {
        for (gap, bundles) in &self.rows {
            let mut taken: Vec<Vec<(i32, i32)>> = Vec::new();
            let mut open: Vec<(&Bundle, &Rows)> = bundles.iter().collect();
            let mut turned: Vec<(usize, &Rows)> = Vec::new();
            while !open.is_empty() {
                let free = |(own, rows): &(&Bundle, &Rows)| !open.iter().any(|(other, before)| other != own && before.before(rows));
                // Where each waits for another, one of them has to cross.
                let (bundle, rows) = open.remove(open.iter().position(free).unwrap_or(0));
                let (top, bottom) = rows.span();
                let meets = |(other_top, other_bottom): &(i32, i32)| top <= other_bottom + APART && other_top - APART <= bottom;
                let first = turned.iter().filter(|(_, before)| before.before(rows)).map(|(number, _)| number + 1).max().unwrap_or(0);
                let number = (first..).find(|number| !taken.get(*number).is_some_and(|track| track.iter().any(meets))).unwrap_or(first);
                taken.resize(taken.len().max(number + 1), Vec::new());
                taken[number].push((top, bottom));
                turned.push((number, rows));
                self.numbers.insert((*gap, *bundle), count(number));
            }
            self.most.insert(*gap, count(taken.len()));
        }
    }

    /// The track of a bundle in a gap, from the left.
    pub(super) fn number(&self, gap: usize, bundle: Bundle) -> i32 {
        self.numbers.get(&(gap, bundle)).copied().unwrap_or(0)
    }

    /// How many tracks a gap has.
    pub(super) fn most(&self, gap: usize) -> i32 {
        self.most.get(&gap).copied().unwrap_or(1)
    }
}
