//! Text as facts.

use std::borrow::Cow;
use std::fmt;

use crate::line::{Part, split_into};
use crate::model::{Attribute, Bounds, Metric, Property, Refers, Replaces, Resource, Service, Shape, Type, Word};

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
    read(text, file, own)
}

/// The same for a text that stays: nothing of it is copied.
///
/// # Errors
///
/// The first line that is no fact.
pub fn parse_static(text: &'static str, file: &str) -> Result<Service, ParseError> {
    read(text, file, |word| word)
}

/// How a word of the text becomes one of the facts.
type Keep<'a> = fn(Cow<'a, str>) -> Word;

fn read<'a>(text: &'a str, file: &str, keep: Keep<'a>) -> Result<Service, ParseError> {
    let mut service = Service::default();
    let mut parts = Vec::with_capacity(8);
    for (index, line) in text.lines().enumerate() {
        // Only spaces indent, and bytes are counted faster than characters.
        let content = line.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = line.len() - content.len();
        let error = |message| ParseError { file: file.to_owned(), line: index + 1, message };
        parts.clear();
        split_into(content, &mut parts).map_err(|(column, message)| error(format!("column {}: {message}", indent + column)))?;
        fact(&mut service, indent, Parts { parts: parts.drain(..), keep }).map_err(error)?;
    }
    Ok(service)
}

/// What is left of a line.
struct Parts<'a, 'l> {
    parts: std::vec::Drain<'l, Part<'a>>,
    keep: Keep<'a>,
}

impl<'a> Parts<'a, '_> {
    fn next(&mut self) -> Option<Part<'a>> {
        self.parts.next()
    }

    /// The next word; `what` is how an error calls it.
    fn word(&mut self, what: &str) -> Result<Word, String> {
        match self.parts.next() {
            Some(Part::Word(word)) => Ok((self.keep)(word)),
            Some(Part::List(name, _)) => Err(format!("`{name}(…)` stands where {what} is expected")),
            None => Err(format!("{what} is missing")),
        }
    }

    /// All words that are left.
    fn words(mut self) -> Result<Vec<Word>, String> {
        let mut words = Vec::with_capacity(self.parts.len());
        while self.parts.len() > 0 {
            words.push(self.word("a name")?);
        }
        Ok(words)
    }

    fn bounds(&self, words: Vec<Cow<'a, str>>) -> Result<Bounds, String> {
        let word = words.into_iter().next().unwrap_or_default();
        let (least, most) = sides(word.clone(), "..", self.keep).ok_or_else(|| format!("`{word}` is no range such as `1..64`"))?;
        let bound = |text: Word| match text.is_empty() {
            true => Ok(None),
            false if text.parse::<f64>().is_ok() => Ok(Some(text)),
            false => Err(format!("`{text}` is no number")),
        };
        Ok(Bounds { least: bound(least)?, most: bound(most)? })
    }

    fn kind(&mut self, what: &str) -> Result<Type, String> {
        match self.parts.next() {
            Some(Part::Word(word)) => kind(word, self.keep),
            Some(Part::List(name, _)) => Err(format!("`{name}(…)` stands where {what} is expected")),
            None => Err(format!("{what} is missing")),
        }
    }

    fn list(&self, words: Vec<Cow<'a, str>>) -> Vec<Word> {
        words.into_iter().map(self.keep).collect()
    }
}

