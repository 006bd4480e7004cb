//! Pictures of any environment: nothing lies over anything else, and nothing is cut off.

use super::drawing::{Arrow, Card, Drawing};
use super::layout::{Area, Layout, Point};
use super::model::{Edge, EdgeKind, Graph, Node, Stack};
use super::{mermaid, svg};

const KINDS: [EdgeKind; 8] = [
    EdgeKind::Event,
    EdgeKind::DeadLetters,
    EdgeKind::Watch,
    EdgeKind::Alarm,
    EdgeKind::Permission,
    EdgeKind::Reference,
    EdgeKind::Dependency,
    EdgeKind::Wire,
];

/// A drawing that is another one for each number, with circles, lonely boxes and long names among them.
fn any(seed: usize) -> Drawing {
    let mut state = seed.wrapping_mul(2_654_435_761) + 12_345;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let stacks =
        (0..1 + next(4)).map(|number| Stack { name: format!("stack-{number}"), description: "what it is for".repeat(1 + next(9)) });
    let stacks: Vec<_> = stacks.collect();
    let boxes = (0..1 + next(24)).map(|number| Card {
        stack: next(stacks.len()),
        title: format!("Resource{}{number}", "Long".repeat(next(6))),
        kind: "Service Type".to_owned(),
        attached: (0..next(3)).map(|own| format!("ResourcePolicy{own}")).collect(),
    });
    let boxes: Vec<_> = boxes.collect();
    let mut arrows: Vec<Arrow> = Vec::new();
    for _ in 0..next(50) {
        let (from, to, kind) = (next(boxes.len()), next(boxes.len()), KINDS[next(KINDS.len())]);
        let label = ["", "too often", "ReceiveMessage, DeleteMessage, +2"][next(3)].to_owned();
        if from != to && !arrows.iter().any(|one| (one.from, one.to, one.kind) == (from, to, kind)) {
            arrows.push(Arrow { from, to, kind, label, backwards: next(5) == 0 });
        }
    }
    Drawing { environment: "any".to_owned(), stacks, boxes, arrows }
}

fn inside(inner: Area, outer: Area) -> bool {
    inner.x >= outer.x
        && inner.y >= outer.y
        && inner.x + inner.width <= outer.x + outer.width
        && inner.y + inner.height <= outer.y + outer.height
}

/// Whether a straight line runs through a box, and not only along its edge or up to it.
fn through(area: Area, from: Point, to: Point) -> bool {
    let across = |a: i32, b: i32, start: i32, length: i32| a.min(b) < start + length && a.max(b) > start;
    across(from.x, to.x, area.x, area.width) && across(from.y, to.y, area.y, area.height)
}

#[test]
fn nothing_lies_over_anything_else() {
    for seed in 0..40 {
        let drawing = any(seed);

        let layout = Layout::of(&drawing);

        for (place, area) in layout.boxes.iter().enumerate() {
            let own = &drawing.boxes[place];
            assert!(inside(*area, layout.lanes[own.stack]), "{} would stand in another stack (drawing {seed})", own.title);
            let over = layout.boxes[..place]
                .iter()
                .find(|other| through(**other, Point { x: area.x, y: area.y }, Point { x: area.x + area.width, y: area.y + area.height }));
            assert!(over.is_none(), "{} would hide another box (drawing {seed})", own.title);
        }
        for (route, arrow) in layout.routes.iter().zip(&drawing.arrows) {
            for pair in route.points.windows(2) {
                let hidden = layout.boxes.iter().position(|area| through(*area, pair[0], pair[1]));
                assert_eq!(hidden, None, "{arrow:?} would run through a box (drawing {seed})");
                assert!(pair[0].x == pair[1].x || pair[0].y == pair[1].y, "{arrow:?} would run across (drawing {seed})");
            }
        }
    }
}

#[test]
fn every_arrow_goes_from_its_box_to_its_box() {
    for seed in 0..40 {
        let drawing = any(seed);

        let layout = Layout::of(&drawing);

        for (route, arrow) in layout.routes.iter().zip(&drawing.arrows) {
            let (left, right) = if route.to_left { (arrow.to, arrow.from) } else { (arrow.from, arrow.to) };
            let (left, right) = (layout.boxes[left], layout.boxes[right]);
            let (first, last) = (route.points.first().unwrap(), route.points.last().unwrap());
            assert_eq!((first.x, last.x), (left.x + left.width, right.x), "{arrow:?} would begin or end in the air (drawing {seed})");
            assert!(
                (left.y..left.y + left.height).contains(&first.y) && (right.y..right.y + right.height).contains(&last.y),
                "{arrow:?} (drawing {seed})"
            );
        }
    }
}

