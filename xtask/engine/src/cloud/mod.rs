//! What the engine needs of a cloud: a small, typed surface over CloudFormation, S3, STS and the services of the resources.
//!
//! AWS stands behind it in the program `deploy`; in tests a scripted cloud does, which can fail at every call.

mod deeds;
mod objects;
mod reading;
mod registry;
mod service_id;
mod services;
mod stacks;

use std::time::Duration;

use protocol::Calls;

pub(crate) use deeds::{DYNAMODB, SQS, attribute};
pub use deeds::{Deed, Order};
pub use objects::{Condition, Listed, Listing, Objects, Stored, StoredObject};
pub use reading::{Action, Ask, Home, Protocol, Service, only_reads};
pub use registry::{Pushed, registry_login};
pub use services::{LogLine, Services};
pub use stacks::{
    ChangeSetId, ChangeSetState, DriftDetection, DriftedResource, Manner, NewChangeSet, NewImport, NewStack, RollbackAlarms, StackEvent,
    StackResource, StackState, Stacks, TemplateSource,
};

/// Whose credentials these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account, twelve digits.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// A call that AWS, or the way to it, answered with an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service} {operation}: {message}")]
pub struct CloudError {
    /// The service: `cloudformation`.
    pub service: &'static str,
    /// The operation: `CreateChangeSet`.
    pub operation: &'static str,
    /// AWS's error code, when AWS answered.
    pub code: Option<String>,
    /// AWS's words, or those of the connection that failed.
    pub message: String,
    /// What sort of error this is.
    pub kind: ErrorKind,
}

/// What the engine does differently for an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No credentials, or none that AWS accepts.
    Credentials,
    /// Nothing answers at the endpoint.
    Unreachable,
    /// The caller may not do this.
    Denied,
    /// It does not exist.
    NotFound,
    /// It exists already.
    Exists,
    /// AWS refuses what was sent.
    Refused,
    /// Somebody else was there first: a precondition of the call does not hold.
    Conflict,
    /// Anything else.
    Other,
    /// Too many calls at a time: AWS has done nothing, and asks for patience.
    Throttled,
    /// AWS is out of order for a moment, or its answer was lost: nobody knows what it has done.
    Unavailable,
}

/// A cloud.
#[expect(async_fn_in_trait, reason = "the engine runs on one thread, so no future needs to be Send")]
pub trait Cloud: Stacks + Objects + Services {
    /// Whose credentials these are.
    async fn identity(&self) -> Result<Identity, CloudError>;
    /// Let some time pass before the next look.
    async fn pause(&self, time: Duration);
    /// How often each service has been called.
    fn calls(&self) -> Calls;
}
