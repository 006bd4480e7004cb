//! What the value of a property gives, as far as that can be said without deploying.

use serde_json::{Map, Value as Json};

use super::names::Names;
use crate::facts::Type;

/// What a value gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given<'a> {
    /// What stands there, or what a mapping has there.
    Literal(&'a Json),
    /// `AWS::NoValue`: as if nothing stood there.
    Nothing,
    /// `Fn::If`.
    Either { condition: &'a str, yes: &'a Json, no: &'a Json },
    /// A parameter.
    Parameter(&'a str, &'a Json),
    /// An attribute of a resource, or, without one, what `Ref` gives.
    Resource { id: &'a str, attribute: Option<&'a str> },
    /// Some text.
    Text,
    /// Some list of texts.
    List,
    /// Nobody knows.
    Unknown,
}

/// The only entry of a mapping that has just one.
pub(super) fn only(entries: &Map<String, Json>) -> Option<(&str, &Json)> {
    if entries.len() != 1 {
        return None;
    }
    entries.iter().next().map(|(name, value)| (name.as_str(), value))
}

/// A function with its argument, where a value is one.
pub(super) fn function(value: &Json) -> Option<(&str, &Json)> {
    only(value.as_object()?).filter(|(name, _)| *name == "Ref" || name.starts_with("Fn::"))
}

/// What a value gives.
pub(super) fn given<'a>(value: &'a Json, names: &Names<'a>) -> Given<'a> {
    let Some((name, argument)) = function(value) else { return Given::Literal(value) };
    let arguments = argument.as_array().map_or(&[][..], Vec::as_slice);
    match (name, arguments) {
        ("Ref", _) => argument.as_str().map_or(Given::Unknown, |name| named(name, names)),
        ("Fn::GetAtt", _) => attribute(argument),
        ("Fn::If", [Json::String(condition), yes, no]) => Given::Either { condition, yes, no },
        ("Fn::Sub", _) => substitution(argument, names),
        ("Fn::FindInMap", [Json::String(mapping), Json::String(first), Json::String(second)]) => {
            let found = names.mappings.get(mapping).and_then(|mapping| mapping.get(first)?.get(second));
            found.map_or(Given::Unknown, Given::Literal)
        }
        ("Fn::Base64" | "Fn::ImportValue" | "Fn::Join" | "Fn::ToJsonString", _) => Given::Text,
        ("Fn::Cidr" | "Fn::GetAZs" | "Fn::Split", _) => Given::List,
        _ => Given::Unknown,
    }
}

fn named<'a>(name: &'a str, names: &Names<'a>) -> Given<'a> {
    match name {
        "AWS::NoValue" => Given::Nothing,
        "AWS::NotificationARNs" => Given::List,
        _ if name.starts_with("AWS::") => Given::Text,
        _ => match names.parameters.get(name) {
            Some(parameter) => Given::Parameter(name, parameter),
            None if names.has_resource(name) => Given::Resource { id: name, attribute: None },
            None => Given::Unknown,
        },
    }
}

fn attribute(argument: &Json) -> Given<'_> {
    match argument {
        Json::String(text) => match text.split_once('.') {
            Some((id, attribute)) => Given::Resource { id, attribute: Some(attribute) },
            None => Given::Unknown,
        },
        Json::Array(parts) => match parts.as_slice() {
            [Json::String(id), Json::String(attribute)] => Given::Resource { id, attribute: Some(attribute) },
            _ => Given::Unknown,
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Given::Unknown,
    }
}

/// `${Queue}` alone is what `Ref` gives; with anything around it, it is some text.
fn substitution<'a>(argument: &'a Json, names: &Names<'a>) -> Given<'a> {
    let Some(text) = argument.as_str() else { return Given::Text };
    let alone = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).filter(|name| !name.contains(['{', '}', '!']));
    match alone.map(|name| name.split_once('.').map_or((name, None), |(id, attribute)| (id, Some(attribute)))) {
        Some((id, Some(attribute))) => Given::Resource { id, attribute: Some(attribute) },
        Some((name, None)) => match named(name, names) {
            // A list, or nothing, cannot stand in a text: other checks say so.
            Given::List | Given::Nothing => Given::Text,
            given @ (Given::Literal(_)
            | Given::Either { .. }
            | Given::Parameter(..)
            | Given::Resource { .. }
            | Given::Text
            | Given::Unknown) => given,
        },
        None if !text.contains("${") => Given::Literal(argument),
        None => Given::Text,
    }
}

/// What something is, where that can be said: one value or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    One,
    Several,
}

/// Whether an attribute is one value or a list.
pub(super) fn count_of_attribute(id: &str, attribute: Option<&str>, names: &Names<'_>) -> Option<Count> {
    let facts = names.facts_of(id)?;
    let Some(attribute) = attribute else { return Some(Count::One) };
    match &facts.attributes.iter().find(|known| known.name == attribute)?.kind {
        Type::String | Type::Integer | Type::Number | Type::Boolean => Some(Count::One),
        Type::List(_) => Some(Count::Several),
        Type::Json | Type::Policy | Type::Shape(_) | Type::Map(_) => None,
    }
}

/// Whether a parameter is one value or a list.
pub(super) fn count_of_parameter(parameter: &Json) -> Option<Count> {
    let kind = parameter.get("Type")?.as_str()?;
    let inner = kind.strip_prefix("AWS::SSM::Parameter::Value<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(kind);
    Some(if inner == "CommaDelimitedList" || inner.starts_with("List<") { Count::Several } else { Count::One })
}
