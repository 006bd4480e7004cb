//! Text as facts.

use std::borrow::Cow;
use std::fmt;

use crate::line::{Reader, Token};
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
    let mut service = Service::default();
    read(text, file, own, &mut service)?;
    Ok(service)
}

/// Reads facts about one resource type from a text that stays: nothing of it is copied. The line that names the type may be left out.
///
/// # Errors
///
/// The first line that is no fact.
pub fn parse_resource(name: &'static str, text: &'static str) -> Result<Resource, ParseError> {
    let resource = Resource { name: Word::Borrowed(name), ..Resource::default() };
    let mut service = Service { resources: vec![resource], ..Service::default() };
    read(text, name, |word| word, &mut service)?;
    Ok(service.resources.pop().unwrap_or_default())
}

fn read<'a, K: Keep<'a>>(text: &'a str, file: &str, keep: K, service: &mut Service) -> Result<(), ParseError> {
    for (index, line) in text.lines().enumerate() {
        // Only spaces indent, and bytes are counted faster than characters.
        let content = line.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = line.len() - content.len();
        let mut parts = Parts { reader: Reader { line, at: indent }, keep };
        let read = fact(service, indent, &mut parts).and_then(|()| parts.end());
        read.map_err(|message| ParseError { file: file.to_owned(), line: index + 1, message })?;
    }
    Ok(())
}

/// How a word of the text becomes one of the facts.
trait Keep<'a>: Fn(Cow<'a, str>) -> Word + Copy {}

impl<'a, K: Fn(Cow<'a, str>) -> Word + Copy> Keep<'a> for K {}

/// What is left of a line.
struct Parts<'a, K> {
    reader: Reader<'a>,
    keep: K,
}

/// An error of the line itself, with its place.
fn at((column, message): (usize, String)) -> String {
    format!("column {column}: {message}")
}

impl<'a, K: Keep<'a>> Parts<'a, K> {
    fn next(&mut self) -> Result<Option<Token<'a>>, String> {
        self.reader.token().map_err(at)
    }

    /// The next word as it stands there; `what` is how an error calls it.
    fn raw_word(&mut self, what: &str) -> Result<Cow<'a, str>, String> {
        match self.next()? {
            Some(Token::Word(word)) => Ok(word),
            Some(Token::Open(name)) => Err(format!("`{name}(…)` stands where {what} is expected")),
            None => Err(format!("{what} is missing")),
        }
    }

    fn word(&mut self, what: &str) -> Result<Word, String> {
        self.raw_word(what).map(self.keep)
    }

    /// All words that are left.
    fn words(&mut self) -> Result<Vec<Word>, String> {
        let mut words = Vec::new();
        while let Some(token) = self.next()? {
            match token {
                Token::Word(word) => words.push((self.keep)(word)),
                Token::Open(name) => return Err(format!("`{name}(…)` stands where a name is expected")),
            }
        }
        Ok(words)
    }

    fn kind(&mut self, what: &str) -> Result<Type, String> {
        kind(self.raw_word(what)?, self.keep)
    }

    /// The words of a list whose name was just read.
    fn list(&mut self) -> Result<Vec<Word>, String> {
        self.reader.list(self.keep).map_err(at)
    }

    /// The word of a list that holds but one.
    fn only(&mut self) -> Result<Option<Word>, String> {
        Ok(self.reader.only().map_err(at)?.map(self.keep))
    }

    fn bounds(&mut self) -> Result<Bounds, String> {
        let word = self.reader.only().map_err(at)?.unwrap_or_default();
        let (least, most) = sides(word.clone(), "..", self.keep).ok_or_else(|| format!("`{word}` is no range such as `1..64`"))?;
        let bound = |text: Word| match text.is_empty() {
            true => Ok(None),
            false if is_number(&text) => Ok(Some(text)),
            false => Err(format!("`{text}` is no number")),
        };
        Ok(Bounds { least: bound(least)?, most: bound(most)? })
    }

    fn refers(&mut self) -> Result<Vec<Refers>, String> {
        let words = self.reader.list(|word| refers(word, self.keep)).map_err(at)?;
        words.into_iter().collect()
    }

    fn end(&mut self) -> Result<(), String> {
        match self.next()? {
            None => Ok(()),
            Some(Token::Word(more) | Token::Open(more)) => Err(format!("`{more}` is too much here")),
        }
    }
}

/// Whether a text is a number; nearly all bounds are whole.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) || text.parse::<f64>().is_ok()
}

