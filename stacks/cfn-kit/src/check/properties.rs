//! The properties of one resource: which there are, which must be, and what stands in them.

use serde_json::{Map, Value as Json};

use super::expressions::{Count, Given, count_of_attribute, count_of_parameter, given};
use super::names::{Decided, Names};
use super::values::{self, Problem};
use super::{Report, did_you_mean, kinds, list, wrong_reference};
use crate::facts::{Facts, Property, Type};
use crate::finding::Severity;
use crate::path::{Path, Step};

/// One resource on the way through its properties.
pub(super) struct Walk<'w, 'r, 'a> {
    pub(super) report: &'w mut Report<'r>,
    pub(super) names: &'w Names<'a>,
    pub(super) facts: &'static Facts,
    pub(super) path: Path<'a>,
    /// What is known of the conditions here.
    pub(super) decided: Decided<'a>,
    /// The conditions of each `Fn::If` around, for messages.
    pub(super) branches: Vec<(&'a str, bool)>,
    /// What [`takes_others`] says of this type.
    pub(super) takes_others: bool,
}

/// Where a value stands.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub(super) property: &'static Property,
    pub(super) kind: &'static Type,
    /// The property itself, and nothing that lies in it.
    pub(super) whole: bool,
    /// Whether the property's bounds hold for this value: those of a mapping are of its values in some schemas, of its keys in others.
    pub(super) bounded: bool,
}

/// Properties that take more than their structure or text: JSON as text, or a local path, which `aws cloudformation package` replaces.
const ALSO_OTHERS: [(&str, &str); 12] = [
    ("AWS::ApiGateway::RestApi", "BodyS3Location"),
    ("AWS::CodeCommit::Repository", "S3"),
    ("AWS::DynamoDB::Table", "KeySchema"),
    ("AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"),
    ("AWS::IAM::ManagedPolicy", "PolicyDocument"),
    ("AWS::Lambda::Function", "Code"),
    ("AWS::Lambda::LayerVersion", "Content"),
    ("AWS::S3Tables::Table", "Type"),
    ("AWS::SNS::Subscription", "RedrivePolicy"),
    ("AWS::SQS::Queue", "RedriveAllowPolicy"),
    ("AWS::SQS::Queue", "RedrivePolicy"),
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"),
];

/// Whether a type has any such property; most have none, and need no look at each of their properties.
pub(super) fn takes_others(facts: &Facts) -> bool {
    ALSO_OTHERS.iter().any(|(resource, _)| *resource == facts.name)
}

impl<'a> Walk<'_, '_, 'a> {
    /// All properties of the resource.
    pub(super) fn resource(&mut self, entries: &'a Map<String, Json>) {
        let facts = self.facts;
        self.structure(entries, &facts.properties, &facts.name, false);
    }

    fn inside(&mut self, step: impl Into<Step<'a>>, visit: impl FnOnce(&mut Self)) {
        self.path.push(step);
        visit(self);
        self.path.pop();
    }

    /// Reports something about the value at hand, and under which conditions.
    pub(super) fn report(&mut self, severity: Severity, rule: &str, message: String, why: &str, hint: String) {
        let message = message + &Decided::describe(&self.branches);
        self.report.push_with_reason(severity, rule, &self.path.to_string(), message, why.to_owned(), hint);
    }

    fn error(&mut self, problem: Problem) {
        self.report(Severity::Error, problem.rule, problem.message, "", problem.hint);
    }

    fn structure(&mut self, entries: &'a Map<String, Json>, known: &'static [Property], owner: &str, open: bool) {
        let mut grows = false;
        let mut required = known.iter().filter(|property| property.required).count();
        for (key, value) in entries {
            if key.starts_with("Fn::") {
                // `Fn::Transform` and `Fn::ForEach` bring properties; all others are wrong here, and reported as functions.
                grows = true;
                continue;
            }
            let property = known.binary_search_by(|property| property.name.as_ref().cmp(key)).ok().and_then(|index| known.get(index));
            required -= usize::from(property.is_some_and(|property| property.required));
            self.inside(key, |walk| match property {
                Some(property) => walk.property(value, property),
                // A custom resource hands all that it is given on to its function.
                None if walk.facts.name == "AWS::CloudFormation::CustomResource" => {}
                None => walk.unknown(key, entries, known, owner, open),
            });
        }
        if grows || required == 0 {
            return;
        }
        for property in known.iter().filter(|property| property.required && !entries.contains_key(property.name.as_ref())) {
            let message = format!("`{owner}` needs `{}`", property.name);
            self.report(Severity::Error, "missing-property", message, "", needed(property));
        }
    }

    fn property(&mut self, value: &'a Json, property: &'static Property) {
        if property.deprecated {
            let message = format!("`{}` is deprecated", property.name);
            self.report(Severity::Warning, "deprecated-property", message, "", "look up in AWS's reference what took its place".to_owned());
        }
        if self.is_read_only() {
            let message = format!("`{}` can only be read", property.name);
            return self.report(Severity::Error, "read-only-property", message, "", "leave it out".to_owned());
        }
        self.value(value, Spot { property, kind: &property.kind, whole: true, bounded: true });
    }

