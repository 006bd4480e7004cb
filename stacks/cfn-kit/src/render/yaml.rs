//! CloudFormation's YAML with short tags.

use serde_json::{Map, Value as Json};

use super::scalar;

/// A template as YAML with short tags, indented by two spaces, with a line end at the end.
///
/// Reading it back gives the same JSON: texts that YAML 1.1 or 1.2 would misread are quoted, texts of several lines
/// stand as block scalars where that loses nothing. A function whose argument is itself one function keeps its long
/// name (`Fn::Base64: !Sub …`), since two tags cannot stand in a row.
pub fn to_yaml(template: &Json) -> String {
    let mut writer = Writer { out: String::new() };
    match template.as_object().filter(|entries| !entries.is_empty() && function(entries).is_none()) {
        Some(entries) => writer.mapping(entries, 0, false),
        None => {
            writer.value(template, 0, Place::Top);
            writer.out = writer.out.trim_start().to_owned();
        }
    }
    writer.out
}

/// The functions that have a short tag, but for `Ref`, `Condition` and those that are rarely written by hand.
const SHORT_TAGS: [&str; 16] = [
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "Transform",
];

/// The name and the argument of a function, where the mapping is one.
fn function(entries: &Map<String, Json>) -> Option<(&str, &Json)> {
    let (key, argument) = entries.iter().next().filter(|_| entries.len() == 1)?;
    if key == "Ref" {
        return Some(("Ref", argument));
    }
    let name = key.strip_prefix("Fn::")?;
    SHORT_TAGS.binary_search(&name).is_ok().then_some((name, argument))
}

/// What stands before a value, which decides whether a mapping may begin on the same line.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Top,
    Key,
    Item,
    Tag,
}

struct Writer {
    out: String,
}

impl Writer {
    fn indent(&mut self, depth: usize) {
        const SPACES: &str = "                                                                ";
        match SPACES.get(..2 * depth) {
            Some(spaces) => self.out.push_str(spaces),
            None => self.out.extend(std::iter::repeat_n("  ", depth)),
        }
    }

    /// The entries of a mapping, one a line; the first continues the line of a `- `.
    fn mapping(&mut self, entries: &Map<String, Json>, depth: usize, continues: bool) {
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 || !continues {
                self.indent(depth);
            }
            scalar::push_one_line(&mut self.out, key);
            self.out.push(':');
            self.value(value, depth + 1, Place::Key);
        }
    }

    /// A value behind what was written last; `depth` is that of its own lines.
    fn value(&mut self, value: &Json, depth: usize, place: Place) {
        match value {
            Json::Object(entries) => self.object(entries, depth, place),
            Json::Array(items) if items.is_empty() => self.word("[]"),
            Json::Array(items) => self.sequence(items, depth, place),
            Json::String(text) => self.text(text, depth),
            Json::Number(number) => self.word(&scalar::number(number)),
            Json::Bool(true) => self.word("true"),
            Json::Bool(false) => self.word("false"),
            Json::Null => self.word("null"),
        }
    }

    fn word(&mut self, word: &str) {
        self.out.push(' ');
        self.out.push_str(word);
        self.out.push('\n');
    }

    fn text(&mut self, text: &str, depth: usize) {
        match scalar::block(text) {
            Some(indicator) => {
                self.word(indicator);
                // The text's own last line end belongs to the indicator.
                for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                    if !line.is_empty() {
                        self.indent(depth);
                        self.out.push_str(line);
                    }
                    self.out.push('\n');
                }
            }
            None => {
                self.out.push(' ');
                scalar::push_one_line(&mut self.out, text);
                self.out.push('\n');
            }
        }
    }

    fn sequence(&mut self, items: &[Json], depth: usize, place: Place) {
        if place == Place::Item {
            // A sequence in a sequence begins on the same line: `- - a`.
            self.out.push(' ');
        } else {
            self.out.push('\n');
        }
        for (index, item) in items.iter().enumerate() {
            if index > 0 || place != Place::Item {
                self.indent(depth);
            }
            self.out.push('-');
            self.value(item, depth + 1, Place::Item);
        }
    }

    fn object(&mut self, entries: &Map<String, Json>, depth: usize, place: Place) {
        if entries.is_empty() {
            return self.word("{}");
        }
        if place != Place::Tag
            && let Some((name, argument)) = function(entries)
            && self.short(name, argument, depth)
        {
            return;
        }
        if place == Place::Item {
            self.out.push(' ');
            self.mapping(entries, depth, true);
        } else {
            self.out.push('\n');
            self.mapping(entries, depth, false);
        }
    }

    /// Writes a function with its short tag, or nothing where it must keep its long name.
    fn short(&mut self, name: &str, argument: &Json, depth: usize) -> bool {
        match (name, argument) {
            ("GetAtt", argument) => match attribute(argument) {
                Some((id, attribute)) => [" !GetAtt ", id, ".", attribute, "\n"].iter().for_each(|part| self.out.push_str(part)),
                None => return false,
            },
            ("Ref", Json::String(_)) | (_, Json::String(_)) => {
                self.out.push_str(" !");
                self.out.push_str(name);
                self.value(argument, depth, Place::Tag);
            }
            ("Ref", _) => return false,
            (_, Json::Array(_)) => {
                self.out.push_str(" !");
                self.out.push_str(name);
                self.value(argument, depth, Place::Tag);
            }
            (_, Json::Object(inner)) if inner.is_empty() || function(inner).is_some() => return false,
            (_, Json::Object(_)) => {
                self.out.push_str(" !");
                self.out.push_str(name);
                self.value(argument, depth, Place::Tag);
            }
            // A tag would turn a number into text.
            (_, Json::Null | Json::Bool(_) | Json::Number(_)) => return false,
        }
        true
    }
}

/// Resource and attribute, where reading `Id.Attribute` back gives the same two texts.
fn attribute(argument: &Json) -> Option<(&str, &str)> {
    let [Json::String(id), Json::String(attribute)] = argument.as_array()?.as_slice() else { return None };
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || more.contains(character))
    };
    let begins_with_letter = id.starts_with(|character: char| character.is_ascii_alphabetic());
    (begins_with_letter && plain(id, "") && plain(attribute, "._-")).then_some((id.as_str(), attribute.as_str()))
}
