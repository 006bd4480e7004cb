//! What CloudFormation itself must be allowed to do for a template.
//!
//! A stack without an execution role acts with the rights of whoever deploys it, which in practice are an administrator's. The
//! resource types say which IAM actions their handlers call, so that a role for just these templates can be written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// The IAM actions that the handlers of some resource types call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actions {
    /// Each action, such as `sqs:CreateQueue`, with the types that need it.
    pub needed: BTreeMap<String, BTreeSet<String>>,
    /// Types that do not say what they need: those of third parties, custom resources, a few old ones.
    pub silent: BTreeSet<String>,
}

/// The actions for everything that stands in these templates: to create, read, update and delete it.
pub fn actions<'a>(templates: impl IntoIterator<Item = &'a Json>) -> Actions {
    let mut actions = Actions::default();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for template in templates {
        let resources = template.get("Resources").and_then(Json::as_object).into_iter().flatten();
        for kind in resources.filter_map(|(_, resource)| resource.get("Type")?.as_str()) {
            if seen.insert(kind) {
                actions.add(kind);
            }
        }
    }
    actions
}

impl Actions {
    fn add(&mut self, kind: &str) {
        let Some(permissions) = crate::facts::permissions(kind).filter(|permissions| !permissions.is_empty()) else {
            self.silent.insert(kind.to_owned());
            return;
        };
        for action in permissions.values().flatten() {
            match self.needed.get_mut(action.as_ref()) {
                Some(types) => {
                    types.insert(kind.to_owned());
                }
                None => {
                    self.needed.insert(action.to_string(), BTreeSet::from([kind.to_owned()]));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::actions;

    #[test]
    fn a_template_needs_what_the_handlers_of_its_types_call() {
        let queue = json!({ "Resources": { "Jobs": { "Type": "AWS::SQS::Queue" }, "Mine": { "Type": "Custom::Thing" } } });

        let actions = actions([&queue]);

        assert!(actions.needed.contains_key("sqs:CreateQueue") && actions.needed.contains_key("sqs:DeleteQueue"), "{actions:?}");
        assert!(actions.needed.keys().all(|action| action.starts_with("sqs:")), "more than the queue needs: {actions:?}");
        assert!(actions.silent.contains("Custom::Thing"), "nobody would know why its creation is denied");
    }
}
