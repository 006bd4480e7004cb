//! CloudFormation's functions and pseudo parameters.

use serde_json::{Map, Value as Json, json};

use crate::value::{To, Value};

fn pseudo<S>(name: &str) -> Value<String, S> {
    Value::from_json(json!({ "Ref": name }))
}

/// `AWS::AccountId`: the twelve digits of the account that the stack is in.
pub fn account_id<S>() -> Value<String, S> {
    pseudo("AWS::AccountId")
}

/// `AWS::Region`: the region that the stack is in.
pub fn region<S>() -> Value<String, S> {
    pseudo("AWS::Region")
}

/// `AWS::Partition`: `aws`, `aws-cn` or `aws-us-gov`; the second part of every ARN.
pub fn partition<S>() -> Value<String, S> {
    pseudo("AWS::Partition")
}

/// `AWS::StackName`.
pub fn stack_name<S>() -> Value<String, S> {
    pseudo("AWS::StackName")
}

/// `AWS::StackId`: the ARN of the stack.
pub fn stack_id<S>() -> Value<String, S> {
    pseudo("AWS::StackId")
}

/// `AWS::URLSuffix`: `amazonaws.com` in most partitions.
pub fn url_suffix<S>() -> Value<String, S> {
    pseudo("AWS::URLSuffix")
}

/// `Fn::Join`: the parts with the separator between them.
pub fn join<S>(separator: &str, parts: impl To<Vec<String>, S>) -> Value<String, S> {
    Value::from_json(json!({ "Fn::Join": [separator, parts.to_value().into_json()] }))
}

/// `Fn::Split`: the pieces of a text between the separators.
pub fn split<S>(separator: &str, text: impl To<String, S>) -> Value<Vec<String>, S> {
    Value::from_json(json!({ "Fn::Split": [separator, text.to_value().into_json()] }))
}

/// `Fn::Select`: one item of a list, counted from 0.
pub fn select<T, S>(index: u32, list: Value<Vec<T>, S>) -> Value<T, S> {
    Value::from_json(json!({ "Fn::Select": [index, list.into_json()] }))
}

/// `Fn::Base64`, as user data wants it.
pub fn base64<S>(text: impl To<String, S>) -> Value<String, S> {
    Value::from_json(json!({ "Fn::Base64": text.to_value().into_json() }))
}

/// `Fn::GetAZs` of a region; [`region()`] for the stack's own.
pub fn availability_zones<S>(region: impl To<String, S>) -> Value<Vec<String>, S> {
    Value::from_json(json!({ "Fn::GetAZs": region.to_value().into_json() }))
}

/// `Fn::Cidr`: `count` blocks of `2^host_bits` addresses out of a larger block.
pub fn cidr<S>(block: impl To<String, S>, count: u32, host_bits: u32) -> Value<Vec<String>, S> {
    Value::from_json(json!({ "Fn::Cidr": [block.to_value().into_json(), count, host_bits] }))
}

/// `Fn::ImportValue`: reads what a stack of somebody else exports.
///
/// Only for that. Between stacks of one project values go as outputs and parameters: an export that is in use can
/// neither change nor go away.
pub fn import_value<S>(name: impl To<String, S>) -> Value<String, S> {
    Value::from_json(json!({ "Fn::ImportValue": name.to_value().into_json() }))
}

/// `Fn::Sub` as written by hand, placeholders and all.
///
/// [`sub!`](crate::sub) makes the placeholders from typed values, so that none can dangle.
pub fn sub_raw<S>(text: &str) -> Value<String, S> {
    Value::from_json(json!({ "Fn::Sub": text }))
}

