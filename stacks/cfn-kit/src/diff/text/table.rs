//! Tables of what is granted and opened, for a terminal.

use super::super::security::{Area, Direction, SecurityChange};
use super::{Line, Mark};

const HEADS: [&str; 5] = ["", "who", "can", "on", "says"];

/// Beyond this, a cell is cut: an address in a state machine can be longer than a screen.
const WIDEST: usize = 60;

/// A table for each area that has anything to say, what broadens first.
pub(super) fn security(changes: &[SecurityChange]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (area, name) in [(Area::Iam, "IAM"), (Area::Network, "Network")] {
        let rows: Vec<&SecurityChange> = changes.iter().filter(|change| change.area == area).collect();
        if rows.is_empty() {
            continue;
        }
        let of = |direction| rows.iter().filter(|change| change.direction == direction).count();
        let (broadened, narrowed) = (of(Direction::Broadened), of(Direction::Narrowed));
        lines.push(Line::new(Mark::Heading, format!("{name}: {broadened} broadened, {narrowed} narrowed")));
        lines.extend(table(&rows));
    }
    lines
}

fn table(changes: &[&SecurityChange]) -> Vec<Line> {
    let rows: Vec<(Mark, [Vec<String>; 5])> = changes.iter().map(|change| row(change)).collect();
    let width = |column: usize| {
        let cells = rows.iter().flat_map(|(_, cells)| cells[column].iter().map(|line| line.chars().count()));
        cells.chain([HEADS[column].len()]).max().unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |cells: [&str; 5]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}", padded.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    let mut lines = vec![Line::new(Mark::Detail, line(HEADS))];
    for (mark, cells) in &rows {
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for index in 0..height {
            let words: [&str; 5] = std::array::from_fn(|column| cells[column].get(index).map_or("", String::as_str));
            lines.push(Line::new(*mark, line(words)));
        }
    }
    lines
}

fn row(change: &SecurityChange) -> (Mark, [Vec<String>; 5]) {
    let (mark, sign) = match change.direction {
        Direction::Broadened => (Mark::Warning, '+'),
        Direction::Narrowed => (Mark::Narrowed, '-'),
    };
    let mut on: Vec<String> = change.on.iter().map(|word| cut(word)).collect();
    on.extend(change.when.iter().map(|when| cut(&format!("when {when}"))));
    let cells = [
        vec![format!("{sign} {}", change.effect)],
        change.who.iter().map(|word| cut(word)).collect(),
        change.what.iter().map(|word| cut(word)).collect(),
        on,
        vec![change.resource.clone()],
    ];
    (mark, cells)
}

fn cut(word: &str) -> String {
    match word.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}
