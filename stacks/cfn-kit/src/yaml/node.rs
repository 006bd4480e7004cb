//! The tree: values with their place in the text.

use super::scalar::{Meaning, Scalar, Style};
use std::fmt;

/// A place in a text, as an editor counts it: lines and columns start at 1, a column is one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

impl Position {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One value of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What stands there.
    pub value: Value,
    /// The tag before the value: `!Ref` for CloudFormation's and other local ones, `tag:yaml.org,2002:str` for `!!str`.
    pub tag: Option<String>,
    /// Where the value starts, at its tag when it has one; a block mapping starts at its first key.
    pub start: Position,
    /// Where the value ends: one past its last character, or, for a block, where the next thing starts.
    pub end: Position,
}

/// What stands at one place.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One word, number or text.
    Scalar(Scalar),
    /// Values in order.
    Sequence(Vec<Node>),
    /// Keys with their values, in the order of the text; a key that stands twice is here twice.
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// The value of a key of this mapping: the first one when the key stands twice, `None` when this is no mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key of this mapping with its value, for a message that points at the key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<(&Self, &Self)> {
        self.entries()?.iter().find(|(found, _)| found.scalar().is_some_and(|scalar| scalar.text == key)).map(|(key, value)| (key, value))
    }

    /// Keys and values, when this is a mapping.
    #[must_use]
    pub fn entries(&self) -> Option<&[(Self, Self)]> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            Value::Scalar(_) | Value::Sequence(_) => None,
        }
    }

    /// The items, when this is a sequence.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            Value::Scalar(_) | Value::Mapping(_) => None,
        }
    }

    /// The scalar as it was written, when this is one.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// What a scalar means in YAML 1.2's core schema; `None` for sequences and mappings.
    ///
    /// A scalar with a local tag is always text: `!Ref 12` names `12`.
    #[must_use]
    pub fn meaning(&self) -> Option<Meaning<'_>> {
        let scalar = self.scalar()?;
        Some(match self.tag.as_deref() {
            None => scalar.meaning(),
            Some(tag) => match tag.strip_prefix(CORE_SCHEMA) {
                Some("null" | "bool" | "int" | "float") => scalar.plain_meaning(),
                Some(_) | None => Meaning::String(&scalar.text),
            },
        })
    }

    /// The text, when this is a scalar that means a string in YAML 1.2.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self.meaning()? {
            Meaning::String(text) => Some(text),
            Meaning::Null | Meaning::Bool(_) | Meaning::Integer(_) | Meaning::Float(_) => None,
        }
    }

    /// Whether nothing stands here: `null`, `~`, or no value behind a key.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.meaning() == Some(Meaning::Null)
    }

    /// What this is, for a message: `a mapping`, `a whole number`, ….
    #[must_use]
    pub fn what(&self) -> &'static str {
        match &self.value {
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Scalar(_) => match self.meaning() {
                Some(Meaning::Null) | None => "nothing",
                Some(Meaning::Bool(_)) => "a truth value",
                Some(Meaning::Integer(_)) => "a whole number",
                Some(Meaning::Float(_)) => "a number",
                Some(Meaning::String(_)) => "text",
            },
        }
    }

    /// A scalar without a value, where a key or a document holds nothing.
    pub(super) fn nothing(at: Position) -> Self {
        Self { value: Value::Scalar(Scalar { text: String::new(), style: Style::Plain }), tag: None, start: at, end: at }
    }
}

/// How YAML's own tags start in a [`Node`]: what `!!` in front of `!!str` stands for.
pub const CORE_SCHEMA: &str = "tag:yaml.org,2002:";
