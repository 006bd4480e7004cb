//! Whether a literal is of the kind that is wanted, or can be made so: CloudFormation reads `"5"` as 5 and 5 as `"5"`.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::facts::Type;

/// What stands there, for a message.
pub(super) fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "nothing",
        Json::Bool(_) => "a truth value",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a mapping",
    }
}

/// What is wanted, for a message.
pub(super) fn wanted(kind: &Type) -> &'static str {
    match kind {
        Type::String => "a text",
        Type::Integer => "a whole number",
        Type::Number => "a number",
        Type::Boolean => "`true` or `false`",
        Type::List(_) => "a list",
        Type::Map(_) | Type::Shape(_) => "a mapping",
        Type::Policy => "a policy document",
        Type::Json => "any JSON",
    }
}

/// The text of a scalar as templates write it; `None` for lists, mappings and nothing.
pub(super) fn text(value: &Json) -> Option<Cow<'_, str>> {
    match value {
        Json::String(text) => Some(Cow::Borrowed(text)),
        Json::Bool(_) | Json::Number(_) => Some(Cow::Owned(value.to_string())),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The number that a scalar is, or is the text of.
pub(super) fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        // Rust reads `inf` and `nan` as numbers too.
        Json::String(text) if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => text.parse().ok(),
        Json::String(_) | Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Whether a literal can be what is wanted; lists and mappings are looked into by others.
pub(super) fn fits(value: &Json, wanted: &Type) -> bool {
    match wanted {
        Type::Json => true,
        Type::String => text(value).is_some(),
        Type::Integer => number(value).is_some_and(|number| number.fract() == 0.0),
        Type::Number => number(value).is_some(),
        Type::Boolean => match value {
            Json::Bool(_) => true,
            Json::String(text) => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
            Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_) => false,
        },
        Type::List(_) => value.is_array(),
        Type::Map(_) | Type::Shape(_) => value.is_object(),
        // Some services take a policy as text.
        Type::Policy => value.is_object() || value.is_string(),
    }
}

/// Whether this kind is one value and no list or mapping.
pub(super) fn is_scalar(kind: &Type) -> bool {
    matches!(kind, Type::String | Type::Integer | Type::Number | Type::Boolean)
}

/// A literal as a message shows it: long ones are cut.
pub(super) fn shown(value: &Json) -> String {
    const MOST: usize = 80;
    let Some(text) = text(value) else { return kind(value).to_owned() };
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
