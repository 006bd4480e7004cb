//! Policies that deny whatever does not come over TLS.
//!
//! The local cloud speaks plain HTTP, on loopback only, and it enforces policies: with such a statement it would refuse every
//! request, its own between two services too. So these statements, and only these, are taken out for it.

use serde_json::{Map, Value};

/// What people are told.
pub(super) const REASON: &str = "the statement that denies requests without TLS is taken out: the local endpoint is plain HTTP";

/// What people are told when the policy consists of nothing else.
pub(super) const NOTHING_LEFT: &str = "it denies requests without TLS and does nothing else, and the local endpoint is plain HTTP";

/// The properties in which resources carry policies about themselves.
const POLICIES: [&str; 3] = ["PolicyDocument", "KeyPolicy", "RepositoryPolicyText"];

/// What was done to a resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Relaxed {
    pub(super) property: &'static str,
    /// Whether no statement is left.
    pub(super) empty: bool,
}

/// Takes the statements out of a resource's policy. None when there is none.
pub(super) fn relax(properties: &mut Map<String, Value>) -> Option<Relaxed> {
    POLICIES.into_iter().find_map(|property| {
        let statements = properties.get_mut(property)?.get_mut("Statement")?.as_array_mut()?;
        let before = statements.len();
        statements.retain(|statement| !is_tls_only(statement));
        (statements.len() < before).then_some(Relaxed { property, empty: statements.is_empty() })
    })
}

/// Whether a statement denies on the ground of missing TLS and on no other ground.
fn is_tls_only(statement: &Value) -> bool {
    let denies = statement.get("Effect").and_then(Value::as_str) == Some("Deny");
    let Some((operator, keys)) = statement.get("Condition").and_then(only) else { return false };
    let Some((key, value)) = only(keys) else { return false };
    let is_false = value.as_bool() == Some(false) || value.as_str().is_some_and(|value| value.eq_ignore_ascii_case("false"));
    denies
        && (operator.eq_ignore_ascii_case("Bool") || operator.eq_ignore_ascii_case("BoolIfExists"))
        && key.eq_ignore_ascii_case("aws:SecureTransport")
        && is_false
}

/// The one field of an object that has just one.
fn only(object: &Value) -> Option<(&String, &Value)> {
    object.as_object().filter(|fields| fields.len() == 1)?.iter().next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deny(condition: &Value) -> Value {
        json!({ "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": condition })
    }

    fn relaxed(statements: &[Value]) -> (Option<Relaxed>, Value) {
        let mut properties = Map::from_iter([("PolicyDocument".to_owned(), json!({ "Statement": statements }))]);
        (relax(&mut properties), properties["PolicyDocument"]["Statement"].clone())
    }

    #[test]
    fn a_statement_that_wants_tls_is_taken_out_and_the_others_stay() {
        let allow = json!({ "Effect": "Allow", "Action": "sqs:SendMessage" });

        let (what, left) = relaxed(&[deny(&json!({ "Bool": { "aws:SecureTransport": "false" } })), allow.clone()]);

        assert_eq!(what, Some(Relaxed { property: "PolicyDocument", empty: false }));
        assert_eq!(left, json!([allow]), "the queue would be closed to S3");
    }

    #[test]
    fn a_policy_that_only_wants_tls_is_empty_then() {
        let (what, _) = relaxed(&[deny(&json!({ "BoolIfExists": { "AWS:SecureTransport": false } }))]);

        assert_eq!(what, Some(Relaxed { property: "PolicyDocument", empty: true }), "an empty policy is refused");
    }

    #[test]
    fn a_statement_that_denies_on_another_ground_stays() {
        let others = [
            deny(&json!({ "Bool": { "aws:SecureTransport": "true" } })),
            deny(&json!({ "Bool": { "aws:SecureTransport": "false" }, "StringEquals": { "aws:PrincipalOrgID": "o" } })),
            deny(&json!({ "Bool": { "aws:SecureTransport": "false", "aws:ViaAWSService": "false" } })),
            json!({ "Effect": "Allow", "Condition": { "Bool": { "aws:SecureTransport": "false" } } }),
            json!({ "Effect": "Deny", "Action": "*" }),
        ];

        let (what, left) = relaxed(&others);

        assert_eq!(what, None, "least privilege would be looser here than on AWS for no reason");
        assert_eq!(left, json!(others));
    }
}
