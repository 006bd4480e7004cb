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
/// Got from [`Template::add`](crate::Template::add). Give it by reference where another resource wants it; the property decides whether
/// that renders as `Ref` or as `Fn::GetAtt`. Attributes are methods: `queue.arn()`, `queue.queue_name()`.
pub struct Handle<R> {
    id: Arc<str>,
    kind: PhantomData<fn() -> R>,
}

impl<R> Handle<R> {
    pub(crate) fn new(id: &str) -> Self {
        Self { id: Arc::from(id), kind: PhantomData }
    }

    /// The logical ID that the resource was added under.
    pub fn logical_id(&self) -> &str {
        &self.id
    }

    pub(crate) fn by<T>(&self, by: By) -> Value<T> {
        Value::from_json(match by {
            By::Ref => json!({ "Ref": &*self.id }),
            By::Attribute(name) => json!({ "Fn::GetAtt": [&*self.id, name] }),
        })
    }

    /// An attribute that the facts do not list, such as `Outputs.X` of a nested stack or that of a custom resource.
    pub fn attribute(&self, name: &str) -> Value<String> {
        Value::from_json(json!({ "Fn::GetAtt": [&*self.id, name] }))
    }
}

impl<R: Resource> Handle<R> {
    /// What `Ref` gives for this type of resource, typed by what it is: the URL of a queue, the ARN of a topic.
    pub fn reference(&self) -> Value<R::Ref> {
        self.by(By::Ref)
    }
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self { id: Arc::clone(&self.id), kind: PhantomData }
    }
}

impl<R> fmt::Debug for Handle<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Handle({})", self.id)
    }
}

/// What `DependsOn` needs of a handle, whatever its type.
pub trait HasLogicalId {
    /// The logical ID in the template.
    fn logical_id(&self) -> &str;
}

impl<R> HasLogicalId for Handle<R> {
    fn logical_id(&self) -> &str {
        Self::logical_id(self)
    }
}
