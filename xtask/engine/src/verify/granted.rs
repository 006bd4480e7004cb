//! What resources of their own grant to roles: a policy that another stack puts on a role is declared, although the role does not say so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::value::{items, list, text, unknown_reason};

/// What is granted to one role, or by somebody who does not say to which.
#[derive(Debug, Default)]
struct Grants {
    /// The names of inline policies.
    inline: BTreeSet<String>,
    /// The ARNs of managed policies.
    attached: BTreeSet<String>,
    /// Whether there is an inline policy whose name cannot be told.
    any_inline: bool,
}

/// What all stacks of a request grant to roles by resources of their own.
#[derive(Debug, Default)]
pub(crate) struct Granted {
    roles: BTreeMap<String, Grants>,
    /// What is granted to a role that cannot be told: it may be any.
    anywhere: Grants,
}

impl Granted {
    /// The resource types that grant something to roles.
    pub(crate) const TYPES: [&'static str; 3] = ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"];

    /// Take note of a resource, with its properties as far as they are known and its name in AWS, if it has one.
    pub(crate) fn note(&mut self, resource_type: &str, properties: &Map<String, Value>, physical: Option<&str>) {
        let value = |name: &str| properties.get(name).cloned().unwrap_or_default();
        match resource_type {
            "AWS::IAM::Policy" => self.inline(&list(value("Roles")), &value("PolicyName")),
            "AWS::IAM::RolePolicy" => self.inline(&list(value("RoleName")), &value("PolicyName")),
            "AWS::IAM::ManagedPolicy" => {
                let Some(arn) = physical else { return };
                for role in roles(&list(value("Roles"))) {
                    self.of(role).attached.insert(arn.to_owned());
                }
            }
            _ => {}
        }
    }

    fn inline(&mut self, to: &Value, name: &Value) {
        for role in roles(to) {
            let grants = self.of(role);
            match text(name) {
                Some(name) => {
                    grants.inline.insert(name);
                }
                None => grants.any_inline = true,
            }
        }
    }

    fn of(&mut self, role: Option<String>) -> &mut Grants {
        match role {
            Some(role) => self.roles.entry(role).or_default(),
            None => &mut self.anywhere,
        }
    }

    /// Whether somebody declares that the role has this inline policy.
    pub(crate) fn has_inline(&self, role: &str, policy: &str) -> bool {
        self.to(role).any(|grants| grants.any_inline || grants.inline.contains(policy))
    }

    /// Whether somebody declares that this managed policy is attached to the role.
    pub(crate) fn has_attached(&self, role: &str, arn: &str) -> bool {
        self.to(role).any(|grants| grants.attached.contains(arn))
    }

    fn to(&self, role: &str) -> impl Iterator<Item = &Grants> {
        self.roles.get(role).into_iter().chain([&self.anywhere])
    }
}

/// The roles of a list; none for one that cannot be told.
fn roles(list: &Value) -> Vec<Option<String>> {
    if unknown_reason(list).is_some() { vec![None] } else { items(list).iter().map(text).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::verify::value::unknown;

    fn granted(kind: &str, properties: Value, physical: Option<&str>) -> Granted {
        let mut granted = Granted::default();
        granted.note(kind, properties.as_object().unwrap(), physical);
        granted
    }

    #[test]
    fn a_policy_is_granted_to_the_roles_that_it_names_and_to_no_other() {
        let granted = granted("AWS::IAM::Policy", json!({ "PolicyName": "p", "Roles": ["a", "b"] }), None);

        assert!(granted.has_inline("a", "p") && granted.has_inline("b", "p"));
        assert!(!granted.has_inline("a", "q"), "a policy that was added by hand would go unnoticed");
        assert!(!granted.has_inline("c", "p"), "a right of one role would excuse that of another");
    }

    #[test]
    fn a_managed_policy_is_known_by_its_arn() {
        let granted = granted("AWS::IAM::ManagedPolicy", json!({ "Roles": ["a"] }), Some("arn:m"));

        assert!(granted.has_attached("a", "arn:m") && !granted.has_attached("a", "arn:n") && !granted.has_attached("b", "arn:m"));
    }

    #[test]
    fn what_is_granted_to_somebody_unknown_may_be_granted_to_anybody() {
        let to_unknown = granted("AWS::IAM::Policy", json!({ "PolicyName": "p", "Roles": [unknown("an import")] }), None);
        let nameless = granted("AWS::IAM::RolePolicy", json!({ "PolicyName": unknown("an import"), "RoleName": "a" }), None);

        assert!(to_unknown.has_inline("a", "p") && !to_unknown.has_inline("a", "q"));
        assert!(nameless.has_inline("a", "q") && !nameless.has_inline("b", "q"), "what is declared would be called extra");
    }
}
