//! Text as facts.

use std::fmt;

use crate::line::{Part, split};
use crate::model::{Attribute, Bounds, Metric, Property, Refers, Replaces, Resource, Service, Shape, Type};

/// A line that is no fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The file, as it was named to [`parse`].
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Reads the facts of one service; `file` is how errors name the text.
///
/// # Errors
///
/// The first line that is no fact.
pub fn parse(text: &str, file: &str) -> Result<Service, ParseError> {
    let mut service = Service::default();
    for (index, line) in text.lines().enumerate() {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = line.len() - content.len();
        let error = |message| ParseError { file: file.to_owned(), line: index + 1, message };
        let parts = split(content).map_err(|(column, message)| error(format!("column {}: {message}", indent + column)))?;
        fact(&mut service, indent, parts).map_err(error)?;
    }
    Ok(service)
}

fn fact(service: &mut Service, indent: usize, parts: Vec<Part>) -> Result<(), String> {
    let mut parts = parts.into_iter();
    let first = word(parts.next(), "a fact")?;
    match (indent, first.as_str()) {
        (0, "service") => service.name = word(parts.next(), "the name of the service")?,
        (0, "resource") => service.resources.push(resource(&mut parts)?),
        (0, other) => return Err(format!("`{other}` stands where `service` or `resource` is expected")),
        (_, other) => {
            let resource = service.resources.last_mut().ok_or("this line belongs to a `resource`, and none came before")?;
            return resource_fact(resource, indent, other, parts);
        }
    }
    match parts.next() {
        None => Ok(()),
        Some(more) => Err(format!("`{}` is too much here", name_of(&more))),
    }
}

fn resource(mut parts: impl Iterator<Item = Part>) -> Result<Resource, String> {
    let mut resource = Resource { name: word(parts.next(), "the name of the resource type")?, ..Resource::default() };
    for part in parts {
        match part {
            Part::Word(flag) if flag == "stateful" => resource.stateful = true,
            Part::List(name, words) if name == "tags" && words.len() == 1 => resource.tags = words.into_iter().next(),
            other @ (Part::Word(_) | Part::List(..)) => return Err(format!("`{}` says nothing about a resource type", name_of(&other))),
        }
    }
    Ok(resource)
}

fn resource_fact(resource: &mut Resource, indent: usize, first: &str, mut parts: impl Iterator<Item = Part>) -> Result<(), String> {
    match (indent, first) {
        (2, "id") => resource.identifier = words(parts)?,
        (2, "ref") => resource.reference = Some(word(parts.next(), "what `Ref` gives")?),
        (2, "replaces") => resource.replacing_paths = words(parts)?,
        (2, "may-replace") => resource.maybe_replacing_paths = words(parts)?,
        (2, "read-only") => resource.read_only_paths = words(parts)?,
        (2, "write-only") => resource.write_only_paths = words(parts)?,
        (2, "attribute") => {
            let name = word(parts.next(), "the name of the attribute")?;
            let kind = parse_type(&word(parts.next(), "the type of the attribute")?)?;
            resource.attributes.push(Attribute { name, kind });
        }
        (2, "property") => resource.properties.push(property(parts)?),
        (4, "property") => {
            let shape = resource.shapes.last_mut().ok_or("this property belongs to a `type`, and none came before")?;
            shape.properties.push(property(parts)?);
        }
        (2, "type") => resource.shapes.push(Shape { name: word(parts.next(), "the name of the type")?, properties: Vec::new() }),
        (2, "metric") => resource.metrics.push(metric(parts)?),
        (2, "permissions") => {
            let verb = word(parts.next(), "a verb")?;
            resource.permissions.insert(verb, words(parts)?);
        }
        (_, other) => return Err(format!("`{other}`, indented by {indent}, is no fact about a resource type")),
    }
    Ok(())
}