    fn unknown(&mut self, key: &str, entries: &Map<String, Json>, known: &'static [Property], owner: &str, open: bool) {
        if owner == self.facts.name && self.facts.attributes.iter().any(|one| one.name.split('.').next() == Some(key)) {
            let message = format!("`{key}` of `{owner}` can only be read");
            return self.report(Severity::Error, "read-only-property", message, "", "leave it out; `Fn::GetAtt` gives it".to_owned());
        }
        let free = |name: &&str| !entries.contains_key(*name);
        let hint = match did_you_mean(key, known.iter().map(|property| property.name.as_ref()).filter(free)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its properties are {}", list(known.iter().map(|property| property.name.as_ref()))),
        };
        // Some schemas let a structure hold more than they list; CloudFormation passes that on, and mostly nobody reads it.
        let severity = if open { Severity::Warning } else { Severity::Error };
        self.report(severity, "unknown-property", format!("`{owner}` has no property `{key}`"), "", hint);
    }

    /// Whether this path is one of those that can only be read: `A/0/B` is `A/*/B` there.
    fn is_read_only(&self) -> bool {
        // Most end otherwise, so that the whole path need not be put together.
        let last = self.path.last_key().unwrap_or_default();
        if !self.facts.read_only_paths.iter().any(|path| path.ends_with(last)) {
            return false;
        }
        let mut own = String::new();
        let mut steps = self.path.steps().iter().skip(3);
        while let Some(step) = steps.next() {
            let step = match step {
                // Behind it stands the number of the branch.
                Step::Key("Fn::If") => {
                    steps.next();
                    continue;
                }
                Step::Key(key) if !key.bytes().all(|byte| byte.is_ascii_digit()) => key,
                Step::Key(_) | Step::Index(_) => "*",
            };
            let separator = if own.is_empty() { "" } else { "/" };
            own.push_str(separator);
            own.push_str(step);
        }
        self.facts.read_only_paths.iter().any(|path| *path == own)
    }

    /// A value, whatever it is written with.
    pub(super) fn value(&mut self, value: &'a Json, spot: Spot) {
        let given = given(value, self.names);
        match given {
            Given::Literal(literal) => self.literal(literal, std::ptr::eq(literal, value), spot),
            Given::Nothing if spot.whole && spot.property.required => {
                let message = format!("`{}` must be there, and `AWS::NoValue` takes it away", spot.property.name);
                self.report(Severity::Error, "missing-property", message, "", needed(spot.property));
            }
            Given::Nothing | Given::Unknown => {}
            Given::Either { condition, yes, no } => self.either(condition, yes, no, spot),
            Given::Text => drop(self.counted(Some(Count::One), || "a text".to_owned(), spot)),
            Given::List => drop(self.counted(Some(Count::Several), || "a list".to_owned(), spot)),
            Given::Parameter(name, parameter) => {
                let count = count_of_parameter(parameter);
                let what = if count == Some(Count::Several) { "a list" } else { "one value" };
                if self.counted(count, || format!("the parameter `{name}`, {what}"), spot) && count == Some(Count::One) {
                    self.parameter(name, parameter, spot);
                }
            }
            Given::Resource { id, attribute } => {
                let count = count_of_attribute(id, attribute, self.names);
                let what = if count == Some(Count::Several) { "a list" } else { "one value" };
                let described = || match attribute {
                    Some(attribute) => format!("`{id}.{attribute}`, {what}"),
                    None => format!("`Ref` of `{id}`, {what}"),
                };
                if self.counted(count, described, spot) {
                    wrong_reference::check(id, attribute, spot, self);
                }
            }
        }
    }

    /// Both branches of `Fn::If`, but for one that cannot come here.
    fn either(&mut self, condition: &'a str, yes: &'a Json, no: &'a Json, spot: Spot) {
        for (index, branch, holds) in [(1, yes, true), (2, no, false)] {
            let Some(decided) = self.decided.and(self.names, condition, holds) else { continue };
            let before = std::mem::replace(&mut self.decided, decided);
            self.branches.push((condition, holds));
            self.inside("Fn::If", |walk| walk.inside(index, |walk| walk.value(branch, spot)));
            self.branches.pop();
            self.decided = before;
        }
    }

    fn takes_others(&self, spot: Spot) -> bool {
        self.takes_others && ALSO_OTHERS.iter().any(|(resource, property)| *resource == self.facts.name && *property == spot.property.name)
    }

