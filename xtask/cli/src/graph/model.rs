//! What there is, and what has to do with what, across all stacks.

use std::collections::BTreeSet;

use cfn_kit::Json;
use cfn_kit::relations::{self, Kind};
use foundation::{Finished, Wire};
use serde::Serialize;

/// An environment's resources and how they hang together. Other programs rely on these names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Graph {
    pub(crate) environment: String,
    pub(crate) stacks: Vec<Stack>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
}

/// A stack, in the order of the deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Stack {
    pub(crate) name: String,
    pub(crate) description: String,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Node {
    /// Stack and logical ID: `jobs/JobQueue`.
    pub(crate) id: String,
    pub(crate) stack: String,
    #[serde(rename = "logicalId")]
    pub(crate) logical_id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

impl Node {
    /// The type without what all types have: `SQS Queue`.
    pub(crate) fn short_type(&self) -> String {
        self.kind.split("::").skip(1).collect::<Vec<_>>().join(" ")
    }
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) kind: EdgeKind,
    pub(crate) details: Vec<String>,
    /// The resource that says so, where it is neither of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) via: Option<String>,
}

/// What an arrow means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EdgeKind {
    Event,
    DeadLetters,
    Watch,
    Alarm,
    Permission,
    Reference,
    Dependency,
    /// A value that the first stack gives and the second takes as a parameter.
    Wire,
}

impl Graph {
    /// Everything in these stacks and between them.
    pub(crate) fn of(environment: &str, platform: &[Finished]) -> Self {
        let templates: Vec<(&Finished, Json)> = platform.iter().map(|stack| (stack, stack.template.to_json())).collect();
        let mut graph = Self { environment: environment.to_owned(), stacks: Vec::new(), nodes: Vec::new(), edges: Vec::new() };
        for (stack, template) in &templates {
            let description = template["Description"].as_str().unwrap_or_default().to_owned();
            graph.stacks.push(Stack { name: stack.stack.to_owned(), description });
            for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
                let kind = resource["Type"].as_str().unwrap_or_default().to_owned();
                graph.nodes.push(Node { id: node_id(stack.stack, id), stack: stack.stack.to_owned(), logical_id: id.clone(), kind });
            }
        }
        for (stack, template) in &templates {
            for relation in relations::relations(template) {
                let [from, to] = [&relation.from, &relation.to].map(|name| end(&templates, stack, template, name));
                graph.add(stack.stack, relation, from, to);
            }
        }
        graph
    }

    /// Only some stacks, with what of the others they have to do with.
    pub(crate) fn narrowed(mut self, wanted: &[String]) -> Self {
        if wanted.is_empty() {
            return self;
        }
        let is_wanted = |id: &str| wanted.iter().any(|stack| id.strip_prefix(stack.as_str()).is_some_and(|rest| rest.starts_with('/')));
        self.edges.retain(|edge| is_wanted(&edge.from) || is_wanted(&edge.to));
        let touched: BTreeSet<&String> = self.edges.iter().flat_map(|edge| [&edge.from, &edge.to]).collect();
        self.nodes.retain(|node| is_wanted(&node.id) || touched.contains(&node.id));
        self.stacks.retain(|stack| self.nodes.iter().any(|node| node.stack == stack.name));
        self
    }

    fn add(&mut self, stack: &str, relation: relations::Relation, from: Option<End>, to: Option<End>) {
        let (Some(from), Some(to)) = (from, to) else { return };
        let via = relation.via.map(|via| node_id(stack, &via));
        let crosses = from.output.is_some() || to.output.is_some();
        let mut edge = Edge { from: from.id, to: to.id, kind: edge_kind(relation.kind), details: relation.details, via };
        if crosses && matches!(edge.kind, EdgeKind::Reference | EdgeKind::Dependency) {
            // The value goes from whoever gives it to whoever names it.
            edge = Edge { from: edge.to, to: edge.from, kind: EdgeKind::Wire, details: to.output.into_iter().collect(), via: edge.via };
        }
        self.edges.push(edge);
    }
}

/// One end of an arrow.
struct End {
    id: String,
    /// The output through which another stack gives it.
    output: Option<String>,
}

/// The resource behind a name of a template; none behind what no stack gives, such as the key of a binary.
fn end(templates: &[(&Finished, Json)], stack: &Finished, template: &Json, name: &str) -> Option<End> {
    if template["Resources"].get(name).is_some() {
        return Some(End { id: node_id(stack.stack, name), output: None });
    }
    let Some(Wire::Output { stack: giver, output }) = stack.parameters.get(name) else { return None };
    let (_, template) = templates.iter().find(|(other, _)| other.stack == *giver)?;
    let resource = relations::given_by(template, output)?;
    Some(End { id: node_id(giver, &resource), output: Some((*output).to_owned()) })
}

fn node_id(stack: &str, logical_id: &str) -> String {
    format!("{stack}/{logical_id}")
}

fn edge_kind(kind: Kind) -> EdgeKind {
    match kind {
        Kind::Event => EdgeKind::Event,
        Kind::DeadLetters => EdgeKind::DeadLetters,
        Kind::Watch => EdgeKind::Watch,
        Kind::Alarm => EdgeKind::Alarm,
        Kind::Permission => EdgeKind::Permission,
        Kind::Reference => EdgeKind::Reference,
        Kind::Dependency => EdgeKind::Dependency,
    }
}
