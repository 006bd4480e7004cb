//! One resource type with everything in its module.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Names, Writer, docs, pascal, paths, snake};
use crate::model::{Metric, Property, Resource, Shape, Type, Word};

/// Methods that every handle has: an attribute of such a name gets a longer one.
const HANDLE_METHODS: [&str; 6] = ["logical_id", "reference", "attribute", "metric", "clone", "by"];

pub(super) fn write(out: &mut String, writer: &Writer<'_>, resource: &Resource) {
    let names = Names::of(resource);
    let short = resource.name.rsplit("::").next().unwrap_or(&resource.name);
    let (structure, module) = (pascal(short), snake(short));
    let mut inner = String::new();
    let mut properties = String::new();
    let scope = Scope { writer, resource, names: &names, module: &module };

    // Writing to a text cannot fail.
    let _ = writeln!(out, "/// `{}`: see [AWS's page]({}).", resource.name, docs::page(&resource.name));
    if resource.stateful {
        let _ = writeln!(out, "///\n/// Its data goes with it: think of `retain()`.");
    }
    let _ = writeln!(out, "pub struct {structure}<S = ()>(crate::Body<S>);");
    let reference = resource.reference.as_ref().and_then(|name| names.marks.get(name));
    let reference = reference.map_or("String".to_owned(), |mark| format!("{module}::{mark}"));
    let _ = writeln!(out, "crate::resource!({structure}, {:?}, {reference});", resource.name);
    let _ = writeln!(out, "impl<S> {structure}<S> {{");
    scope.setters(out, &mut properties, "", &resource.properties, "Self(crate::Body::default())");
    let _ = writeln!(out, "}}");
    scope.attributes(out, &structure);
    scope.metrics(&mut inner, &structure);

    for shape in &resource.shapes {
        let name = &names.shapes[&shape.name];
        let _ = writeln!(inner, "/// Part of [`{structure}`](super::{structure}).");
        let _ = writeln!(inner, "pub struct {name}<S = ()>(crate::Body<S>);\ncrate::shape!({name});\nimpl<S> {name}<S> {{");
        scope.setters(&mut inner, &mut properties, &shape.name, &shape.properties, "Self(crate::Body::default())");
        let _ = writeln!(inner, "}}");
        if let Some((key, value)) = pair(shape) {
            let _ = writeln!(inner, "crate::pair!({name}, {key:?}, {value:?});");
        }
    }
    for (name, choices) in &names.choices {
        enumeration(&mut inner, name, choices);
    }
    for (attribute, mark) in &names.marks {
        let what = if resource.reference.as_ref() == Some(attribute) { "What `Ref` gives" } else { "What `Fn::GetAtt` gives" };
        let _ = writeln!(inner, "crate::mark!(/// {what} for a [`{structure}`](super::{structure}): its `{attribute}`.\n{mark});");
    }
    if !properties.is_empty() {
        let _ = writeln!(inner, "/// Properties that refer to other resources.\npub mod property {{\n{properties}}}");
    }
    let _ = writeln!(out, "/// Parts of [`{structure}`].\npub mod {module} {{\n{inner}}}\n");
}

struct Scope<'a> {
    writer: &'a Writer<'a>,
    resource: &'a Resource,
    names: &'a Names,
    module: &'a str,
}

