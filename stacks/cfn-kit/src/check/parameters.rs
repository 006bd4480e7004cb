//! Parameters: types that there are, and defaults that are allowed.

use serde_json::{Map, Value as Json};

use super::kinds::{kind, number, shown, text};
use super::names::Section;
use super::{Report, did_you_mean_or, list, pattern};

const KEYS: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// From the page "CloudFormation-supplied parameter types": these, lists of them, and both from Systems Manager.
const TYPES_OF_AWS: [&str; 10] = [
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
];

const OTHER_TYPES: [&str; 5] = ["CommaDelimitedList", "List<Number>", "List<String>", "Number", "String"];

/// The longest description of a parameter, in characters.
const LONGEST_DESCRIPTION: usize = 4_000;

/// The longest value of a parameter, in bytes.
const LONGEST_VALUE: usize = 4_096;

pub(super) fn check(report: &mut Report<'_>) {
    let document = report.document;
    for (id, parameter) in Section::of(&document.template, "Parameters").iter().filter(|(id, _)| !id.starts_with("Fn::")) {
        let Some(entries) = parameter.as_object() else { continue };
        let path = format!("Parameters/{id}");
        keys(id, entries, &path, report);
        let Some(kind) = entries.get("Type").and_then(Json::as_str) else { continue };
        if !is_type(kind) {
            let known = || OTHER_TYPES.into_iter().chain(TYPES_OF_AWS);
            let hint = did_you_mean_or(kind, known(), &format!("the types are {}", list(known())));
            report.error("parameter-type", &format!("{path}/Type"), format!("`{kind}` is no type of a parameter"), hint);
        }
        values(kind, entries, &path, report);
    }
}

fn is_type(kind: &str) -> bool {
    let of = |kind: &str, around: &str| kind.strip_prefix(around).and_then(|rest| rest.strip_suffix('>')).map(ToOwned::to_owned);
    let plain = |kind: &str| {
        let inner = of(kind, "List<").unwrap_or_else(|| kind.to_owned());
        OTHER_TYPES.contains(&kind) || TYPES_OF_AWS.contains(&inner.as_str())
    };
    match of(kind, "AWS::SSM::Parameter::Value<") {
        Some(inner) => plain(&inner),
        None => kind == "AWS::SSM::Parameter::Name" || plain(kind),
    }
}

fn keys(id: &str, entries: &Map<String, Json>, path: &str, report: &mut Report<'_>) {
    for (key, value) in entries.iter().filter(|(key, _)| !key.starts_with("Fn::")) {
        let path = || format!("{path}/{key}");
        let scalar = text(value).is_some() || value.is_null();
        match key.as_str() {
            "AllowedValues" => {
                if !value.as_array().is_some_and(|items| items.iter().all(|item| text(item).is_some() || item.is_null())) {
                    report.error("shape", &path(), format!("the `AllowedValues` of `{id}` are no list of texts"), "write each value out");
                }
            }
            "NoEcho" if !matches!(value, Json::Bool(_)) && !matches!(value.as_str(), Some("true" | "false")) => {
                report.error("wrong-type", &path(), format!("`NoEcho` wants `true` or `false`, and this is {}", kind(value)), "");
            }
            "MinLength" | "MaxLength" | "MinValue" | "MaxValue" if number(value).is_none() => {
                report.error("wrong-type", &path(), format!("`{key}` wants a number, and this is {}", shown(value)), "");
            }
            "Description" if value.as_str().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) => {
                let message = format!("the description of `{id}` has more than {LONGEST_DESCRIPTION} characters");
                report.error("limit", &path(), message, "say it shorter");
            }
            known if KEYS.contains(&known) => {
                if !scalar {
                    let hint =
                        "a parameter cannot use functions or lists: write the value out; items of a list stand in one text, with commas";
                    report.error("shape", &path(), format!("`{key}` of the parameter `{id}` is {}", kind(value)), hint);
                }
            }
            unknown => {
                let hint = did_you_mean_or(unknown, KEYS, &format!("a parameter has {}", list(KEYS)));
                report.error("unknown-key", &path(), format!("`{unknown}` is no key of a parameter"), hint);
            }
        }
    }
}

