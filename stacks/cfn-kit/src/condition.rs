//! Conditions: what a template decides when it is deployed.

use serde_json::{Value as Json, json};

use crate::value::{To, Value};

/// A condition of a template, got from [`Template::condition`](crate::Template::condition).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    name: String,
}

impl Condition {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned() }
    }

    /// The condition's name in the template.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Something that is true or false when the template is deployed: the body of a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Test(Json);

impl Test {
    /// The CloudFormation JSON of this test.
    pub fn into_json(self) -> Json {
        self.0
    }
}

impl From<&Condition> for Test {
    fn from(condition: &Condition) -> Self {
        Self(json!({ "Condition": condition.name }))
    }
}

/// `Fn::Equals`: both texts are the same.
pub fn equals(left: impl To<String>, right: impl To<String>) -> Test {
    Test(json!({ "Fn::Equals": [left.to_value().into_json(), right.to_value().into_json()] }))
}

/// `Fn::Not`.
pub fn not(test: impl Into<Test>) -> Test {
    Test(json!({ "Fn::Not": [test.into().0] }))
}

/// `Fn::And` of two to ten tests.
pub fn all(tests: impl IntoIterator<Item = impl Into<Test>>) -> Test {
    Test(json!({ "Fn::And": list(tests) }))
}

/// `Fn::Or` of two to ten tests.
pub fn any(tests: impl IntoIterator<Item = impl Into<Test>>) -> Test {
    Test(json!({ "Fn::Or": list(tests) }))
}

fn list(tests: impl IntoIterator<Item = impl Into<Test>>) -> Vec<Json> {
    tests.into_iter().map(|test| test.into().0).collect()
}

/// `Fn::If`, good for whatever both of its sides are good for.
#[derive(Debug, Clone)]
pub struct If<A, B> {
    condition: Condition,
    then: A,
    otherwise: B,
}

/// `then` where the condition holds, `otherwise` elsewhere; [`NoValue`] on one side leaves the property out.
pub fn if_<A, B>(condition: &Condition, then: A, otherwise: B) -> If<A, B> {
    If { condition: condition.clone(), then, otherwise }
}

impl<P, A: To<P>, B: To<P>> To<P> for If<A, B> {
    fn to_value(self) -> Value<P> {
        let (then, otherwise) = (self.then.to_value().into_json(), self.otherwise.to_value().into_json());
        Value::from_json(json!({ "Fn::If": [self.condition.name, then, otherwise] }))
    }
}

/// `AWS::NoValue`: the property is left out, as though it were not in the template.
#[derive(Debug, Clone, Copy)]
pub struct NoValue;

impl<P> To<P> for NoValue {
    fn to_value(self) -> Value<P> {
        Value::from_json(json!({ "Ref": "AWS::NoValue" }))
    }
}