impl Scope<'_> {
    /// `new` with what is required, and a setter for everything.
    fn setters(&self, out: &mut String, marks: &mut String, shape: &str, properties: &[Property], empty: &str) {
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let fields: Vec<(String, String, &Property)> = properties
            .iter()
            .map(|property| {
                let mut name = snake(&property.name);
                while !taken.insert(name.clone()) {
                    name.push('_');
                }
                (name, self.wanted(shape, property), property)
            })
            .collect();
        let required = || fields.iter().filter(|(_, _, property)| property.required);
        let arguments: Vec<String> = required().map(|(name, wanted, _)| format!("{name}: impl crate::To<{wanted}, S>")).collect();
        let _ = writeln!(out, "/// With what CloudFormation insists on.");
        if arguments.len() > 1 {
            let _ = writeln!(out, "///");
        }
        for (_, _, property) in required() {
            let _ = writeln!(out, "/// - {}", docs::property(property));
        }
        let chain: String = required().map(|(name, _, _)| format!(".{name}({name})")).collect();
        let _ = writeln!(out, "pub fn new({}) -> Self {{ {empty}{chain} }}", arguments.join(", "));
        for (name, wanted, property) in &fields {
            let key = &property.name;
            let _ = writeln!(out, "/// {}", docs::property(property));
            let _ =
                writeln!(out, "pub fn {name}(self, value: impl crate::To<{wanted}, S>) -> Self {{ Self(self.0.with({key:?}, value)) }}");
            self.mark(marks, shape, property);
        }
    }

    /// The type that a setter takes, as seen from where it stands.
    fn wanted(&self, shape: &str, property: &Property) -> String {
        // The resource's own setters stand one module further out than those of its structures.
        let prefix = if shape.is_empty() { format!("{}::", self.module) } else { String::new() };
        let innermost = match property.kind.innermost() {
            Type::String if self.enumeration(shape, property).is_some() => {
                format!("{prefix}{}", self.enumeration(shape, property).unwrap_or_default())
            }
            Type::String if self.refers(property) => format!("{prefix}property::{}", mark_name(shape, property)),
            Type::String => "String".to_owned(),
            Type::Integer => unit(property).map_or("i64".to_owned(), |unit| format!("crate::units::{unit}")),
            Type::Number => "f64".to_owned(),
            Type::Boolean => "bool".to_owned(),
            Type::Json | Type::List(_) | Type::Map(_) => "crate::Json".to_owned(),
            Type::Policy => "crate::policy::PolicyDocument".to_owned(),
            Type::Shape(name) => match self.names.shapes.get(name) {
                Some(name) => format!("{prefix}{name}"),
                None => "crate::Json".to_owned(),
            },
        };
        wrap(&property.kind, innermost)
    }

    /// The enumeration of a property's values, if they are listed.
    fn enumeration(&self, shape: &str, property: &Property) -> Option<&str> {
        self.names.enums.get(&(shape.to_owned().into(), property.name.clone())).map(String::as_str)
    }

    /// Whether the property refers to anything; what it refers to may lie in a service that is not here.
    fn refers(&self, property: &Property) -> bool {
        !property.refers.is_empty()
    }

    /// The mark of a referring property, with everything that it accepts.
    fn mark(&self, out: &mut String, shape: &str, property: &Property) {
        let enumerated = self.enumeration(shape, property).is_some();
        if property.kind.innermost() != &Type::String || !self.refers(property) || enumerated {
            return;
        }
        let name = mark_name(shape, property);
        let _ = writeln!(out, "crate::mark!(/// {}\n{name});", docs::property(property));
        if property.or_text {
            let _ = writeln!(out, "crate::or_text!({name});");
        }
        let mut seen = BTreeSet::new();
        for one in &property.refers {
            let Some(mark) = self.writer.mark(&one.resource, &one.attribute) else { continue };
            let _ = writeln!(out, "impl crate::Accepts<{}> for {name} {{}}", mark.path);
            if seen.insert(&one.resource) {
                let (structure, _) = paths(&one.resource);
                let _ = writeln!(out, "impl crate::Takes<{structure}> for {name} {{ const BY: crate::By = {}; }}", mark.by);
            }
        }
    }

    /// One method of the handle per attribute, and one for what `Ref` gives.
    fn attributes(&self, out: &mut String, structure: &str) {
        let mut taken: BTreeSet<String> = HANDLE_METHODS.iter().map(ToString::to_string).collect();
        let mut method = |name: &str| {
            let mut method = snake(name);
            while !taken.insert(method.clone()) {
                method.push_str("_attribute");
            }
            method
        };
        let module = self.module;
        let mut lines = String::new();
        // What both functions give is rendered as `Ref`, the shorter one.
        if let Some(name) = &self.resource.reference {
            let (method, mark) = (method(name), &self.names.marks[name]);
            let _ = writeln!(lines, "/// What `Ref` gives: the `{name}`.");
            let _ = writeln!(lines, "pub fn {method}(&self) -> crate::Value<{module}::{mark}, S> {{ self.by(crate::By::Ref) }}");
        }
        for attribute in self.resource.attributes.iter().filter(|one| Some(&one.name) != self.resource.reference.as_ref()) {
            let name = &attribute.name;
            let kind = match (&attribute.kind, self.names.marks.get(name)) {
                (Type::String, Some(mark)) => format!("{module}::{mark}"),
                (kind, _) => wrap(kind, scalar(kind.innermost()).to_owned()),
            };
            let _ = writeln!(lines, "/// The attribute `{name}`.");
            let _ =
                writeln!(lines, "pub fn {}(&self) -> crate::Value<{kind}, S> {{ self.by(crate::By::Attribute({name:?})) }}", method(name));
        }
        if !lines.is_empty() {
            let _ = writeln!(out, "impl<S> crate::Handle<{structure}, S> {{\n{lines}}}");
        }
    }

    /// The metrics whose dimensions a handle can fill in.
    fn metrics(&self, out: &mut String, structure: &str) {
        let known: Vec<(&Metric, Vec<(&str, String)>)> =
            self.resource.metrics.iter().filter_map(|metric| Some((metric, self.dimensions(metric)?))).collect();
        if known.is_empty() {
            return;
        }
        let mut taken = BTreeSet::new();
        let (mut variants, mut names, mut spaces, mut dimensions) = (String::new(), String::new(), String::new(), String::new());
        for (metric, by) in &known {
            let mut variant = pascal(&metric.name);
            while !taken.insert(variant.clone()) {
                variant.push('_');
            }
            let _ = writeln!(variants, "/// `{}` in `{}`.\n{variant},", metric.name, metric.namespace);
            let _ = writeln!(names, "Self::{variant} => {:?},", metric.name);
            let _ = writeln!(spaces, "Self::{variant} => {:?},", metric.namespace);
            let list: Vec<String> = by.iter().map(|(name, by)| format!("({name:?}, {by})")).collect();
            let _ = writeln!(dimensions, "Self::{variant} => &[{}],", list.join(", "));
        }
        let _ = writeln!(out, "/// What CloudWatch measures of one [`{structure}`](super::{structure}).");
        let _ = writeln!(out, "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[non_exhaustive]\npub enum Metric {{\n{variants}}}");
        let _ = writeln!(out, "impl crate::MetricName for Metric {{\ntype Resource = super::{structure};");
        let _ = writeln!(out, "fn name(self) -> &'static str {{ match self {{\n{names}}} }}");
        let _ = writeln!(out, "fn namespace(self) -> &'static str {{ match self {{\n{spaces}}} }}");
        let _ = writeln!(out, "fn dimensions(self) -> &'static [(&'static str, crate::By)] {{ match self {{\n{dimensions}}} }}\n}}");
    }

    /// How a handle gives the smallest set of dimensions that it can give whole.
    fn dimensions<'m>(&self, metric: &'m Metric) -> Option<Vec<(&'m str, String)>> {
        let sets = metric.dimensions.iter().filter(|set| !set.is_empty());
        sets.filter_map(|set| set.iter().map(|name| Some((name.as_ref(), self.dimension(name)?))).collect::<Option<Vec<_>>>())
            .min_by_key(Vec::len)
    }

    fn dimension(&self, name: &str) -> Option<String> {
        if self.resource.reference.as_deref() == Some(name) {
            return Some("crate::By::Ref".to_owned());
        }
        let attribute = self.resource.attributes.iter().find(|attribute| attribute.name == name && attribute.kind == Type::String)?;
        Some(format!("crate::By::Attribute({:?})", attribute.name))
    }
}

