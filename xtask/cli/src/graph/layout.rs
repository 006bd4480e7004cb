//! Columns and rows in pixels: boxes wide enough for their words, and a way of its own for every bundle of arrows.
//!
//! A stack is a lane over the whole width. Arrows run along the rows, and change rows only in the gaps between the columns, where no box
//! stands: so none runs through a box, however many there are.

use std::collections::BTreeMap;

use super::drawing::{Arrow, Drawing};
use super::order::{Bundle, Item, Order};
use super::tracks::Tracks;

/// A place in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) x: i32,
    pub(super) y: i32,
}

/// A piece of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// The way of one arrow, from left to right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) points: Vec<Point>,
    /// Whether it points to the left.
    pub(super) to_left: bool,
    /// Where its label ends.
    pub(super) label: Point,
}

#[derive(Debug)]
pub(super) struct Layout {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) lanes: Vec<Area>,
    pub(super) boxes: Vec<Area>,
    pub(super) routes: Vec<Route>,
}

/// The edge of the picture, and of a lane.
pub(super) const MARGIN: i32 = 16;
/// Above the first lane: the title of the picture.
const HEAD: i32 = 56;
/// Inside of a lane, above its boxes: its name.
const LANE_HEAD: i32 = 34;
/// Between two things in a column.
const GAP: i32 = 18;
/// The height of a bundle that passes.
const PASS: i32 = 8;
/// Between two bundles in a gap, and two arrows at a box.
const TRACK: i32 = 9;
const PORT: i32 = 26;
/// Beside the tracks of a gap.
const GAP_SIDE: i32 = 14;
/// Between a label and the box that its arrow goes to: the arrow's head.
const LABEL_END: i32 = 12;
/// Below the last lane: what the arrows mean.
pub(super) const FOOT: i32 = 44;

/// The longest label that stands above its arrow alone.
const LONGEST_LABEL: usize = 16;

/// About what a letter is wide, in tenths of a pixel, on the broad side: the font is the reader's own.
pub(super) const TITLE_LETTER: i32 = 82;
pub(super) const SMALL_LETTER: i32 = 66;

/// The lines of a box below its title.
pub(super) const LINE: i32 = 15;

impl Layout {
    pub(super) fn of(drawing: &Drawing) -> Self {
        let order = Order::of(drawing);
        let ports = Ports::of(drawing, &order);
        let heights: Vec<i32> = (0..drawing.boxes.len()).map(|place| box_height(drawing, &ports, place)).collect();
        let (mut lanes, middles) = rows(drawing, &order, &heights);

        let mut tracks = Tracks::default();
        let height_of = |item: &Item| middles[item];
        let exits = |arrow: usize, item: &Item, to_right: bool| match item {
            Item::Box(place) => {
                middles[item] - heights[*place] / 2 + ports.offset(*place, arrow, to_right, heights[*place], drawing, &order, &height_of)
            }
            Item::Pass(..) => middles[item],
        };
        let ways: Vec<Vec<(i32, i32)>> = order
            .ways
            .iter()
            .enumerate()
            .map(|(arrow, (way, _))| way.windows(2).map(|pair| (exits(arrow, &pair[0], true), exits(arrow, &pair[1], false))).collect())
            .collect();
        for ((way, _), (arrow, hops)) in order.ways.iter().zip(drawing.arrows.iter().zip(&ways)) {
            for (pair, (from, to)) in way.windows(2).zip(hops) {
                tracks.take(order.column_of(&pair[0]), Bundle::of(arrow), *from, *to);
            }
        }
        tracks.assign();

        let columns = Columns::of(drawing, &order, &tracks);
        let boxes: Vec<Area> = (0..drawing.boxes.len())
            .map(|place| {
                let column = order.column[place];
                let y = middles[&Item::Box(place)] - heights[place] / 2;
                Area { x: columns.left[column], y, width: columns.width[column], height: heights[place] }
            })
            .collect();
        let routes = order.ways.iter().zip(drawing.arrows.iter().zip(&ways)).map(|((way, to_left), (arrow, hops))| {
            let mut points = Vec::new();
            for (pair, (from, to)) in way.windows(2).zip(hops) {
                let column = order.column_of(&pair[0]);
                let (start, end) = (columns.left[column] + columns.width[column], columns.left[column + 1]);
                let track = columns.tracks[column] + tracks.number(column, Bundle::of(arrow)) * TRACK;
                points.extend([
                    Point { x: start, y: *from },
                    Point { x: track, y: *from },
                    Point { x: track, y: *to },
                    Point { x: end, y: *to },
                ]);
            }
            let last = points.last().copied().unwrap_or(Point { x: 0, y: 0 });
            Route { points: straightened(points), to_left: *to_left, label: Point { x: last.x - LABEL_END, y: last.y } }
        });
        let routes = routes.collect();
        for lane in &mut lanes {
            lane.width = columns.end - 2 * MARGIN;
        }
        let height = lanes.last().map_or(HEAD, |lane| lane.y + lane.height) + FOOT;
        Self { width: columns.end, height, lanes, boxes, routes }
    }
}

