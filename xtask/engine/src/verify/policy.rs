//! Policy documents in one form, so that those which mean the same are the same.

use serde_json::{Map, Value, json};

use super::value::{parsed, text, unknown_reason};

/// A policy document with its lists as lists, accounts as numbers, names without case where AWS has none.
pub(crate) fn normal(document: &Value) -> Value {
    let document = parsed(document);
    let Some(fields) = document.as_object().filter(|_| unknown_reason(&document).is_none()) else { return document };
    let mut all: Map<String, Value> = fields
        .iter()
        // An id names the document and allows nothing; services make one up.
        .filter(|(name, _)| name.as_str() != "Id")
        .map(|(name, field)| (name.clone(), if name == "Statement" { statements(field) } else { field.clone() }))
        .collect();
    // What AWS takes a document for that does not say.
    all.entry("Version").or_insert_with(|| json!("2008-10-17"));
    Value::Object(all)
}

fn statements(value: &Value) -> Value {
    Value::Array(many(value).iter().map(statement).collect())
}

fn statement(value: &Value) -> Value {
    let Some(fields) = value.as_object().filter(|_| unknown_reason(value).is_none()) else { return value.clone() };
    let field = |(name, field): (&String, &Value)| {
        let field = match name.as_str() {
            "Action" | "NotAction" => Value::Array(many(field).iter().map(lower).collect()),
            "Resource" | "NotResource" => Value::Array(many(field)),
            "Principal" | "NotPrincipal" => principals(field),
            "Condition" => conditions(field),
            _ => field.clone(),
        };
        (name.clone(), field)
    };
    // An empty Sid is none.
    Value::Object(fields.iter().filter(|(name, field)| name.as_str() != "Sid" || field.as_str() != Some("")).map(field).collect())
}

fn principals(value: &Value) -> Value {
    match value {
        Value::String(everybody) => json!({ "AWS": [account(everybody)] }),
        Value::Object(kinds) if unknown_reason(value).is_none() => Value::Object(
            kinds
                .iter()
                .map(|(kind, who)| {
                    let who = many(who).into_iter().map(|one| one.as_str().map(|arn| json!(account(arn))).unwrap_or(one)).collect();
                    (kind.clone(), Value::Array(who))
                })
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.clone(),
    }
}

/// `111111111111` for `arn:aws:iam::111111111111:root`: AWS stores whichever it likes.
fn account(principal: &str) -> String {
    let parts: Vec<_> = principal.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] => (*account).to_owned(),
        _ => principal.to_owned(),
    }
}

fn conditions(value: &Value) -> Value {
    let Some(operators) = value.as_object().filter(|_| unknown_reason(value).is_none()) else { return value.clone() };
    let keys = |keys: &Value| match keys.as_object().filter(|_| unknown_reason(keys).is_none()) {
        // Condition keys have no case, and their values are texts whatever they look like.
        Some(fields) => Value::Object(fields.iter().map(|(key, value)| (key.to_ascii_lowercase(), texts(value))).collect()),
        None => keys.clone(),
    };
    Value::Object(operators.iter().map(|(operator, fields)| (operator.clone(), keys(fields))).collect())
}

fn texts(value: &Value) -> Value {
    Value::Array(many(value).into_iter().map(|one| text(&one).map(Value::String).unwrap_or(one)).collect())
}

fn lower(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| json!(text.to_ascii_lowercase()))
}

/// One, or a list, as a list.
fn many(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_mean_the_same_become_the_same() {
        let written = json!({
            "Version": "2012-10-17",
            "Statement": { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111111111111:root" }, "Action": "SQS:*", "Resource": "q",
                "Condition": { "Bool": { "aws:SecureTransport": false } } },
        });
        let stored = json!({
            "Version": "2012-10-17", "Id": "made up",
            "Statement": [{ "Sid": "", "Effect": "Allow", "Principal": { "AWS": ["111111111111"] }, "Action": ["sqs:*"], "Resource": ["q"],
                "Condition": { "Bool": { "aws:securetransport": ["false"] } } }],
        });

        assert_eq!(normal(&written), normal(&json!(stored.to_string())), "every deploy would be called different");
    }

    #[test]
    fn another_principal_stays_another() {
        let with = |principal: &str| json!({ "Statement": [{ "Principal": { "AWS": principal } }] });

        assert_ne!(normal(&with("arn:aws:iam::111111111111:root")), normal(&with("arn:aws:iam::222222222222:root")));
        assert_ne!(normal(&with("arn:aws:iam::111111111111:role/a")), normal(&with("111111111111")), "a role is not its account");
        assert_ne!(normal(&with("*")), normal(&with("111111111111")), "the world would pass for an account");
    }
}
