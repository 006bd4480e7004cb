//! Functions: whether there are such, stand where they may, and have arguments of the right form.

use serde_json::{Map, Value as Json};

use super::expressions::function;
use super::kinds::{kind, number};
use super::names::Names;
use super::{Report, did_you_mean_or};
use crate::path::{Path, Step};

/// Every function that has a name of its own; `Fn::ForEach::…` carries its loop's.
const FUNCTIONS: [&str; 26] = [
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::ForEach",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::GetStackOutput",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Not",
    "Fn::Or",
    "Fn::RefAll",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
    "Fn::Transform",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];

/// The functions that decide a condition.
const TESTS: [&str; 4] = ["Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"];

pub(super) fn check(names: &Names<'_>, report: &mut Report<'_>) {
    let document = report.document;
    let extended = names.has_transform("AWS::LanguageExtensions") || names.is_rewritten();
    for (section, entries) in document.template.as_object().into_iter().flatten() {
        // A macro's own sections, and comments, are nobody's business.
        if !matches!(section.as_str(), "Conditions" | "Mappings" | "Outputs" | "Parameters" | "Resources" | "Rules") {
            continue;
        }
        for (id, entry) in entries.as_object().into_iter().flatten() {
            let mut walk = Walk { report: &mut *report, section, extended, path: Path::of([section, id]) };
            match section.as_str() {
                "Conditions" => walk.condition(id, entry),
                "Resources" => walk.resource(entry),
                // These take no functions, and say so themselves.
                "Mappings" | "Parameters" => walk.nothing(entry),
                _ => walk.value(entry),
            }
        }
    }
}

struct Walk<'w, 'r, 'a> {
    report: &'w mut Report<'r>,
    section: &'a str,
    /// Whether functions take more than usual.
    extended: bool,
    path: Path<'a>,
}

impl<'a> Walk<'_, '_, 'a> {
    fn inside(&mut self, step: impl Into<Step<'a>>, visit: impl FnOnce(&mut Self)) {
        self.path.push(step);
        visit(self);
        self.path.pop();
    }

    fn wrong(&mut self, message: String, hint: impl Into<String>) {
        self.report.error("function-arguments", &self.path.to_string(), message, hint);
    }

    fn null(&mut self) {
        let message = "nothing stands here, and CloudFormation takes no nulls".to_owned();
        self.report.error("null-value", &self.path.to_string(), message, "write a value, or leave the key out");
    }

