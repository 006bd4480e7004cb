//! Templates as people write them, back to plain JSON with positions.

use serde_json::{Map, Number, Value as Json};

use crate::document::{Document, Sources};
use crate::finding::{Finding, Severity};
use crate::yaml::{self, Meaning, Node, Position, Scalar, Value};

/// A text that is neither YAML nor JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{at}: {message}")]
pub struct ReadError {
    /// The file, as it was named to [`read`].
    pub file: String,
    /// Where reading stopped.
    pub at: Position,
    /// What is wrong there.
    pub message: String,
}

/// Reads a template, YAML with short tags or JSON; `file` is how findings and errors name the text.
///
/// Every part of the result remembers its line, and what the text says twice or in a way that CloudFormation does not
/// read is kept as findings. A text that is no template at all is no error here: [`check`](crate::check) says so.
///
/// # Errors
///
/// Where the text breaks YAML's or JSON's grammar, lies deeper than the reader goes, or grows too much through aliases.
pub fn read(text: &str, file: &str) -> Result<Document, ReadError> {
    let parsed = yaml::read(text).map_err(|error| ReadError { file: file.to_owned(), at: error.at(), message: error.to_string() })?;
    let mut reader = Reader { file, sources: Sources::default(), findings: Vec::new() };
    for at in parsed.aliases {
        reader.warn("yaml-alias", "", at, "CloudFormation does not promise to read aliases (`*name`)".to_owned(), "write the value out");
    }
    let template = reader.value(&parsed.root, "");
    Ok(Document { template, sources: reader.sources, findings: reader.findings, bytes: Some(text.len()) })
}

/// The functions behind short tags, but for `!Ref` and `!Condition`.
const FUNCTIONS: [&str; 25] = [
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "GetStackOutput",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

struct Reader<'a> {
    file: &'a str,
    sources: Sources,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn finding(&mut self, severity: Severity, rule: &str, path: &str, at: Position, message: String, hint: &str) {
        let resource = path.strip_prefix("Resources/").map(|rest| rest.split('/').next().unwrap_or(rest).to_owned());
        let source = Some(format!("{}:{}", self.file, at.line));
        let (rule, path, hint) = (rule.to_owned(), path.to_owned(), hint.to_owned());
        self.findings.push(Finding { rule, severity, resource, path, message, why: String::new(), hint, source });
    }

    fn error(&mut self, rule: &str, path: &str, at: Position, message: String, hint: &str) {
        self.finding(Severity::Error, rule, path, at, message, hint);
    }

    fn warn(&mut self, rule: &str, path: &str, at: Position, message: String, hint: &str) {
        self.finding(Severity::Warning, rule, path, at, message, hint);
    }

    fn value(&mut self, node: &Node, path: &str) -> Json {
        let tag = node.tag.as_deref().and_then(|tag| tag.strip_prefix('!'));
        match tag {
            None => self.untagged(node, path),
            Some("Ref" | "Condition") => self.function(tag.unwrap_or_default(), node, path),
            Some("GetAtt") => {
                let argument = match node.scalar() {
                    // An ID holds no point, so that the first one ends it.
                    Some(scalar) => match scalar.text.split_once('.') {
                        Some((id, attribute)) => Json::Array(vec![id.into(), attribute.into()]),
                        None => scalar.text.as_str().into(),
                    },
                    None => self.untagged(node, &join(path, "Fn::GetAtt")),
                };
                single("Fn::GetAtt", argument)
            }
            Some(name) if FUNCTIONS.binary_search(&name).is_ok() => self.function(&format!("Fn::{name}"), node, path),
            Some(name) => {
                let message = format!("`!{name}` is no function of CloudFormation");
                self.error("unknown-tag", path, node.start, message, "correct the name, or write the function's long form");
                self.untagged(node, path)
            }
        }
    }

    fn function(&mut self, name: &str, node: &Node, path: &str) -> Json {
        let argument = match node.scalar() {
            Some(scalar) => scalar.text.as_str().into(),
            None => self.untagged(node, &join(path, name)),
        };
        single(name, argument)
    }

    fn untagged(&mut self, node: &Node, path: &str) -> Json {
        match &node.value {
            Value::Mapping(entries) => self.mapping(entries, path),
            Value::Sequence(items) => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    let path = join(path, &index.to_string());
                    self.sources.remember(path.clone(), format!("{}:{}", self.file, item.start.line));
                    self.value(item, &path)
                });
                Json::Array(items.collect())
            }
            Value::Scalar(scalar) => self.scalar(scalar, node, path),
        }
    }

    fn mapping(&mut self, entries: &[(Node, Node)], path: &str) -> Json {
        let mut object = Map::new();
        for (key, value) in entries {
            let Some(scalar) = key.scalar() else {
                let message = format!("a key is {}, not a text", key.what());
                self.error("shape", path, key.start, message, "CloudFormation's keys are texts");
                continue;
            };
            let name = scalar.text.as_str();
            let path = join(path, name);
            if object.contains_key(name) {
                self.twice(name, &path, key.start);
                continue;
            }
            self.sources.remember(path.clone(), format!("{}:{}", self.file, key.start.line));
            let value = self.value(value, &path);
            object.insert(name.to_owned(), value);
        }
        Json::Object(object)
    }

    fn twice(&mut self, name: &str, path: &str, at: Position) {
        let first = self.sources.of(path).unwrap_or(self.file).to_owned();
        // `Resources/JobQueue` has two parts: what stands twice is an ID.
        let rule = if path.matches('/').count() == 1 { "duplicate-id" } else { "duplicate-key" };
        let message = format!("`{name}` stands twice in one mapping, first at {first}");
        self.error(rule, path, at, message, "leave one of the two out: which of them counts is a matter of the reader");
    }

    fn scalar(&mut self, scalar: &Scalar, node: &Node, path: &str) -> Json {
        if let Some(truth) = scalar.yaml_1_1_bool().filter(|_| node.tag.is_none()) {
            return truth.into();
        }
        match node.meaning() {
            Some(Meaning::Null) => Json::Null,
            Some(Meaning::Bool(truth)) => truth.into(),
            Some(Meaning::Integer(number)) => self.integer(&scalar.text, number, node, path),
            Some(Meaning::Float(number)) => match scalar.text.parse::<u64>() {
                Ok(large) => large.into(),
                Err(_) => Number::from_f64(number).map_or_else(|| scalar.text.as_str().into(), Json::Number),
            },
            Some(Meaning::String(text)) => text.into(),
            None => Json::Null,
        }
    }

    /// CloudFormation reads YAML 1.1, to which a number with a leading zero is an octal one, or else a text.
    fn integer(&mut self, text: &str, number: i64, node: &Node, path: &str) -> Json {
        let digits = text.trim_start_matches(['-', '+']);
        if digits.len() < 2 || !digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return number.into();
        }
        let Ok(octal) = i64::from_str_radix(digits, 8) else { return text.into() };
        let message = format!("CloudFormation reads `{text}` as an octal number: {octal}");
        self.warn("octal-number", path, node.start, message, "put quotes around it, or leave the zero out");
        if text.starts_with('-') { (-octal).into() } else { octal.into() }
    }
}

fn single(name: &str, argument: Json) -> Json {
    let mut object = Map::new();
    object.insert(name.to_owned(), argument);
    Json::Object(object)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") }
}
