//! Every place of a template that refers to another.

use serde_json::{Map, Value as Json};

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
pub(crate) enum Target {
    /// `Ref`, or `${Id}` of a `Fn::Sub`.
    Name(String),
    /// `Fn::GetAtt`, or `${Id.Attribute}`; the attribute is unknown where it is itself an expression.
    Attribute(String, Option<String>),
    /// `DependsOn`.
    Dependency(String),
    /// A condition.
    Condition(String),
    /// `Fn::FindInMap` with those of its keys that are written out.
    Mapping { name: String, first: Option<String>, second: Option<String>, has_default: bool },
}

/// One place that refers to something.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) section: Section,
    /// The ID of the resource, output or condition that it stands in.
    pub(crate) owner: String,
    /// From the top, with `/` between the keys.
    pub(crate) path: String,
    pub(crate) target: Target,
}

/// All uses, in the order of the template.
pub(crate) fn uses(template: &Json) -> Vec<Use> {
    let sections =
        [("Rules", Section::Rules), ("Conditions", Section::Conditions), ("Resources", Section::Resources), ("Outputs", Section::Outputs)];
    let mut uses = Vec::new();
    for (name, section) in sections {
        for (id, entry) in template.get(name).and_then(Json::as_object).into_iter().flatten() {
            let mut walker = Walker { section, owner: id, path: format!("{name}/{id}"), uses: &mut uses };
            walker.entry(entry);
        }
    }
    uses
}

struct Walker<'a> {
    section: Section,
    owner: &'a str,
    path: String,
    uses: &'a mut Vec<Use>,
}

impl Walker<'_> {
    fn push(&mut self, target: Target) {
        self.uses.push(Use { section: self.section, owner: self.owner.to_owned(), path: self.path.clone(), target });
    }

    fn inside(&mut self, key: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(key);
        visit(self);
        self.path.truncate(length);
    }

    /// One resource, output or condition, whose own keys mean more than those within.
    fn entry(&mut self, entry: &Json) {
        let has_keys = matches!(self.section, Section::Resources | Section::Outputs);
        let Some(entries) = entry.as_object().filter(|_| has_keys) else { return self.value(entry) };
        for (key, value) in entries {
            self.inside(key, |walker| match (key.as_str(), walker.section, value) {
                ("Condition", _, Json::String(name)) => walker.push(Target::Condition(name.clone())),
                ("DependsOn", Section::Resources, value) => walker.depends_on(value),
                (_, _, value) => walker.value(value),
            });
        }
    }

    fn depends_on(&mut self, value: &Json) {
        let ids = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for id in ids.iter().filter_map(Json::as_str) {
            self.push(Target::Dependency(id.to_owned()));
        }
    }

    fn value(&mut self, value: &Json) {
        match value {
            Json::Object(entries) => self.object(entries),
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(&index.to_string(), |walker| walker.value(item));
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn object(&mut self, entries: &Map<String, Json>) {
        if let Some((name, argument)) = entries.iter().next().filter(|_| entries.len() == 1) {
            self.function(name, argument);
        }
        for (key, value) in entries {
            self.inside(key, |walker| walker.value(value));
        }
    }

    /// What a function refers to by itself; what stands in its arguments is walked apart.
    fn function(&mut self, name: &str, argument: &Json) {
        match (name, argument) {
            ("Ref", Json::String(target)) => self.push(Target::Name(target.clone())),
            ("Fn::GetAtt", argument) => self.get_attribute(argument),
            ("Fn::Sub", Json::String(text)) => self.substitution(text, None),
            ("Fn::Sub", Json::Array(arguments)) => {
                if let Some(text) = arguments.first().and_then(Json::as_str) {
                    self.substitution(text, arguments.get(1).and_then(Json::as_object));
                }
            }
            ("Fn::If", Json::Array(arguments)) => {
                if let Some(name) = arguments.first().and_then(Json::as_str) {
                    self.push(Target::Condition(name.to_owned()));
                }
            }
            ("Condition", Json::String(name)) if matches!(self.section, Section::Conditions | Section::Rules) => {
                self.push(Target::Condition(name.clone()));
            }
            ("Fn::FindInMap", Json::Array(arguments)) => {
                let word = |index: usize| arguments.get(index).and_then(Json::as_str).map(ToOwned::to_owned);
                if let Some(name) = word(0) {
                    let has_default = arguments.len() > 3;
                    self.push(Target::Mapping { name, first: word(1), second: word(2), has_default });
                }
            }
            _ => {}
        }
    }

    fn get_attribute(&mut self, argument: &Json) {
        match argument {
            Json::String(text) => {
                let (id, attribute) = text.split_once('.').map_or((text.as_str(), None), |(id, rest)| (id, Some(rest.to_owned())));
                self.push(Target::Attribute(id.to_owned(), attribute));
            }
            Json::Array(parts) => {
                if let Some(id) = parts.first().and_then(Json::as_str) {
                    let words: Option<Vec<&str>> = parts[1..].iter().map(Json::as_str).collect();
                    self.push(Target::Attribute(id.to_owned(), words.map(|words| words.join("."))));
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => {}
        }
    }

    fn substitution(&mut self, text: &str, variables: Option<&Map<String, Json>>) {
        for name in placeholders(text) {
            if variables.is_some_and(|variables| variables.contains_key(name)) {
                continue;
            }
            match name.split_once('.') {
                Some((id, attribute)) => self.push(Target::Attribute(id.to_owned(), Some(attribute.to_owned()))),
                None => self.push(Target::Name(name.to_owned())),
            }
        }
    }
}

/// The names in `${…}` of a `Fn::Sub`; `${!…}` is text.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.trim()).filter(|name| !name.starts_with('!'))
}
