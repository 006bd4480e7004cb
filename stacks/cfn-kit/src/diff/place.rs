//! What is known about a place in a template while it is walked: how values are read there, and whether a list has an order.

use serde_json::{Map, Value as Json};

use super::names::{is_json_text, is_set};
use crate::facts::{Facts, Property, Type};

/// A place in a template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    kind: Kind<'a>,
    /// The name of the property that it is or is an item of; empty where there is none.
    name: &'a str,
    /// Whether the facts say that the list here has no order.
    unordered: bool,
    /// The structures that types refer to by name.
    facts: Option<&'static Facts>,
    /// How many texts around this one were JSON themselves.
    pub(super) nested: u8,
}

#[derive(Debug, Clone, Copy)]
enum Kind<'a> {
    /// Nothing is known.
    Plain,
    /// A resource: `Type`, `Properties`, ….
    Resource {
        custom: bool,
    },
    /// The properties of a resource.
    Properties {
        custom: bool,
    },
    /// A value of a known type.
    Typed(&'a Type),
    /// Everything ends as text: what custom resources and parameters are given.
    Texts,
    /// An IAM policy document, and what is in it.
    Policy,
    Statements,
    Statement,
    Principal,
    Operators,
    Operator,
    /// A list of texts, or one text, in any order.
    Words,
    /// Actions: their case means nothing.
    Actions,
}

/// What a scalar becomes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Kept,
    Text,
    Number,
    Boolean,
}

/// How a text that holds JSON is kept here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Embedded {
    /// It is no JSON to anybody.
    No,
    /// Text, which `Fn::ToJsonString` would give.
    AsText,
    /// JSON and its text are the same here.
    AsJson,
}

impl Place<'static> {
    /// A place of which nothing is known.
    pub(super) const PLAIN: Self = Self { kind: Kind::Plain, name: "", unordered: false, facts: None, nested: 0 };

    /// A place where all scalars are text in the end.
    pub(super) const TEXTS: Self = Self { kind: Kind::Texts, name: "", unordered: false, facts: None, nested: 0 };

    /// The whole resource of this type.
    pub(super) fn resource(type_name: &str) -> Self {
        let custom = type_name.starts_with("Custom::") || type_name == "AWS::CloudFormation::CustomResource";
        let facts = if custom { None } else { crate::facts::of(type_name) };
        Self { kind: Kind::Resource { custom }, name: "", unordered: false, facts, nested: 0 }
    }
}

impl<'a> Place<'a> {
    fn with(self, kind: Kind<'a>, name: &'a str) -> Self {
        Self { kind, name, unordered: false, ..self }
    }

    /// The place under a key.
    pub(super) fn inside(self, key: &'a str) -> Self {
        let kind = match (self.kind, key) {
            (Kind::Resource { custom }, "Properties") => Kind::Properties { custom },
            (Kind::Resource { .. }, "DependsOn") => Kind::Words,
            (Kind::Properties { custom: true }, "ServiceToken") => Kind::Plain,
            (Kind::Properties { custom: true } | Kind::Texts, _) => Kind::Texts,
            (Kind::Properties { .. } | Kind::Typed(Type::Shape(_)), _) => {
                let Some(property) = self.property(key) else { return self.with(Kind::Plain, key) };
                return Self { unordered: property.unordered, ..self.with(Kind::Typed(&property.kind), key) };
            }
            (Kind::Typed(Type::Map(item)), _) => Kind::Typed(item),
            (Kind::Typed(Type::Policy) | Kind::Policy, "Statement") => Kind::Statements,
            (Kind::Typed(Type::Policy) | Kind::Policy, _) => Kind::Texts,
            (Kind::Statement | Kind::Statements, "Action" | "NotAction") => Kind::Actions,
            (Kind::Statement | Kind::Statements, "Resource" | "NotResource") => Kind::Words,
            (Kind::Statement | Kind::Statements, "Principal" | "NotPrincipal") => Kind::Principal,
            (Kind::Statement | Kind::Statements, "Condition") => Kind::Operators,
            (Kind::Statement | Kind::Statements, _) => Kind::Texts,
            (Kind::Principal | Kind::Operator, _) => Kind::Words,
            (Kind::Operators, _) => Kind::Operator,
            (Kind::Plain | Kind::Resource { .. } | Kind::Typed(_) | Kind::Words | Kind::Actions, _) => Kind::Plain,
        };
        self.with(kind, key)
    }

