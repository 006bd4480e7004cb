//! Texts as rules compare them: whatever is only known later stands in `${…}`.

use serde_json::Value as Json;

use super::view::function;
use crate::walk::placeholders;

/// A text, with `${Id}` or `${Id.Attribute}` for references; none where another function makes it.
pub(super) fn flat(value: &Json) -> Option<String> {
    match (value, function(value)) {
        (Json::String(text), _) => Some(text.clone()),
        (Json::Number(number), _) => Some(number.to_string()),
        (_, Some(("Ref", Json::String(id)))) => Some(format!("${{{id}}}")),
        (_, Some(("Fn::GetAtt", Json::String(name)))) => Some(format!("${{{name}}}")),
        (_, Some(("Fn::GetAtt", Json::Array(parts)))) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Json::as_str).collect();
            parts.map(|parts| format!("${{{}}}", parts.join(".")))
        }
        (_, Some(("Fn::Sub", Json::String(text)))) => Some(text.clone()),
        (_, Some(("Fn::Sub", Json::Array(arguments)))) => substituted(arguments),
        (_, Some(("Fn::Join", Json::Array(arguments)))) => joined(arguments),
        _ => None,
    }
}

fn substituted(arguments: &[Json]) -> Option<String> {
    let [Json::String(text), Json::Object(variables)] = arguments else { return None };
    let mut text = text.clone();
    for (name, value) in variables {
        text = text.replace(&format!("${{{name}}}"), &flat(value)?);
    }
    Some(text)
}

fn joined(arguments: &[Json]) -> Option<String> {
    let [Json::String(separator), Json::Array(parts)] = arguments else { return None };
    let parts: Option<Vec<String>> = parts.iter().map(flat).collect();
    parts.map(|parts| parts.join(separator))
}

/// A flat text with something short for each reference, so that it can be split.
pub(super) fn masked(flat: &str) -> String {
    let mut masked = flat.to_owned();
    for name in placeholders(flat) {
        masked = masked.replace(&format!("${{{name}}}"), "_");
    }
    masked
}

/// The service in an ARN: `sqs` of `arn:${AWS::Partition}:sqs:…`; none for what is no ARN.
pub(super) fn arn_service(flat: &str) -> Option<String> {
    let masked = masked(flat);
    let mut parts = masked.split(':');
    (parts.next() == Some("arn")).then(|| parts.nth(1).map(ToOwned::to_owned)).flatten()
}

/// A value as a person would write it in YAML, for messages.
pub(super) fn spelled(value: &Json) -> String {
    match (value, function(value)) {
        (Json::String(text), _) => text.clone(),
        (_, Some(("Ref", Json::String(id)))) => format!("!Ref {id}"),
        (_, Some(("Fn::GetAtt", _))) => match flat(value) {
            Some(text) => format!("!GetAtt {}", text.trim_start_matches("${").trim_end_matches('}')),
            None => value.to_string(),
        },
        (_, Some(("Fn::Sub", Json::String(text)))) => format!("!Sub {text}"),
        _ => value.to_string(),
    }
}

/// Names, for messages: `A`, `B` and `C`.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// The name among many that somebody meant who wrote another one.
pub(super) fn meant<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &&str| {
        let distance = strsim::osa_distance(&written.to_ascii_lowercase(), &name.to_ascii_lowercase());
        (distance <= 1 + name.len().min(written.len()) / 5).then_some(distance)
    };
    known.into_iter().filter_map(|name| likeness(&name).map(|distance| (distance, name))).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{arn_service, flat, meant};

    #[test]
    fn one_text_has_one_form_however_it_is_put_together() {
        let join = json!({ "Fn::Join": ["", ["/aws/lambda/", { "Ref": "Name" }]] });
        let sub = json!({ "Fn::Sub": "/aws/lambda/${Name}" });
        let variables = json!({ "Fn::Sub": ["/aws/${kind}/${Name}", { "kind": "lambda" }] });

        assert_eq!(flat(&join), flat(&sub), "a log group would not be found");
        assert_eq!(flat(&variables), flat(&sub), "a log group would not be found");
        assert_eq!(flat(&json!({ "Fn::ImportValue": "Name" })), None, "nobody knows that text");
    }

    #[test]
    fn the_service_of_an_arn_is_found_past_its_references() {
        assert_eq!(arn_service("arn:${AWS::Partition}:sqs:${AWS::Region}:1:jobs").as_deref(), Some("sqs"));
        assert_eq!(arn_service("https://sqs.eu-central-1.amazonaws.com/1/jobs"), None, "a URL is no ARN");
    }

    #[test]
    fn only_what_is_near_is_meant() {
        let known = ["NumberOfMessagesSent", "ApproximateAgeOfOldestMessage"];
        assert_eq!(meant("NumberOfMessageSent", known), Some("NumberOfMessagesSent"));
        assert_eq!(meant("Errors", known), None, "a wrong hint is worse than none");
    }
}
