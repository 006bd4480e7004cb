//! A drawing as a picture that needs nothing else: no font, no script, no network. It follows the reader's light or dark colours.

use super::drawing::{Arrow, Card, Drawing};
use super::layout::{Area, FOOT, LINE, Layout, MARGIN, Point, Route, SMALL_LETTER, halves, text_width};
use super::model::EdgeKind;

/// Kinds in the order in which the foot of the picture explains them.
const KINDS: [(EdgeKind, &str); 8] = [
    (EdgeKind::Event, "sets off"),
    (EdgeKind::DeadLetters, "dead letters"),
    (EdgeKind::Watch, "is watched by"),
    (EdgeKind::Alarm, "tells"),
    (EdgeKind::Wire, "value across stacks"),
    (EdgeKind::Permission, "may act on"),
    (EdgeKind::Reference, "names"),
    (EdgeKind::Dependency, "waits for"),
];

/// How round the corners of an arrow are.
const ROUND: i32 = 6;

/// What does not depend on the background. The forms of the lines differ too, for whoever sees fewer colours.
const FORMS: &str = "\
  text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:11px}
  .head{font-size:18px;font-weight:600}.name{font-size:13px;font-weight:600}
  .way{fill:none;stroke-width:1.5}.label{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}
  .permission{stroke-dasharray:5 3}.watch{stroke-dasharray:1.5 2.5}
  .reference{stroke-width:1}.dependency{stroke-width:1;stroke-dasharray:2 3}
";

/// What has a colour: a selector with its property, and the colour on light and on dark paper.
///
/// Written out twice and not as variables, which many viewers of pictures do not know.
const COLOURS: [(&str, &str, &str, &str); 19] = [
    ("text", "fill", "#1f2328", "#f0f6fc"),
    (".soft", "fill", "#59636e", "#9198a1"),
    (".paper", "fill", "#ffffff", "#0d1117"),
    (".lane", "fill", "#f6f8fa", "#151b23"),
    (".label", "stroke", "#f6f8fa", "#151b23"),
    (".card", "fill", "#ffffff", "#212830"),
    (".lane,.card", "stroke", "#c9d1d9", "#3d444d"),
    (".event", "stroke", "#0969da", "#4493f8"),
    (".f-event", "fill", "#0969da", "#4493f8"),
    (".dead-letters", "stroke", "#bc4c00", "#f0883e"),
    (".f-dead-letters", "fill", "#bc4c00", "#f0883e"),
    (".watch,.alarm", "stroke", "#7d6a00", "#d4b72c"),
    (".f-watch,.f-alarm", "fill", "#7d6a00", "#d4b72c"),
    (".wire", "stroke", "#116b6b", "#39c5bb"),
    (".f-wire", "fill", "#116b6b", "#39c5bb"),
    (".permission", "stroke", "#8250df", "#b88cff"),
    (".f-permission", "fill", "#8250df", "#b88cff"),
    (".reference,.dependency", "stroke", "#8c959f", "#656c76"),
    (".f-reference,.f-dependency", "fill", "#8c959f", "#656c76"),
];

fn style() -> String {
    let rules = |dark: bool| {
        let rule = |(selector, property, on_light, on_dark): &(&str, &str, &str, &str)| {
            format!("{selector}{{{property}:{}}}", if dark { on_dark } else { on_light })
        };
        COLOURS.iter().map(rule).collect::<String>()
    };
    format!("{FORMS}  {}\n  @media (prefers-color-scheme:dark){{{}}}\n", rules(false), rules(true))
}

