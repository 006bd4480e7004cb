//! The names that a template defines, and which conditions hold where.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;
use serde_json::{Map, Value as Json};

use crate::facts::{self, Facts};
use crate::finding::Severity;

/// What `Ref` knows without any parameter.
pub(super) const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// The names that a template defines.
pub(super) struct Names<'a> {
    pub(super) parameters: Section<'a>,
    pub(super) resources: Section<'a>,
    pub(super) conditions: Section<'a>,
    pub(super) mappings: Section<'a>,
    /// The types of the resources, looked up once and not at every reference.
    types: HashMap<&'a str, ResourceType<'a>, RandomState>,
    /// The variables of all `Fn::ForEach`.
    pub(super) loop_variables: BTreeSet<&'a str>,
    /// The IDs of all modules: what is within one is named by it.
    pub(super) modules: Vec<&'a str>,
    transforms: Vec<&'a str>,
}

/// What a resource says that it is, and what is known of that.
#[derive(Clone, Copy)]
struct ResourceType<'a> {
    name: &'a str,
    facts: Option<&'static Facts>,
}

/// One section; empty where the template has none.
#[derive(Clone, Copy)]
pub(super) struct Section<'a>(Option<&'a Map<String, Json>>);

impl<'a> Section<'a> {
    pub(super) fn of(template: &'a Json, name: &str) -> Self {
        Self(template.get(name).and_then(Json::as_object))
    }

    pub(super) fn get(self, id: &str) -> Option<&'a Json> {
        self.0?.get(id)
    }

    pub(super) fn has(self, id: &str) -> bool {
        self.get(id).is_some()
    }

    pub(super) fn ids(self) -> impl Iterator<Item = &'a str> {
        self.iter().map(|(id, _)| id)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = (&'a str, &'a Json)> {
        self.0.into_iter().flatten().map(|(id, entry)| (id.as_str(), entry))
    }
}

impl<'a> Names<'a> {
    pub(super) fn of(template: &'a Json) -> Self {
        let section = |name: &str| Section::of(template, name);
        let transforms = match template.get("Transform") {
            Some(Json::Array(names)) => names.iter().map(transform).collect(),
            Some(one) => vec![transform(one)],
            None => Vec::new(),
        };
        let mut loop_variables = BTreeSet::new();
        if !transforms.is_empty() {
            collect_variables(template, &mut loop_variables);
        }
        Self {
            loop_variables,
            modules: section("Resources").iter().filter(|(_, resource)| is_module(resource)).map(|(id, _)| id).collect(),
            parameters: section("Parameters"),
            resources: section("Resources"),
            conditions: section("Conditions"),
            mappings: section("Mappings"),
            types: section("Resources").iter().filter_map(|(id, resource)| Some((id, type_of(resource)?))).collect(),
            transforms,
        }
    }

    /// How bad a name is that leads nowhere: a macro may add it, so that it is then no certain mistake.
    pub(super) fn missing(&self) -> Severity {
        let loops = self.resources.ids().any(|id| id.starts_with("Fn::"));
        let grows = self.transforms.iter().any(|name| *name != "AWS::LanguageExtensions") || loops;
        if grows { Severity::Warning } else { Severity::Error }
    }

    /// Whether a macro of somebody's own rewrites the template: what stands in it is then not what CloudFormation sees.
    pub(super) fn is_rewritten(&self) -> bool {
        self.transforms.iter().any(|name| !name.starts_with("AWS::"))
    }

    pub(super) fn has_transform(&self, name: &str) -> bool {
        self.transforms.iter().any(|known| known.starts_with(name))
    }

    /// What a resource is.
    pub(super) fn type_of(&self, id: &str) -> Option<&'a str> {
        self.types.get(id).map(|known| known.name)
    }

    /// What is known about the type of a resource.
    pub(super) fn facts_of(&self, id: &str) -> Option<&'static Facts> {
        self.types.get(id)?.facts
    }

    /// Whether there is such a resource.
    pub(super) fn has_resource(&self, id: &str) -> bool {
        self.types.contains_key(id) || self.resources.has(id)
    }
}

