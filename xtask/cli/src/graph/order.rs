//! Which box stands in which column, and in which order: every arrow goes to the right where it can, and crosses few others.

use std::collections::{BTreeMap, BTreeSet};

use super::drawing::{Arrow, Drawing};
use super::model::EdgeKind;

/// How often the order is improved, each time against the neighbours on the other side.
const SWEEPS: usize = 16;

/// Arrows that share their way: those of one kind from one box, and those of one kind to one box that need no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Bundle {
    From(usize, EdgeKind),
    Into(usize, EdgeKind),
}

impl Bundle {
    pub(super) fn of(arrow: &Arrow) -> Self {
        match arrow.kind {
            EdgeKind::Alarm => Self::Into(arrow.to, arrow.kind),
            EdgeKind::Reference | EdgeKind::Dependency if arrow.backwards => Self::Into(arrow.to, arrow.kind),
            EdgeKind::Event
            | EdgeKind::DeadLetters
            | EdgeKind::Watch
            | EdgeKind::Permission
            | EdgeKind::Reference
            | EdgeKind::Dependency
            | EdgeKind::Wire => Self::From(arrow.from, arrow.kind),
        }
    }
}

/// What takes up room in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Box(usize),
    /// A bundle that passes through a column without ending there.
    Pass(Bundle, usize),
}

/// Where everything stands, in columns and rows but not yet in pixels.
#[derive(Debug)]
pub(super) struct Order {
    /// By stack and column, from top to bottom.
    pub(super) cells: Vec<Vec<Vec<Item>>>,
    pub(super) columns: usize,
    /// For every arrow, what it goes through from left to right, and whether it points to the left.
    pub(super) ways: Vec<(Vec<Item>, bool)>,
    /// The column of every box.
    pub(super) column: Vec<usize>,
}

impl Order {
    pub(super) fn of(drawing: &Drawing) -> Self {
        let directed = without_cycles(drawing);
        let column = columns(drawing.boxes.len(), &directed);
        let columns = column.iter().max().map_or(0, |last| last + 1);

        let mut cells = vec![vec![Vec::new(); columns]; drawing.stacks.len()];
        for (place, one) in drawing.boxes.iter().enumerate() {
            cells[one.stack][column[place]].push(Item::Box(place));
        }
        let mut ways = Vec::new();
        for (arrow, (left, right)) in drawing.arrows.iter().zip(&directed) {
            let bundle = Bundle::of(arrow);
            // A bundle keeps to the stack that it has in common.
            let lane = match bundle {
                Bundle::From(place, _) | Bundle::Into(place, _) => drawing.boxes[place].stack,
            };
            let mut way = vec![Item::Box(*left)];
            for (passed, cell) in cells[lane].iter_mut().enumerate().take(column[*right]).skip(column[*left] + 1) {
                let item = Item::Pass(bundle, passed);
                if !cell.contains(&item) {
                    cell.push(item);
                }
                way.push(item);
            }
            way.push(Item::Box(*right));
            ways.push((way, *left != arrow.from));
        }
        let mut order = Self { cells, columns, ways, column };
        order.untangle();
        order
    }

    /// The hops of all arrows from one column to the next, each once.
    pub(super) fn hops(&self) -> BTreeSet<(Item, Item)> {
        self.ways.iter().flat_map(|(way, _)| way.windows(2).map(|pair| (pair[0], pair[1]))).collect()
    }