/// The drawing as an SVG document.
pub(crate) fn svg(drawing: &Drawing) -> String {
    let layout = Layout::of(drawing);
    let foot = Foot::of(drawing);
    let width = layout.width.max(foot.width + 2 * MARGIN);
    let height = layout.height;
    let title = format!("Environment {}", drawing.environment);
    let mut lines = vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">"
        ),
        format!("<title id=\"title\">{}</title>", escaped(&title)),
        format!("<desc id=\"desc\">{}</desc>", escaped(&description(drawing))),
        format!("<style>\n{}</style>", style()),
        "<defs>".to_owned(),
    ];
    lines.extend(foot.kinds.iter().map(|(kind, _)| head(*kind)));
    lines.push("</defs>".to_owned());
    lines.push(format!("<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>"));
    lines.push(text(MARGIN, 34, "head", &title));
    for (stack, area) in drawing.stacks.iter().zip(&layout.lanes) {
        let area = Area { width: width - 2 * MARGIN, ..*area };
        lines.push(rect("lane", area, 10));
        lines.push(text(area.x + MARGIN, area.y + 22, "name", &stack.name));
        let after = area.x + MARGIN + text_width(&stack.name, 82) + 12;
        lines.push(text(after, area.y + 22, "soft", &fitting(&stack.description, area.x + area.width - after - MARGIN)));
    }
    // What matters most is drawn last, over what is only named.
    let mut arrows: Vec<(&Arrow, &Route)> = drawing.arrows.iter().zip(&layout.routes).collect();
    arrows.sort_by_key(|(arrow, _)| std::cmp::Reverse(arrow.kind));
    lines.extend(arrows.iter().map(|(arrow, route)| way(drawing, arrow, route)));
    lines.extend(drawing.boxes.iter().zip(&layout.boxes).map(|(one, area)| card(one, *area)));
    lines.extend(arrows.iter().filter(|(arrow, _)| !arrow.label.is_empty()).map(|(arrow, route)| label(arrow, route)));
    lines.extend(foot.lines(height - FOOT / 2));
    lines.push("</svg>".to_owned());
    lines.join("\n") + "\n"
}

/// What the picture shows, for whoever does not see it.
fn description(drawing: &Drawing) -> String {
    let stacks = drawing.stacks.iter().enumerate().map(|(number, stack)| {
        let own = drawing.boxes.iter().filter(|one| one.stack == number).map(|one| format!("{} ({})", one.title, one.kind));
        format!("Stack {}: {}.", stack.name, own.collect::<Vec<_>>().join(", "))
    });
    let flows = drawing.arrows.iter().filter(|arrow| matches!(arrow.kind, EdgeKind::Event | EdgeKind::DeadLetters | EdgeKind::Wire));
    let flows = flows.map(|arrow| format!("{} to {}", drawing.boxes[arrow.from].title, drawing.boxes[arrow.to].title));
    let flows = flows.collect::<Vec<_>>().join(", ");
    let flows = if flows.is_empty() { String::new() } else { format!(" What flows: {flows}.") };
    stacks.collect::<Vec<_>>().join(" ") + &flows
}

fn rect(class: &str, Area { x, y, width, height }: Area, round: i32) -> String {
    format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>")
}

fn text(x: i32, y: i32, class: &str, words: &str) -> String {
    format!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{}</text>", escaped(words))
}

fn card(one: &Card, area: Area) -> String {
    let lines = 2 + i32::try_from(one.attached.len()).unwrap_or(0);
    let first = area.y + (area.height - LINE * lines) / 2 + 12;
    let mut parts = vec!["<g>".to_owned(), rect("card", area, 6), text(area.x + 12, first, "name", &one.title)];
    parts.push(text(area.x + 12, first + LINE, "soft", &one.kind));
    let mut y = first + LINE;
    for attached in &one.attached {
        y += LINE;
        parts.push(text(area.x + 12, y, "soft", &format!("+ {attached}")));
    }
    parts.push("</g>".to_owned());
    parts.join("")
}

fn way(drawing: &Drawing, arrow: &Arrow, route: &Route) -> String {
    let points: Vec<Point> = if route.to_left { route.points.iter().rev().copied().collect() } else { route.points.clone() };
    let class = class(arrow.kind);
    let mut hover = format!("{} → {}", drawing.boxes[arrow.from].title, drawing.boxes[arrow.to].title);
    if !arrow.label.is_empty() {
        hover = format!("{hover}: {}", arrow.label);
    }
    format!(
        "<path class=\"way {class}\" marker-end=\"url(#head-{class})\" d=\"{}\"><title>{}</title></path>",
        path(&points),
        escaped(&hover)
    )
}