    /// What the facts say about the property under a key.
    fn property(self, key: &str) -> Option<&'static Property> {
        let facts = self.facts?;
        if let Kind::Typed(Type::Shape(name)) = self.kind {
            return facts.shape(name)?.property(key);
        }
        matches!(self.kind, Kind::Properties { .. }).then(|| facts.property(key))?
    }

    /// The place of an item of the list here.
    pub(super) fn item(self) -> Self {
        let kind = if let Kind::Typed(Type::List(item)) = self.kind {
            Kind::Typed(item)
        } else if matches!(self.kind, Kind::Statements) {
            Kind::Statement
        } else if matches!(self.kind, Kind::Words | Kind::Actions | Kind::Texts) {
            self.kind
        } else {
            Kind::Plain
        };
        // The items of a list of lists are another list.
        self.with(kind, "")
    }

    /// The same place, inside a text that was JSON.
    pub(super) fn embedded(self, embedded: Embedded) -> Self {
        let nested = self.nested.saturating_add(1);
        match embedded {
            Embedded::AsJson => Self { nested, ..self },
            Embedded::AsText | Embedded::No => Self { kind: Kind::Plain, name: "", unordered: false, facts: None, nested },
        }
    }

    /// The place, knowing its value: a mapping with `Statement` is a policy wherever it stands.
    pub(super) fn seeing(self, value: &Map<String, Json>) -> Self {
        let untold = matches!(self.kind, Kind::Plain | Kind::Typed(Type::Json | Type::Policy));
        if untold && value.get("Statement").is_some_and(is_statement) { self.with(Kind::Policy, self.name) } else { self }
    }

    pub(super) fn is_principal(self) -> bool {
        matches!(self.kind, Kind::Principal)
    }

    pub(super) fn is_actions(self) -> bool {
        matches!(self.kind, Kind::Actions)
    }

    /// Whether one value and a list of one are the same here.
    pub(super) fn takes_one_for_many(self) -> bool {
        // An item is one of the words itself, and has no name of its own.
        let words = matches!(self.kind, Kind::Words | Kind::Actions) && !self.name.is_empty();
        words || matches!(self.kind, Kind::Statements)
    }

    /// Whether the list here has no order.
    pub(super) fn is_set(self) -> bool {
        self.takes_one_for_many() || self.unordered || is_set(self.name) || self.holds_pairs()
    }

    /// Whether the list here is of keys and values, whatever it is called.
    fn holds_pairs(self) -> bool {
        let Kind::Typed(Type::List(item)) = self.kind else { return false };
        let Type::Shape(name) = item.as_ref() else { return false };
        let Some(shape) = self.facts.and_then(|facts| facts.shape(name)) else { return false };
        let names: Vec<&str> = shape.properties.iter().map(|property| property.name.as_ref()).collect();
        matches!(names.as_slice(), ["Key", "Value"] | ["Name", "Value"] | ["Key", "PropagateAtLaunch", "Value"])
    }

    pub(super) fn scalar(self) -> Scalar {
        if matches!(self.kind, Kind::Typed(Type::Integer | Type::Number)) {
            Scalar::Number
        } else if matches!(self.kind, Kind::Typed(Type::Boolean)) {
            Scalar::Boolean
        } else if matches!(self.kind, Kind::Typed(Type::String) | Kind::Texts | Kind::Words | Kind::Actions) {
            Scalar::Text
        } else {
            Scalar::Kept
        }
    }

    pub(super) fn embeds(self) -> Embedded {
        // Texts in texts in texts: somebody wants to see how deep we go.
        if self.nested >= 4 {
            Embedded::No
        } else if matches!(self.kind, Kind::Typed(Type::Json | Type::Policy | Type::Shape(_))) {
            Embedded::AsJson
        } else if matches!(self.kind, Kind::Typed(Type::String) | Kind::Plain) && is_json_text(self.name) {
            Embedded::AsText
        } else {
            Embedded::No
        }
    }
}

fn is_statement(value: &Json) -> bool {
    match value {
        Json::Object(statement) => statement.contains_key("Effect"),
        Json::Array(statements) => statements.iter().any(|one| one.get("Effect").is_some()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}