/// Whether the default is one of what is allowed, and what is allowed lies within the bounds.
fn values(kind: &str, entries: &Map<String, Json>, path: &str, report: &mut Report<'_>) {
    // What a parameter of Systems Manager holds is not known here.
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    if kind.starts_with("AWS::SSM::") {
        return;
    }
    bounds(entries, path, report);
    let Some(default) = entries.get("Default").and_then(text) else { return };
    let path = format!("{path}/Default");
    if default.len() > LONGEST_VALUE {
        let message = format!("the default has {} bytes, CloudFormation takes {LONGEST_VALUE}", default.len());
        report.error("limit", &path, message, "");
    }
    let whole = |value: &Json| text(value).is_some_and(|text| text == default);
    if is_list && entries.get("AllowedValues").and_then(Json::as_array).is_some_and(|allowed| allowed.iter().any(whole)) {
        return;
    }
    let items: Vec<&str> = if is_list { default.split(',').map(str::trim).collect() } else { vec![&default] };
    for item in items {
        if let Some((rule, message, hint)) = wrong(kind, item, is_list, entries) {
            report.error(rule, &path, message, hint);
        }
    }
}

fn bounds(entries: &Map<String, Json>, path: &str, report: &mut Report<'_>) {
    for (least, most) in [("MinLength", "MaxLength"), ("MinValue", "MaxValue")] {
        let bound = |key| entries.get(key).and_then(number);
        if let (Some(low), Some(high)) = (bound(least), bound(most))
            && low > high
        {
            let message = format!("`{least}` is {low}, which is more than the `{most}` of {high}: no value is allowed");
            report.error("out-of-bounds", &format!("{path}/{least}"), message, "swap or correct the two");
        }
    }
}

fn wrong(kind: &str, item: &str, is_list: bool, entries: &Map<String, Json>) -> Option<(&'static str, String, String)> {
    let value = Json::from(item);
    let allowed = entries.get("AllowedValues").and_then(Json::as_array);
    let same =
        |allowed: &Json| text(allowed).is_some_and(|text| text == item) || number(allowed).is_some_and(|a| number(&value) == Some(a));
    if let Some(allowed) = allowed.filter(|allowed| !allowed.iter().any(same)) {
        let texts: Vec<_> = allowed.iter().filter_map(text).collect();
        let hint =
            did_you_mean_or(item, texts.iter().map(AsRef::as_ref), &format!("the values are {}", list(texts.iter().map(AsRef::as_ref))));
        return Some(("not-in-enum", format!("the default {} is not in `AllowedValues`", shown(&value)), hint));
    }
    let bound = |key| entries.get(key).and_then(number);
    let numeric = kind == "Number" || kind == "List<Number>";
    if numeric {
        let Some(number) = number(&value) else {
            // A list may be empty by default.
            let empty = is_list && item.is_empty();
            return (!empty).then(|| ("wrong-type", format!("the default {} is no number", shown(&value)), String::new()));
        };
        if bound("MinValue").is_some_and(|least| number < least) || bound("MaxValue").is_some_and(|most| number > most) {
            return Some(("out-of-bounds", format!("the default {number} lies outside of `MinValue` and `MaxValue`"), String::new()));
        }
    }
    if kind != "String" {
        return None;
    }
    let length = item.chars().count() as f64;
    if bound("MinLength").is_some_and(|least| length < least) || bound("MaxLength").is_some_and(|most| length > most) {
        let message = format!("the default {} has {length} characters, which is outside of `MinLength` and `MaxLength`", shown(&value));
        return Some(("out-of-bounds", message, String::new()));
    }
    // CloudFormation wants the whole text to match: what does not even match in part is certainly wrong.
    let pattern = entries.get("AllowedPattern").and_then(Json::as_str)?;
    (pattern::matches_once(pattern, item) == Some(false)).then(|| {
        ("pattern", format!("the default {} does not match `AllowedPattern`", shown(&value)), format!("it must match `{pattern}`"))
    })
}
