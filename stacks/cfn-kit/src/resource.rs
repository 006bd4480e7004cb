//! What a resource says about itself, whatever its type.

use std::fmt;
use std::marker::PhantomData;

use serde_json::{Map, Value as Json, json};

use crate::condition::Condition;
use crate::context::{self, Context};
use crate::handle::{By, Handle, HasLogicalId};
use crate::rules;
use crate::template::Template;
use crate::value::{To, Value};

/// Everything that a resource says in the template of `S`, apart from its type.
pub struct Body<S> {
    pub(crate) properties: Map<String, Json>,
    pub(crate) attributes: Map<String, Json>,
    brand: PhantomData<fn() -> S>,
}

// By hand: a derive would ask the same of the brand, which is only a name.
impl<S> Default for Body<S> {
    fn default() -> Self {
        Self::of(Map::new())
    }
}

impl<S> Clone for Body<S> {
    fn clone(&self) -> Self {
        Self { properties: self.properties.clone(), attributes: self.attributes.clone(), brand: PhantomData }
    }
}

impl<S> fmt::Debug for Body<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(&self.attributes).entries(&self.properties).finish()
    }
}

impl<S> Body<S> {
    fn of(properties: Map<String, Json>) -> Self {
        Self { properties, attributes: Map::new(), brand: PhantomData }
    }

    pub(crate) fn seal(self) -> Body<()> {
        Body { properties: self.properties, attributes: self.attributes, brand: PhantomData }
    }

    /// The same with one property more; what every generated setter is made of.
    #[doc(hidden)]
    #[must_use]
    pub fn with<P>(mut self, name: &str, value: impl To<P, S>) -> Self {
        self.set(name, value.to_value());
        self
    }

    /// Sets a property; setting it again replaces the value and keeps its place.
    pub fn set<P>(&mut self, name: &str, value: Value<P, S>) {
        self.properties.insert(name.to_owned(), value.into_json());
    }

    /// The properties as they will be rendered, by value.
    pub fn into_properties(self) -> Map<String, Json> {
        self.properties
    }

    /// The properties as they will be rendered.
    pub fn properties(&self) -> &Map<String, Json> {
        &self.properties
    }
}

/// What CloudFormation does with the real resource when it leaves the template or is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It is deleted, with its data.
    Delete,
    /// It stays, outside the stack.
    Retain,
    /// It stays, unless the operation that created it fails and is rolled back.
    RetainExceptOnCreate,
    /// A last snapshot is taken, then it is deleted; for the few types that have snapshots.
    Snapshot,
}

impl Policy {
    fn word(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
            Self::RetainExceptOnCreate => "RetainExceptOnCreate",
            Self::Snapshot => "Snapshot",
        }
    }
}

/// A resource type of CloudFormation, with what every resource may say about itself.
///
/// Setters of properties are methods of each type; where a property has the name of one of these methods, write
/// `Resource::metadata(queue, …)`.
pub trait Resource: Sized {
    /// The type's name, such as `AWS::SQS::Queue`.
    const TYPE: &'static str;
    /// What `Ref` gives.
    type Ref;
    /// The type as handles and properties name it: without a template.
    type Kind;
    /// The brand of the template that it is for.
    type Stack;

    /// What the resource says so far.
    fn body(&self) -> &Body<Self::Stack>;
    /// What the resource says so far, to add to.
    fn body_mut(&mut self) -> &mut Body<Self::Stack>;
    /// The same, by value.
    fn into_body(self) -> Body<Self::Stack>;

    /// Sets an attribute of the resource itself, such as `UpdatePolicy`.
    #[doc(hidden)]
    fn with_attribute(mut self, name: &str, json: Json) -> Self {
        self.body_mut().attributes.insert(name.to_owned(), json);
        self
    }

    /// Sets a property that the facts do not know yet.
    fn raw_property(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.body_mut().properties.insert(name.to_owned(), value.into());
        self
    }

    /// Keeps the data when the resource leaves the template and when an update replaces it: `DeletionPolicy` and
    /// `UpdateReplacePolicy` are both `Retain`.
    fn retain(self) -> Self {
        self.on_delete(Policy::Retain).on_replace(Policy::Retain)
    }

    /// Says `DeletionPolicy`.
    fn on_delete(self, policy: Policy) -> Self {
        self.with_attribute("DeletionPolicy", policy.word().into())
    }

    /// Says `UpdateReplacePolicy`; `RetainExceptOnCreate` is not allowed there and becomes `Retain`.
    fn on_replace(self, policy: Policy) -> Self {
        let policy = if policy == Policy::RetainExceptOnCreate { Policy::Retain } else { policy };
        self.with_attribute("UpdateReplacePolicy", policy.word().into())
    }

