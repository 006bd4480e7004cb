//! One form for what means the same.
//!
//! `Fn::Sub "${A.Arn}"`, `Fn::Join ["", [GetAtt A.Arn]]` and `GetAtt [A, Arn]` become the last of them; `"30"` becomes 30 where
//! the facts say that a number is wanted; one IAM action becomes a list of one; a dashboard's text becomes its JSON under
//! `Fn::ToJsonString`. Keys and lists keep their order: comparing knows where it means nothing.

use std::borrow::Cow;

use serde_json::{Map, Number, Value as Json, json};

use super::json_text;
use super::names::function;
use super::parts::{Part, parts, pieces, text_of};
use super::place::{Embedded, Place, Scalar};

/// A resource in normal form, always with its `Properties`.
pub(super) fn resource(body: &Json) -> Json {
    resource_as(body, body.get("Type").and_then(Json::as_str).unwrap_or_default())
}

/// A resource in normal form, its values read as those of another type: both sides of a changed type are read alike.
pub(super) fn resource_as(body: &Json, type_name: &str) -> Json {
    let mut normal = value(body, Place::resource(type_name));
    if let Some(resource) = normal.as_object_mut()
        && resource.get("Properties").is_none_or(Json::is_null)
    {
        resource.insert("Properties".to_owned(), Json::Object(Map::new()));
    }
    normal
}

/// A value in the form that all its spellings share.
pub(super) fn value(json: &Json, place: Place<'_>) -> Json {
    let normal = match json {
        Json::String(text) => text_in(Cow::Borrowed(text), place),
        Json::Object(object) => match function(object) {
            Some((name, argument)) => called(name, argument, place),
            None => mapping(object, place.seeing(object)),
        },
        Json::Array(items) => list(items, place),
        Json::Null => Json::Null,
        Json::Bool(_) | Json::Number(_) => scalar(json, place),
    };
    if place.takes_one_for_many() && !normal.is_null() && !normal.is_array() { Json::Array(vec![normal]) } else { normal }
}

fn mapping(object: &Map<String, Json>, place: Place<'_>) -> Json {
    let entries = object.iter().filter(|(_, value)| !is_no_value(value));
    Json::Object(entries.map(|(key, json)| (key.clone(), value(json, place.inside(key)))).collect())
}

fn list(items: &[Json], place: Place<'_>) -> Json {
    let place = place.item();
    Json::Array(items.iter().filter(|item| !is_no_value(item)).map(|item| value(item, place)).collect())
}

fn is_no_value(value: &Json) -> bool {
    value.get("Ref").is_some_and(|name| name == "AWS::NoValue") && value.as_object().is_some_and(|object| object.len() == 1)
}

fn called(name: &str, argument: &Json, place: Place<'_>) -> Json {
    let texts = |json: &Json| value(json, Place::TEXTS);
    if let Some(found) = pieces(name, argument, &texts) {
        return text_or_json(&found, place);
    }
    let arguments = argument.as_array().map(Vec::as_slice);
    let argument = match (name, arguments) {
        ("Fn::GetAtt", _) => attribute(argument),
        ("Fn::If", Some([condition, yes, no])) => {
            // Each branch is what would stand here without the choice.
            let (yes, no) = (value(yes, place), value(no, place));
            if yes == no {
                return yes;
            }
            json!([condition, yes, no])
        }
        ("Fn::Select", Some([index, Json::Array(items)])) => {
            let index = texts(index);
            let chosen = index.as_str().and_then(|index| index.parse::<usize>().ok()).and_then(|index| items.get(index));
            match chosen {
                Some(chosen) if items.iter().all(|item| !is_no_value(item)) => return value(chosen, place),
                // `NoValue` moves those behind it: which one is meant is for CloudFormation to say.
                _ if items.iter().any(is_no_value) => json!([index, items]),
                _ => json!([index, texts(&Json::Array(items.clone()))]),
            }
        }
        ("Fn::GetAZs", _) => {
            let region = texts(argument);
            if region == "" { json!({ "Ref": "AWS::Region" }) } else { region }
        }
        ("Fn::ToJsonString", _) if place.nested < 4 => {
            let inner = value(argument, place.embedded(Embedded::AsText));
            if place.embeds() == Embedded::AsJson {
                return value(argument, place.embedded(Embedded::AsJson));
            }
            inner
        }
        // Neither a reference nor a broken choice has anything to convert.
        ("Ref" | "Fn::If", _) => argument.clone(),
        _ => texts(argument),
    };
    // What CloudFormation would not read may read like something else by now.
    if let Some(found) = pieces(name, &argument, &|json| json.clone()) {
        return text_or_json(&found, place);
    }
    let mut call = Map::new();
    call.insert(name.to_owned(), argument);
    Json::Object(call)
}

