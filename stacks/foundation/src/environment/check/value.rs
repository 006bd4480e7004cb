//! Single values: whether one fits, and what to do when it does not.

use super::super::nearest::nearest;
use super::super::schema::{self, has_form};
use cfn_kit::yaml::{Meaning, Node, Scalar, Style};
use serde_json::Value as Json;

/// Whether a value is what the schema asks for.
pub(super) fn fits(node: &Node, schema: &Json) -> bool {
    let bound = |name: &str| schema.get(name).and_then(Json::as_i64);
    match (schema.get("type").and_then(Json::as_str), node.meaning()) {
        (Some("integer"), Some(Meaning::Integer(number))) => {
            schema::numbers(schema).is_none_or(|numbers| numbers.contains(&number))
                && bound("minimum").is_none_or(|least| least <= number)
                && bound("maximum").is_none_or(|most| number <= most)
                && node.scalar().is_some_and(|scalar| scalar.text == number.to_string())
        }
        (Some("boolean"), Some(Meaning::Bool(_))) => true,
        (Some("string"), Some(Meaning::String(text))) => {
            schema.get("pattern").and_then(Json::as_str).is_none_or(|pattern| has_form(text, pattern))
        }
        (None, Some(Meaning::String(text))) => schema::words(schema).is_some_and(|words| words.contains(&text)),
        _ => false,
    }
}

/// What to do about a value that does not fit, where that can be known. `line` is the line that it is in.
pub(super) fn help(node: &Node, schema: &Json, line: &str) -> Option<String> {
    let scalar = node.scalar()?;
    let text = scalar.text.as_str();
    let plain = scalar.style == Style::Plain;
    match schema.get("type").and_then(Json::as_str) {
        Some("string") if node.is_null() && line.contains(" #") => Some("`#` starts a comment: write the value in quotes".to_owned()),
        Some("string") if plain && node.as_str().is_none() => {
            let pattern = schema.get("pattern").and_then(Json::as_str).unwrap_or_default();
            has_form(text, pattern)
                .then(|| format!("write it in quotes: `\"{text}\"`; without them YAML reads a number, and may lose a leading zero"))
        }
        Some("string") if !text.is_empty() => nearest(text, schema::examples(schema)).map(|example| format!("did you mean `{example}`?")),
        Some("integer") if !plain && text.parse::<i64>().is_ok() => Some(format!("write it without quotes: `{text}`")),
        Some("integer") => number_help(text, node).or_else(|| next_longer(text, schema)),
        Some("boolean") if !plain && matches!(text, "true" | "false") => Some(format!("write it without quotes: `{text}`")),
        Some("boolean") => scalar.yaml_1_1_bool().map(|truth| format!("YAML 1.2 reads `{text}` as text, write `{truth}`")),
        Some("array") if !node.is_null() => Some(format!("write a list: `[{}]`", show(text))),
        None => {
            let words = schema::words(schema)?;
            nearest(text, words).map(|word| format!("did you mean `{word}`?"))
        }
        Some(_) => None,
    }
}

fn number_help(text: &str, node: &Node) -> Option<String> {
    if let Some(Meaning::Integer(number)) = node.meaning()
        && number.to_string() != text
    {
        return Some(format!("write it as `{number}`: readers of YAML take `{}` for different numbers", show(text)));
    }
    if let Some(Meaning::Float(number)) = node.meaning()
        && number.fract() == 0.0
        && number.abs() < 1e15
    {
        return Some(format!("write it as `{number}`"));
    }
    let digits: String = text.chars().filter(|c| !matches!(c, '_' | ',' | '\'' | ' ')).collect();
    if digits != text && digits.parse::<u32>().is_ok() {
        return Some(format!("write it as `{digits}`"));
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_unit = unit.len() < text.len() && !unit.is_empty() && unit.chars().all(|c| c.is_alphabetic() || c == ' ');
    is_unit.then(|| "write a number alone: its unit is in the setting's name".to_owned())
}

/// The next number that is allowed, where only some are.
fn next_longer(text: &str, schema: &Json) -> Option<String> {
    let number: i64 = text.parse().ok()?;
    schema::numbers(schema)?.into_iter().find(|allowed| *allowed > number).map(|allowed| format!("the next one up is {allowed}"))
}

/// Whether only the quotes make text of what should be none.
pub(super) fn is_quoted_needlessly(scalar: &Scalar, schema: &Json) -> bool {
    scalar.style != Style::Plain && matches!(schema.get("type").and_then(Json::as_str), Some("integer" | "boolean"))
}

/// A text as a message may show it: short, and nothing that a terminal would obey.
pub(super) fn show(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > MOST {
        shown.push('…');
    }
    shown
}

/// Whether a value that is no text of a file is what the schema asks for, down to the last item.
#[cfg(test)]
pub(in super::super) fn fits_json(value: &Json, schema: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().all(|item| fits_json(item, &schema["items"])),
        Json::Object(entries) => entries.iter().all(|(key, value)| fits_json(value, &schema["properties"][key])),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            let document = cfn_kit::yaml::read(&value.to_string()).expect("JSON is YAML");
            fits(&document.root, schema)
        }
    }
}