    /// Values without functions.
    fn nothing(&mut self, value: &'a Json) {
        match value {
            Json::Null => self.null(),
            Json::Array(items) => items.iter().enumerate().for_each(|(index, item)| self.inside(index, |walk| walk.nothing(item))),
            Json::Object(entries) => entries.iter().for_each(|(key, value)| self.inside(key, |walk| walk.nothing(value))),
            Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn resource(&mut self, entry: &'a Json) {
        for (key, value) in entry.as_object().into_iter().flatten() {
            // A resource's metadata is any JSON, though functions in it are carried out.
            if key != "Metadata" && key != "DependsOn" {
                self.inside(key, |walk| walk.value(value));
            }
        }
    }

    fn condition(&mut self, id: &str, test: &'a Json) {
        let known =
            test.as_object().and_then(super::expressions::only).is_some_and(|(name, _)| name == "Condition" || TESTS.contains(&name));
        if !known && !id.starts_with("Fn::") && !self.extended {
            let message = format!("the condition `{id}` is {}, not a test", kind(test));
            self.report.error(
                "shape",
                &self.path.to_string(),
                message,
                "write `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` or `Condition`",
            );
        }
        self.value(test);
    }

    fn value(&mut self, value: &'a Json) {
        match value {
            Json::Null => self.null(),
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(index, |walk| walk.value(item));
                }
            }
            Json::Object(entries) => self.object(value, entries),
            Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn object(&mut self, value: &'a Json, entries: &'a Map<String, Json>) {
        match function(value) {
            Some((name, argument)) => self.function(name, argument),
            None => {
                let beside = |key: &str| key.starts_with("Fn::") && key != "Fn::Transform" && !key.starts_with("Fn::ForEach::");
                if let Some(name) = entries.keys().find(|key| beside(key)) {
                    let message = format!("`{name}` stands beside other keys, and a function stands alone");
                    self.wrong(message, "take the other keys out, or the function into one of them");
                }
            }
        }
        for (key, value) in entries {
            self.inside(key, |walk| walk.value(value));
        }
    }

    fn function(&mut self, name: &str, argument: &Json) {
        let in_properties = matches!(self.section, "Resources" | "Outputs");
        match name {
            "Ref" => self.text(name, argument),
            "Fn::GetAtt" => self.get_attribute(argument),
            "Fn::Sub" => self.sub(argument),
            "Fn::If" => self.fixed(name, argument, 3..=3, "a condition and two values"),
            "Fn::Join" => self.join(argument),
            "Fn::Select" => self.select(argument),
            "Fn::Split" => self.split(argument),
            "Fn::FindInMap" => self.fixed(name, argument, 3..=4, "a mapping and two keys"),
            "Fn::Cidr" => self.fixed(name, argument, 2..=3, "a block, a count and the bits of each"),
            "Fn::Base64" | "Fn::ImportValue" | "Fn::GetAZs" => self.text(name, argument),
            "Fn::Equals" => self.fixed(name, argument, 2..=2, "two values"),
            "Fn::And" | "Fn::Or" => self.fixed(name, argument, 2..=10, "two to ten tests"),
            "Fn::Not" => self.fixed(name, argument, 1..=1, "one test"),
            "Fn::Length" | "Fn::ToJsonString" if !self.extended => {
                let message = format!("`{name}` is one of CloudFormation's language extensions");
                self.wrong(message, "add `Transform: AWS::LanguageExtensions` to the template");
            }
            _ if FUNCTIONS.contains(&name) || name.starts_with("Fn::ForEach::") => {}
            unknown => {
                let hint = did_you_mean_or(unknown, FUNCTIONS, "correct the name, or write a value");
                self.report.error(
                    "unknown-function",
                    &self.path.to_string(),
                    format!("`{unknown}` is no function of CloudFormation"),
                    hint,
                );
            }
        }
        if in_properties && TESTS.contains(&name) {
            let message = format!("`{name}` decides a condition, and cannot stand in a value");
            self.report.error(
                "function-place",
                &self.path.to_string(),
                message,
                "name the condition in `Conditions`, and choose with `Fn::If`",
            );
        }
        if self.section == "Conditions" && matches!(name, "Fn::GetAtt" | "Fn::ImportValue" | "Fn::If") {
            let message = format!("`{name}` cannot stand in a condition, which is decided before anything is made");
            self.report.error("function-place", &self.path.to_string(), message, "pass what decides as a parameter");
        }
    }

    /// A text, or what gives one.
    fn text(&mut self, name: &str, argument: &Json) {
        let fits = match argument {
            Json::String(text) => !text.is_empty() || name == "Fn::GetAZs",
            // What a reference names is known before anything else is, unless the language extensions are there.
            Json::Object(_) => function(argument).is_some() && (name != "Ref" || self.extended),
            Json::Number(_) | Json::Bool(_) => name == "Fn::Base64",
            // Nulls are reported as such.
            Json::Null => true,
            Json::Array(_) => false,
        };
        if !fits {
            let wants = if name == "Ref" { "the ID of a parameter or resource" } else { "one text" };
            self.wrong(format!("`{name}` takes {wants}, and this is {}", described(argument)), "");
        }
    }

    /// A list with so many arguments.
    fn fixed(&mut self, name: &str, argument: &Json, counts: std::ops::RangeInclusive<usize>, wants: &str) {
        // A loop or a macro may bring arguments.
        let grows = |items: &[Json]| items.iter().any(|item| function(item).is_some_and(|(name, _)| name.starts_with("Fn::ForEach::")));
        match argument {
            Json::Array(items) if counts.contains(&items.len()) || grows(items) => self.first_argument(name, items),
            Json::Array(items) => self.wrong(format!("`{name}` takes {wants}, and has {} arguments", items.len()), ""),
            Json::Object(_) if function(argument).is_some_and(|(name, _)| name == "Fn::Transform") => {}
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
                self.wrong(format!("`{name}` takes a list of {wants}, and this is {}", kind(argument)), "");
            }
        }
    }

    fn first_argument(&mut self, name: &str, items: &[Json]) {
        if name == "Fn::If"
            && let Some(condition) = items.first().filter(|condition| !condition.is_string() && !condition.is_null() && !self.extended)
        {
            self.wrong(format!("`Fn::If` takes the name of a condition, and this is {}", kind(condition)), "name one of `Conditions`");
        }
        if TESTS[..1].contains(&name) || matches!(name, "Fn::Or" | "Fn::Not") {
            let test = |item: &&Json| item.as_object().and_then(super::expressions::only).is_none();
            if let Some(item) = items.iter().find(test).filter(|_| self.section == "Conditions" && !self.extended) {
                self.wrong(format!("`{name}` takes tests, and this is {}", described(item)), "name a condition with `Condition`");
            }
        }
    }

    fn get_attribute(&mut self, argument: &Json) {
        let fits = match argument {
            Json::String(text) => text.split_once('.').is_some_and(|(id, attribute)| !id.is_empty() && !attribute.is_empty()),
            Json::Array(parts) => match parts.as_slice() {
                [id, rest @ ..] if !rest.is_empty() => {
                    (id.is_string() || self.extended) && rest.iter().all(|part| part.is_string() || function(part).is_some())
                }
                _ => false,
            },
            Json::Null => true,
            Json::Bool(_) | Json::Number(_) | Json::Object(_) => self.extended && function(argument).is_some(),
        };
        if !fits {
            let message = format!("`Fn::GetAtt` takes a resource and an attribute, and this is {}", described(argument));
            self.wrong(message, "write `!GetAtt Queue.Arn`");
        }
    }

    fn join(&mut self, argument: &Json) {
        let Some([delimiter, items]) = argument.as_array().map(Vec::as_slice) else {
            return self.fixed("Fn::Join", argument, 2..=2, "a delimiter and a list");
        };
        if !delimiter.is_string() && !self.extended {
            self.wrong(format!("the delimiter of `Fn::Join` is {}, not a text", kind(delimiter)), "put quotes around it");
        }
        match items {
            Json::Array(items) => {
                if let Some((index, item)) = items.iter().enumerate().find(|(_, item)| is_no_text(item)) {
                    let message = format!("`Fn::Join` joins texts, and item {index} is {}", kind(item));
                    self.wrong(message, "write each item as a text");
                }
            }
            Json::Object(_) if function(items).is_some() => {}
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
                self.wrong(format!("`Fn::Join` joins a list, and this is {}", described(items)), "write `!Join [delimiter, [items]]`");
            }
        }
    }