/// Text with values in it: the `{}` of the format take the values in their order, and their number is checked when
/// the program is compiled.
///
/// References and attributes become `${Id}` and `${Id.Attribute}`, other expressions named variables, literals plain
/// text. A `${` in the format is text, never a placeholder. Write `{{` and `}}` for braces.
///
/// ```
/// use cfn_kit::{partition, sub};
///
/// let arn: cfn_kit::Value<String, ()> = sub!("arn:{}:s3:::{}/*", partition(), "photos");
/// assert_eq!(arn.json(), &serde_json::json!({ "Fn::Sub": "arn:${AWS::Partition}:s3:::photos/*" }));
/// ```
#[macro_export]
macro_rules! sub {
    ($format:literal $(, $value:expr)* $(,)?) => {{
        const _: () = ::core::assert!(
            $crate::holes($format) == <[&str]>::len(&[$(::core::stringify!($value)),*]) as isize,
            "the format has not as many holes as there are values"
        );
        $crate::substitute($format, ::std::vec![$($crate::text($value)),*])
    }};
}

/// The number of `{}` in a format, or -1 where a brace stands alone.
#[doc(hidden)]
pub const fn holes(format: &str) -> isize {
    let bytes = format.as_bytes();
    let (mut index, mut count) = (0, 0);
    while index < bytes.len() {
        let next = if index + 1 < bytes.len() { bytes[index + 1] } else { 0 };
        match (bytes[index], next) {
            (b'{', b'{') | (b'}', b'}') => index += 1,
            (b'{', b'}') => {
                count += 1;
                index += 1;
            }
            (b'{' | b'}', _) => return -1,
            _ => {}
        }
        index += 1;
    }
    count
}

/// What [`sub!`](crate::sub) calls: puts the values into the holes of the format.
#[doc(hidden)]
pub fn substitute<S>(format: &str, values: Vec<Value<String, S>>) -> Value<String, S> {
    let mut writer = SubWriter::default();
    let mut values = values.into_iter();
    let mut characters = format.chars().peekable();
    let mut literal = String::new();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('{', Some('}')) => {
                characters.next();
                writer.literal(&std::mem::take(&mut literal));
                if let Some(value) = values.next() {
                    writer.value(value.into_json());
                }
            }
            ('{', Some('{')) | ('}', Some('}')) => {
                characters.next();
                literal.push(character);
            }
            _ => literal.push(character),
        }
    }
    writer.literal(&literal);
    writer.finish()
}

/// Collects the text of a `Fn::Sub` and the variables that it needs.
#[derive(Default)]
struct SubWriter {
    text: String,
    // Literal text since the last placeholder. It is escaped only when whole: a `$` may come from one piece and the
    // `{` behind it from the next.
    literal: String,
    variables: Map<String, Json>,
}

impl SubWriter {
    fn literal(&mut self, text: &str) {
        self.literal.push_str(text);
    }

    fn value(&mut self, json: Json) {
        if let Json::String(text) = &json {
            return self.literal(text);
        }
        self.flush();
        let name = placeholder(&json).unwrap_or_else(|| self.variable(json));
        self.text.push_str(&format!("${{{name}}}"));
    }

    fn variable(&mut self, json: Json) -> String {
        if let Some((name, _)) = self.variables.iter().find(|(_, value)| **value == json) {
            return name.clone();
        }
        let name = format!("Value{}", self.variables.len() + 1);
        self.variables.insert(name.clone(), json);
        name
    }

    fn flush(&mut self) {
        let literal = std::mem::take(&mut self.literal);
        self.text.push_str(&literal.replace("${", "${!"));
    }

    fn finish<S>(mut self) -> Value<String, S> {
        if self.text.is_empty() {
            return Value::from_json(Json::String(self.literal));
        }
        self.flush();
        Value::from_json(match self.variables.is_empty() {
            true => json!({ "Fn::Sub": self.text }),
            false => json!({ "Fn::Sub": [self.text, self.variables] }),
        })
    }
}

/// How `Fn::Sub` itself writes a reference, where it can.
fn placeholder(json: &Json) -> Option<String> {
    let object = json.as_object().filter(|object| object.len() == 1)?;
    if let Some(name) = object.get("Ref").and_then(Json::as_str) {
        return Some(name.to_owned());
    }
    let path = object.get("Fn::GetAtt")?.as_array()?;
    match path.as_slice() {
        [Json::String(id), Json::String(attribute)] => Some(format!("{id}.{attribute}")),
        _ => None,
    }
}