    /// Waits for another resource that no property refers to; may be said several times.
    fn depends_on(mut self, other: &impl HasLogicalId<Self::Stack>) -> Self {
        add_dependency(self.body_mut(), other.logical_id());
        self
    }

    /// Exists only where the condition holds.
    fn condition(self, condition: &Condition<Self::Stack>) -> Self {
        self.with_attribute("Condition", condition.name().into())
    }

    /// Adds one entry to the resource's `Metadata`.
    fn metadata(mut self, key: &str, value: impl Into<Json>) -> Self {
        add_metadata(self.body_mut(), key, value.into());
        self
    }

    /// Says why it is as it is and what of it may change.
    fn context(self, context: Context) -> Self {
        self.metadata(context::METADATA_KEY, context.into_json())
    }

    /// Switches a rule off for this resource; the reason stands in the template.
    fn allow(mut self, rule: &str, reason: &str) -> Self {
        allow_rule(self.body_mut(), rule, reason);
        self
    }

    /// Says `CreationPolicy`, as CloudFormation's JSON.
    fn creation_policy(self, json: impl Into<Json>) -> Self {
        self.with_attribute("CreationPolicy", json.into())
    }

    /// Says `UpdatePolicy`, as CloudFormation's JSON.
    fn update_policy(self, json: impl Into<Json>) -> Self {
        self.with_attribute("UpdatePolicy", json.into())
    }
}

pub(crate) fn add_metadata<S>(body: &mut Body<S>, key: &str, value: Json) {
    let metadata = body.attributes.entry("Metadata").or_insert_with(|| json!({}));
    if let Json::Object(entries) = metadata {
        entries.insert(key.to_owned(), value);
    }
}

pub(crate) fn allow_rule<S>(body: &mut Body<S>, rule: &str, reason: &str) {
    let known = body.attributes.get("Metadata").and_then(|metadata| metadata.get(rules::METADATA_KEY)).cloned();
    let mut ours = known.filter(Json::is_object).unwrap_or_else(|| json!({}));
    ours["allow"][rule] = reason.into();
    add_metadata(body, rules::METADATA_KEY, ours);
}

pub(crate) fn add_dependency<S>(body: &mut Body<S>, id: &str) {
    let list = body.attributes.entry("DependsOn").or_insert_with(|| Json::Array(Vec::new()));
    if let Json::Array(ids) = list
        && !ids.iter().any(|known| known == id)
    {
        ids.push(id.into());
    }
}

/// What [`Template::add`] takes: a resource, or a construct that adds several and hands back what a stack needs of them.
///
/// `S` is the brand of the template that it is for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be added to the template of `{S}`",
    note = "it may hold a reference to a resource of another template, which comes in as an output and a parameter instead"
)]
pub trait Construct<S> {
    /// What the stack gets.
    type Handle;

    /// Adds to the template under this logical ID; further resources take the ID as their beginning.
    ///
    /// Resources added here are remembered with the line that added the construct.
    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle;
}

impl<S, R: Resource<Stack = S>> Construct<S> for R {
    type Handle = Handle<R::Kind, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        template.insert_resource(id, R::TYPE, self.into_body());
        Handle::new(id)
    }
}

/// Settings that depend on something, without leaving the chain of setters.
pub trait Build: Sized {
    /// Applies the change when the switch is on.
    fn when(self, switch: bool, change: impl FnOnce(Self) -> Self) -> Self {
        if switch { change(self) } else { self }
    }

    /// Applies the change when there is a value for it.
    fn when_some<T>(self, value: Option<T>, change: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => change(self, value),
            None => self,
        }
    }
}

/// A resource of a type that the facts do not have: a custom resource, a third party's type, one newer than the kit.
#[derive(Debug)]
pub struct Untyped<S = ()> {
    type_name: String,
    body: Body<S>,
}

impl<S> Untyped<S> {
    /// A resource of the type so named, with these properties as CloudFormation's JSON.
    pub fn new(type_name: &str, properties: Map<String, Json>) -> Self {
        Self { type_name: type_name.to_owned(), body: Body::of(properties) }
    }

    /// Sets a property.
    pub fn set<P>(mut self, name: &str, value: impl To<P, S>) -> Self {
        self.body.set(name, value.to_value());
        self
    }

    /// Waits for another resource that no property refers to.
    pub fn depends_on(mut self, other: &impl HasLogicalId<S>) -> Self {
        add_dependency(&mut self.body, other.logical_id());
        self
    }
}

impl<S> Build for Untyped<S> {}

impl<S> Handle<Untyped, S> {
    /// What `Ref` gives for this resource.
    pub fn reference(&self) -> Value<String, S> {
        self.by(By::Ref)
    }
}

impl<S> Construct<S> for Untyped<S> {
    type Handle = Handle<Untyped, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        template.insert_resource(id, &self.type_name, self.body);
        Handle::new(id)
    }
}