/// The two words of a `Fn::GetAtt`.
fn attribute(argument: &Json) -> Json {
    match argument {
        Json::String(text) => text.split_once('.').map_or_else(|| argument.clone(), |(id, attribute)| json!([id, attribute])),
        Json::Array(words) if words.len() > 2 && words.iter().all(Json::is_string) => {
            let words: Vec<&str> = words.iter().filter_map(Json::as_str).collect();
            json!([words[0], words[1..].join(".")])
        }
        Json::Array(words) if words.len() == 2 => Json::Array(words.iter().map(|word| value(word, Place::TEXTS)).collect()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => argument.clone(),
    }
}

fn text_or_json(parts: &[Part], place: Place<'_>) -> Json {
    match place.embeds() {
        Embedded::No => {}
        embedded @ (Embedded::AsText | Embedded::AsJson) => {
            if let Some(json) = json_text::read(parts) {
                return as_json(&json, embedded, place);
            }
        }
    }
    let text = text_of(parts);
    if text.is_string() { scalar(&text, place) } else { text }
}

fn text_in(text: Cow<'_, str>, place: Place<'_>) -> Json {
    if place.is_principal() && text == "*" {
        // IAM says that these two are the same.
        return json!({ "AWS": ["*"] });
    }
    if place.embeds() != Embedded::No && text.trim_start().starts_with(['{', '[']) {
        return text_or_json(&[Part::Text(text.into_owned())], place);
    }
    scalar(&Json::String(text.into_owned()), place)
}

fn as_json(json: &Json, embedded: Embedded, place: Place<'_>) -> Json {
    let inner = value(json, place.embedded(embedded));
    if embedded == Embedded::AsJson { inner } else { json!({ "Fn::ToJsonString": inner }) }
}

/// A scalar as CloudFormation converts it for the property.
fn scalar(json: &Json, place: Place<'_>) -> Json {
    match (place.scalar(), json) {
        (Scalar::Number, Json::String(text)) => number(text).unwrap_or_else(|| json.clone()),
        (Scalar::Number, Json::Number(one)) => number(&one.to_string()).unwrap_or_else(|| json.clone()),
        (Scalar::Boolean, Json::String(text)) if text.eq_ignore_ascii_case("true") => true.into(),
        (Scalar::Boolean, Json::String(text)) if text.eq_ignore_ascii_case("false") => false.into(),
        (Scalar::Text, Json::Bool(_) | Json::Number(_)) => json.to_string().into(),
        _ => json.clone(),
    }
}

/// The number that a text says, whole where it is whole: `1`, `1.0` and `"1"` are one.
fn number(text: &str) -> Option<Json> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    if let Ok(large) = text.parse::<u64>() {
        return Some(large.into());
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    // Beyond this, a float no longer holds every whole number.
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        return format!("{number:.0}").parse::<i64>().ok().map(Json::from);
    }
    Number::from_f64(number).map(Json::Number)
}

/// Whether a text in normal form holds anything that only the deploy knows.
pub(super) fn has_expression(value: &Json) -> bool {
    match value {
        Json::Object(object) => match function(object) {
            Some(("Fn::ToJsonString", inner)) => has_expression(inner),
            Some(_) => true,
            None => object.values().any(has_expression),
        },
        Json::Array(items) => items.iter().any(has_expression),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

/// Whether two values in normal form are certain to give two values, whatever the deploy knows.
pub(super) fn certainly_differ(old: &Json, new: &Json, is_resource: &impl Fn(&str) -> bool) -> bool {
    if !has_expression(old) && !has_expression(new) {
        return true;
    }
    let (mut olds, mut news) = (parts(old), parts(new));
    while olds.last().is_some_and(|last| news.last() == Some(last)) {
        olds.pop();
        news.pop();
    }
    let common = olds.iter().zip(&news).take_while(|(old, new)| old == new).count();
    let (olds, news) = (&olds[common..], &news[common..]);
    match (olds, news) {
        (olds, news) if olds.iter().chain(news).all(|part| matches!(part, Part::Text(_))) => true,
        ([Part::Value(old)], [Part::Value(new)]) => match (target(old), target(new)) {
            // Two resources have two names, two ARNs, two IDs.
            (Some(old), Some(new)) => old != new && is_resource(old) && is_resource(new),
            _ => false,
        },
        _ => false,
    }
}

fn target(value: &Json) -> Option<&str> {
    match function(value.as_object()?)? {
        ("Ref", Json::String(id)) => Some(id),
        ("Fn::GetAtt", Json::Array(words)) => words.first()?.as_str(),
        _ => None,
    }
}
