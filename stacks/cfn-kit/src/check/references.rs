//! References that lead nowhere.

use super::names::{Names, PSEUDO_PARAMETERS};
use super::unlisted::{ALSO_ATTRIBUTES, GIVE_PROPERTIES};
use super::{Report, did_you_mean_or, list};
use crate::finding::Severity;
use crate::path::Path;
use crate::walk::{Section, Target, Use};

/// Where a reference stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    section: Section,
    path: &'p Path<'p>,
}

/// Looks where each reference leads.
pub(super) struct References<'n, 'a> {
    names: &'n Names<'a>,
    missing: Severity,
}

impl<'n, 'a> References<'n, 'a> {
    pub(super) fn of(names: &'n Names<'a>) -> Self {
        Self { names, missing: names.missing() }
    }

    pub(super) fn check(&self, one: &Use<'_>, path: &Path<'_>, report: &mut Report<'_>) {
        let place = Place { section: one.section, path };
        match &one.target {
            Target::Name(name) => self.reference(name, place, report),
            Target::Attribute(id, attribute) => self.attribute(id, attribute.as_deref(), place, report),
            Target::Dependency(id) => self.dependency(id, place, report),
            Target::Condition(name) => self.condition(name, place, report),
            Target::Mapping { name, first, second, has_default } => {
                let keys = (first.filter(|_| !has_default), second.filter(|_| !has_default));
                self.mapping(name, keys.0, keys.1, place, report);
            }
        }
    }

    /// Whether a name comes from elsewhere: the variable of a loop, a name that a loop makes, or a resource within a module.
    fn is_made(&self, name: &str) -> bool {
        let within = |module: &&str| name.len() > module.len() && name.starts_with(module);
        name.contains("${") || name.contains("&{") || self.names.loop_variables.contains(name) || self.names.modules.iter().any(within)
    }

    fn report(&self, place: Place<'_>, message: String, hint: String, report: &mut Report<'_>) {
        report.push(self.missing, "unknown-reference", &place.path.to_string(), message, hint);
    }

    fn reference(&self, name: &str, place: Place<'_>, report: &mut Report<'_>) {
        let resources_allowed = matches!(place.section, Section::Resources | Section::Outputs);
        // Nearly every reference is right, and to one of these: what takes longer is asked for the others alone.
        if resources_allowed && self.names.has_resource(name) || PSEUDO_PARAMETERS.contains(&name) || self.names.parameters.has(name) {
            return;
        }
        if self.is_made(name) {
            return;
        }
        // `${NAME:-nobody}` of a shell is no name at all, and reported as that.
        let shell = name.contains(":-")
            || name.bytes().any(|byte| byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric() && !b"_.:-".contains(&byte));
        if shell && !self.names.resources.has(name) {
            return;
        }
        if self.names.resources.has(name) {
            let message = format!("`{name}` is a resource, but a condition can only look at parameters");
            return self.report(place, message, "pass what decides as a parameter".to_owned(), report);
        }
        let resources = self.names.resources.ids().filter(|_| resources_allowed);
        let known = self.names.parameters.ids().chain(resources).chain(PSEUDO_PARAMETERS);
        let hint = did_you_mean_or(name, known, "add a parameter or a resource of this name, or correct the reference");
        self.report(place, format!("`{name}` is neither a parameter nor a resource of this template"), hint, report);
    }

    fn attribute(&self, id: &str, attribute: Option<&str>, place: Place<'_>, report: &mut Report<'_>) {
        let facts = self.names.facts_of(id);
        if facts.zip(attribute).is_some_and(|(facts, attribute)| facts.has_attribute(attribute)) {
            return;
        }
        if self.is_made(id) || attribute.is_some_and(|attribute| self.is_made(attribute)) {
            return;
        }
        if !self.names.has_resource(id) {
            let hint = did_you_mean_or(id, self.names.resources.ids(), "add a resource of this name, or correct the reference");
            return self.report(place, format!("`{id}` is no resource of this template"), hint, report);
        }
        let (Some(attribute), Some(facts)) = (attribute, facts) else { return };
        let also =
            || GIVE_PROPERTIES.binary_search(&facts.name.as_ref()).is_ok() && facts.property_at(&attribute.replace('.', "/")).is_some();
        let known = || ALSO_ATTRIBUTES.iter().any(|(name, known)| *name == facts.name && known.contains(&attribute));
        if !also() && !known() {
            let known: Vec<&str> = facts.attributes.iter().map(|attribute| attribute.name.as_ref()).collect();
            let otherwise = if known.is_empty() {
                "this type has no attributes; `Ref` may be what is wanted".to_owned()
            } else {
                format!("its attributes are {}", list(known.iter().copied()))
            };
            let message = format!("`{id}` is an `{}`, which has no attribute `{attribute}`", facts.name);
            report.error("unknown-attribute", &place.path.to_string(), message, did_you_mean_or(attribute, known, &otherwise));
        }
    }

    fn dependency(&self, id: &str, place: Place<'_>, report: &mut Report<'_>) {
        if !self.names.has_resource(id) {
            let hint = did_you_mean_or(id, self.names.resources.ids(), "add a resource of this name, or leave the dependency out");
            self.report(place, format!("`DependsOn` names `{id}`, which is no resource of this template"), hint, report);
        }
    }

    fn condition(&self, name: &str, place: Place<'_>, report: &mut Report<'_>) {
        if !self.names.conditions.has(name) {
            let hint = did_you_mean_or(name, self.names.conditions.ids(), "add it to `Conditions`, or correct the name");
            self.report(place, format!("`{name}` is no condition of this template"), hint, report);
        }
    }

    fn mapping(&self, name: &str, first: Option<&str>, second: Option<&str>, place: Place<'_>, report: &mut Report<'_>) {
        let Some(mapping) = self.names.mappings.get(name) else {
            let hint = did_you_mean_or(name, self.names.mappings.ids(), "add it to `Mappings`, or correct the name");
            return self.report(place, format!("`{name}` is no mapping of this template"), hint, report);
        };
        let (Some(rows), Some(first)) = (mapping.as_object(), first) else { return };
        // A row that comes from `Fn::Transform` is not known here.
        if rows.contains_key("Fn::Transform") {
            return;
        }
        let Some(row) = rows.get(first) else {
            let hint = did_you_mean_or(first, rows.keys().map(String::as_str), "add the key to the mapping, or correct it");
            return self.report(place, format!("the mapping `{name}` has no key `{first}`"), hint, report);
        };
        let (Some(row), Some(second)) = (row.as_object(), second) else { return };
        if !row.contains_key(second) {
            let hint = did_you_mean_or(second, row.keys().map(String::as_str), "add the key to the mapping, or correct it");
            self.report(place, format!("the mapping `{name}` has no key `{second}` under `{first}`"), hint, report);
        }
    }
}