fn metric(mut parts: impl Iterator<Item = Part>) -> Result<Metric, String> {
    let namespace = word(parts.next(), "the namespace of the metric")?;
    let name = word(parts.next(), "the name of the metric")?;
    let dimensions = parts.map(|part| match part {
        Part::List(list, dimensions) if list == "dimensions" => Ok(dimensions),
        other @ (Part::Word(_) | Part::List(..)) => Err(format!("`{}` says nothing about a metric", name_of(&other))),
    });
    Ok(Metric { dimensions: dimensions.collect::<Result<_, _>>()?, namespace, name })
}

fn property(mut parts: impl Iterator<Item = Part>) -> Result<Property, String> {
    let name = word(parts.next(), "the name of the property")?;
    let mut property = Property::new(&name, parse_type(&word(parts.next(), "the type of the property")?)?);
    for part in parts {
        property_part(&mut property, part)?;
    }
    Ok(property)
}

fn property_part(property: &mut Property, part: Part) -> Result<(), String> {
    match part {
        Part::Word(flag) => match flag.as_str() {
            "required" => property.required = true,
            "replaces" => property.replaces = Replaces::Yes,
            "may-replace" => property.replaces = Replaces::Maybe,
            "write-only" => property.write_only = true,
            "deprecated" => property.deprecated = true,
            "or-text" => property.or_text = true,
            other => return Err(format!("`{other}` says nothing about a property")),
        },
        Part::List(name, words) => match name.as_str() {
            "range" => property.range = bounds(&words)?,
            "length" => property.length = bounds(&words)?,
            "items" => property.items = bounds(&words)?,
            "pattern" => property.pattern = words.into_iter().next(),
            "enum" => property.choices = words,
            "refers" => property.refers = words.iter().map(|word| parse_refers(word)).collect::<Result<_, _>>()?,
            other => return Err(format!("`{other}(…)` says nothing about a property")),
        },
    }
    Ok(())
}

fn bounds(words: &[String]) -> Result<Bounds, String> {
    let text = words.first().map_or("", String::as_str);
    let (least, most) = text.split_once("..").ok_or_else(|| format!("`{text}` is no range such as `1..64`"))?;
    let bound = |text: &str| match text.is_empty() {
        true => Ok(None),
        false if text.parse::<f64>().is_ok() => Ok(Some(text.to_owned())),
        false => Err(format!("`{text}` is no number")),
    };
    Ok(Bounds { least: bound(least)?, most: bound(most)? })
}

/// Reads `AWS::SQS::Queue.Arn`; the error says what is wrong with the word.
///
/// # Errors
///
/// A word without an attribute.
pub fn parse_refers(word: &str) -> Result<Refers, String> {
    let (resource, attribute) =
        word.split_once('.').ok_or_else(|| format!("`{word}` names no attribute, such as `AWS::SQS::Queue.Arn`"))?;
    Ok(Refers { resource: resource.to_owned(), attribute: attribute.to_owned() })
}

/// Reads a type as it is written: `[string]`, `{json}`, `.Shape`.
///
/// # Errors
///
/// A word that is no type.
pub fn parse_type(word: &str) -> Result<Type, String> {
    let inside = |open: char, close: char| word.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    if let Some(item) = inside('[', ']') {
        return Ok(Type::List(Box::new(parse_type(item)?)));
    }
    if let Some(item) = inside('{', '}') {
        return Ok(Type::Map(Box::new(parse_type(item)?)));
    }
    Ok(match word {
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        "json" => Type::Json,
        "policy" => Type::Policy,
        other => match other.strip_prefix('.') {
            Some(name) => Type::Shape(name.to_owned()),
            None => return Err(format!("`{other}` is no type")),
        },
    })
}

fn word(part: Option<Part>, what: &str) -> Result<String, String> {
    match part {
        Some(Part::Word(word)) => Ok(word),
        Some(Part::List(name, _)) => Err(format!("`{name}(…)` stands where {what} is expected")),
        None => Err(format!("{what} is missing")),
    }
}

fn words(parts: impl Iterator<Item = Part>) -> Result<Vec<String>, String> {
    parts.map(|part| word(Some(part), "a name")).collect()
}

fn name_of(part: &Part) -> &str {
    match part {
        Part::Word(word) | Part::List(word, _) => word,
    }
}
