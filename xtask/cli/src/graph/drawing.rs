//! What a picture shows of a graph: the same, with fewer boxes.
//!
//! A bucket's policy is part of the bucket for whoever looks at a picture, and an event source mapping is the arrow between its queue
//! and its function. So the first becomes a line in the box of what it belongs to, the second the arrow's name.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{EdgeKind, Graph, Node, Stack};

/// A picture's boxes and arrows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drawing {
    pub(crate) environment: String,
    pub(crate) stacks: Vec<Stack>,
    pub(crate) boxes: Vec<Card>,
    pub(crate) arrows: Vec<Arrow>,
}

/// A resource with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) stack: usize,
    pub(crate) title: String,
    pub(crate) kind: String,
    /// Resources that are nothing without this one.
    pub(crate) attached: Vec<String>,
}

/// An arrow between two boxes, by their places in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrow {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: EdgeKind,
    pub(crate) label: String,
    /// Whether its second end stands before its first.
    pub(crate) backwards: bool,
}

/// The most actions that a label names.
const MOST_ACTIONS: usize = 2;

impl Drawing {
    /// The picture of a graph.
    pub(crate) fn of(graph: &Graph) -> Self {
        let hosts = hosts(graph);
        let connections: BTreeSet<&String> = graph.edges.iter().filter_map(|edge| edge.via.as_ref()).collect();
        let is_box = |node: &&Node| !hosts.contains_key(node.id.as_str()) && !connections.contains(&node.id);
        let shown: Vec<&Node> = graph.nodes.iter().filter(is_box).collect();

        let place: BTreeMap<&str, usize> = shown.iter().enumerate().map(|(place, node)| (node.id.as_str(), place)).collect();
        let place_of = |id: &str| place.get(hosts.get(id).map_or(id, |host| host.as_str())).copied();
        let attached = |node: &Node| {
            let own = graph.nodes.iter().filter(|other| hosts.get(other.id.as_str()).is_some_and(|host| **host == node.id));
            own.map(|other| other.logical_id.clone()).collect()
        };
        let boxes = shown.iter().map(|node| Card {
            stack: graph.stacks.iter().position(|stack| stack.name == node.stack).unwrap_or_default(),
            title: node.logical_id.clone(),
            kind: node.short_type(),
            attached: attached(node),
        });
        let boxes: Vec<Card> = boxes.collect();

        let mut arrows: Vec<Arrow> = Vec::new();
        for edge in &graph.edges {
            let (Some(from), Some(to)) = (place_of(&edge.from), place_of(&edge.to)) else { continue };
            let label = label(edge.kind, &edge.details, edge.via.as_deref());
            // A role stands before those who take it on, so that what it allows lies on its other side.
            let backwards = edge.kind == EdgeKind::Reference && boxes[to].kind == "IAM Role";
            if from != to && !arrows.iter().any(|one| (one.from, one.to, one.kind) == (from, to, edge.kind)) {
                arrows.push(Arrow { from, to, kind: edge.kind, label, backwards });
            }
        }
        // Where more is known of a pair, that it is named as well is no news.
        let known: BTreeSet<(usize, usize)> =
            arrows.iter().filter(|one| !is_plain(one.kind)).flat_map(|one| [(one.from, one.to), (one.to, one.from)]).collect();
        arrows.retain(|one| !is_plain(one.kind) || !known.contains(&(one.from, one.to)));
        Self { environment: graph.environment.clone(), stacks: graph.stacks.clone(), boxes, arrows }
    }
}

fn is_plain(kind: EdgeKind) -> bool {
    matches!(kind, EdgeKind::Reference | EdgeKind::Dependency)
}

/// Whose box each policy, subscription and alias is a line of.
fn hosts(graph: &Graph) -> BTreeMap<&str, &String> {
    let mut hosts = BTreeMap::new();
    for node in &graph.nodes {
        let belongs = ["Policy", "Subscription", "Alias"].iter().any(|end| node.kind.ends_with(end));
        let named: BTreeSet<&String> = graph.edges.iter().filter(|edge| edge.from == node.id).map(|edge| &edge.to).collect();
        let says_more = graph.edges.iter().any(|edge| edge.via.as_ref() == Some(&node.id));
        if let (true, false, 1) = (belongs, says_more, named.len()) {
            hosts.extend(named.first().map(|host| (node.id.as_str(), *host)));
        }
    }
    hosts
}

fn label(kind: EdgeKind, details: &[String], via: Option<&str>) -> String {
    match kind {
        EdgeKind::Permission => shortened(details),
        EdgeKind::DeadLetters => "too often".to_owned(),
        EdgeKind::Event => {
            let by = via.and_then(|via| via.split('/').next_back()).map(str::to_owned);
            by.unwrap_or_else(|| details.iter().map(|event| event.trim_start_matches("s3:").to_owned()).collect::<Vec<_>>().join(", "))
        }
        EdgeKind::Wire => details.join(", "),
        EdgeKind::Watch => details.first().map(|metric| words(metric)).unwrap_or_default(),
        EdgeKind::Alarm | EdgeKind::Reference | EdgeKind::Dependency => String::new(),
    }
}

/// Actions without their service, and not all of them: `GetObject, PutObject, +2`.
fn shortened(actions: &[String]) -> String {
    let verbs = actions.iter().map(|action| action.split_once(':').map_or(action.as_str(), |(_, verb)| verb).to_owned());
    let mut words: Vec<String> = verbs.take(MOST_ACTIONS).collect();
    if actions.len() > MOST_ACTIONS {
        words.push(format!("+{}", actions.len() - MOST_ACTIONS));
    }
    words.join(", ")
}

/// The last words of a metric's long name: `ApproximateAgeOfOldestMessage` as `age of oldest message`.
fn words(metric: &str) -> String {
    let mut text = String::new();
    for letter in metric.trim_start_matches("Approximate").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text.trim_start_matches("number of ").to_owned()
}
