//! Which resources a part of a template refers to.

use std::collections::BTreeSet;

use serde_json::Value;

/// The first of `ids` that `value` refers to, by `Ref`, `Fn::GetAtt` or `Fn::Sub`.
pub(super) fn refers_to<'a>(value: &Value, ids: &'a BTreeSet<String>) -> Option<&'a str> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| refers_to(item, ids)),
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let direct = match (name.as_str(), field) {
                ("Ref", Value::String(id)) => ids.get(id),
                ("Fn::GetAtt", Value::String(path)) => path.split('.').next().and_then(|id| ids.get(id)),
                ("Fn::GetAtt", Value::Array(path)) => path.first().and_then(Value::as_str).and_then(|id| ids.get(id)),
                ("Fn::Sub", Value::String(text)) => substituted(text).find_map(|id| ids.get(id)),
                ("Fn::Sub", Value::Array(parts)) => {
                    parts.first().and_then(Value::as_str).and_then(|text| substituted(text).find_map(|id| ids.get(id)))
                }
                _ => None,
            };
            direct.map(String::as_str).or_else(|| refers_to(field, ids))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The resources in a text for `Fn::Sub`: `Queue` in `${Queue}` and `${Queue.Arn}`, none in `${!Literal}`.
fn substituted(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let name = rest.split('}').next()?;
        (!name.starts_with('!')).then(|| name.split('.').next().unwrap_or(name).trim())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_of_referring_is_seen() {
        let ids = BTreeSet::from(["Queue".to_owned()]);
        let ways = [
            json!({ "Ref": "Queue" }),
            json!({ "Fn::GetAtt": ["Queue", "Arn"] }),
            json!({ "Fn::GetAtt": "Queue.Arn" }),
            json!({ "Fn::Sub": "a ${Queue.Arn} b" }),
            json!({ "Fn::Sub": ["${Queue}/${x}", { "x": "y" }] }),
            json!([{ "Fn::Join": ["", ["a", { "Ref": "Queue" }]] }]),
        ];

        let missed: Vec<_> = ways.iter().filter(|way| refers_to(way, &ids) != Some("Queue")).collect();

        assert!(missed.is_empty(), "these would dangle: {missed:?}");
    }

    #[test]
    fn a_name_that_is_no_reference_is_none() {
        let ids = BTreeSet::from(["Queue".to_owned()]);
        let others = [json!("Queue"), json!({ "Fn::Sub": "Queue ${!Queue} ${QueueTwo}" }), json!({ "Ref": "AWS::Region" })];

        let taken: Vec<_> = others.iter().filter(|other| refers_to(other, &ids).is_some()).collect();

        assert!(taken.is_empty(), "these would be left out for nothing: {taken:?}");
    }
}