fn fact<'a, K: Keep<'a>>(service: &mut Service, indent: usize, parts: &mut Parts<'a, K>) -> Result<(), String> {
    let first = parts.raw_word("a fact")?;
    match (indent, first.as_ref()) {
        (0, "service") => service.name = parts.word("the name of the service")?,
        (0, "resource") => service.resources.push(resource(parts)?),
        (0, other) => return Err(format!("`{other}` stands where `service` or `resource` is expected")),
        (_, other) => {
            let resource = service.resources.last_mut().ok_or("this line belongs to a `resource`, and none came before")?;
            resource_fact(resource, indent, other, parts)?;
        }
    }
    Ok(())
}

fn resource<'a, K: Keep<'a>>(parts: &mut Parts<'a, K>) -> Result<Resource, String> {
    let mut resource = Resource { name: parts.word("the name of the resource type")?, ..Resource::default() };
    while let Some(token) = parts.next()? {
        match token {
            Token::Word(flag) if flag == "stateful" => resource.stateful = true,
            Token::Open(name) if name == "absent-in" => resource.absent_in = parts.list()?,
            Token::Open(name) if name == "tags" => resource.tags = parts.only()?,
            Token::Word(other) | Token::Open(other) => return Err(format!("`{other}` says nothing about a resource type")),
        }
    }
    Ok(resource)
}

fn resource_fact<'a, K: Keep<'a>>(resource: &mut Resource, indent: usize, first: &str, parts: &mut Parts<'a, K>) -> Result<(), String> {
    match (indent, first) {
        // Properties are most of all lines, those of structures above all.
        (4, "property") => {
            let shape = resource.shapes.last_mut().ok_or("this property belongs to a `type`, and none came before")?;
            shape.properties.push(property(parts)?);
        }
        (2, "property") => resource.properties.push(property(parts)?),
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
        (2, "type") => {
            let name = parts.word("the name of the type")?;
            let open = match parts.next()? {
                None => false,
                Some(Token::Word(word)) if word == "open" => true,
                Some(Token::Word(other) | Token::Open(other)) => return Err(format!("`{other}` says nothing about a structure")),
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

fn metric<'a, K: Keep<'a>>(parts: &mut Parts<'a, K>) -> Result<Metric, String> {
    let namespace = parts.word("the namespace of the metric")?;
    let name = parts.word("the name of the metric")?;
    let mut metric = Metric { namespace, name, dimensions: Vec::new() };
    while let Some(token) = parts.next()? {
        match token {
            Token::Open(list) if list == "dimensions" => metric.dimensions.push(parts.list()?),
            Token::Word(other) | Token::Open(other) => return Err(format!("`{other}` says nothing about a metric")),
        }
    }
    Ok(metric)
}

fn property<'a, K: Keep<'a>>(parts: &mut Parts<'a, K>) -> Result<Property, String> {
    let name = parts.word("the name of the property")?;
    let mut property = Property::new(name, parts.kind("the type of the property")?);
    while let Some(token) = parts.next()? {
        match token {
            Token::Word(flag) => match flag.as_ref() {
                "required" => property.required = true,
                "replaces" => property.replaces = Replaces::Yes,
                "may-replace" => property.replaces = Replaces::Maybe,
                "write-only" => property.write_only = true,
                "unordered" => property.unordered = true,
                "deprecated" => property.deprecated = true,
                "or-text" => property.or_text = true,
                other => return Err(format!("`{other}` says nothing about a property")),
            },
            Token::Open(list) => match list.as_ref() {
                "range" => property.range = parts.bounds()?,
                "length" => property.length = parts.bounds()?,
                "items" => property.items = parts.bounds()?,
                "pattern" => property.pattern = parts.only()?,
                "unit" => property.unit = parts.only()?,
                "default" => property.default = parts.only()?,
                "enum" => property.choices = parts.list()?,
                "refers" => property.refers = parts.refers()?,
                other => return Err(format!("`{other}(…)` says nothing about a property")),
            },
        }
    }
    Ok(property)
}

/// Both sides of a word at a mark, each kept as the word itself would be.
fn sides<'a>(word: Cow<'a, str>, mark: &str, keep: impl Keep<'a>) -> Option<(Word, Word)> {
    match word {
        Cow::Borrowed(text) => text.split_once(mark).map(|(left, right)| (keep(Cow::Borrowed(left)), keep(Cow::Borrowed(right)))),
        Cow::Owned(text) => text.split_once(mark).map(|(left, right)| (Word::Owned(left.to_owned()), Word::Owned(right.to_owned()))),
    }
}

fn refers<'a>(word: Cow<'a, str>, keep: impl Keep<'a>) -> Result<Refers, String> {
    match sides(word.clone(), ".", keep) {
        Some((resource, attribute)) => Ok(Refers { resource, attribute }),
        None => Err(format!("`{word}` names no attribute, such as `AWS::SQS::Queue.Arn`")),
    }
}

fn kind<'a>(word: Cow<'a, str>, keep: impl Keep<'a>) -> Result<Type, String> {
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
