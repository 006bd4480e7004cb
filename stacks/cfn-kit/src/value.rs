//! What a property may be: a literal or an expression, typed by what it means.

mod literals;

use std::fmt;
use std::marker::PhantomData;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::handle::{By, Handle};
use crate::resource::Resource;

/// A literal or an expression that gives a `T` when CloudFormation evaluates it.
///
/// `T` is a plain type (`String`, `i64`, `f64`, `bool`, `Vec<T>`, [`Dictionary<T>`]), a structure of a resource
/// type, or the mark of an attribute, such as the ARN of a queue.
pub struct Value<T> {
    json: Json,
    kind: PhantomData<fn() -> T>,
}

impl<T> Value<T> {
    pub(crate) fn from_json(json: Json) -> Self {
        Self { json, kind: PhantomData }
    }

    /// The CloudFormation JSON of this value.
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// The CloudFormation JSON of this value, by value.
    pub fn into_json(self) -> Json {
        self.json
    }

    /// The same JSON under another type: the caller knows what the compiler cannot.
    pub(crate) fn retype<U>(self) -> Value<U> {
        Value::from_json(self.json)
    }
}

impl<T> Clone for Value<T> {
    fn clone(&self) -> Self {
        Self::from_json(self.json.clone())
    }
}

impl<T> PartialEq for Value<T> {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl<T> fmt::Debug for Value<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Value({})", self.json)
    }
}

impl<T> Serialize for Value<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<T> From<Value<T>> for Json {
    fn from(value: Value<T>) -> Self {
        value.json
    }
}

impl<T> From<&Value<T>> for Json {
    fn from(value: &Value<T>) -> Self {
        value.json.clone()
    }
}

/// What can be given where a `P` is wanted: a literal, an expression, a handle, or a list of these.
///
/// `P` is either a plain type (`String`, `i64`, `bool`, …) or the mark of one property of one resource type. The
/// mark decides what a handle renders as: `&Handle<sqs::Queue>` becomes `Fn::GetAtt … Arn` where an ARN is wanted
/// and `Ref` where the URL is wanted, and does not compile where a queue is of no use.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as `{P}`",
    label = "not a value that `{P}` takes",
    note = "give a literal, an attribute (`handle.arn()`), the handle itself (`&handle`), or `raw(…)` for what the types do not know"
)]
pub trait To<P> {
    /// The value as this property wants it.
    fn to_value(self) -> Value<P>;
}

/// Says that an expression of kind `A` is also good as a `Self`.
#[diagnostic::on_unimplemented(
    message = "a value of kind `{A}` is not a kind of reference that `{Self}` accepts",
    label = "`{Self}` does not take `{A}`",
    note = "look for the attribute that this property wants (`handle.arn()`, `handle.reference()`); `raw(…)` overrides the types"
)]
pub trait Accepts<A> {}

/// Says that a handle to an `R` is good as a `Self`, and by which of its attributes.
#[diagnostic::on_unimplemented(
    message = "a handle to `{R}` is not a kind of reference that `{Self}` accepts",
    label = "`{Self}` does not take `{R}`",
    note = "a plain text property takes `handle.reference()` or an attribute such as `handle.arn()`; `raw(…)` overrides the types"
)]
pub trait Takes<R> {
    /// What the handle renders as.
    const BY: By;
}

/// Marks of values that are text in a template: attributes, references, properties that refer.
pub trait Text {}

/// Structures and enumerations of resource types, which stand for themselves.
pub trait Shape: Sized {
    /// The CloudFormation JSON of this structure.
    fn into_shape_json(self) -> Json;
}

/// A map with text keys and values of one kind, such as the environment variables of a function.
#[derive(Debug)]
pub struct Dictionary<T>(PhantomData<fn() -> T>);

/// Something whose type the kit does not check; made by [`raw`].
#[derive(Debug, Clone)]
pub struct Raw(Json);

/// Takes CloudFormation JSON, or a value of another kind, as it is, wherever it is put.
///
/// For an ARN that is spelled out, a property newer than the facts, or an expression that the types do not allow.
pub fn raw(json: impl Into<Json>) -> Raw {
    Raw(json.into())
}

/// Any text as `Value<String>`, so that unlike things fit into one list or one dictionary.
pub fn text(value: impl To<String>) -> Value<String> {
    value.to_value()
}

impl<P> To<P> for Raw {
    fn to_value(self) -> Value<P> {
        Value::from_json(self.0)
    }
}

impl<P: Accepts<A>, A> To<P> for Value<A> {
    fn to_value(self) -> Value<P> {
        self.retype()
    }
}

impl<P: Accepts<A>, A> To<P> for &Value<A> {
    fn to_value(self) -> Value<P> {
        self.clone().retype()
    }
}

impl<P: Takes<R>, R: Resource> To<P> for &Handle<R> {
    fn to_value(self) -> Value<P> {
        self.by(P::BY)
    }
}

impl<S: Shape> To<S> for S {
    fn to_value(self) -> Value<S> {
        Value::from_json(self.into_shape_json())
    }
}
