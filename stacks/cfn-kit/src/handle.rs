//! Handles: the proof that a resource exists.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::json;

use crate::resource::Resource;
use crate::value::Value;

/// How a handle is written where a property wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `{"Ref": id}`.
    Ref,
    /// `{"Fn::GetAtt": [id, attribute]}`.
    Attribute(&'static str),
}

/// The proof that a resource stands in a template, and the only source of references to it.
///
/// `R` is the type of the resource, `S` the brand of its template: a handle is of no use in another template. Got from [`Template::add`](crate::Template::add). Give it by reference where another resource wants it; the property decides whether
/// that renders as `Ref` or as `Fn::GetAtt`. Attributes are methods: `queue.arn()`, `queue.queue_name()`.
pub struct Handle<R, S> {
    id: Arc<str>,
    kind: PhantomData<fn() -> (R, S)>,
}

impl<R, S> Handle<R, S> {
    pub(crate) fn new(id: &str) -> Self {
        Self { id: Arc::from(id), kind: PhantomData }
    }

    /// The logical ID that the resource was added under.
    pub fn logical_id(&self) -> &str {
        &self.id
    }

    pub(crate) fn by<T>(&self, by: By) -> Value<T, S> {
        Value::from_json(match by {
            By::Ref => json!({ "Ref": &*self.id }),
            By::Attribute(name) => json!({ "Fn::GetAtt": [&*self.id, name] }),
        })
    }

    /// An attribute that the facts do not list, such as `Outputs.X` of a nested stack or that of a custom resource.
    pub fn attribute(&self, name: &str) -> Value<String, S> {
        Value::from_json(json!({ "Fn::GetAtt": [&*self.id, name] }))
    }
}

impl<R: Resource, S> Handle<R, S> {
    /// What `Ref` gives for this type of resource, typed by what it is: the URL of a queue, the ARN of a topic.
    pub fn reference(&self) -> Value<R::Ref, S> {
        self.by(By::Ref)
    }
}

impl<R, S> Clone for Handle<R, S> {
    fn clone(&self) -> Self {
        Self { id: Arc::clone(&self.id), kind: PhantomData }
    }
}

impl<R, S> fmt::Debug for Handle<R, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Handle({})", self.id)
    }
}

/// What `DependsOn` needs of a handle, whatever its type, in the template of `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no resource of the template of `{S}`",
    note = "`DependsOn` orders the resources of one template; stacks are ordered by what they give to each other"
)]
pub trait HasLogicalId<S> {
    /// The logical ID in the template.
    fn logical_id(&self) -> &str;
}

impl<R, S> HasLogicalId<S> for Handle<R, S> {
    fn logical_id(&self) -> &str {
        Self::logical_id(self)
    }
}
