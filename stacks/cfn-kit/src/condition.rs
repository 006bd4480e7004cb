//! Conditions: what a template decides when it is deployed.

use std::fmt;
use std::marker::PhantomData;

use serde_json::{Value as Json, json};

use crate::value::{To, Value};

/// A condition of a template, got from [`Template::condition`](crate::Template::condition).
pub struct Condition<S> {
    name: String,
    brand: PhantomData<fn() -> S>,
}

impl<S> Condition<S> {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), brand: PhantomData }
    }

    /// The condition's name in the template.
    pub fn name(&self) -> &str {
        &self.name
    }
}

// By hand: a derive would ask the same of the brand, which is only a name.
impl<S> Clone for Condition<S> {
    fn clone(&self) -> Self {
        Self::new(&self.name)
    }
}

impl<S> fmt::Debug for Condition<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Condition({})", self.name)
    }
}

/// Something that is true or false when the template is deployed: the body of a condition.
pub struct Test<S>(Json, PhantomData<fn() -> S>);

impl<S> fmt::Debug for Test<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Test({})", self.0)
    }
}

impl<S> Test<S> {
    fn new(json: Json) -> Self {
        Self(json, PhantomData)
    }

    /// The CloudFormation JSON of this test.
    pub fn into_json(self) -> Json {
        self.0
    }
}

impl<S> From<&Condition<S>> for Test<S> {
    fn from(condition: &Condition<S>) -> Self {
        Self::new(json!({ "Condition": condition.name }))
    }
}

/// `Fn::Equals`: both texts are the same.
pub fn equals<S>(left: impl To<String, S>, right: impl To<String, S>) -> Test<S> {
    Test::new(json!({ "Fn::Equals": [left.to_value().into_json(), right.to_value().into_json()] }))
}

/// `Fn::Not`.
pub fn not<S>(test: impl Into<Test<S>>) -> Test<S> {
    Test::new(json!({ "Fn::Not": [test.into().0] }))
}

/// `Fn::And` of two to ten tests.
pub fn all<S>(tests: impl IntoIterator<Item = impl Into<Test<S>>>) -> Test<S> {
    Test::new(json!({ "Fn::And": list(tests) }))
}

/// `Fn::Or` of two to ten tests.
pub fn any<S>(tests: impl IntoIterator<Item = impl Into<Test<S>>>) -> Test<S> {
    Test::new(json!({ "Fn::Or": list(tests) }))
}

fn list<S>(tests: impl IntoIterator<Item = impl Into<Test<S>>>) -> Vec<Json> {
    tests.into_iter().map(|test| test.into().0).collect()
}

/// `Fn::If`, good for whatever both of its sides are good for.
#[derive(Debug, Clone)]
pub struct If<A, B, S> {
    condition: Condition<S>,
    then: A,
    otherwise: B,
}

/// `then` where the condition holds, `otherwise` elsewhere; [`NoValue`] on one side leaves the property out.
pub fn if_<A, B, S>(condition: &Condition<S>, then: A, otherwise: B) -> If<A, B, S> {
    If { condition: condition.clone(), then, otherwise }
}

impl<P, S, A: To<P, S>, B: To<P, S>> To<P, S> for If<A, B, S> {
    fn to_value(self) -> Value<P, S> {
        let (then, otherwise) = (self.then.to_value().into_json(), self.otherwise.to_value().into_json());
        Value::from_json(json!({ "Fn::If": [self.condition.name, then, otherwise] }))
    }
}

/// `AWS::NoValue`: the property is left out, as though it were not in the template.
#[derive(Debug, Clone, Copy)]
pub struct NoValue;

impl<P, S> To<P, S> for NoValue {
    fn to_value(self) -> Value<P, S> {
        Value::from_json(json!({ "Ref": "AWS::NoValue" }))
    }
}
