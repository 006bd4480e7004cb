//! References that lead nowhere.

use serde_json::{Map, Value as Json};

use super::{Report, did_you_mean};
use crate::finding::Severity;
use crate::walk::{Section, Target, Use};

/// What `Ref` knows without any parameter.
const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

pub(super) fn check(uses: &[Use], report: &mut Report<'_>) {
    let names = Names::of(&report.document.template);
    for one in uses {
        match &one.target {
            Target::Name(name) => names.reference(name, one, report),
            Target::Attribute(id, attribute) => names.attribute(id, attribute.as_deref(), one, report),
            Target::Dependency(id) => names.dependency(id, one, report),
            Target::Condition(name) => names.condition(name, one, report),
            Target::Mapping { name, first, second, has_default } => {
                names.mapping(name, first.as_deref(), second.as_deref().filter(|_| !has_default), one, report);
            }
        }
    }
}

/// The names that a template defines.
struct Names {
    parameters: Map<String, Json>,
    resources: Map<String, Json>,
    conditions: Map<String, Json>,
    mappings: Map<String, Json>,
    // A macro may add whatever is missing here, so that a name that leads nowhere is then no certain mistake.
    missing: Severity,
}

impl Names {
    fn of(template: &Json) -> Self {
        let section = |name: &str| template.get(name).and_then(Json::as_object).cloned().unwrap_or_default();
        let loops = |section: &Map<String, Json>| section.keys().any(|key| key.starts_with("Fn::"));
        let resources = section("Resources");
        let grows = template.get("Transform").is_some_and(|names| names != "AWS::LanguageExtensions") || loops(&resources);
        Self {
            parameters: section("Parameters"),
            conditions: section("Conditions"),
            mappings: section("Mappings"),
            missing: if grows { Severity::Warning } else { Severity::Error },
            resources,
        }
    }

    fn report(&self, one: &Use, message: String, hint: String, report: &mut Report<'_>) {
        report.push(self.missing, "unknown-reference", &one.path, message, hint);
    }

    fn reference(&self, name: &str, one: &Use, report: &mut Report<'_>) {
        if PSEUDO_PARAMETERS.contains(&name) || self.parameters.contains_key(name) {
            return;
        }
        let resources_allowed = matches!(one.section, Section::Resources | Section::Outputs);
        if resources_allowed && self.resources.contains_key(name) {
            return;
        }
        if self.resources.contains_key(name) {
            let message = format!("`{name}` is a resource, but a condition can only look at parameters");
            return self.report(one, message, "pass what decides as a parameter".to_owned(), report);
        }
        let resources = self.resources.keys().filter(|_| resources_allowed);
        let known = self.parameters.keys().chain(resources).map(String::as_str).chain(PSEUDO_PARAMETERS);
        let hint = hint(name, known, "add a parameter or a resource of this name, or correct the reference");
        self.report(one, format!("`{name}` is neither a parameter nor a resource of this template"), hint, report);
    }

    fn attribute(&self, id: &str, attribute: Option<&str>, one: &Use, report: &mut Report<'_>) {
        let Some(resource) = self.resources.get(id) else {
            let hint = hint(id, self.resources.keys().map(String::as_str), "add a resource of this name, or correct the reference");
            return self.report(one, format!("`{id}` is no resource of this template"), hint, report);
        };
        let Some(attribute) = attribute else { return };
        let Some(facts) = resource.get("Type").and_then(Json::as_str).and_then(crate::facts::of) else { return };
        if !facts.has_attribute(attribute) {
            let known: Vec<&str> = facts.attributes.iter().map(|attribute| attribute.name.as_ref()).collect();
            let list = known.join("`, `");
            let otherwise = if list.is_empty() {
                "this type has no attributes; `Ref` may be what is wanted".to_owned()
            } else {
                format!("its attributes are `{list}`")
            };
            let message = format!("`{id}` is an `{}`, which has no attribute `{attribute}`", facts.name);
            report.error("unknown-attribute", &one.path, message, hint(attribute, known, &otherwise));
        }
    }

    fn dependency(&self, id: &str, one: &Use, report: &mut Report<'_>) {
        if !self.resources.contains_key(id) {
            let hint = hint(id, self.resources.keys().map(String::as_str), "add a resource of this name, or leave the dependency out");
            self.report(one, format!("`DependsOn` names `{id}`, which is no resource of this template"), hint, report);
        }
    }

    fn condition(&self, name: &str, one: &Use, report: &mut Report<'_>) {
        if !self.conditions.contains_key(name) {
            let hint = hint(name, self.conditions.keys().map(String::as_str), "add it to `Conditions`, or correct the name");
            self.report(one, format!("`{name}` is no condition of this template"), hint, report);
        }
    }

    fn mapping(&self, name: &str, first: Option<&str>, second: Option<&str>, one: &Use, report: &mut Report<'_>) {
        let Some(mapping) = self.mappings.get(name) else {
            let hint = hint(name, self.mappings.keys().map(String::as_str), "add it to `Mappings`, or correct the name");
            return self.report(one, format!("`{name}` is no mapping of this template"), hint, report);
        };
        let (Some(rows), Some(first)) = (mapping.as_object(), first) else { return };
        // A row that comes from `Fn::Transform` is not known here.
        if rows.contains_key("Fn::Transform") {
            return;
        }
        let Some(row) = rows.get(first) else {
            let hint = hint(first, rows.keys().map(String::as_str), "add the key to the mapping, or correct it");
            return self.report(one, format!("the mapping `{name}` has no key `{first}`"), hint, report);
        };
        let (Some(row), Some(second)) = (row.as_object(), second) else { return };
        if !row.contains_key(second) {
            let hint = hint(second, row.keys().map(String::as_str), "add the key to the mapping, or correct it");
            self.report(one, format!("the mapping `{name}` has no key `{second}` under `{first}`"), hint, report);
        }
    }
}

fn hint<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    match did_you_mean(wrong, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => otherwise.to_owned(),
    }
}
