//! IAM policy documents.

use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use crate::intrinsics::{account_id, partition};
use crate::resource::Build;
use crate::sub;
use crate::value::{Accepts, Shape, To, Value};

/// Who may do what with what, as IAM reads it; always of version 2012-10-17.
#[derive(Debug)]
pub struct PolicyDocument<S = ()> {
    id: Option<String>,
    statements: Vec<Statement<S>>,
}

impl<S> PolicyDocument<S> {
    /// A document with these statements.
    pub fn new(statements: impl IntoIterator<Item = Statement<S>>) -> Self {
        Self { id: None, statements: statements.into_iter().collect() }
    }

    /// Adds a statement.
    pub fn statement(mut self, statement: Statement<S>) -> Self {
        self.statements.push(statement);
        self
    }

    /// The trust policy of a role that a service takes on, such as `lambda.amazonaws.com`.
    pub fn assumed_by_service(service: &str) -> Self {
        Self::new([Statement::allow(["sts:AssumeRole"]).principal(Principal::service(service))])
    }

    /// Whether the document says nothing.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

impl<S> Build for PolicyDocument<S> {}

impl<S> Shape for PolicyDocument<S> {
    type Kind = PolicyDocument;
    type Stack = S;

    fn into_shape_json(self) -> Json {
        let mut document = Map::new();
        document.insert("Version".to_owned(), "2012-10-17".into());
        if let Some(id) = self.id {
            document.insert("Id".to_owned(), id.into());
        }
        document.insert("Statement".to_owned(), Json::Array(self.statements.into_iter().map(Statement::into_json).collect()));
        Json::Object(document)
    }
}

impl<S> To<Json, S> for PolicyDocument<S> {
    fn to_value(self) -> Value<Json, S> {
        Value::from_json(self.into_shape_json())
    }
}

impl Accepts<PolicyDocument> for Json {}

/// Whom a statement is about.
pub struct Principal<S> {
    kind: Option<&'static str>,
    value: Json,
    brand: PhantomData<fn() -> S>,
}

impl<S> fmt::Debug for Principal<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Principal({} {})", self.kind.unwrap_or("*"), self.value)
    }
}

impl<S> Principal<S> {
    fn of(kind: Option<&'static str>, value: Json) -> Self {
        Self { kind, value, brand: PhantomData }
    }

    /// Anybody, also without credentials: only together with a condition or in a deny.
    pub fn everyone() -> Self {
        Self::of(None, "*".into())
    }

    /// A service of AWS, such as `s3.amazonaws.com`.
    pub fn service(name: impl To<String, S>) -> Self {
        Self::of(Some("Service"), name.to_value().into_json())
    }

    /// An account, a role or a user, by ARN or account number.
    pub fn aws(arn: impl To<String, S>) -> Self {
        Self::of(Some("AWS"), arn.to_value().into_json())
    }

    /// The account that the stack is in: whoever its own policies allow.
    pub fn this_account() -> Self {
        Self::aws(sub!("arn:{}:iam::{}:root", partition(), account_id()))
    }

    /// An identity provider, by ARN or domain name.
    pub fn federated(provider: impl To<String, S>) -> Self {
        Self::of(Some("Federated"), provider.to_value().into_json())
    }
}

/// How a condition of a statement compares. Words that are not here: [`Operator::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Both texts are the same.
    StringEquals,
    /// The texts differ.
    StringNotEquals,
    /// The text matches a pattern with `*` and `?`.
    StringLike,
    /// The text matches no pattern.
    StringNotLike,
    /// The same ARN, with `*` and `?` within its parts.
    ArnLike,
    /// The same ARN.
    ArnEquals,
    /// A switch, given as `true` or `false`.
    Bool,
    /// The key is absent (`true`) or present (`false`).
    Null,
    /// A number smaller than this.
    NumericLessThan,
    /// A number larger than this.
    NumericGreaterThan,
    /// The caller's address lies in this range.
    IpAddress,
    /// Any other operator, such as `ForAnyValue:StringEquals`.
    Other(&'static str),
}

