//! A template as rules look at it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::Context;
use super::grants::has_macro;
use super::policies::Attached;
use crate::document::Document;
use crate::walk::placeholders;

/// A template with its resources by ID, and what is known besides.
pub(super) struct View<'a> {
    pub(super) template: &'a Json,
    pub(super) context: &'a Context,
    resources: IndexMap<&'a str, Res<'a>, RandomState>,
    /// The same by type, each in the order of the template.
    by_kind: HashMap<&'a str, Vec<Res<'a>>, RandomState>,
    /// The policies that this template attaches to its roles.
    pub(super) attached: Attached<'a>,
    /// Whether a macro adds things that the template does not show.
    pub(super) has_macro: bool,
}

/// One resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Res<'a> {
    pub(super) id: &'a str,
    /// `AWS::SQS::Queue`.
    pub(super) kind: &'a str,
    /// All that stands under the ID.
    pub(super) body: &'a Map<String, Json>,
    pub(super) properties: &'a Map<String, Json>,
}

/// What a value refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) id: &'a str,
    /// The attribute of a `Fn::GetAtt`; none for a `Ref`.
    pub(super) attribute: Option<&'a str>,
}

static EMPTY: LazyLock<Map<String, Json>> = LazyLock::new(Map::new);

impl<'a> View<'a> {
    pub(super) fn of(document: &'a Document, context: &'a Context) -> Self {
        let template = &document.template;
        let entries = template.get("Resources").and_then(Json::as_object).unwrap_or(&EMPTY);
        let resources = entries.iter().filter_map(|(id, body)| {
            let body = body.as_object()?;
            let kind = body.get("Type")?.as_str()?;
            let properties = body.get("Properties").and_then(Json::as_object).unwrap_or(&EMPTY);
            Some((id.as_str(), Res { id, kind, body, properties }))
        });
        let resources: IndexMap<&'a str, Res<'a>, RandomState> = resources.collect();
        let mut by_kind: HashMap<&'a str, Vec<Res<'a>>, RandomState> = HashMap::default();
        for resource in resources.values() {
            by_kind.entry(resource.kind).or_default().push(*resource);
        }
        let mut view = Self { template, context, resources, by_kind, attached: Attached::default(), has_macro: has_macro(template) };
        // Many rules ask for it again and again.
        view.attached = Attached::of(&view);
        view
    }

    /// All resources, in the order of the template.
    pub(super) fn all(&self) -> impl Iterator<Item = Res<'a>> {
        self.resources.values().copied()
    }

    /// All resources of a type.
    pub(super) fn of_type(&self, kind: &str) -> impl Iterator<Item = Res<'a>> {
        self.by_kind.get(kind).into_iter().flatten().copied()
    }

    /// The resource of this ID.
    pub(super) fn resource(&self, id: &str) -> Option<Res<'a>> {
        self.resources.get(id).copied()
    }

    /// The resource of this template that a value refers to by `Ref`, `Fn::GetAtt` or a `Fn::Sub` of nothing but one reference.
    pub(super) fn target(&self, value: &'a Json) -> Option<Target<'a>> {
        let target = target(value)?;
        self.resources.contains_key(target.id).then_some(target)
    }

    /// The same, where the resource must be of this type.
    pub(super) fn target_of(&self, value: &'a Json, kind: &str) -> Option<Res<'a>> {
        self.target(value).and_then(|target| self.resource(target.id)).filter(|resource| resource.kind == kind)
    }

    /// Every resource of this template that is mentioned anywhere in a value, in joins and substitutions too.
    pub(super) fn mentions(&self, value: &'a Json) -> Vec<&'a str> {
        let mut found = Vec::new();
        mentions(value, &mut found);
        found.retain(|id| self.resources.contains_key(*id));
        found
    }

    /// What a value can be: both branches of `Fn::If`, and a parameter's default for a `Ref` to it. `AWS::NoValue` is none of them.
    pub(super) fn branches(&self, value: &'a Json) -> Vec<&'a Json> {
        match function(value) {
            Some(("Fn::If", Json::Array(arguments))) => arguments.iter().skip(1).flat_map(|branch| self.branches(branch)).collect(),
            Some(("Ref", Json::String(name))) if name == "AWS::NoValue" => Vec::new(),
            Some(("Ref", Json::String(name))) => vec![self.default_of(name).unwrap_or(value)],
            _ => vec![value],
        }
    }

    /// The one thing that a value can be; none where there are several.
    fn only_branch(&self, value: &'a Json) -> Option<&'a Json> {
        match function(value) {
            None => Some(value),
            Some(_) => match self.branches(value).as_slice() {
                [one] => Some(one),
                _ => None,
            },
        }
    }

    fn default_of(&self, parameter: &str) -> Option<&'a Json> {
        self.template.get("Parameters")?.get(parameter)?.get("Default")
    }

    /// A text, if the template says which.
    pub(super) fn text(&self, value: &'a Json) -> Option<Cow<'a, str>> {
        match self.only_branch(value)? {
            Json::String(text) => Some(Cow::Borrowed(text)),
            number @ (Json::Number(_) | Json::Bool(_)) => Some(Cow::Owned(number.to_string())),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
        }
    }

    /// A number, if the template says which; CloudFormation reads `"30"` as one.
    pub(super) fn number(&self, value: &'a Json) -> Option<f64> {
        match self.only_branch(value)? {
            Json::Number(number) => number.as_f64(),
            Json::String(text) => text.trim().parse().ok(),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
        }
    }

    /// A switch, if the template says which way.
    pub(super) fn switch(&self, value: &'a Json) -> Option<bool> {
        match self.only_branch(value)? {
            Json::Bool(switch) => Some(*switch),
            Json::String(text) => text.trim().parse().ok(),
            Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
        }
    }
}

impl<'a> Res<'a> {
    /// A property, or something within it: `RedrivePolicy/maxReceiveCount`, `Rules/0/Status`.
    pub(super) fn get(&self, path: &str) -> Option<&'a Json> {
        let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let mut value = entry(self.properties, first)?;
        for step in rest.into_iter().flat_map(|rest| rest.split('/')) {
            value = match value {
                Json::Array(items) => items.get(step.parse::<usize>().ok()?)?,
                Json::Object(entries) => entry(entries, step)?,
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return None,
            };
        }
        Some(value)
    }

    /// The items of a list among the properties, or the one thing that stands where a list could.
    pub(super) fn list(&self, path: &str) -> &'a [Json] {
        match self.get(path) {
            Some(Json::Array(items)) => items,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        }
    }

    /// Where a property of this resource stands in the template; for the resource itself, an empty rest.
    pub(super) fn path(&self, rest: &str) -> String {
        match rest {
            "" => format!("Resources/{}", self.id),
            rest => format!("Resources/{}/Properties/{rest}", self.id),
        }
    }

    /// The IDs that it waits for by `DependsOn`.
    pub(super) fn depends_on(&self) -> Vec<&'a str> {
        match self.body.get("DependsOn") {
            Some(Json::Array(ids)) => ids.iter().filter_map(Json::as_str).collect(),
            Some(one) => one.as_str().into_iter().collect(),
            None => Vec::new(),
        }
    }
}

/// An entry of a mapping. Most have a few, so that comparing their keys takes less time than hashing one.
fn entry<'a>(entries: &'a Map<String, Json>, key: &str) -> Option<&'a Json> {
    const FEW: usize = 8;
    if entries.len() > FEW {
        return entries.get(key);
    }
    entries.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
}