/// A tag, a dimension and their like: two texts that a person writes as a pair.
fn pair(shape: &Shape) -> Option<(&str, &str)> {
    let [key, value] = shape.properties.as_slice() else { return None };
    let names = (key.name.as_ref(), value.name.as_ref());
    let plain = |property: &Property| property.kind == Type::String && property.choices.is_empty() && property.refers.is_empty();
    let is_pair = matches!(names, ("Key" | "Name", "Value") | ("TagKey", "TagValue")) && plain(key) && plain(value);
    is_pair.then_some(names)
}

/// The type of a span of time.
fn unit(property: &Property) -> Option<&'static str> {
    Some(match property.unit.as_deref()? {
        "milliseconds" => "Milliseconds",
        "seconds" => "Seconds",
        "minutes" => "Minutes",
        "hours" => "Hours",
        "days" => "Days",
        _ => return None,
    })
}

/// A property's own name, with that of its structure before it.
fn mark_name(shape: &str, property: &Property) -> String {
    let shape = if shape.is_empty() { String::new() } else { pascal(shape) };
    format!("{shape}{}", pascal(&property.name))
}

fn wrap(kind: &Type, innermost: String) -> String {
    match kind {
        Type::List(item) => format!("Vec<{}>", wrap(item, innermost)),
        Type::Map(item) => format!("crate::Dictionary<{}>", wrap(item, innermost)),
        Type::String | Type::Integer | Type::Number | Type::Boolean | Type::Json | Type::Policy | Type::Shape(_) => innermost,
    }
}

fn scalar(kind: &Type) -> &'static str {
    match kind {
        Type::String => "String",
        Type::Integer => "i64",
        Type::Number => "f64",
        Type::Boolean => "bool",
        Type::Json | Type::Policy | Type::Shape(_) | Type::List(_) | Type::Map(_) => "crate::Json",
    }
}

fn enumeration(out: &mut String, name: &str, choices: &[Word]) {
    let mut taken = BTreeSet::from(["Unlisted".to_owned()]);
    let _ = writeln!(out, "crate::choices!({name} {{");
    for choice in choices {
        let variant = pascal(choice);
        let mut free = variant.clone();
        let mut number = 2;
        while !taken.insert(free.clone()) {
            free = format!("{variant}{number}");
            number += 1;
        }
        let _ = writeln!(out, "    {free} = {choice:?},");
    }
    let _ = writeln!(out, "}});");
}