    /// One value where several are wanted, or the other way round; true where nothing is wrong.
    fn counted(&mut self, count: Option<Count>, what: impl FnOnce() -> String, spot: Spot) -> bool {
        let wrong = match (count, spot.kind) {
            (Some(Count::One), Type::List(_) | Type::Map(_) | Type::Shape(_)) => !self.takes_others(spot),
            (Some(Count::Several), Type::String | Type::Integer | Type::Number | Type::Boolean | Type::Map(_) | Type::Shape(_)) => true,
            (None, _)
            | (Some(Count::One), Type::String | Type::Integer | Type::Number | Type::Boolean | Type::Json | Type::Policy)
            | (Some(Count::Several), Type::List(_) | Type::Json | Type::Policy) => false,
        };
        if wrong {
            let message = format!("`{}` wants {}, and this is {}", spot.property.name, kinds::wanted(spot.kind), what());
            let hint = match (count, spot.kind) {
                (Some(Count::One), Type::List(_)) => "write a list with this one item",
                (Some(Count::Several), kind) if kinds::is_scalar(kind) && !spot.whole => "leave out the list around it",
                (Some(Count::Several), kind) if kinds::is_scalar(kind) => {
                    "choose one with `Fn::Select`, or make one text of all with `Fn::Join`"
                }
                _ => "",
            };
            self.report(Severity::Error, "wrong-type", message, "", hint.to_owned());
        }
        !wrong
    }

    /// A literal; `here` says whether it stands here or comes from a mapping.
    fn literal(&mut self, value: &'a Json, here: bool, spot: Spot) {
        // Nothing at all is reported once for the whole template.
        if value.is_null() {
            return;
        }
        if self.takes_others(spot) && !kinds::fits(value, spot.kind) {
            return;
        }
        if let Some(problem) = values::problem(value, spot.property, spot.kind, spot.bounded) {
            return self.error(problem);
        }
        match (spot.kind, value) {
            (Type::List(item), Json::Array(items)) => {
                self.count(items, spot);
                let spot = Spot { kind: item, whole: false, ..spot };
                for (index, item) in items.iter().enumerate() {
                    if here {
                        self.inside(index, |walk| walk.value(item, spot));
                    } else {
                        self.value(item, spot);
                    }
                }
            }
            (Type::Map(item), Json::Object(entries)) => {
                let spot = Spot { kind: item, whole: false, bounded: false, ..spot };
                for (key, value) in entries.iter().filter(|(key, _)| !key.starts_with("Fn::")) {
                    self.inside(key, |walk| walk.value(value, spot));
                }
            }
            (Type::Shape(name), Json::Object(entries)) => {
                let facts = self.facts;
                if let Some(shape) = facts.shape(name) {
                    self.structure(entries, &shape.properties, name, shape.open);
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, items: &[Json], spot: Spot) {
        // The bounds are those of the outermost list.
        if !spot.whole || !spot.bounded || spot.property.items.is_empty() {
            return;
        }
        // An item that is an expression may be nothing, so that only literals are certain; one for a loop may be many.
        let sure = items.iter().filter(|item| matches!(given(item, self.names), Given::Literal(_))).count();
        let grows = items.iter().any(|item| item.as_object().is_some_and(|entries| entries.keys().any(|key| is_growing(key))));
        let property = spot.property;
        if let Some(problem) = values::too_many(sure, property).or_else(|| values::too_few(items.len(), property).filter(|_| !grows)) {
            self.error(problem);
        }
    }

    /// What a parameter is by default, and what else it may be.
    fn parameter(&mut self, name: &str, parameter: &'a Json, spot: Spot) {
        let kind = parameter.get("Type").and_then(Json::as_str).unwrap_or_default();
        if !matches!(kind, "String" | "Number") {
            return;
        }
        let problem = |value| values::problem(value, spot.property, spot.kind, spot.bounded);
        if let Some(Json::Array(allowed)) = parameter.get("AllowedValues") {
            let wrong: Vec<Problem> = allowed.iter().filter_map(problem).collect();
            let all = !allowed.is_empty() && wrong.len() == allowed.len();
            // A condition may see to it that a value never comes here.
            let sure = all || self.branches.is_empty() && self.decided.is_empty();
            if let Some(first) = wrong.into_iter().next().filter(|_| sure) {
                let severity = if all { Severity::Error } else { Severity::Warning };
                let message = format!("{}, which the parameter `{name}` may be", first.message);
                self.report(severity, first.rule, message, "", first.hint);
            }
            return;
        }
        let unconditional = self.branches.is_empty() && self.decided.is_empty();
        let Some(default) = parameter.get("Default").filter(|default| unconditional && **default != "") else { return };
        if let Some(problem) = problem(default) {
            let message = format!("{}, which the parameter `{name}` is by default", problem.message);
            self.report(Severity::Warning, problem.rule, message, "", problem.hint);
        }
    }
}

/// Functions that may stand for several items.
fn is_growing(key: &str) -> bool {
    key.starts_with("Fn::ForEach") || key == "Fn::Transform"
}

/// What to do about a property that is missing.
fn needed(property: &Property) -> String {
    if property.choices.is_empty() {
        format!("add `{}`: {}", property.name, kinds::wanted(&property.kind))
    } else {
        format!("add `{}`: {}", property.name, list(property.choices.iter().map(AsRef::as_ref)))
    }
}
