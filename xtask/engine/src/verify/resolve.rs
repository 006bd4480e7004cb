//! A template's values with its functions worked out, as far as they can be.
//!
//! What cannot be worked out becomes an unknown with its reason; it is never guessed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::value::{any_unknown, text, unknown, unknown_reason};

/// Where a stack is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) stack_name: String,
    pub(crate) stack_id: String,
}

impl Place {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub(crate) fn partition(&self) -> &'static str {
        match self.region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    fn url_suffix(&self) -> &'static str {
        if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    /// `arn:aws:sqs:eu-central-1:111111111111:name`.
    pub(crate) fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", self.partition(), self.region, self.account)
    }
}

/// What the functions of a template refer to.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) template: &'a Value,
    pub(crate) place: &'a Place,
    /// Parameter → value, as the live stack has it.
    pub(crate) parameters: &'a BTreeMap<String, String>,
    /// Logical ID → name in AWS.
    pub(crate) physical: &'a BTreeMap<String, String>,
    /// Logical ID → attribute → value, as far as they are known.
    pub(crate) attributes: &'a BTreeMap<String, Map<String, Value>>,
}

/// What `AWS::NoValue` becomes until it is taken out.
const NO_VALUE: &str = "\u{0}no value";

impl Scope<'_> {
    /// The properties of a resource; what is `AWS::NoValue` is not there.
    pub(crate) fn properties(&self, logical_id: &str) -> Map<String, Value> {
        let resource = self.template.get("Resources").and_then(|resources| resources.get(logical_id));
        match resource.and_then(|resource| resource.get("Properties")).map(|properties| self.value(properties)) {
            Some(Value::Object(properties)) => properties,
            Some(_) | None => Map::new(),
        }
    }

    /// How a condition comes out; none when that cannot be told.
    pub(crate) fn condition(&self, name: &str) -> Option<bool> {
        self.truth(self.template.get("Conditions")?.get(name)?)
    }

    /// A value with its functions worked out.
    pub(crate) fn value(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => match function(fields) {
                Some((name, argument)) => self.call(name, argument),
                None => {
                    let all = fields.iter().map(|(name, field)| (name.clone(), self.value(field)));
                    Value::Object(all.filter(|(_, field)| field.as_str() != Some(NO_VALUE)).collect())
                }
            },
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item)).filter(|item| item.as_str() != Some(NO_VALUE)).collect())
            }
            Value::String(text) if text.contains("{{resolve:") => unknown("CloudFormation alone sees what a dynamic reference stands for"),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Value {
        match name {
            "Ref" => argument.as_str().map_or_else(|| unknown("`Ref` of something that is no name"), |name| self.reference(name)),
            "Fn::GetAtt" => self.attribute(argument),
            "Fn::Sub" => self.substitute(argument),
            "Fn::Join" => self.join(argument),
            "Fn::Select" => self.select(argument),
            "Fn::Split" => self.split(argument),
            "Fn::If" => self.choose(argument),
            "Fn::FindInMap" => self.find(argument),
            "Fn::Base64" => {
                let whole = self.value(argument);
                whole.as_str().map(|text| json!(base64(text.as_bytes()))).unwrap_or(whole)
            }
            other => unknown(format!("`{other}` is worked out by CloudFormation alone")),
        }
    }

    fn reference(&self, name: &str) -> Value {
        let place = self.place;
        match name {
            "AWS::AccountId" => json!(place.account),
            "AWS::Region" => json!(place.region),
            "AWS::Partition" => json!(place.partition()),
            "AWS::StackName" => json!(place.stack_name),
            "AWS::StackId" => json!(place.stack_id),
            "AWS::URLSuffix" => json!(place.url_suffix()),
            "AWS::NoValue" => json!(NO_VALUE),
            _ => match (self.template.get("Parameters").and_then(|parameters| parameters.get(name)), self.physical.get(name)) {
                (Some(parameter), _) => self.parameter(name, parameter),
                (None, Some(id)) => json!(id),
                (None, None) => unknown(format!("`{name}` does not exist")),
            },
        }
    }

    fn parameter(&self, name: &str, parameter: &Value) -> Value {
        let kind = parameter.get("Type").and_then(Value::as_str).unwrap_or("String");
        let secret = parameter.get("NoEcho").and_then(text).is_some_and(|echo| echo == "true");
        let Some(value) = self.parameters.get(name).cloned().or_else(|| parameter.get("Default").and_then(text)) else {
            return unknown(format!("parameter `{name}` has no value"));
        };
        if secret {
            return unknown(format!("parameter `{name}` is a secret"));
        }
        if kind.starts_with("AWS::SSM::Parameter::Value") {
            return unknown(format!("parameter `{name}` stands for what the Parameter Store held at the time of the deploy"));
        }
        if kind == "CommaDelimitedList" || kind.starts_with("List<") {
            return Value::Array(value.split(',').map(|item| json!(item.trim())).collect());
        }
        json!(value)
    }

    fn attribute(&self, argument: &Value) -> Value {
        let path = match argument {
            Value::String(path) => path.clone(),
            Value::Array(parts) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("."),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
        };
        let (id, name) = path.split_once('.').unwrap_or((&path, ""));
        let known = self.attributes.get(id).and_then(|attributes| attributes.get(name)).cloned();
        known.unwrap_or_else(|| unknown(format!("attribute `{name}` of {id} is not read back")))
    }

    fn substitute(&self, argument: &Value) -> Value {
        let (template, own) = match argument {
            Value::String(template) => (template.as_str(), None),
            Value::Array(parts) => (parts.first().and_then(Value::as_str).unwrap_or_default(), parts.get(1).and_then(Value::as_object)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return unknown("`Fn::Sub` of something that is no text"),
        };
        let mut whole = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            whole.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                rest = after;
                whole.push_str("${");
                continue;
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                whole.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let name = name.trim();
            let value = match own.and_then(|own| own.get(name)) {
                Some(value) => self.value(value),
                None if name.contains('.') => self.attribute(&json!(name)),
                None => self.reference(name),
            };
            match text(&value) {
                Some(text) => whole.push_str(&text),
                None => return reason_of(&value, name),
            }
        }
        whole.push_str(rest);
        self.value(&Value::String(whole))
    }

    fn join(&self, argument: &Value) -> Value {
        let [Value::String(between), parts] = arguments(argument) else { return unknown("`Fn::Join` needs a text and a list") };
        let parts = self.value(parts);
        if let Some(reason) = any_unknown(&parts) {
            return unknown(reason);
        }
        let texts: Option<Vec<String>> = parts.as_array().map(|parts| parts.iter().filter_map(text).collect());
        texts.map_or_else(|| unknown("`Fn::Join` of something that is no list"), |texts| json!(texts.join(between)))
    }

    fn select(&self, argument: &Value) -> Value {
        let [position, list] = arguments(argument) else { return unknown("`Fn::Select` needs a position and a list") };
        let (position, list) = (self.value(position), self.value(list));
        if unknown_reason(&list).is_some() {
            return list;
        }
        let position = text(&position).and_then(|position| position.parse::<usize>().ok());
        let found = position.and_then(|position| list.get(position)).cloned();
        found.unwrap_or_else(|| unknown("`Fn::Select` of what is not there"))
    }

    fn split(&self, argument: &Value) -> Value {
        let [Value::String(between), whole] = arguments(argument) else { return unknown("`Fn::Split` needs two texts") };
        let whole = self.value(whole);
        match whole.as_str() {
            Some(text) => Value::Array(text.split(between.as_str()).map(|part| json!(part)).collect()),
            None => reason_of(&whole, "Fn::Split"),
        }
    }

    fn choose(&self, argument: &Value) -> Value {
        let [Value::String(condition), yes, no] = arguments(argument) else { return unknown("`Fn::If` needs a condition and two values") };
        match self.condition(condition) {
            Some(true) => self.value(yes),
            Some(false) => self.value(no),
            None => unknown(format!("condition `{condition}` cannot be worked out")),
        }
    }

    fn find(&self, argument: &Value) -> Value {
        let [map, first, second, ..] = arguments(argument) else { return unknown("`Fn::FindInMap` needs three names") };
        let key = |value: &Value| text(&self.value(value));
        let found = (|| self.template.get("Mappings")?.get(key(map)?)?.get(key(first)?)?.get(key(second)?))();
        found.cloned().unwrap_or_else(|| unknown("`Fn::FindInMap` of what is not there"))
    }

    fn truth(&self, condition: &Value) -> Option<bool> {
        let (name, argument) = condition.as_object().and_then(function)?;
        let all = |value: &Value| -> Option<Vec<bool>> { value.as_array()?.iter().map(|one| self.truth(one)).collect() };
        match name {
            "Fn::Equals" => {
                let [one, other] = arguments(argument) else { return None };
                let (one, other) = (self.value(one), self.value(other));
                (any_unknown(&one).is_none() && any_unknown(&other).is_none()).then(|| one == other || text(&one) == text(&other))
            }
            "Fn::And" => all(argument).map(|all| all.into_iter().all(|one| one)),
            "Fn::Or" => all(argument).map(|all| all.into_iter().any(|one| one)),
            "Fn::Not" => all(argument)?.first().map(|one| !one),
            "Condition" => self.condition(argument.as_str()?),
            _ => None,
        }
    }
}

