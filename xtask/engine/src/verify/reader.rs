//! What a resource type needs to be read back: which questions, and what the answers mean in the template's words.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::compare::Rules;
use super::granted::Granted;
use super::resolve::Place;
use super::value::{at, unknown, unknown_reason};
use crate::cloud::{Action, Ask, CloudError, ErrorKind};

/// How a resource type is read back. A line in the table of its service's file.
#[derive(Debug)]
pub(crate) struct Reader {
    /// The CloudFormation type.
    pub(crate) resource_type: &'static str,
    /// The questions. When the first of them is answered with "not found", the resource does not exist.
    pub(crate) asks: fn(&Subject<'_>) -> Vec<Ask>,
    /// Questions that follow from the first answers.
    pub(crate) then: fn(&Subject<'_>, &Answers<'_>) -> Vec<Ask>,
    /// What the answers say, in CloudFormation's names.
    pub(crate) live: fn(&Subject<'_>, &Answers<'_>) -> Live,
    /// Attributes that follow from the name in AWS alone.
    pub(crate) attributes: fn(&str, &Place) -> Vec<(&'static str, String)>,
    /// The properties that are no plain values.
    pub(crate) rules: Rules,
}

/// What most readers need not say: no second questions, no attributes, plain values everywhere.
pub(crate) const PLAIN: Reader = Reader {
    resource_type: "",
    asks: |_| Vec::new(),
    then: |_, _| Vec::new(),
    live: |_, _| Live { properties: Map::new(), attributes: Map::new(), gone: false },
    attributes: |_, _| Vec::new(),
    rules: &[],
};

/// The resource that is read.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// Its name in AWS.
    pub(crate) id: &'a str,
    /// Its properties as declared, as far as they are known before anything was read.
    pub(crate) declared: &'a Map<String, Value>,
    /// The template that it stands in.
    pub(crate) template: &'a Value,
    pub(crate) place: &'a Place,
    /// What the stacks beside this one, and this one, grant to roles.
    pub(crate) granted: &'a Granted,
}

impl Subject<'_> {
    /// Whether a property is declared: what nobody declared needs no question.
    pub(crate) fn declares(&self, property: &str) -> bool {
        self.declared.contains_key(property)
    }

    /// A declared property; null when there is none.
    pub(crate) fn property(&self, path: &str) -> Value {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let value = self.declared.get(first).cloned().unwrap_or_default();
        if rest.is_empty() { value } else { at(&value, rest) }
    }

    /// A declared property as text; empty when it is none.
    pub(crate) fn text(&self, path: &str) -> String {
        super::value::text(&self.property(path)).unwrap_or_default()
    }

    /// The texts of a declared list.
    pub(crate) fn texts(&self, property: &str) -> Vec<String> {
        super::value::items(&super::value::list(self.property(property))).iter().filter_map(super::value::text).collect()
    }

    /// Whether the template holds a resource of one of these types, which may add something to this one.
    pub(crate) fn beside(&self, types: &[&str]) -> bool {
        let mut all = self.template.get("Resources").and_then(Value::as_object).into_iter().flat_map(Map::values);
        all.any(|resource| resource.get("Type").and_then(Value::as_str).is_some_and(|kind| types.contains(&kind)))
    }

    /// The name after the last slash or colon of the name in AWS: that of a queue in its URL, that of a topic in its ARN.
    pub(crate) fn tail(&self) -> &str {
        tail(self.id)
    }
}

/// What stands after the last slash or colon.
pub(crate) fn tail(id: &str) -> &str {
    id.rsplit(['/', ':']).next().unwrap_or(id)
}

/// What was answered to the questions of one resource.
#[derive(Debug)]
pub(crate) struct Answers<'a> {
    pub(super) asks: &'a [Ask],
    pub(super) known: &'a BTreeMap<String, Result<Value, CloudError>>,
}

impl Answers<'_> {
    /// The answer to the first question of an operation: null when there is none, unknown when it could not be got.
    pub(crate) fn get(&self, action: &Action) -> Value {
        self.all(action).into_iter().next().unwrap_or_default()
    }

    /// A part of it.
    pub(crate) fn part(&self, action: &Action, path: &str) -> Value {
        at(&self.get(action), path)
    }

    /// The answers to all questions of an operation, in their order.
    pub(crate) fn all(&self, action: &Action) -> Vec<Value> {
        self.asks.iter().filter(|ask| ask.action == *action).map(|ask| self.answer(ask)).collect()
    }

    /// Whether the first question says that the resource does not exist.
    pub(super) fn gone(&self) -> bool {
        let first = self.asks.first().and_then(|ask| self.known.get(&ask.key()));
        matches!(first, Some(Err(error)) if error.kind == ErrorKind::NotFound)
    }

    fn answer(&self, ask: &Ask) -> Value {
        match self.known.get(&ask.key()) {
            Some(Ok(answer)) => answer.clone(),
            Some(Err(error)) if error.kind == ErrorKind::NotFound => Value::Null,
            Some(Err(error)) => unknown(format!("{} says: {}", ask.action.operation(), said(error))),
            None => unknown(format!("{} was not asked", ask.action.operation())),
        }
    }
}

/// An error in one line.
pub(crate) fn said(error: &CloudError) -> String {
    match &error.code {
        Some(code) => format!("{code}: {}", error.message),
        None => error.message.clone(),
    }
}

/// What is live, in CloudFormation's names.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Null for what is not set. A property that is missing here was not read.
    pub(crate) properties: Map<String, Value>,
    pub(crate) attributes: Map<String, Value>,
    /// Whether the service knows nothing of it, although it answered.
    pub(crate) gone: bool,
}

impl Live {
    /// One property.
    pub(crate) fn set(mut self, name: &str, value: Value) -> Self {
        self.properties.insert(name.to_owned(), value);
        self
    }

    /// Properties that are called the same in an answer.
    pub(crate) fn same(mut self, answer: &Value, names: &[&str]) -> Self {
        for name in names {
            self.properties.insert((*name).to_owned(), at(answer, name));
        }
        self
    }

    /// An attribute that others may refer to.
    pub(crate) fn attribute(mut self, name: &str, value: Value) -> Self {
        if !value.is_null() && unknown_reason(&value).is_none() {
            self.attributes.insert(name.to_owned(), value);
        }
        self
    }

    /// Attributes that are called the same in an answer.
    pub(crate) fn attributes(self, answer: &Value, names: &[&str]) -> Self {
        names.iter().fold(self, |live, name| live.attribute(name, at(answer, name)))
    }

    /// Nothing, when the service answered without it.
    pub(crate) fn unless_gone(mut self, answer: &Value) -> Self {
        self.gone = answer.is_null();
        self
    }
}