/// Straight lines with round corners.
fn path(points: &[Point]) -> String {
    let mut text = String::new();
    for (index, point) in points.iter().enumerate() {
        let (before, after) = (index.checked_sub(1).and_then(|before| points.get(before)), points.get(index + 1));
        match (before, after) {
            (None, _) => text = format!("M{} {}", point.x, point.y),
            (Some(_), None) => text = format!("{text}L{} {}", point.x, point.y),
            (Some(before), Some(after)) => {
                let (start, end) = (towards(*point, *before), towards(*point, *after));
                text = format!("{text}L{} {}Q{} {} {} {}", start.x, start.y, point.x, point.y, end.x, end.y);
            }
        }
    }
    text
}

/// A point on the way from a corner to its neighbour, at most half of the way.
fn towards(corner: Point, neighbour: Point) -> Point {
    let step = |from: i32, to: i32| from + (to - from).signum() * ROUND.min((to - from).abs() / 2);
    Point { x: step(corner.x, neighbour.x), y: step(corner.y, neighbour.y) }
}

fn label(arrow: &Arrow, route: &Route) -> String {
    let Point { x, y } = route.label;
    let halves = halves(&arrow.label).into_iter().zip([y - 4, y + 12]).filter(|(half, _)| !half.is_empty());
    let line = |(half, y): (&str, i32)| {
        format!("<text x=\"{x}\" y=\"{y}\" class=\"label f-{}\" text-anchor=\"end\">{}</text>", class(arrow.kind), escaped(half))
    };
    halves.map(line).collect()
}

/// The head of the arrows of a kind.
fn head(kind: EdgeKind) -> String {
    let class = class(kind);
    format!(
        "<marker id=\"head-{class}\" class=\"f-{class}\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0.5L8 4L0 7.5z\"/></marker>"
    )
}

fn class(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Event => "event",
        EdgeKind::DeadLetters => "dead-letters",
        EdgeKind::Watch => "watch",
        EdgeKind::Alarm => "alarm",
        EdgeKind::Permission => "permission",
        EdgeKind::Reference => "reference",
        EdgeKind::Dependency => "dependency",
        EdgeKind::Wire => "wire",
    }
}

/// What the arrows mean: only those that there are.
struct Foot {
    kinds: Vec<(EdgeKind, &'static str)>,
    width: i32,
}

/// The sample of an arrow at the foot.
const SAMPLE: i32 = 34;

impl Foot {
    fn of(drawing: &Drawing) -> Self {
        let there = |kind: EdgeKind| drawing.arrows.iter().any(|arrow| arrow.kind == kind);
        let kinds: Vec<_> = KINDS.into_iter().filter(|(kind, _)| there(*kind)).collect();
        let width = kinds.iter().map(|(_, words)| Self::step(words)).sum();
        Self { kinds, width }
    }

    fn step(words: &str) -> i32 {
        SAMPLE + 8 + text_width(words, SMALL_LETTER) + 22
    }

    fn lines(&self, y: i32) -> Vec<String> {
        let mut x = MARGIN;
        let mut lines = Vec::new();
        for (kind, words) in &self.kinds {
            let class = class(*kind);
            lines.push(format!("<path class=\"way {class}\" marker-end=\"url(#head-{class})\" d=\"M{x} {y}L{} {y}\"/>", x + SAMPLE));
            lines.push(text(x + SAMPLE + 8, y + 4, "soft", words));
            x += Self::step(words);
        }
        lines
    }
}

/// As much of a text as there is room for.
fn fitting(words: &str, width: i32) -> String {
    let most = usize::try_from(width * 10 / SMALL_LETTER).unwrap_or(0);
    if words.chars().count() <= most { words.to_owned() } else { words.chars().take(most.saturating_sub(1)).collect::<String>() + "…" }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
