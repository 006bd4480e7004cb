//! JSON inside strings: dashboards, state machines, policies, with functions in the middle of their text.

use serde_json::{Map, Value as Json, json};

use super::parts::{Part, text_of};

/// Stands for the function with this number; Unicode promises that nobody else uses these characters.
const FIRST: u32 = 0xE000;
const MOST: usize = 6_000;
/// Before the number of a function that stands outside of quotes, such as a number.
const UNQUOTED: char = '\u{F8FF}';

/// What a text says as JSON, functions in their places; none where it is no mapping and no list.
pub(super) fn read(parts: &[Part]) -> Option<Json> {
    let first = match parts.first()? {
        Part::Text(text) => text.trim_start(),
        Part::Value(_) => return None,
    };
    if !first.starts_with(['{', '[']) {
        return None;
    }
    let mut text = String::new();
    let mut values = Vec::new();
    let mut quoted = Quotes::default();
    for part in parts {
        match part {
            Part::Text(piece) => {
                if piece.contains(|letter| ('\u{E000}'..='\u{F8FF}').contains(&letter)) {
                    return None;
                }
                quoted.read(piece);
                text.push_str(piece);
            }
            Part::Value(value) => {
                let mark = mark(values.len())?;
                if quoted.inside {
                    text.push(mark);
                } else {
                    text.extend(['"', UNQUOTED, mark, '"']);
                }
                values.push(value);
            }
        }
    }
    let json = serde_json::from_str(&text).ok()?;
    Some(filled(json, &values))
}

fn mark(index: usize) -> Option<char> {
    let offset = u32::try_from(index).ok().filter(|_| index < MOST)?;
    char::from_u32(FIRST + offset)
}

/// Whether what comes next is between quotes.
#[derive(Default)]
struct Quotes {
    inside: bool,
    escaped: bool,
}

impl Quotes {
    fn read(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                _ if self.escaped => self.escaped = false,
                '\\' if self.inside => self.escaped = true,
                '"' => self.inside = !self.inside,
                _ => {}
            }
        }
    }
}

fn filled(json: Json, values: &[&Json]) -> Json {
    match json {
        Json::String(text) => filled_text(&text, values),
        Json::Array(items) => Json::Array(items.into_iter().map(|item| filled(item, values)).collect()),
        Json::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| (filled_key(&key, values), filled(value, values)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        scalar @ (Json::Null | Json::Bool(_) | Json::Number(_)) => scalar,
    }
}

fn filled_text(text: &str, values: &[&Json]) -> Json {
    if values.is_empty() {
        return text.into();
    }
    let mut unquoted = false;
    let mut parts = Vec::new();
    let mut piece = String::new();
    for letter in text.chars() {
        match value_of(letter, values) {
            _ if letter == UNQUOTED => unquoted = true,
            Some(value) => {
                parts.push(Part::Text(std::mem::take(&mut piece)));
                parts.push(Part::Value(value.clone()));
            }
            None => piece.push(letter),
        }
    }
    parts.push(Part::Text(piece));
    parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    let text = text_of(&parts);
    // `${N}` and `"${N}"` are a number and a text.
    if unquoted { json!({ "without quotes": text }) } else { text }
}

/// A key cannot be a function: it says what `Fn::Sub` would.
fn filled_key(key: &str, values: &[&Json]) -> String {
    key.chars().map(|letter| value_of(letter, values).map_or_else(|| letter.to_string(), super::parts::spoken)).collect()
}

fn value_of<'a>(letter: char, values: &[&'a Json]) -> Option<&'a Json> {
    let index = u32::from(letter).checked_sub(FIRST)?;
    values.get(usize::try_from(index).ok()?).copied()
}