    fn split(&mut self, argument: &Json) {
        let Some([delimiter, text]) = argument.as_array().map(Vec::as_slice) else {
            return self.fixed("Fn::Split", argument, 2..=2, "a delimiter and a text");
        };
        if delimiter.as_str().is_none_or(str::is_empty) && !self.extended {
            self.wrong("the delimiter of `Fn::Split` is no text of one character or more".to_owned(), "put quotes around it");
        }
        if text.is_array() || text.is_object() && function(text).is_none() {
            self.wrong(format!("`Fn::Split` splits a text, and this is {}", kind(text)), "");
        }
    }

    fn select(&mut self, argument: &Json) {
        let Some([index, items]) = argument.as_array().map(Vec::as_slice) else {
            return self.fixed("Fn::Select", argument, 2..=2, "an index and a list");
        };
        let literal = number(index).filter(|index| index.fract() == 0.0 && *index >= 0.0);
        if literal.is_none() && function(index).is_none() && !index.is_null() {
            self.wrong(format!("the index of `Fn::Select` is {}, not a whole number from 0", described(index)), "");
        }
        match items {
            Json::Array(items) => {
                // An item that is a function may be gone, never more than one.
                if let Some(index) = literal.filter(|index| *index >= items.len() as f64) {
                    self.wrong(format!("`Fn::Select` takes item {index} of a list with {} items, counted from 0", items.len()), "");
                }
            }
            Json::Object(_) if function(items).is_some() => {}
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
                self.wrong(format!("`Fn::Select` chooses from a list, and this is {}", described(items)), "");
            }
        }
    }

    fn sub(&mut self, argument: &Json) {
        let (text, variables) = match argument {
            Json::String(text) => (text.as_str(), None),
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(text), Json::Object(variables)] => (text.as_str(), Some(variables)),
                [Json::String(_), _] | [_, Json::Object(_)] if self.extended => return,
                _ => {
                    return self
                        .wrong("`Fn::Sub` takes a text and a mapping of variables".to_owned(), "write `!Sub [text, { Name: value }]`");
                }
            },
            Json::Null => return,
            // A macro gives the text.
            Json::Object(_) if function(argument).is_some_and(|(name, _)| name == "Fn::Transform") => return,
            Json::Bool(_) | Json::Number(_) | Json::Object(_) => {
                return self.wrong(format!("`Fn::Sub` takes a text, and this is {}", described(argument)), "");
            }
        };
        for name in crate::walk::placeholders(text) {
            let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:".contains(&byte));
            // With the language extensions, a loop's variable may stand in a name: `${A${B}}`.
            if !fits && !self.extended && !name.contains("${") && !name.contains("&{") {
                let message = format!("`${{{name}}}` is no name that `Fn::Sub` could put in");
                self.wrong(message, format!("write `${{!{name}}}` where the text itself is meant"));
            }
        }
        for variable in variables.into_iter().flat_map(Map::keys).filter(|key| !key.starts_with("Fn::")) {
            if !self.extended && !crate::walk::placeholders(text).any(|name| name == variable) {
                let message = format!("`{variable}` is given to `Fn::Sub`, and its text does not use it");
                self.report.warn(
                    "unused-variable",
                    &self.path.to_string(),
                    message,
                    format!("write `${{{variable}}}` in the text, or leave it out"),
                );
            }
        }
    }
}

/// Neither a scalar nor a function.
fn is_no_text(value: &Json) -> bool {
    match value {
        Json::Array(_) => true,
        Json::Object(_) => function(value).is_none(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn described(value: &Json) -> String {
    match function(value) {
        Some((name, _)) => format!("what `{name}` gives"),
        None => super::kinds::shown(value),
    }
}
