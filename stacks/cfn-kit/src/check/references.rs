//! References that lead nowhere.

use serde_json::Value as Json;

use super::names::{Names, PSEUDO_PARAMETERS};
use super::unlisted::{ALSO_ATTRIBUTES, GIVE_PROPERTIES};
use super::{Report, did_you_mean_or, list};
use crate::finding::Severity;
use crate::walk::{Section, Target, Use};

pub(super) fn check(uses: &[Use], names: &Names<'_>, report: &mut Report<'_>) {
    let references = References { names, missing: names.missing() };
    for one in uses {
        match &one.target {
            Target::Name(name) => references.reference(name, one, report),
            Target::Attribute(id, attribute) => references.attribute(id, attribute.as_deref(), one, report),
            Target::Dependency(id) => references.dependency(id, one, report),
            Target::Condition(name) => references.condition(name, one, report),
            Target::Mapping { name, first, second, has_default } => {
                let keys = (first.as_deref().filter(|_| !has_default), second.as_deref().filter(|_| !has_default));
                references.mapping(name, keys.0, keys.1, one, report);
            }
        }
    }
}

struct References<'n, 'a> {
    names: &'n Names<'a>,
    missing: Severity,
}

impl References<'_, '_> {
    /// Whether a name comes from elsewhere: the variable of a loop, a name that a loop makes, or a resource within a module.
    fn is_made(&self, name: &str) -> bool {
        let within = |module: &&str| name.len() > module.len() && name.starts_with(module);
        name.contains("${") || name.contains("&{") || self.names.loop_variables.contains(name) || self.names.modules.iter().any(within)
    }

    fn report(&self, one: &Use, message: String, hint: String, report: &mut Report<'_>) {
        report.push(self.missing, "unknown-reference", &one.path, message, hint);
    }

    fn reference(&self, name: &str, one: &Use, report: &mut Report<'_>) {
        if self.is_made(name) || PSEUDO_PARAMETERS.contains(&name) || self.names.parameters.has(name) {
            return;
        }
        // `${NAME:-nobody}` of a shell is no name at all, and reported as that.
        let shell = name.contains(":-")
            || name.bytes().any(|byte| byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric() && !b"_.:-".contains(&byte));
        if shell && !self.names.resources.has(name) {
            return;
        }
        let resources_allowed = matches!(one.section, Section::Resources | Section::Outputs);
        if resources_allowed && self.names.resources.has(name) {
            return;
        }
        if self.names.resources.has(name) {
            let message = format!("`{name}` is a resource, but a condition can only look at parameters");
            return self.report(one, message, "pass what decides as a parameter".to_owned(), report);
        }
        let resources = self.names.resources.ids().filter(|_| resources_allowed);
        let known = self.names.parameters.ids().chain(resources).chain(PSEUDO_PARAMETERS);
        let hint = did_you_mean_or(name, known, "add a parameter or a resource of this name, or correct the reference");
        self.report(one, format!("`{name}` is neither a parameter nor a resource of this template"), hint, report);
    }

    fn attribute(&self, id: &str, attribute: Option<&str>, one: &Use, report: &mut Report<'_>) {
        if self.is_made(id) || attribute.is_some_and(|attribute| self.is_made(attribute)) {
            return;
        }
        let Some(resource) = self.names.resources.get(id) else {
            let hint = did_you_mean_or(id, self.names.resources.ids(), "add a resource of this name, or correct the reference");
            return self.report(one, format!("`{id}` is no resource of this template"), hint, report);
        };
        let Some(attribute) = attribute else { return };
        let Some(facts) = resource.get("Type").and_then(Json::as_str).and_then(crate::facts::of) else { return };
        let also =
            || GIVE_PROPERTIES.binary_search(&facts.name.as_ref()).is_ok() && facts.property_at(&attribute.replace('.', "/")).is_some();
        let known = || ALSO_ATTRIBUTES.iter().any(|(name, known)| *name == facts.name && known.contains(&attribute));
        if !facts.has_attribute(attribute) && !also() && !known() {
            let known: Vec<&str> = facts.attributes.iter().map(|attribute| attribute.name.as_ref()).collect();
            let otherwise = if known.is_empty() {
                "this type has no attributes; `Ref` may be what is wanted".to_owned()
            } else {
                format!("its attributes are {}", list(known.iter().copied()))
            };
            let message = format!("`{id}` is an `{}`, which has no attribute `{attribute}`", facts.name);
            report.error("unknown-attribute", &one.path, message, did_you_mean_or(attribute, known, &otherwise));
        }
    }

    fn dependency(&self, id: &str, one: &Use, report: &mut Report<'_>) {
        if !self.names.resources.has(id) {
            let hint = did_you_mean_or(id, self.names.resources.ids(), "add a resource of this name, or leave the dependency out");
            self.report(one, format!("`DependsOn` names `{id}`, which is no resource of this template"), hint, report);
        }
    }

    fn condition(&self, name: &str, one: &Use, report: &mut Report<'_>) {
        if !self.names.conditions.has(name) {
            let hint = did_you_mean_or(name, self.names.conditions.ids(), "add it to `Conditions`, or correct the name");
            self.report(one, format!("`{name}` is no condition of this template"), hint, report);
        }
    }

    fn mapping(&self, name: &str, first: Option<&str>, second: Option<&str>, one: &Use, report: &mut Report<'_>) {
        let Some(mapping) = self.names.mappings.get(name) else {
            let hint = did_you_mean_or(name, self.names.mappings.ids(), "add it to `Mappings`, or correct the name");
            return self.report(one, format!("`{name}` is no mapping of this template"), hint, report);
        };
        let (Some(rows), Some(first)) = (mapping.as_object(), first) else { return };
        // A row that comes from `Fn::Transform` is not known here.
        if rows.contains_key("Fn::Transform") {
            return;
        }
        let Some(row) = rows.get(first) else {
            let hint = did_you_mean_or(first, rows.keys().map(String::as_str), "add the key to the mapping, or correct it");
            return self.report(one, format!("the mapping `{name}` has no key `{first}`"), hint, report);
        };
        let (Some(row), Some(second)) = (row.as_object(), second) else { return };
        if !row.contains_key(second) {
            let hint = did_you_mean_or(second, row.keys().map(String::as_str), "add the key to the mapping, or correct it");
            self.report(one, format!("the mapping `{name}` has no key `{second}` under `{first}`"), hint, report);
        }
    }
}
