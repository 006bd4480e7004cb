//! The JSON schema of an environment file, made from the Rust types.

use super::Environment;
use regex_lite::Regex;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value as Json;
use std::sync::LazyLock;

/// The JSON schema that editors complete environment files from: what `cargo xtask schema` writes to `environments/schema.json`.
///
/// Always the same text for the same types.
#[must_use]
pub fn schema() -> String {
    // Alternate formatting is pretty-printed JSON, and cannot fail.
    format!("{:#}\n", *SCHEMA)
}

/// The schema as a value, made once.
pub(super) static SCHEMA: LazyLock<Json> = LazyLock::new(|| {
    // Draft 7 is what editors know best. Everything in its place: a reference would hide a field's description behind its type's.
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<Environment>();
    // A Rust integer's size is no news to the person who edits; its bounds are there already.
    RecursiveTransform(|schema: &mut schemars::Schema| drop(schema.remove("format"))).transform(&mut schema);
    schema.insert("title".to_owned(), "Environment of Cloudwright".into());
    schema.to_value()
});

/// What the schema says of one key of a mapping.
pub(super) fn property<'a>(schema: &'a Json, key: &str) -> Option<&'a Json> {
    schema.get("properties")?.get(key)
}

/// The keys that a mapping may have, in the order of the Rust type.
pub(super) fn keys(schema: &Json) -> impl Iterator<Item = &str> {
    schema.get("properties").and_then(Json::as_object).into_iter().flat_map(|properties| properties.keys().map(String::as_str))
}

/// The keys that a mapping must have.
pub(super) fn required(schema: &Json) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

/// The words of a type that knows no schemas, as [`words`] reads them.
pub(super) fn consts(words: &[&str]) -> Json {
    words.iter().map(|word| serde_json::json!({ "type": "string", "const": word })).collect()
}

/// The words that a text must be one of.
pub(super) fn words(schema: &Json) -> Option<Vec<&str>> {
    schema.get("oneOf")?.as_array()?.iter().map(|word| word.get("const")?.as_str()).collect()
}

/// The numbers that a whole number must be one of.
pub(super) fn numbers(schema: &Json) -> Option<Vec<i64>> {
    schema.get("enum")?.as_array()?.iter().map(Json::as_i64).collect()
}

/// The first sentence of what a setting is for.
pub(super) fn purpose(schema: &Json) -> Option<&str> {
    schema.get("description")?.as_str()?.lines().next()
}

/// Texts that a person may have meant.
pub(super) fn examples(schema: &Json) -> impl Iterator<Item = &str> {
    schema.get("examples").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

/// Whether a text has the form that a pattern of the schema describes.
pub(super) fn has_form(text: &str, pattern: &str) -> bool {
    // A test compiles every pattern of the schema, so one that cannot be compiled never gets here.
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// What a value must be, as the end of the sentence "it must be …".
pub(super) fn expected(schema: &Json) -> String {
    if let Some(words) = words(schema) {
        return one_of(words.iter().map(|word| format!("`{word}`")).collect());
    }
    if let Some(numbers) = numbers(schema) {
        return one_of(numbers.iter().map(i64::to_string).collect());
    }
    match schema.get("type").and_then(Json::as_str) {
        Some("integer") => match (schema.get("minimum").and_then(Json::as_i64), schema.get("maximum").and_then(Json::as_i64)) {
            (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
            (Some(least), None) => format!("a whole number of at least {least}"),
            (None, _) => "a whole number".to_owned(),
        },
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("string") => schema.get("patternErrorMessage").and_then(Json::as_str).unwrap_or("text").to_owned(),
        Some("array") => match schema.get("items") {
            Some(items) => format!("a list, each item {}", expected(items)),
            None => "a list".to_owned(),
        },
        Some("object") => match list(required(schema)) {
            none if none.is_empty() => format!("a mapping with {}", list(keys(schema))),
            required => format!("a mapping with {required}"),
        },
        Some(_) | None => "something else".to_owned(),
    }
}

/// `a`, `b` and `c`.
pub(super) fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.map(|word| format!("`{word}`")).collect();
    join(&words, "and")
}

fn one_of(words: Vec<String>) -> String {
    if words.len() > 2 { format!("one of {}", join(&words, "and")) } else { join(&words, "or") }
}

fn join(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}
