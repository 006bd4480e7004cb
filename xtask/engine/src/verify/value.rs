//! JSON with holes: values of which some parts could not be found out, each with the reason.

use serde_json::{Map, Value, json};

/// A key that no property and no answer has.
const UNKNOWN: &str = "\u{0}unknown";

/// A value that nobody knows, and why.
pub(crate) fn unknown(reason: impl Into<String>) -> Value {
    json!({ UNKNOWN: reason.into() })
}

/// Why a value is not known; none for one that is.
pub(crate) fn unknown_reason(value: &Value) -> Option<&str> {
    value.as_object()?.get(UNKNOWN)?.as_str()
}

/// The first reason anywhere inside a value for which it is not known whole.
pub(crate) fn any_unknown(value: &Value) -> Option<&str> {
    match value {
        Value::Object(fields) => unknown_reason(value).or_else(|| fields.values().find_map(any_unknown)),
        Value::Array(items) => items.iter().find_map(any_unknown),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The value at a path such as `Table.KeySchema`: null where there is none, unknown inside of what is unknown.
pub(crate) fn at(value: &Value, path: &str) -> Value {
    let mut here = value;
    for key in path.split('.') {
        if unknown_reason(here).is_some() {
            break;
        }
        match here.get(key) {
            Some(next) => here = next,
            None => return Value::Null,
        }
    }
    here.clone()
}

/// The text at a path; empty where there is none.
pub(crate) fn text_at(value: &Value, path: &str) -> String {
    text(&at(value, path)).unwrap_or_default()
}

/// A single value as text; none for lists, objects and nothing.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A list, in whichever way the answer holds it: XML has lists of one that look like their entry, and empty ones like empty texts.
pub(crate) fn list(value: Value) -> Value {
    match value {
        Value::Array(_) => value,
        Value::Null => Value::Array(Vec::new()),
        Value::String(text) if text.trim().is_empty() => Value::Array(Vec::new()),
        Value::Object(_) if unknown_reason(&value).is_some() => value,
        Value::Object(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => Value::Array(vec![value]),
    }
}

/// The entries of a list; none of what is none.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Each entry of a list as something else; what is unknown stays so.
pub(crate) fn each(value: Value, change: impl Fn(&Value) -> Value) -> Value {
    let all = list(value);
    match all.as_array() {
        Some(items) => Value::Array(items.iter().map(change).collect()),
        None => all,
    }
}

/// Names of fields as CloudFormation spells them: `routeSettings` becomes `RouteSettings`, all the way down.
///
/// The keys of the fields named in `maps` are somebody's own words and stay.
pub(crate) fn pascal(value: &Value, maps: &[&str]) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| pascal(item, maps)).collect()),
        Value::Object(_) if unknown_reason(value).is_some() => value.clone(),
        Value::Object(fields) => {
            let field = |(name, field): (&String, &Value)| {
                let name = capital(name);
                let field = match field.as_object().filter(|_| maps.contains(&name.as_str())) {
                    Some(entries) => Value::Object(entries.iter().map(|(key, entry)| (key.clone(), pascal(entry, maps))).collect()),
                    None => pascal(field, maps),
                };
                (name, field)
            };
            Value::Object(fields.iter().map(field).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// `{ "a": "b" }` as CloudFormation's list of tags.
pub(crate) fn tags_of_map(value: Value) -> Value {
    match value {
        Value::Object(ref fields) if unknown_reason(&value).is_none() => {
            Value::Array(fields.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => list(value),
    }
}

/// An object with other names for some of its fields.
pub(crate) fn renamed(value: &Value, names: &[(&str, &str)]) -> Value {
    let Some(fields) = value.as_object().filter(|_| unknown_reason(value).is_none()) else { return value.clone() };
    let new = |name: &String| names.iter().find(|(old, _)| old == name).map_or_else(|| name.clone(), |(_, new)| (*new).to_owned());
    Value::Object(fields.iter().map(|(name, field)| (new(name), field.clone())).collect::<Map<_, _>>())
}

/// JSON in a text; what is no JSON stays a text.
pub(crate) fn parsed(value: &Value) -> Value {
    value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_of_something_unknown_is_unknown_too() {
        let answer = json!({ "Table": unknown("denied") });

        let inside = at(&answer, "Table.KeySchema");

        assert_eq!(unknown_reason(&inside), Some("denied"), "a denied question would look like an empty table");
        assert_eq!(at(&answer, "Other.KeySchema"), Value::Null);
    }

    #[test]
    fn names_are_capitalised_and_the_keys_of_maps_are_not() {
        let answer = json!({ "routeSettings": { "get /x": { "throttlingBurstLimit": 5 } }, "corsConfiguration": { "maxAge": 1 } });

        let spelled = pascal(&answer, &["RouteSettings"]);

        assert_eq!(spelled, json!({ "RouteSettings": { "get /x": { "ThrottlingBurstLimit": 5 } }, "CorsConfiguration": { "MaxAge": 1 } }));
    }

    #[test]
    fn a_list_of_one_and_an_empty_one_are_lists() {
        assert_eq!(list(json!({ "Id": "a" })), json!([{ "Id": "a" }]));
        assert_eq!(list(json!("")), json!([]));
        assert!(unknown_reason(&list(unknown("x"))).is_some(), "an unknown list would have one entry");
    }
}