    /// Sorts every cell by the middle of its neighbours, to the left and to the right in turn, and keeps the best of all tries.
    fn untangle(&mut self) {
        let hops = self.hops();
        let mut best = (self.crossings(&hops), self.cells.clone());
        for sweep in 0..SWEEPS {
            let to_right = sweep % 2 == 0;
            let mut order: Vec<usize> = (0..self.columns).collect();
            if !to_right {
                order.reverse();
            }
            for column in order {
                let rows = self.rows();
                for lane in &mut self.cells {
                    // Twice the middle, so that whole numbers do; without neighbours, where it stands.
                    let middle = |item: &Item| {
                        let ends = hops.iter().filter_map(|(left, right)| match to_right {
                            true => (right == item).then_some(left),
                            false => (left == item).then_some(right),
                        });
                        let ends: Vec<usize> = ends.map(|end| rows[end]).collect();
                        if ends.is_empty() { 2 * rows[item] } else { 2 * ends.iter().sum::<usize>() / ends.len() }
                    };
                    lane[column].sort_by_cached_key(middle);
                }
            }
            let crossings = self.crossings(&hops);
            if crossings < best.0 {
                best = (crossings, self.cells.clone());
            }
        }
        self.cells = best.1;
    }

    /// How far down every item stands in its column.
    fn rows(&self) -> BTreeMap<Item, usize> {
        let mut rows = BTreeMap::new();
        for column in 0..self.columns {
            let items = self.cells.iter().flat_map(|lane| &lane[column]);
            rows.extend(items.enumerate().map(|(row, item)| (*item, row)));
        }
        rows
    }

    fn crossings(&self, hops: &BTreeSet<(Item, Item)>) -> usize {
        let rows = self.rows();
        let mut gaps: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (left, right) in hops {
            gaps.entry(self.column_of(left)).or_default().push((rows[left], rows[right]));
        }
        let crossed = |gap: &Vec<(usize, usize)>| {
            let pairs = gap.iter().enumerate().flat_map(|(number, one)| gap[number + 1..].iter().map(move |other| (one, other)));
            pairs.filter(|(one, other)| (one.0 < other.0 && one.1 > other.1) || (one.0 > other.0 && one.1 < other.1)).count()
        };
        gaps.values().map(crossed).sum()
    }

    pub(super) fn column_of(&self, item: &Item) -> usize {
        match item {
            Item::Box(place) => self.column[*place],
            Item::Pass(_, column) => *column,
        }
    }
}

/// Every arrow as a pair from left to right. One that would close a circle points to the left instead, and what flows comes first.
fn without_cycles(drawing: &Drawing) -> Vec<(usize, usize)> {
    let rank = |arrow: &Arrow| match arrow.kind {
        EdgeKind::Event | EdgeKind::DeadLetters => 0,
        EdgeKind::Watch | EdgeKind::Alarm | EdgeKind::Wire => 1,
        EdgeKind::Permission => 2,
        EdgeKind::Reference | EdgeKind::Dependency => 3,
    };
    let mut order: Vec<usize> = (0..drawing.arrows.len()).collect();
    order.sort_by_key(|number| rank(&drawing.arrows[*number]));
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); drawing.boxes.len()];
    let mut directed = vec![(0, 0); drawing.arrows.len()];
    for number in order {
        let arrow = &drawing.arrows[number];
        let (left, right) = if arrow.backwards { (arrow.to, arrow.from) } else { (arrow.from, arrow.to) };
        let (left, right) = if reaches(&after, right, left) { (right, left) } else { (left, right) };
        after[left].push(right);
        directed[number] = (left, right);
    }
    directed
}

fn reaches(after: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(place) = open.pop() {
        if place == to {
            return true;
        }
        open.extend(after[place].iter().copied().filter(|next| seen.insert(*next)));
    }
    false
}

/// As far left as its arrows allow; what nothing leads to, as near as it can be to what it leads to.
fn columns(boxes: usize, directed: &[(usize, usize)]) -> Vec<usize> {
    let mut column = vec![0; boxes];
    // There is no circle, so the longest way has fewer steps than there are boxes.
    for _ in 0..boxes {
        for (left, right) in directed {
            column[*right] = column[*right].max(column[*left] + 1);
        }
    }
    for place in 0..boxes {
        let leads_to = directed.iter().filter(|(left, _)| *left == place).map(|(_, right)| column[*right]).min();
        if let (Some(next), false) = (leads_to, directed.iter().any(|(_, right)| *right == place)) {
            column[place] = next - 1;
        }
    }
    column
}