#[test]
fn two_labels_never_share_a_place() {
    for seed in 0..40 {
        let drawing = any(seed);

        let layout = Layout::of(&drawing);

        let mut labels: Vec<(i32, i32)> = layout
            .routes
            .iter()
            .zip(&drawing.arrows)
            .filter(|(_, arrow)| !arrow.label.is_empty())
            .map(|(route, _)| (route.label.x, route.label.y))
            .collect();
        labels.sort_unstable();
        let near: Vec<_> = labels.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[1].1 - pair[0].1 < 24).collect();
        assert!(near.is_empty(), "two labels could not be read (drawing {seed}): {near:?}");
        assert!(labels.iter().all(|(x, _)| *x > 100 && *x < layout.width), "a label would be cut off (drawing {seed})");
    }
}

#[test]
fn a_picture_is_the_same_each_time_and_obeys_no_text() {
    let mut drawing = any(7);
    drawing.boxes[0].title = "</text><script>\"&".to_owned();

    let picture = svg(&drawing);

    assert_eq!(picture, svg(&drawing), "every build would change a committed picture");
    assert!(!picture.contains("<script") && picture.contains("&lt;/text&gt;&lt;script&gt;&quot;&amp;"), "{picture}");
    assert!(!picture.contains("http://") || picture.matches("http://").count() == 1, "a picture would ask the network");
    assert!(!mermaid(&drawing).contains("<script"), "{}", mermaid(&drawing));
}

fn node(stack: &str, id: &str, kind: &str) -> Node {
    Node { id: format!("{stack}/{id}"), stack: stack.to_owned(), logical_id: id.to_owned(), kind: kind.to_owned() }
}

fn edge(from: &str, to: &str, kind: EdgeKind) -> Edge {
    Edge { from: from.to_owned(), to: to.to_owned(), kind, details: Vec::new(), via: None }
}

#[test]
fn what_belongs_to_a_resource_is_a_line_of_its_box_and_hides_no_arrow() {
    let graph = Graph {
        environment: "any".to_owned(),
        stacks: vec![Stack { name: "a".to_owned(), description: String::new() }],
        nodes: vec![
            node("a", "Bucket", "AWS::S3::Bucket"),
            node("a", "Queue", "AWS::SQS::Queue"),
            node("a", "QueuePolicy", "AWS::SQS::QueuePolicy"),
            node("a", "Wide", "AWS::IAM::ManagedPolicy"),
            node("a", "Role", "AWS::IAM::Role"),
        ],
        edges: vec![
            edge("a/QueuePolicy", "a/Queue", EdgeKind::Reference),
            edge("a/Bucket", "a/QueuePolicy", EdgeKind::Dependency),
            edge("a/Wide", "a/Role", EdgeKind::Reference),
            edge("a/Wide", "a/Queue", EdgeKind::Reference),
        ],
    };

    let drawing = Drawing::of(&graph);

    let titles: Vec<_> = drawing.boxes.iter().map(|one| (one.title.as_str(), one.attached.join(" "))).collect();
    assert_eq!(titles, [("Bucket", String::new()), ("Queue", "QueuePolicy".to_owned()), ("Wide", String::new()), ("Role", String::new())]);
    let arrows: Vec<_> = drawing.arrows.iter().map(|arrow| (arrow.from, arrow.to, arrow.kind)).collect();
    assert!(arrows.contains(&(0, 1, EdgeKind::Dependency)), "nobody would see that the bucket waits for the queue's policy: {arrows:?}");
    assert_eq!(arrows.len(), 3, "a policy of two belongs to neither: {arrows:?}");
}

#[test]
fn a_drawing_of_nothing_is_a_picture_too() {
    let nothing = Drawing { environment: "empty".to_owned(), stacks: Vec::new(), boxes: Vec::new(), arrows: Vec::new() };

    assert!(svg(&nothing).ends_with("</svg>\n"), "a stack without resources would end the command");
    assert_eq!(mermaid(&nothing), "flowchart LR\n");
}
