//! A template as plain JSON, with what is known about where its parts come from.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::finding::Finding;

/// Where the parts of a template come from: `file:line` by path, such as `Resources/JobQueue`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources(BTreeMap<String, String>);

impl Sources {
    /// Remembers where a part comes from; the first word counts.
    pub fn remember(&mut self, path: impl Into<String>, source: impl Into<String>) {
        self.0.entry(path.into()).or_insert_with(|| source.into());
    }

    /// Where a path comes from: its own source, or that of the nearest part around it.
    pub fn of(&self, path: &str) -> Option<&str> {
        let mut path = path;
        loop {
            if let Some(source) = self.0.get(path) {
                return Some(source);
            }
            path = &path[..path.rfind('/')?];
        }
    }

    /// Where a resource comes from.
    pub fn of_resource(&self, id: &str) -> Option<&str> {
        self.0.get(&format!("Resources/{id}")).map(String::as_str)
    }

    /// All that is known, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, source)| (path.as_str(), source.as_str()))
    }
}

/// A whole template, written by this kit or by anybody: what check, rules and diff look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The template, with the long form of every function.
    pub template: Json,
    /// Where its parts come from.
    pub sources: Sources,
    /// What was already wrong when it was put together or read, such as an ID that stands twice.
    pub findings: Vec<Finding>,
    /// How many bytes CloudFormation would be sent, where the text is at hand; otherwise that of the rendered JSON counts.
    pub bytes: Option<usize>,
}

impl Document {
    /// A template of which nothing but the JSON is known.
    pub fn from_json(template: Json) -> Self {
        Self { template, sources: Sources::default(), findings: Vec::new(), bytes: None }
    }
}