/// The height that a box needs for its lines and for the arrows at either side.
fn box_height(drawing: &Drawing, ports: &Ports, place: usize) -> i32 {
    let lines = 44 + LINE * count(drawing.boxes[place].attached.len());
    lines.max(ports.most(place) * PORT + 6)
}

pub(super) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Which bundles end at which side of a box.
struct Ports {
    /// By box and side (whether to its right), each bundle and label once.
    at: BTreeMap<(usize, bool), Vec<Port>>,
}

/// What shares an end at a box: a bundle, but each arrow with a label by itself where the label stands.
type Port = (Bundle, Option<usize>);

impl Ports {
    fn of(drawing: &Drawing, order: &Order) -> Self {
        let mut at: BTreeMap<(usize, bool), Vec<Port>> = BTreeMap::new();
        for (number, (way, _)) in order.ways.iter().enumerate() {
            for (item, to_right) in [(way.first(), true), (way.last(), false)] {
                if let Some(Item::Box(place)) = item {
                    let port = Self::port(&drawing.arrows[number], number, to_right);
                    let ports = at.entry((*place, to_right)).or_default();
                    if !ports.contains(&port) {
                        ports.push(port);
                    }
                }
            }
        }
        Self { at }
    }

    fn port(arrow: &Arrow, number: usize, to_right: bool) -> Port {
        (Bundle::of(arrow), (!to_right && !arrow.label.is_empty()).then_some(number))
    }

    fn most(&self, place: usize) -> i32 {
        [true, false].into_iter().filter_map(|side| self.at.get(&(place, side))).map(|ports| count(ports.len())).max().unwrap_or(0)
    }

    /// How far down a box an arrow ends: in the order of where the arrows come from or go to.
    #[expect(clippy::too_many_arguments, reason = "all of it decides where one arrow ends")]
    fn offset(
        &self,
        place: usize,
        arrow: usize,
        to_right: bool,
        height: i32,
        drawing: &Drawing,
        order: &Order,
        height_of: &dyn Fn(&Item) -> i32,
    ) -> i32 {
        let Some(ports) = self.at.get(&(place, to_right)) else { return height / 2 };
        let far = |port: &Port| {
            let own = order.ways.iter().enumerate().filter(|(number, (way, _))| {
                let end = if to_right { way.first() } else { way.last() };
                end == Some(&Item::Box(place)) && Self::port(&drawing.arrows[*number], *number, to_right) == *port
            });
            let next = own.filter_map(|(_, (way, _))| if to_right { way.get(1) } else { way.get(way.len().wrapping_sub(2)) });
            let heights: Vec<i32> = next.map(height_of).collect();
            heights.iter().sum::<i32>() / count(heights.len()).max(1)
        };
        let mut sorted: Vec<(i32, &Port)> = ports.iter().map(|port| (far(port), port)).collect();
        sorted.sort();
        let own = Self::port(&drawing.arrows[arrow], arrow, to_right);
        let index = sorted.iter().position(|(_, port)| **port == own).unwrap_or_default();
        height * (2 * count(index) + 1) / (2 * count(sorted.len()))
    }
}

