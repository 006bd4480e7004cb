//! One literal against what the facts say about its property.

use serde_json::Value as Json;

use super::kinds::{fits, kind, number, shown, text, wanted};
use super::{did_you_mean_or, list, pattern};
use crate::facts::{Bounds, Property, Type};

/// What is wrong with a literal.
pub(super) struct Problem {
    pub(super) rule: &'static str,
    pub(super) message: String,
    pub(super) hint: String,
}

/// What is wrong with a literal scalar, list or mapping by itself; what lies within is looked at apart.
pub(super) fn problem(value: &Json, property: &'static Property, wanted_kind: &Type, bounded: bool) -> Option<Problem> {
    if is_resolved_later(value) {
        return None;
    }
    if !fits(value, wanted_kind) {
        return Some(wrong_kind(value, property, wanted_kind));
    }
    if !bounded {
        return None;
    }
    match (wanted_kind, value) {
        (Type::String, _) => text(value).and_then(|text| wrong_text(&text, property)),
        (Type::Integer | Type::Number, _) => number(value).and_then(|number| wrong_number(number, value, property)),
        _ => None,
    }
}

/// `{{resolve:…}}` becomes another text when it is deployed.
pub(super) fn is_resolved_later(value: &Json) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{resolve:"))
}

fn wrong_kind(value: &Json, property: &Property, wanted_kind: &Type) -> Problem {
    let what = if value.is_string() && super::kinds::is_scalar(wanted_kind) { shown(value) } else { kind(value).to_owned() };
    Problem {
        rule: "wrong-type",
        message: format!("`{}` wants {}, and this is {what}", property.name, wanted(wanted_kind)),
        hint: match (wanted_kind, value) {
            (Type::List(_), _) => "write a list, also where it has one item".to_owned(),
            _ => String::new(),
        },
    }
}

fn wrong_text(text: &str, property: &'static Property) -> Option<Problem> {
    let name = &property.name;
    // Made only for what is wrong: most texts are right.
    let shown = || shown(&Json::from(text));
    if !property.choices.is_empty() && !property.choices.iter().any(|choice| choice == text) {
        let choices = || property.choices.iter().map(AsRef::as_ref);
        return Some(Problem {
            rule: "not-in-enum",
            message: format!("{} is none of the values of `{name}`", shown()),
            hint: did_you_mean_or(text, choices(), &format!("write {}", list(choices()))),
        });
    }
    // Some schemas give the length of a list as that of its items; where the values are listed, nothing else need be said.
    if !property.choices.is_empty() {
        return None;
    }
    let length = text.chars().count();
    if let Some(wrong) = outside(length as f64, &property.length) {
        let message = format!("`{name}` takes {wrong} characters, and {} has {length}", shown());
        return Some(Problem { rule: "out-of-bounds", message, hint: String::new() });
    }
    let pattern = property.pattern.as_deref()?;
    (pattern::matches(pattern, text) == Some(false)).then(|| Problem {
        rule: "pattern",
        message: format!("{} does not have the form of a `{name}`", shown()),
        hint: format!("it must match `{pattern}`"),
    })
}

fn wrong_number(number: f64, value: &Json, property: &Property) -> Option<Problem> {
    let wrong = outside(number, &property.range)?;
    let message = format!("`{}` takes {wrong}, and this is {}", property.name, text(value).unwrap_or_default());
    Some(Problem { rule: "out-of-bounds", message, hint: String::new() })
}

/// A list with more items than it may have.
pub(super) fn too_many(count: usize, property: &Property) -> Option<Problem> {
    let bounds = Bounds { least: None, most: property.items.most.clone() };
    wrong_count(count, &bounds, property)
}

/// A list with fewer items than it must have.
pub(super) fn too_few(count: usize, property: &Property) -> Option<Problem> {
    let bounds = Bounds { least: property.items.least.clone(), most: None };
    wrong_count(count, &bounds, property)
}

fn wrong_count(count: usize, bounds: &Bounds, property: &Property) -> Option<Problem> {
    let wrong = outside(count as f64, bounds)?;
    let message = format!("`{}` takes {wrong} items, and has {count}", property.name);
    Some(Problem { rule: "out-of-bounds", message, hint: String::new() })
}

/// The bounds in words, where a number lies outside of them.
fn outside(number: f64, bounds: &Bounds) -> Option<String> {
    if bounds.is_empty() {
        return None;
    }
    let bound = |word: &Option<crate::facts::Word>| word.as_ref().and_then(|word| word.parse::<f64>().ok());
    let (least, most) = (bound(&bounds.least), bound(&bounds.most));
    let inside = least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most);
    (!inside).then(|| match (&bounds.least, &bounds.most) {
        (Some(least), Some(most)) if least == most => format!("exactly {least}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => String::new(),
    })
}
