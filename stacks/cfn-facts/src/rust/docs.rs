//! Doc comments, made of facts.

use crate::model::{Bounds, Property, Replaces, Type};

/// The most values that a comment lists: some properties have hundreds.
const MOST_CHOICES: usize = 12;

/// What a person wants to know before setting a property, in one sentence or two.
pub(super) fn property(property: &Property) -> String {
    let mut text = format!("`{}`: {}", property.name, kind(&property.kind));
    if let Some(unit) = &property.unit {
        text.push_str(&format!(" of {unit}"));
    }
    if !property.range.is_empty() {
        text.push_str(&format!(", {}", bounds(&property.range)));
    }
    if !property.length.is_empty() {
        text.push_str(&format!(", {} characters", bounds(&property.length)));
    }
    if !property.items.is_empty() {
        text.push_str(&format!(", {} items", bounds(&property.items)));
    }
    if property.unordered {
        text.push_str(", in any order");
    }
    text.push('.');
    if !property.choices.is_empty() {
        let choices: Vec<String> = property.choices.iter().take(MOST_CHOICES).map(|choice| format!("`{choice}`")).collect();
        let more = property.choices.len().saturating_sub(MOST_CHOICES);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&format!(" One of {}{rest}.", choices.join(", ")));
    }
    if let Some(default) = property.default.as_ref().filter(|default| !default.contains(['\n', '`'])) {
        text.push_str(&format!(" By itself `{default}`."));
    }
    if property.write_only {
        text.push_str(" It can be written, never read.");
    }
    match property.replaces {
        Replaces::No => {}
        Replaces::Maybe => text.push_str(" A change may replace the resource."),
        Replaces::Yes => text.push_str(" A change replaces the resource."),
    }
    if property.deprecated {
        text.push_str(" AWS advises against it.");
    }
    if !property.refers.is_empty() {
        let list: Vec<String> = property.refers.iter().map(|one| format!("`{}` ({})", one.resource, one.attribute)).collect();
        text.push_str(&format!(" Refers to {}.", list.join(", ")));
    }
    text
}

fn kind(kind: &Type) -> String {
    match kind {
        Type::String => "text".to_owned(),
        Type::Integer => "a whole number".to_owned(),
        Type::Number => "a number".to_owned(),
        Type::Boolean => "a switch".to_owned(),
        Type::Json => "free JSON".to_owned(),
        Type::Policy => "a policy document".to_owned(),
        Type::Shape(name) => format!("`{name}`"),
        Type::List(item) => format!("a list of {}", plural(item)),
        Type::Map(item) => format!("a mapping to {}", plural(item)),
    }
}

fn plural(kind_of_items: &Type) -> String {
    match kind_of_items {
        Type::String => "texts".to_owned(),
        Type::Integer => "whole numbers".to_owned(),
        Type::Number => "numbers".to_owned(),
        Type::Boolean => "switches".to_owned(),
        Type::Policy => "policy documents".to_owned(),
        other @ (Type::Json | Type::Shape(_)) => kind(other),
        Type::List(item) => format!("lists of {}", plural(item)),
        Type::Map(item) => format!("mappings to {}", plural(item)),
    }
}

fn bounds(bounds: &Bounds) -> String {
    match (&bounds.least, &bounds.most) {
        (Some(least), Some(most)) if least == most => format!("exactly {least}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => String::new(),
    }
}

/// The page about a resource type in AWS's template reference.
pub(super) fn page(resource: &str) -> String {
    let name = resource.to_ascii_lowercase().replace("::", "-");
    let name = name.strip_prefix("aws-").unwrap_or(&name);
    format!("https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-{name}.html")
}