/// The lanes, and the middle of every item.
fn rows(drawing: &Drawing, order: &Order, heights: &[i32]) -> (Vec<Area>, BTreeMap<Item, i32>) {
    let height = |item: &Item| match item {
        Item::Box(place) => heights[*place],
        Item::Pass(..) => PASS,
    };
    let mut lanes = Vec::new();
    let mut middles = BTreeMap::new();
    let mut top = HEAD;
    for lane in &order.cells {
        let full = |cell: &Vec<Item>| cell.iter().map(|item| height(item) + GAP).sum::<i32>() - GAP;
        let inside = lane.iter().map(full).max().unwrap_or(0).max(40);
        for cell in lane {
            let mut y = top + LANE_HEAD + (inside - full(cell).max(0)) / 2;
            for item in cell {
                middles.insert(*item, y + height(item) / 2);
                y += height(item) + GAP;
            }
        }
        lanes.push(Area { x: MARGIN, y: top, width: 0, height: LANE_HEAD + inside + MARGIN });
        top += LANE_HEAD + inside + 2 * MARGIN;
    }
    let hops = order.hops();
    for round in 0..8 {
        let mut columns: Vec<usize> = (0..order.columns).collect();
        if round % 2 == 1 {
            columns.reverse();
        }
        for column in columns {
            for (lane, area) in order.cells.iter().zip(&lanes) {
                let wish = |item: &Item| {
                    let ends = hops.iter().filter_map(|(left, right)| match round % 2 == 0 {
                        true => (right == item).then(|| middles[left]),
                        false => (left == item).then(|| middles[right]),
                    });
                    let ends: Vec<i32> = ends.collect();
                    if ends.is_empty() { middles[item] } else { ends.iter().sum::<i32>() / count(ends.len()) }
                };
                let wishes: Vec<(i32, i32)> = lane[column].iter().map(|item| (wish(item), height(item))).collect();
                let placed = settle(&wishes, area.y + LANE_HEAD, area.y + area.height - MARGIN);
                middles.extend(lane[column].iter().copied().zip(placed));
            }
        }
    }
    debug_assert_eq!(lanes.len(), drawing.stacks.len());
    (lanes, middles)
}

/// As near as possible to where each wants to be, in this order, without touching, between two bounds.
fn settle(wishes: &[(i32, i32)], top: i32, bottom: i32) -> Vec<i32> {
    let mut middles = Vec::new();
    let mut free = top;
    for (wish, height) in wishes {
        let middle = (*wish).max(free + height / 2);
        middles.push(middle);
        free = middle - height / 2 + height + GAP;
    }
    let mut free = bottom;
    for (middle, (_, height)) in middles.iter_mut().zip(wishes).rev() {
        *middle = (*middle).min(free - (height - height / 2));
        free = *middle - height / 2 - GAP;
    }
    middles
}

/// Where the columns stand, and the tracks between them.
struct Columns {
    left: Vec<i32>,
    width: Vec<i32>,
    /// The first track to the right of each.
    tracks: Vec<i32>,
    /// Where the picture ends.
    end: i32,
}

impl Columns {
    fn of(drawing: &Drawing, order: &Order, tracks: &Tracks) -> Self {
        let mut columns = Self { left: Vec::new(), width: Vec::new(), tracks: Vec::new(), end: 0 };
        let mut x = 2 * MARGIN;
        for column in 0..order.columns {
            let in_column = drawing.boxes.iter().zip(&order.column).filter(|(_, own)| **own == column).map(|(one, _)| one);
            let width = in_column.map(|one| box_width(&one.title, &one.kind, &one.attached)).max().unwrap_or(0);
            // Labels stand before the boxes that their arrows go to.
            let labels = order
                .ways
                .iter()
                .zip(&drawing.arrows)
                .filter(|((way, _), _)| way.last().is_some_and(|last| order.column_of(last) == column + 1));
            let label = labels.flat_map(|(_, arrow)| halves(&arrow.label)).map(|half| text_width(half, SMALL_LETTER)).max().unwrap_or(0);
            columns.left.push(x);
            columns.width.push(width);
            columns.tracks.push(x + width + GAP_SIDE);
            x += width;
            if column + 1 < order.columns {
                x += 2 * GAP_SIDE + tracks.most(column) * TRACK + label + LABEL_END;
            }
        }
        columns.end = x + 2 * MARGIN;
        columns
    }
}

fn box_width(title: &str, kind: &str, attached: &[String]) -> i32 {
    let lines = attached.iter().map(|line| text_width(line, SMALL_LETTER) + text_width("+ ", SMALL_LETTER));
    lines.chain([text_width(title, TITLE_LETTER), text_width(kind, SMALL_LETTER)]).max().unwrap_or(0) + 24
}

/// About how wide a text is.
pub(super) fn text_width(text: &str, letter: i32) -> i32 {
    count(text.chars().count()) * letter / 10
}

/// A label for above its arrow and one for below: a long one is broken at the space that is nearest to its middle.
pub(super) fn halves(label: &str) -> [&str; 2] {
    if label.len() <= LONGEST_LABEL {
        return [label, ""];
    }
    let spaces = label.match_indices(' ').map(|(place, _)| place);
    match spaces.min_by_key(|place| place.abs_diff(label.len() / 2)) {
        Some(place) => [&label[..place], &label[place + 1..]],
        None => [label, ""],
    }
}

/// Without points that lie on the straight line between others.
fn straightened(points: Vec<Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for point in points {
        if kept.last() == Some(&point) {
            continue;
        }
        if let [.., before, last] = kept.as_slice()
            && ((before.x == last.x && last.x == point.x) || (before.y == last.y && last.y == point.y))
        {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}