/// The function that an object is, with its argument.
pub(super) fn function(value: &Json) -> Option<(&str, &Json)> {
    let entries = value.as_object().filter(|entries| entries.len() == 1)?;
    let (name, argument) = entries.iter().next()?;
    (name == "Ref" || name == "Condition" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

/// Whether a value is, or has within it, a function.
pub(super) fn is_expression(value: &Json) -> bool {
    match value {
        Json::Object(entries) => function(value).is_some() || entries.values().any(is_expression),
        Json::Array(items) => items.iter().any(is_expression),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

/// The logical ID in a path such as `Resources/JobQueue/Properties`.
pub(super) fn resource_of(path: &str) -> Option<&str> {
    path.strip_prefix("Resources/").map(|rest| rest.split('/').next().unwrap_or(rest))
}

fn target(value: &Json) -> Option<Target<'_>> {
    let (name, argument) = function(value)?;
    match (name, argument) {
        ("Ref", Json::String(id)) => Some(Target { id, attribute: None }),
        ("Fn::GetAtt", Json::String(text)) => text.split_once('.').map(|(id, attribute)| Target { id, attribute: Some(attribute) }),
        ("Fn::GetAtt", Json::Array(parts)) => match parts.as_slice() {
            [Json::String(id), Json::String(attribute)] => Some(Target { id, attribute: Some(attribute) }),
            _ => None,
        },
        ("Fn::Sub", Json::String(text)) => {
            let name = text.strip_prefix("${")?.strip_suffix('}').filter(|name| !name.contains(['$', '{', '}', '!']))?;
            Some(match name.split_once('.') {
                Some((id, attribute)) => Target { id, attribute: Some(attribute) },
                None => Target { id: name, attribute: None },
            })
        }
        _ => None,
    }
}

fn mentions<'a>(value: &'a Json, found: &mut Vec<&'a str>) {
    if let Some(target) = target(value) {
        found.push(target.id);
    }
    match value {
        Json::Object(entries) => {
            if let Some(("Fn::Sub", argument)) = function(value) {
                let text = argument.as_str().or_else(|| argument.get(0).and_then(Json::as_str)).unwrap_or_default();
                found.extend(placeholders(text).map(|name| name.split('.').next().unwrap_or(name)));
            }
            entries.values().for_each(|value| mentions(value, found));
        }
        Json::Array(items) => items.iter().for_each(|item| mentions(item, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
