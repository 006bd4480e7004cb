//! Texts that are put together: `Fn::Sub` and `Fn::Join` say the same in two ways.

use serde_json::{Map, Value as Json, json};

use super::names::function;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// What is written out.
    Text(String),
    /// What a function gives.
    Value(Json),
}

/// The pieces of a text in normal form.
pub(super) fn parts(value: &Json) -> Vec<Part> {
    match value {
        Json::String(text) => vec![Part::Text(text.clone())],
        Json::Object(object) => function(object)
            .and_then(|(name, argument)| pieces(name, argument, &|value| value.clone()))
            .unwrap_or_else(|| vec![Part::Value(value.clone())]),
        Json::Bool(_) | Json::Number(_) => vec![Part::Text(value.to_string())],
        Json::Null | Json::Array(_) => vec![Part::Value(value.clone())],
    }
}

/// The pieces that a function puts together; none where it is no such function, or one that cannot be taken apart.
pub(super) fn pieces(name: &str, argument: &Json, normal: &impl Fn(&Json) -> Json) -> Option<Vec<Part>> {
    match (name, argument) {
        ("Fn::Sub", Json::String(text)) => Some(substituted(text, &Map::new(), normal)),
        ("Fn::Sub", Json::Array(arguments)) => match arguments.as_slice() {
            [Json::String(text)] => Some(substituted(text, &Map::new(), normal)),
            [Json::String(text), Json::Object(variables)] => Some(substituted(text, variables, normal)),
            _ => None,
        },
        ("Fn::Join", Json::Array(arguments)) => match arguments.as_slice() {
            [Json::String(delimiter), Json::Array(items)] => joined(delimiter, items, normal),
            _ => None,
        },
        _ => None,
    }
}

fn substituted(text: &str, variables: &Map<String, Json>, normal: &impl Fn(&Json) -> Json) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        found.push(Part::Text(before.to_owned()));
        rest = after;
        let name = name.trim();
        match (name.strip_prefix('!'), variables.get(name)) {
            (Some(literal), _) => found.push(Part::Text(format!("${{{literal}}}"))),
            (None, Some(value)) => found.extend(parts(&normal(value))),
            (None, None) => found.push(Part::Value(reference(name))),
        }
    }
    found.push(Part::Text(rest.to_owned()));
    merged(found)
}

fn joined(delimiter: &str, items: &[Json], normal: &impl Fn(&Json) -> Json) -> Option<Vec<Part>> {
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        // `NoValue` takes its delimiter with it, and a list brings more of them.
        if may_be_nothing(item) || item.is_array() || item.is_null() {
            return None;
        }
        if index > 0 {
            found.push(Part::Text(delimiter.to_owned()));
        }
        found.extend(parts(&normal(item)));
    }
    Some(merged(found))
}

fn may_be_nothing(item: &Json) -> bool {
    let Some((name, argument)) = item.as_object().and_then(function) else { return false };
    match name {
        "Ref" => argument == "AWS::NoValue",
        "Fn::If" => argument.as_array().is_some_and(|branches| branches.iter().skip(1).any(may_be_nothing)),
        _ => false,
    }
}

fn reference(name: &str) -> Json {
    match name.split_once('.') {
        Some((id, attribute)) => json!({ "Fn::GetAtt": [id, attribute] }),
        None => json!({ "Ref": name }),
    }
}

fn merged(found: Vec<Part>) -> Vec<Part> {
    let mut merged: Vec<Part> = Vec::with_capacity(found.len());
    for part in found {
        match (merged.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => merged.push(part),
        }
    }
    merged
}

/// The one form of a text that is put together of these pieces.
pub(super) fn text_of(parts: &[Part]) -> Json {
    match parts {
        [] => "".into(),
        [Part::Text(text)] => text.as_str().into(),
        [Part::Value(value)] => value.clone(),
        parts => substitution(parts).unwrap_or_else(|| {
            let items = parts.iter().map(|part| match part {
                Part::Text(text) => text.as_str().into(),
                Part::Value(value) => value.clone(),
            });
            json!({ "Fn::Join": ["", items.collect::<Vec<Json>>()] })
        }),
    }
}

fn substitution(parts: &[Part]) -> Option<Json> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(&piece.replace("${", "${!")),
            Part::Value(value) => text.push_str(&placeholder(value)?),
        }
    }
    Some(json!({ "Fn::Sub": text }))
}

/// `${Id}` or `${Id.Attribute}` for what refers to something by name.
fn placeholder(value: &Json) -> Option<String> {
    let name = match function(value.as_object()?)? {
        ("Ref", Json::String(id)) if !id.contains('.') => id.clone(),
        ("Fn::GetAtt", Json::Array(words)) => match words.as_slice() {
            [Json::String(id), Json::String(attribute)] if !id.contains('.') => format!("{id}.{attribute}"),
            _ => return None,
        },
        _ => return None,
    };
    let plain = !name.is_empty() && name.trim() == name && !name.starts_with('!') && !name.contains(['}', '$', '{']);
    plain.then(|| format!("${{{name}}}"))
}

/// A text for people: what is put together as `Fn::Sub` would say it.
pub(super) fn spoken(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Object(_) => match text_of(&parts(value)) {
            Json::Object(object) => match function(&object) {
                Some(("Fn::Sub", Json::String(text))) => text.clone(),
                _ => placeholder(value).unwrap_or_else(|| value.to_string()),
            },
            scalar @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => scalar.to_string(),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => value.to_string(),
    }
}
