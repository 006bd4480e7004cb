//! Facts as text.

use crate::line::{push_list, push_word};
use crate::model::{Bounds, Property, Replaces, Resource, Service, Type, Word};

/// The text of one service's facts; [`parse`](crate::parse) reads it back to the same facts.
///
/// `origin` says in one line which sources the facts were taken from.
pub fn write(service: &Service, origin: &str) -> String {
    let mut out = String::new();
    out.push_str("# Facts about CloudFormation's resource types, written by `cargo xtask codegen`: correct them in corrections.overlay.\n");
    out.push_str(&format!("# {origin}\n"));
    out.push_str(&format!("service {}\n", service.name));
    for resource in &service.resources {
        out.push('\n');
        write_resource(&mut out, resource);
    }
    out
}

fn write_resource(out: &mut String, resource: &Resource) {
    let mut line = format!("resource {}", resource.name);
    if resource.stateful {
        line.push_str(" stateful");
    }
    if let Some(tags) = &resource.tags {
        push_list(&mut line, "tags", [tags.as_ref()]);
    }
    if !resource.absent_in.is_empty() {
        push_list(&mut line, "absent-in", resource.absent_in.iter().map(|region| region.as_ref()));
    }
    push(out, "", &line);
    let lists = [
        ("id", &resource.identifier),
        ("replaces", &resource.replacing_paths),
        ("may-replace", &resource.maybe_replacing_paths),
        ("read-only", &resource.read_only_paths),
        ("write-only", &resource.write_only_paths),
    ];
    if let Some(reference) = &resource.reference {
        words(out, "ref", [reference.as_ref()]);
    }
    for (name, list) in lists {
        if !list.is_empty() {
            words(out, name, list.iter().map(Word::as_ref));
        }
    }
    for attribute in &resource.attributes {
        words(out, "attribute", [attribute.name.as_ref(), &type_word(&attribute.kind)]);
    }
    for property in &resource.properties {
        push(out, "  ", &property_line(property));
    }
    for shape in &resource.shapes {
        words(out, "type", std::iter::once(shape.name.as_ref()).chain(shape.open.then_some("open")));
        for property in &shape.properties {
            push(out, "    ", &property_line(property));
        }
    }
    for metric in &resource.metrics {
        let mut line = String::from("metric");
        push_word(&mut line, &metric.namespace);
        push_word(&mut line, &metric.name);
        for dimensions in &metric.dimensions {
            push_list(&mut line, "dimensions", dimensions.iter().map(Word::as_ref));
        }
        push(out, "  ", &line);
    }
    for (verb, actions) in &resource.permissions {
        words(out, "permissions", std::iter::once(verb.as_ref()).chain(actions.iter().map(Word::as_ref)));
    }
}

fn push(out: &mut String, indent: &str, line: &str) {
    out.push_str(indent);
    out.push_str(line);
    out.push('\n');
}

fn words<'a>(out: &mut String, first: &str, rest: impl IntoIterator<Item = &'a str>) {
    let mut line = first.to_owned();
    for word in rest {
        push_word(&mut line, word);
    }
    push(out, "  ", &line);
}

fn property_line(property: &Property) -> String {
    let mut line = String::from("property");
    push_word(&mut line, &property.name);
    push_word(&mut line, &type_word(&property.kind));
    let flags = [
        (property.required, " required"),
        (property.replaces == Replaces::Yes, " replaces"),
        (property.replaces == Replaces::Maybe, " may-replace"),
        (property.write_only, " write-only"),
        (property.unordered, " unordered"),
        (property.deprecated, " deprecated"),
        (property.or_text, " or-text"),
    ];
    flags.iter().filter(|(on, _)| *on).for_each(|(_, word)| line.push_str(word));
    for (name, bounds) in [("range", &property.range), ("length", &property.length), ("items", &property.items)] {
        if !bounds.is_empty() {
            push_list(&mut line, name, [bounds_word(bounds).as_ref()]);
        }
    }
    if let Some(pattern) = &property.pattern {
        push_list(&mut line, "pattern", [pattern.as_ref()]);
    }
    if !property.choices.is_empty() {
        push_list(&mut line, "enum", property.choices.iter().map(Word::as_ref));
    }
    if let Some(unit) = &property.unit {
        push_list(&mut line, "unit", [unit.as_ref()]);
    }
    if let Some(default) = &property.default {
        push_list(&mut line, "default", [default.as_ref()]);
    }
    if !property.refers.is_empty() {
        let refers: Vec<String> = property.refers.iter().map(|one| format!("{}.{}", one.resource, one.attribute)).collect();
        push_list(&mut line, "refers", refers.iter().map(String::as_str));
    }
    line
}

fn bounds_word(bounds: &Bounds) -> String {
    format!("{}..{}", bounds.least.as_deref().unwrap_or(""), bounds.most.as_deref().unwrap_or(""))
}

/// `string`, `[integer]` for a list, `{json}` for a mapping, a structure by its name.
fn type_word(kind: &Type) -> String {
    match kind {
        Type::String => "string".to_owned(),
        Type::Integer => "integer".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Json => "json".to_owned(),
        Type::Policy => "policy".to_owned(),
        // A structure may itself be called `string`: the point tells them apart.
        Type::Shape(name) => format!(".{name}"),
        Type::List(item) => format!("[{}]", type_word(item)),
        Type::Map(item) => format!("{{{}}}", type_word(item)),
    }
}
