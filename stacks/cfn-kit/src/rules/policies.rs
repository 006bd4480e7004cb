//! IAM policies as rules look at them.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde_json::{Map, Value as Json};

use super::view::{Res, View, function};

/// The types that give a policy to roles, each with the property that names the roles.
pub(super) const ATTACHING: &[(&str, &str)] =
    &[("AWS::IAM::Policy", "Roles"), ("AWS::IAM::ManagedPolicy", "Roles"), ("AWS::IAM::RolePolicy", "RoleName")];

/// One statement of a policy document.
#[derive(Debug, Clone)]
pub(super) struct Statement<'a> {
    /// Where it stands, from the top of the template.
    pub(super) path: String,
    json: &'a Map<String, Json>,
}

impl<'a> Statement<'a> {
    pub(super) fn is_allow(&self) -> bool {
        self.json.get("Effect").and_then(Json::as_str) == Some("Allow")
    }

    /// The same, also where an expression decides.
    pub(super) fn may_allow(&self) -> bool {
        self.json.get("Effect").is_some_and(|effect| effect == "Allow" || !effect.is_string())
    }

    pub(super) fn has_condition(&self) -> bool {
        self.json.get("Condition").is_some()
    }

    /// Whether a key is written at all, such as `NotAction`.
    pub(super) fn says(&self, key: &str) -> bool {
        self.json.contains_key(key)
    }

    /// What stands under `Condition`.
    pub(super) fn condition(&self) -> Option<&'a Json> {
        self.json.get("Condition")
    }

    /// The actions that are spelled out, with their `*`.
    pub(super) fn actions(&self) -> impl Iterator<Item = &'a str> {
        listed(self.json.get("Action")).filter_map(Json::as_str)
    }

    /// The resources; none where the statement stands in a policy that needs none.
    pub(super) fn resources(&self) -> impl Iterator<Item = &'a Json> {
        listed(self.json.get("Resource"))
    }

    /// Whom it is about: kind (`Service`, `AWS`, `Federated`, or `*` for everybody) and value.
    pub(super) fn principals(&self) -> Vec<(&'a str, &'a Json)> {
        match self.json.get("Principal") {
            Some(Json::Object(kinds)) => {
                kinds.iter().flat_map(|(kind, values)| listed(Some(values)).map(move |value| (kind.as_str(), value))).collect()
            }
            Some(everybody @ Json::String(_)) => vec![("*", everybody)],
            _ => Vec::new(),
        }
    }

    /// Whether it says what it is not about, or leaves actions to an expression: then nobody can tell what it covers.
    pub(super) fn is_open(&self) -> bool {
        let negated = ["NotAction", "NotResource"].iter().any(|key| self.json.contains_key(*key));
        negated || listed(self.json.get("Action")).any(|action| !action.is_string())
    }

    /// Whether the actions cover this one, such as `sqs:ReceiveMessage`; IAM's names know no case.
    pub(super) fn covers(&self, action: &str) -> bool {
        self.actions().any(|pattern| matches_by(pattern.as_bytes(), action.as_bytes(), |left, right| left.eq_ignore_ascii_case(right)))
    }
}

/// The statements of a policy document that stands at a path.
pub(super) fn statements<'a>(path: &str, document: &'a Json) -> Vec<Statement<'a>> {
    let Some(list) = document.get("Statement") else { return Vec::new() };
    let one = |(index, json): (usize, &'a Json)| {
        let place = if list.is_array() { format!("{path}/Statement/{index}") } else { format!("{path}/Statement") };
        json.as_object().filter(|_| function(json).is_none()).map(|json| Statement { path: place, json })
    };
    listed(Some(list)).enumerate().filter_map(one).collect()
}

/// One or many: IAM reads one value like a list of one.
fn listed(value: Option<&Json>) -> impl Iterator<Item = &Json> {
    let items = match value {
        Some(Json::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    items.iter()
}

/// IAM's patterns: `*` for any text, `?` for one character.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    matches_by(pattern, text, |left, right| left == right)
}

fn matches_by(pattern: &[u8], text: &[u8], same: impl Fn(&u8, &u8) -> bool) -> bool {
    let (mut at, mut in_text, mut star) = (0, 0, None);
    while in_text < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(byte) if *byte == b'?' || same(byte, &text[in_text]) => {
                at += 1;
                in_text += 1;
            }
            // The last star takes one character more.
            _ => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    at = star_at + 1;
                    in_text = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// The policies of [`ATTACHING`], by the roles of this template that they name.
#[derive(Default)]
pub(super) struct Attached<'a> {
    by_role: HashMap<&'a str, Vec<Res<'a>>, RandomState>,
    /// Whether any of them names a role that nobody can tell.
    pub(super) unclear: bool,
}

impl<'a> Attached<'a> {
    pub(super) fn of(view: &View<'a>) -> Self {
        let mut attached = Self::default();
        for (kind, list) in ATTACHING {
            for policy in view.of_type(kind) {
                for name in policy.list(list) {
                    let Some(target) = view.target(name) else {
                        attached.unclear = true;
                        continue;
                    };
                    let policies = attached.by_role.entry(target.id).or_default();
                    // A policy may name a role twice.
                    if policies.last().is_none_or(|last| last.id != policy.id) {
                        policies.push(policy);
                    }
                }
            }
        }
        attached
    }

    /// Those of one role.
    pub(super) fn to(&self, role: &str) -> &[Res<'a>] {
        self.by_role.get(role).map_or(&[], Vec::as_slice)
    }
}

impl<'a> View<'a> {
    /// What a role of this template may do: its inline policies and those that are attached to it here.
    pub(super) fn grants(&self, role: Res<'a>) -> Vec<Statement<'a>> {
        let mut found = Vec::new();
        for (index, policy) in role.list("Policies").iter().enumerate() {
            if let Some(document) = policy.get("PolicyDocument") {
                found.extend(statements(&role.path(&format!("Policies/{index}/PolicyDocument")), document));
            }
        }
        for resource in self.attached.to(role.id) {
            if let Some(json) = resource.get("PolicyDocument") {
                found.extend(statements(&resource.path("PolicyDocument"), json));
            }
        }
        let managed = role.list("ManagedPolicyArns").iter().filter_map(|arn| self.target_of(arn, "AWS::IAM::ManagedPolicy"));
        for policy in managed {
            if let Some(json) = policy.get("PolicyDocument") {
                found.extend(statements(&policy.path("PolicyDocument"), json));
            }
        }
        found
    }

    /// The role of this template that a function, task or service takes on by this property.
    pub(super) fn role_of(&self, resource: Res<'a>, property: &str) -> Option<Res<'a>> {
        self.target_of(resource.get(property)?, "AWS::IAM::Role")
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text_and_a_question_mark_for_one_character() {
        for (pattern, text, expected) in [
            ("sqs:*", "sqs:receivemessage", true),
            ("*", "", true),
            ("s3:get*ion", "s3:getobjectversion", true),
            ("s3:get?bject", "s3:getobject", true),
            ("sqs:send*", "sqs:receivemessage", false),
            ("a*b*c", "abcb", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "`{pattern}` and `{text}`: a permission would be misread");
        }
    }
}