fn arguments(argument: &Value) -> &[Value] {
    argument.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A function of CloudFormation is an object with its name as the only key.
fn function(fields: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = fields.iter().next().filter(|_| fields.len() == 1)?;
    (name == "Ref" || name == "Condition" && argument.is_string() || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

fn reason_of(value: &Value, name: &str) -> Value {
    unknown(unknown_reason(value).map_or_else(|| format!("`{name}` is no text"), str::to_owned))
}

/// Base64 as RFC 4648 has it, with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut whole = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * at)) as usize & 63).copied().unwrap_or_default();
            whole.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(value: &Value) -> Value {
        let template = json!({
            "Parameters": {
                "Plain": { "Type": "String" }, "Many": { "Type": "CommaDelimitedList" }, "Secret": { "Type": "String", "NoEcho": true },
                "Stored": { "Type": "AWS::SSM::Parameter::Value<String>" }, "Defaulted": { "Type": "Number", "Default": 7 },
            },
            "Mappings": { "Sizes": { "small": { "Memory": 128 } } },
            "Conditions": {
                "Yes": { "Fn::Equals": [{ "Ref": "Plain" }, "p"] }, "No": { "Fn::Not": [{ "Condition": "Yes" }] },
                "Unclear": { "Fn::Equals": [{ "Ref": "Secret" }, "x"] },
            },
        });
        let place = Place {
            account: "111111111111".to_owned(),
            region: "eu-central-1".to_owned(),
            stack_name: "s".to_owned(),
            stack_id: "arn:s".to_owned(),
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let parameters = [pair("Plain", "p"), pair("Many", "a, b"), pair("Secret", "****"), pair("Stored", "/a")].into();
        let physical = [pair("Queue", "https://q/1/name")].into();
        let attributes = [("Queue".to_owned(), json!({ "Arn": "arn:q" }).as_object().unwrap().clone())].into();
        let (parameters, physical, attributes) = (&parameters, &physical, &attributes);
        Scope { template: &template, place: &place, parameters, physical, attributes }.value(value)
    }

    #[test]
    fn functions_are_worked_out() {
        let cases = [
            (json!({ "Ref": "Plain" }), json!("p")),
            (json!({ "Ref": "Many" }), json!(["a", "b"])),
            (json!({ "Ref": "Defaulted" }), json!("7")),
            (json!({ "Ref": "Queue" }), json!("https://q/1/name")),
            (json!({ "Fn::GetAtt": ["Queue", "Arn"] }), json!("arn:q")),
            (json!({ "Fn::GetAtt": "Queue.Arn" }), json!("arn:q")),
            (json!({ "Fn::Sub": "${Queue.Arn}/${AWS::Region}/${!Literal}/${Plain}" }), json!("arn:q/eu-central-1/${Literal}/p")),
            (json!({ "Fn::Sub": ["${a}-${Plain}", { "a": { "Ref": "AWS::AccountId" } }] }), json!("111111111111-p")),
            (json!({ "Fn::Join": ["/", ["a", { "Ref": "Plain" }]] }), json!("a/p")),
            (json!({ "Fn::Select": [1, { "Fn::Split": [",", "a,b"] }] }), json!("b")),
            (json!({ "Fn::If": ["Yes", 1, 2] }), json!(1)),
            (json!({ "Fn::If": ["No", 1, 2] }), json!(2)),
            (json!({ "A": { "Ref": "AWS::NoValue" }, "B": [{ "Ref": "AWS::NoValue" }, 1] }), json!({ "B": [1] })),
            (json!({ "Fn::FindInMap": ["Sizes", "small", "Memory"] }), json!(128)),
            (json!({ "Fn::Base64": "hello" }), json!("aGVsbG8=")),
            (
                json!({ "Condition": { "Bool": { "aws:SecureTransport": "false" } } }),
                json!({ "Condition": { "Bool": { "aws:SecureTransport": "false" } } }),
            ),
        ];

        for (written, expected) in cases {
            assert_eq!(resolve(&written), expected, "{written}");
        }
    }

    #[test]
    fn what_cannot_be_known_says_why() {
        let cases = [
            (json!({ "Ref": "Secret" }), "secret"),
            (json!({ "Ref": "Stored" }), "Parameter Store"),
            (json!({ "Ref": "Nobody" }), "`Nobody` does not exist"),
            (json!({ "Fn::GetAtt": ["Queue", "Colour"] }), "attribute `Colour` of Queue"),
            (json!({ "Fn::Sub": "x${Secret}" }), "secret"),
            (json!({ "Fn::Join": ["", ["a", { "Ref": "Secret" }]] }), "secret"),
            (json!({ "Fn::If": ["Unclear", 1, 2] }), "condition `Unclear`"),
            (json!({ "Fn::ImportValue": "x" }), "`Fn::ImportValue`"),
            (json!("{{resolve:secretsmanager:x}}"), "dynamic reference"),
        ];

        for (written, reason) in cases {
            let value = resolve(&written);
            let found = unknown_reason(&value).unwrap_or_else(|| panic!("{written} became {value}"));
            assert!(found.contains(reason), "{written}: {found}");
        }
    }
}