fn fact(service: &mut Service, indent: usize, mut parts: Parts<'_, '_>) -> Result<(), String> {
    let first = parts.word("a fact")?;
    match (indent, first.as_ref()) {
        (0, "service") => service.name = parts.word("the name of the service")?,
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

fn resource(parts: &mut Parts<'_, '_>) -> Result<Resource, String> {
    let mut resource = Resource { name: parts.word("the name of the resource type")?, ..Resource::default() };
    while let Some(part) = parts.next() {
        match part {
            Part::Word(flag) if flag == "stateful" => resource.stateful = true,
            Part::List(name, words) if name == "absent-in" => resource.absent_in = parts.list(words),
            Part::List(name, words) if name == "tags" && words.len() == 1 => resource.tags = parts.list(words).pop(),
            other @ (Part::Word(_) | Part::List(..)) => return Err(format!("`{}` says nothing about a resource type", name_of(&other))),
        }
    }
    Ok(resource)
}

fn resource_fact(resource: &mut Resource, indent: usize, first: &str, mut parts: Parts<'_, '_>) -> Result<(), String> {
    match (indent, first) {
        (2, "id") => resource.identifier = parts.words()?,
        (2, "ref") => resource.reference = Some(parts.word("what `Ref` gives")?),
        (2, "replaces") => resource.replacing_paths = parts.words()?,
        (2, "may-replace") => resource.maybe_replacing_paths = parts.words()?,
        (2, "read-only") => resource.read_only_paths = parts.words()?,
        (2, "write-only") => resource.write_only_paths = parts.words()?,
        (2, "attribute") => {
            let name = parts.word("the name of the attribute")?;
            let kind = parts.kind("the type of the attribute")?;
            resource.attributes.push(Attribute { name, kind });
        }
        (2, "property") => resource.properties.push(property(parts)?),
        (4, "property") => {
            let shape = resource.shapes.last_mut().ok_or("this property belongs to a `type`, and none came before")?;
            shape.properties.push(property(parts)?);
        }
        (2, "type") => {
            let name = parts.word("the name of the type")?;
            let open = match parts.next() {
                None => false,
                Some(Part::Word(word)) if word == "open" => true,
                Some(other) => return Err(format!("`{}` says nothing about a structure", name_of(&other))),
            };
            resource.shapes.push(Shape { name, open, properties: Vec::new() });
        }
        (2, "metric") => resource.metrics.push(metric(parts)?),
        (2, "permissions") => {
            let verb = parts.word("a verb")?;
            resource.permissions.insert(verb, parts.words()?);
        }
        (_, other) => return Err(format!("`{other}`, indented by {indent}, is no fact about a resource type")),
    }
    Ok(())
}

fn metric(mut parts: Parts<'_, '_>) -> Result<Metric, String> {
    let namespace = parts.word("the namespace of the metric")?;
    let name = parts.word("the name of the metric")?;
    let mut metric = Metric { namespace, name, dimensions: Vec::new() };
    while let Some(part) = parts.next() {
        match part {
            Part::List(list, dimensions) if list == "dimensions" => metric.dimensions.push(parts.list(dimensions)),
            other @ (Part::Word(_) | Part::List(..)) => return Err(format!("`{}` says nothing about a metric", name_of(&other))),
        }
    }
    Ok(metric)
}

fn property(mut parts: Parts<'_, '_>) -> Result<Property, String> {
    let name = parts.word("the name of the property")?;
    let mut property = Property::new(name, parts.kind("the type of the property")?);
    while let Some(part) = parts.next() {
        property_part(&mut property, part, &parts)?;
    }
    Ok(property)
}

fn property_part<'a>(property: &mut Property, part: Part<'a>, parts: &Parts<'a, '_>) -> Result<(), String> {
    match part {
        Part::Word(flag) => match flag.as_ref() {
            "required" => property.required = true,
            "replaces" => property.replaces = Replaces::Yes,
            "may-replace" => property.replaces = Replaces::Maybe,
            "write-only" => property.write_only = true,
            "unordered" => property.unordered = true,
            "deprecated" => property.deprecated = true,
            "or-text" => property.or_text = true,
            other => return Err(format!("`{other}` says nothing about a property")),
        },
        Part::List(name, words) => match name.as_ref() {
            "range" => property.range = parts.bounds(words)?,
            "length" => property.length = parts.bounds(words)?,
            "items" => property.items = parts.bounds(words)?,
            "pattern" => property.pattern = parts.list(words).pop(),
            "unit" => property.unit = parts.list(words).pop(),
            "default" => property.default = parts.list(words).pop(),
            "enum" => property.choices = parts.list(words),
            "refers" => property.refers = words.into_iter().map(|word| refers(word, parts.keep)).collect::<Result<_, _>>()?,
            other => return Err(format!("`{other}(…)` says nothing about a property")),
        },
    }
    Ok(())
}

/// Both sides of a word at a mark, each kept as the word itself would be.
fn sides<'a>(word: Cow<'a, str>, mark: &str, keep: Keep<'a>) -> Option<(Word, Word)> {
    match word {
        Cow::Borrowed(text) => text.split_once(mark).map(|(left, right)| (keep(Cow::Borrowed(left)), keep(Cow::Borrowed(right)))),
        Cow::Owned(text) => text.split_once(mark).map(|(left, right)| (Word::Owned(left.to_owned()), Word::Owned(right.to_owned()))),
    }
}

fn refers<'a>(word: Cow<'a, str>, keep: Keep<'a>) -> Result<Refers, String> {
    match sides(word.clone(), ".", keep) {
        Some((resource, attribute)) => Ok(Refers { resource, attribute }),
        None => Err(format!("`{word}` names no attribute, such as `AWS::SQS::Queue.Arn`")),
    }
}

fn kind<'a>(word: Cow<'a, str>, keep: Keep<'a>) -> Result<Type, String> {
    let text = match word {
        Cow::Borrowed(text) => text,
        // No type has anything in it that is escaped.
        Cow::Owned(text) => return Err(format!("`{text}` is no type")),
    };
    let inside = |open: char, close: char| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    if let Some(item) = inside('[', ']') {
        return Ok(Type::List(Box::new(kind(Cow::Borrowed(item), keep)?)));
    }
    if let Some(item) = inside('{', '}') {
        return Ok(Type::Map(Box::new(kind(Cow::Borrowed(item), keep)?)));
    }
    Ok(match text {
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        "json" => Type::Json,
        "policy" => Type::Policy,
        other => match other.strip_prefix('.') {
            Some(name) => Type::Shape(keep(Cow::Borrowed(name))),
            None => return Err(format!("`{other}` is no type")),
        },
    })
}

/// Reads `AWS::SQS::Queue.Arn`; the error says what is wrong with the word.
///
/// # Errors
///
/// A word without an attribute.
pub fn parse_refers(word: &str) -> Result<Refers, String> {
    refers(Cow::Borrowed(word), own)
}

/// Reads a type as it is written: `[string]`, `{json}`, `.Shape`.
///
/// # Errors
///
/// A word that is no type.
pub fn parse_type(word: &str) -> Result<Type, String> {
    kind(Cow::Borrowed(word), own)
}

fn own(word: Cow<'_, str>) -> Word {
    Word::Owned(word.into_owned())
}

fn name_of<'p>(part: &'p Part<'_>) -> &'p str {
    match part {
        Part::Word(word) | Part::List(word, _) => word,
    }
}
