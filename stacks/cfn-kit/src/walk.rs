//! Every place of a template that refers to another.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use crate::path::{Path, Step};

/// Where a use stands: what may be referred to depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Conditions,
    Rules,
    Resources,
    Outputs,
}

/// What a use refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// `Ref`, or `${Id}` of a `Fn::Sub`.
    Name(&'a str),
    /// `Fn::GetAtt`, or `${Id.Attribute}`; the attribute is unknown where it is itself an expression.
    Attribute(&'a str, Option<Cow<'a, str>>),
    /// `DependsOn`.
    Dependency(&'a str),
    /// A condition.
    Condition(&'a str),
    /// `Fn::FindInMap` with those of its keys that are written out.
    Mapping { name: &'a str, first: Option<&'a str>, second: Option<&'a str>, has_default: bool },
}

/// One place that refers to something.
#[derive(Debug, Clone)]
pub(crate) struct Use<'a> {
    pub(crate) section: Section,
    /// The ID of the resource, output or condition that it stands in.
    pub(crate) owner: &'a str,
    pub(crate) target: Target<'a>,
}

/// Shows every use with the place where it stands, in the order of the template.
pub(crate) fn visit<'a>(template: &'a Json, mut show: impl FnMut(Use<'a>, &Path<'a>)) {
    let sections =
        [("Rules", Section::Rules), ("Conditions", Section::Conditions), ("Resources", Section::Resources), ("Outputs", Section::Outputs)];
    for (name, section) in sections {
        for (id, entry) in template.get(name).and_then(Json::as_object).into_iter().flatten() {
            Walker { section, owner: id, path: Path::of([name, id]), show: &mut show }.entry(entry);
        }
    }
}

/// All uses with their paths from the top.
pub(crate) fn uses(template: &Json) -> Vec<(Use<'_>, String)> {
    let mut uses = Vec::new();
    visit(template, |one, path| uses.push((one, path.to_string())));
    uses
}

struct Walker<'w, 'a, F> {
    section: Section,
    owner: &'a str,
    path: Path<'a>,
    show: &'w mut F,
}

impl<'a, F: FnMut(Use<'a>, &Path<'a>)> Walker<'_, 'a, F> {
    fn push(&mut self, target: Target<'a>) {
        (self.show)(Use { section: self.section, owner: self.owner, target }, &self.path);
    }

    fn inside(&mut self, step: impl Into<Step<'a>>, visit: impl FnOnce(&mut Self)) {
        self.path.push(step);
        visit(self);
        self.path.pop();
    }

    /// One resource, output or condition, whose own keys mean more than those within.
    fn entry(&mut self, entry: &'a Json) {
        let has_keys = matches!(self.section, Section::Resources | Section::Outputs);
        let Some(entries) = entry.as_object().filter(|_| has_keys) else { return self.value(entry) };
        for (key, value) in entries {
            self.inside(key, |walker| match (key.as_str(), walker.section, value) {
                ("Condition", _, Json::String(name)) => walker.push(Target::Condition(name)),
                ("DependsOn", Section::Resources, value) => walker.depends_on(value),
                (_, _, value) => walker.value(value),
            });
        }
    }

    fn depends_on(&mut self, value: &'a Json) {
        let ids = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for id in ids.iter().filter_map(Json::as_str) {
            self.push(Target::Dependency(id));
        }
    }

    fn value(&mut self, value: &'a Json) {
        match value {
            Json::Object(entries) => self.object(entries),
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(index, |walker| walker.value(item));
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn object(&mut self, entries: &'a Map<String, Json>) {
        if let Some((name, argument)) = entries.iter().next().filter(|_| entries.len() == 1) {
            self.function(name, argument);
        }
        for (key, value) in entries {
            self.inside(key, |walker| walker.value(value));
        }
    }

    /// What a function refers to by itself; what stands in its arguments is walked apart.
    fn function(&mut self, name: &str, argument: &'a Json) {
        match (name, argument) {
            ("Ref", Json::String(target)) => self.push(Target::Name(target)),
            ("Fn::GetAtt", argument) => self.get_attribute(argument),
            ("Fn::Sub", Json::String(text)) => self.substitution(text, None),
            ("Fn::Sub", Json::Array(arguments)) => {
                if let Some(text) = arguments.first().and_then(Json::as_str) {
                    self.substitution(text, arguments.get(1).and_then(Json::as_object));
                }
            }
            ("Fn::If", Json::Array(arguments)) => {
                if let Some(name) = arguments.first().and_then(Json::as_str) {
                    self.push(Target::Condition(name));
                }
            }
            ("Condition", Json::String(name)) if matches!(self.section, Section::Conditions | Section::Rules) => {
                self.push(Target::Condition(name));
            }
            ("Fn::FindInMap", Json::Array(arguments)) => {
                let word = |index: usize| arguments.get(index).and_then(Json::as_str);
                if let Some(name) = word(0) {
                    let has_default = arguments.len() > 3;
                    self.push(Target::Mapping { name, first: word(1), second: word(2), has_default });
                }
            }
            _ => {}
        }
    }

    fn get_attribute(&mut self, argument: &'a Json) {
        match argument {
            Json::String(text) => {
                let (id, attribute) = text.split_once('.').map_or((text.as_str(), None), |(id, rest)| (id, Some(Cow::Borrowed(rest))));
                self.push(Target::Attribute(id, attribute));
            }
            Json::Array(parts) => {
                let Some(id) = parts.first().and_then(Json::as_str) else { return };
                let attribute = match &parts[1..] {
                    [one] => one.as_str().map(Cow::Borrowed),
                    several => several.iter().map(Json::as_str).collect::<Option<Vec<&str>>>().map(|words| Cow::Owned(words.join("."))),
                };
                self.push(Target::Attribute(id, attribute));
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => {}
        }
    }

    fn substitution(&mut self, text: &'a str, variables: Option<&Map<String, Json>>) {
        for name in placeholders(text) {
            if variables.is_some_and(|variables| variables.contains_key(name)) {
                continue;
            }
            match name.split_once('.') {
                Some((id, attribute)) => self.push(Target::Attribute(id, Some(Cow::Borrowed(attribute)))),
                None => self.push(Target::Name(name)),
            }
        }
    }
}

/// The names in `${…}` of a `Fn::Sub`; `${!…}` is text.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.trim()).filter(|name| !name.starts_with('!'))
}