fn type_of(resource: &Json) -> Option<ResourceType<'_>> {
    let name = resource.get("Type")?.as_str()?;
    Some(ResourceType { name, facts: facts::of(name) })
}

fn is_module(resource: &Json) -> bool {
    resource.get("Type").and_then(Json::as_str).is_some_and(|name| name.ends_with("::MODULE"))
}

fn collect_variables<'a>(value: &'a Json, variables: &mut BTreeSet<&'a str>) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| collect_variables(item, variables)),
        Json::Object(entries) => {
            for (key, value) in entries {
                if key.starts_with("Fn::ForEach::") {
                    variables.extend(value.get(0).and_then(Json::as_str));
                }
                collect_variables(value, variables);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn transform(entry: &Json) -> &str {
    entry.as_str().or_else(|| entry.get("Name")?.as_str()).unwrap_or_default()
}

/// What is known of conditions at one place: their names with how they are decided.
#[derive(Debug, Clone, Default)]
pub(super) struct Decided<'a> {
    conditions: BTreeMap<&'a str, bool>,
    /// What is compared with a literal text, and the text that it is then.
    equal: Vec<(&'a Json, &'a Json)>,
}

impl<'a> Decided<'a> {
    /// The same with one more condition decided; `None` where that contradicts what is known.
    pub(super) fn and(&self, names: &Names<'a>, condition: &'a str, holds: bool) -> Option<Self> {
        let mut next = self.clone();
        next.decide(names, condition, holds, 0).then_some(next)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    fn decide(&mut self, names: &Names<'a>, condition: &'a str, holds: bool, depth: usize) -> bool {
        match self.conditions.get(condition) {
            Some(known) => return *known == holds,
            // Conditions that decide each other are reported elsewhere.
            None if depth > MOST_STEPS => return true,
            None => drop(self.conditions.insert(condition, holds)),
        }
        names.conditions.get(condition).is_none_or(|test| self.test(names, test, holds, depth + 1))
    }

    fn test(&mut self, names: &Names<'a>, test: &'a Json, holds: bool, depth: usize) -> bool {
        let Some((name, argument)) = test.as_object().filter(|_| depth < MOST_STEPS).and_then(super::expressions::only) else {
            return true;
        };
        let arguments = argument.as_array().map_or(&[][..], Vec::as_slice);
        match (name, holds) {
            ("Condition", _) => argument.as_str().is_none_or(|name| self.decide(names, name, holds, depth)),
            ("Fn::Not", _) => arguments.first().is_none_or(|inner| self.test(names, inner, !holds, depth + 1)),
            ("Fn::And", true) | ("Fn::Or", false) => arguments.iter().all(|inner| self.test(names, inner, holds, depth + 1)),
            ("Fn::Equals", true) => match arguments {
                [one, other] if other.is_string() => self.is(one, other),
                [one, other] if one.is_string() => self.is(other, one),
                _ => true,
            },
            ("Fn::Equals", false) => match arguments {
                [one, other] => !self.equal.iter().any(|known| *known == (one, other) || *known == (other, one)),
                _ => true,
            },
            _ => true,
        }
    }

    fn is(&mut self, what: &'a Json, text: &'a Json) -> bool {
        if let Some((_, known)) = self.equal.iter().find(|(known, _)| *known == what) {
            return *known == text;
        }
        self.equal.push((what, text));
        true
    }

    /// Where this is, for the end of a message; empty where no condition is decided.
    pub(super) fn describe(branches: &[(&str, bool)]) -> String {
        match branches {
            [] => String::new(),
            branches => {
                let parts = branches.iter().map(|(name, holds)| format!("`{name}` {}", if *holds { "holds" } else { "does not hold" }));
                format!(", where {}", parts.collect::<Vec<_>>().join(" and "))
            }
        }
    }
}

/// How far conditions are followed into others.
const MOST_STEPS: usize = 16;
