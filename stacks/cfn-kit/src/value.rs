//! What a property may be: a literal or an expression, typed by what it means.

mod literals;

use std::fmt;
use std::marker::PhantomData;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::handle::{By, Handle};

/// A literal or an expression that gives a `T` when CloudFormation evaluates it, in the template of `S` alone.
///
/// `T` is a plain type (`String`, `i64`, `f64`, `bool`, `Vec<T>`, [`Dictionary<T>`]), a structure of a resource
/// type, or the mark of an attribute, such as the ARN of a queue. `S` is the template's brand: an expression may refer to a resource
/// of that template, and means nothing in another.
pub struct Value<T, S> {
    json: Json,
    kind: PhantomData<fn() -> (T, S)>,
}

impl<T, S> Value<T, S> {
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
    pub(crate) fn retype<U>(self) -> Value<U, S> {
        Value::from_json(self.json)
    }
}

impl<T, S> Clone for Value<T, S> {
    fn clone(&self) -> Self {
        Self::from_json(self.json.clone())
    }
}

impl<T, S> PartialEq for Value<T, S> {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl<T, S> fmt::Debug for Value<T, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Value({})", self.json)
    }
}

impl<T, S> Serialize for Value<T, S> {
    fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
        self.json.serialize(serializer)
    }
}

impl<T, S> From<Value<T, S>> for Json {
    fn from(value: Value<T, S>) -> Self {
        value.json
    }
}

impl<T, S> From<&Value<T, S>> for Json {
    fn from(value: &Value<T, S>) -> Self {
        value.json.clone()
    }
}

/// What can be given where a `P` is wanted in the template of `S`: a literal, an expression, a handle, or a list of these.
///
/// `P` is either a plain type (`String`, `i64`, `bool`, …) or the mark of one property of one resource type. The
/// mark decides what a handle renders as: `&Handle<sqs::Queue>` becomes `Fn::GetAtt … Arn` where an ARN is wanted
/// and `Ref` where the URL is wanted, and does not compile where a queue is of no use.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as `{P}`",
    label = "not a value that `{P}` takes",
    note = "give a literal, an attribute (`handle.arn()`), the handle itself (`&handle`), or `raw(…)` for what the types do not know"
)]
pub trait To<P, S> {
    /// The value as this property wants it.
    fn to_value(self) -> Value<P, S>;
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

/// Structures of resource types, which stand for themselves.
pub trait Shape: Sized {
    /// What a property that wants it names: the structure without a template.
    type Kind;
    /// The brand of the template that it is for.
    type Stack;

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
pub fn text<S>(value: impl To<String, S>) -> Value<String, S> {
    value.to_value()
}

impl<P, S> To<P, S> for Raw {
    fn to_value(self) -> Value<P, S> {
        Value::from_json(self.0)
    }
}

impl<P: Accepts<A>, A, S> To<P, S> for Value<A, S> {
    fn to_value(self) -> Value<P, S> {
        self.retype()
    }
}

impl<P: Accepts<A>, A, S> To<P, S> for &Value<A, S> {
    fn to_value(self) -> Value<P, S> {
        self.clone().retype()
    }
}

impl<P: Takes<R>, R, S> To<P, S> for &Handle<R, S> {
    fn to_value(self) -> Value<P, S> {
        self.by(P::BY)
    }
}

// Whoever gives something else is not helped by a list of structures.
#[diagnostic::do_not_recommend]
impl<T: Shape> To<T::Kind, T::Stack> for T {
    fn to_value(self) -> Value<T::Kind, T::Stack> {
        Value::from_json(self.into_shape_json())
    }
}
