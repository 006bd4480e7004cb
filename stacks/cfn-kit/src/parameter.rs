//! What a template is told when it is deployed, and what it tells afterwards.

use std::fmt;
use std::marker::PhantomData;

use serde_json::{Map, Value as Json, json};

use crate::condition::Condition;
use crate::value::{Text, To, Value};

/// Types that a parameter can have.
#[diagnostic::on_unimplemented(
    message = "a parameter cannot be a `{Self}`",
    note = "parameters are text (also marked, such as `sqs::queue::Arn`), numbers, switches or lists of text"
)]
pub trait ParameterType {
    /// CloudFormation's word for it.
    const TYPE: &'static str;
    /// The only values allowed, where the type itself says so.
    const ALLOWED: &'static [&'static str] = &[];
}

impl ParameterType for String {
    const TYPE: &'static str = "String";
}

impl<T: Text> ParameterType for T {
    const TYPE: &'static str = "String";
}

impl ParameterType for i64 {
    const TYPE: &'static str = "Number";
}

impl ParameterType for f64 {
    const TYPE: &'static str = "Number";
}

impl ParameterType for bool {
    const TYPE: &'static str = "String";
    const ALLOWED: &'static [&'static str] = &["true", "false"];
}

impl<T: Text> ParameterType for Vec<T> {
    const TYPE: &'static str = "CommaDelimitedList";
}

impl ParameterType for Vec<String> {
    const TYPE: &'static str = "CommaDelimitedList";
}

/// A parameter whose values are a `T`.
///
/// `Parameter::<sqs::queue::Arn>::new()` is how the queue of another stack comes in: the value that
/// [`Template::parameter`](crate::Template::parameter) gives is accepted wherever `queue.arn()` is.
#[derive(Debug, Clone)]
pub struct Parameter<T> {
    fields: Map<String, Json>,
    kind: PhantomData<fn() -> T>,
}

impl<T: ParameterType> Default for Parameter<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: ParameterType> Parameter<T> {
    /// A parameter that the deploy must fill in.
    pub fn new() -> Self {
        let mut fields = Map::new();
        fields.insert("Type".to_owned(), T::TYPE.into());
        if !T::ALLOWED.is_empty() {
            fields.insert("AllowedValues".to_owned(), json!(T::ALLOWED));
        }
        Self { fields, kind: PhantomData }
    }

    fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Another of CloudFormation's parameter types, such as `AWS::SSM::Parameter::Value<String>`.
    pub fn of_type(self, name: &str) -> Self {
        self.with("Type", name)
    }

    /// What the parameter is for; at most 4,000 characters.
    pub fn description(self, text: &str) -> Self {
        self.with("Description", text)
    }

    /// What holds when the deploy says nothing. A number or a switch is written as such.
    pub fn default_value(self, value: impl Into<Json>) -> Self {
        let value = value.into();
        match value.as_bool() {
            Some(switch) => self.with("Default", switch.to_string()),
            None => self.with("Default", value),
        }
    }

    /// The only values allowed.
    pub fn allowed_values<V: Into<Json>>(self, values: impl IntoIterator<Item = V>) -> Self {
        self.with("AllowedValues", values.into_iter().map(Into::into).collect::<Vec<Json>>())
    }

    /// A regular expression that the whole value must match.
    pub fn allowed_pattern(self, pattern: &str) -> Self {
        self.with("AllowedPattern", pattern)
    }

    /// What a person reads when the value breaks the rules.
    pub fn constraint_description(self, text: &str) -> Self {
        self.with("ConstraintDescription", text)
    }

    /// The fewest and the most characters.
    pub fn length(self, least: u32, most: u32) -> Self {
        self.with("MinLength", least).with("MaxLength", most)
    }

    /// The smallest and the largest number.
    pub fn range(self, least: i64, most: i64) -> Self {
        self.with("MinValue", least).with("MaxValue", most)
    }

    /// A secret: CloudFormation shows asterisks instead. It still stands in whatever it is put into.
    pub fn no_echo(self) -> Self {
        self.with("NoEcho", true)
    }

    pub(crate) fn into_json(self) -> Json {
        Json::Object(self.fields)
    }
}

/// Something that a stack tells after its deploy.
pub struct Output<S>(Map<String, Json>, PhantomData<fn() -> S>);

impl<S> fmt::Debug for Output<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Output").field(&self.0).finish()
    }
}

impl<S> Output<S> {
    /// An output with this value.
    pub fn new(value: impl To<String, S>) -> Self {
        Self::of(value.to_value().into_json())
    }

    fn of(json: Json) -> Self {
        let mut fields = Map::new();
        fields.insert("Value".to_owned(), json);
        Self(fields, PhantomData)
    }

    /// What the output is for.
    pub fn description(mut self, text: &str) -> Self {
        self.0.insert("Description".to_owned(), text.into());
        self
    }

    /// Given only where the condition holds.
    pub fn condition(mut self, condition: &Condition<S>) -> Self {
        self.0.insert("Condition".to_owned(), condition.name().into());
        self
    }

    pub(crate) fn into_json(self) -> Json {
        // Description first: it is what a person looks for.
        let mut fields = self.0;
        let mut ordered = Map::new();
        for key in ["Description", "Condition", "Value"] {
            if let Some(value) = fields.shift_remove(key) {
                ordered.insert(key.to_owned(), value);
            }
        }
        Json::Object(ordered)
    }
}

impl<T, S> From<Value<T, S>> for Output<S> {
    fn from(value: Value<T, S>) -> Self {
        Self::of(value.into_json())
    }
}

impl<T, S> From<&Value<T, S>> for Output<S> {
    fn from(value: &Value<T, S>) -> Self {
        Self::of(value.json().clone())
    }
}

impl<S> From<&str> for Output<S> {
    fn from(value: &str) -> Self {
        Self::of(value.into())
    }
}