impl Operator {
    fn word(self) -> &'static str {
        match self {
            Self::StringEquals => "StringEquals",
            Self::StringNotEquals => "StringNotEquals",
            Self::StringLike => "StringLike",
            Self::StringNotLike => "StringNotLike",
            Self::ArnLike => "ArnLike",
            Self::ArnEquals => "ArnEquals",
            Self::Bool => "Bool",
            Self::Null => "Null",
            Self::NumericLessThan => "NumericLessThan",
            Self::NumericGreaterThan => "NumericGreaterThan",
            Self::IpAddress => "IpAddress",
            Self::Other(word) => word,
        }
    }
}

/// One statement of a policy document.
#[derive(Debug)]
pub struct Statement<S> {
    sid: Option<String>,
    effect: &'static str,
    principals: Vec<Principal<S>>,
    actions: Vec<String>,
    resources: Vec<Json>,
    conditions: IndexMap<&'static str, IndexMap<String, Json>>,
}

impl<S> Statement<S> {
    fn new<A: Into<String>>(effect: &'static str, actions: impl IntoIterator<Item = A>) -> Self {
        Self {
            sid: None,
            effect,
            principals: Vec::new(),
            actions: actions.into_iter().map(Into::into).collect(),
            resources: Vec::new(),
            conditions: IndexMap::new(),
        }
    }

    /// Allows these actions, such as `sqs:SendMessage`.
    pub fn allow<A: Into<String>>(actions: impl IntoIterator<Item = A>) -> Self {
        Self::new("Allow", actions)
    }

    /// Forbids these actions, whatever else allows them.
    pub fn deny<A: Into<String>>(actions: impl IntoIterator<Item = A>) -> Self {
        Self::new("Deny", actions)
    }

    /// The statement's name: letters and digits.
    pub fn sid(mut self, sid: &str) -> Self {
        self.sid = Some(sid.to_owned());
        self
    }

    /// Adds a resource that the actions are on: an ARN, with `*` and `?`.
    pub fn on(mut self, resource: impl To<String, S>) -> Self {
        self.resources.push(resource.to_value().into_json());
        self
    }

    /// Adds several resources.
    pub fn on_each<X: To<String, S>>(mut self, resources: impl IntoIterator<Item = X>) -> Self {
        self.resources.extend(resources.into_iter().map(|resource| resource.to_value().into_json()));
        self
    }

    /// Adds somebody whom the statement is about; for policies of resources and for trust policies.
    pub fn principal(mut self, principal: Principal<S>) -> Self {
        self.principals.push(principal);
        self
    }

    /// Adds a condition; all conditions must hold, and for one key any of several values.
    pub fn condition(mut self, operator: Operator, key: &str, value: impl To<String, S>) -> Self {
        let value = value.to_value().into_json();
        let keys = self.conditions.entry(operator.word()).or_default();
        match keys.get_mut(key) {
            Some(Json::Array(values)) => values.push(value),
            Some(known) => *known = json!([known.clone(), value]),
            None => {
                keys.insert(key.to_owned(), value);
            }
        }
        self
    }

    fn into_json(self) -> Json {
        let mut statement = Map::new();
        if let Some(sid) = self.sid {
            statement.insert("Sid".to_owned(), sid.into());
        }
        statement.insert("Effect".to_owned(), self.effect.into());
        if !self.principals.is_empty() {
            statement.insert("Principal".to_owned(), principals_json(self.principals));
        }
        statement.insert("Action".to_owned(), one_or_many(self.actions.into_iter().map(Json::from).collect()));
        if !self.resources.is_empty() {
            statement.insert("Resource".to_owned(), one_or_many(self.resources));
        }
        if !self.conditions.is_empty() {
            statement.insert("Condition".to_owned(), json!(self.conditions));
        }
        Json::Object(statement)
    }
}

fn principals_json<S>(principals: Vec<Principal<S>>) -> Json {
    // `*` takes in everybody else.
    if principals.iter().any(|principal| principal.kind.is_none()) {
        return "*".into();
    }
    let mut kinds: IndexMap<&str, Vec<Json>> = IndexMap::new();
    for principal in principals {
        kinds.entry(principal.kind.unwrap_or("AWS")).or_default().push(principal.value);
    }
    Json::Object(kinds.into_iter().map(|(kind, values)| (kind.to_owned(), one_or_many(values))).collect())
}

/// IAM reads one text like a list of one, and people read it more easily.
fn one_or_many(mut values: Vec<Json>) -> Json {
    if values.len() == 1 { values.remove(0) } else { Json::Array(values) }
}
