//! Mappings: names, keys, and values that are written out.

use serde_json::Value as Json;

use super::kinds::kind;
use super::names::Section;
use super::{Report, expressions};

pub(super) fn check(report: &mut Report<'_>) {
    let document = report.document;
    for (name, mapping) in Section::of(&document.template, "Mappings").iter().filter(|(name, _)| !name.starts_with("Fn::")) {
        let path = format!("Mappings/{name}");
        let Some(rows) = mapping.as_object() else {
            report.error("shape", &path, format!("`{name}` is {}, not a mapping of keys", kind(mapping)), "write keys of two levels");
            continue;
        };
        for (first, row) in rows.iter().filter(|(first, _)| !first.starts_with("Fn::")) {
            let path = format!("{path}/{first}");
            let Some(cells) = row.as_object() else {
                let message = format!("`{first}` is {}, not a mapping of keys", kind(row));
                report.error("shape", &path, message, "a mapping has keys of two levels, and values below the second");
                continue;
            };
            for (second, value) in cells.iter().filter(|(second, _)| !second.starts_with("Fn::")) {
                cell(second, value, &format!("{path}/{second}"), report);
            }
        }
    }
}

fn cell(key: &str, value: &Json, path: &str, report: &mut Report<'_>) {
    let literal = |value: &Json| matches!(value, Json::String(_) | Json::Number(_) | Json::Bool(_));
    let fits = literal(value) || value.as_array().is_some_and(|items| items.iter().all(literal));
    if fits || value.is_null() {
        return;
    }
    let hint = match expressions::function(value) {
        Some((name, _)) => format!("a mapping cannot use `{name}`: write the value out"),
        None => "write a text, a number, a truth value, or a list of these".to_owned(),
    };
    report.error("shape", path, format!("the value of `{key}` is {}", kind(value)), hint);
}
