//! What CloudFormation leaves to everybody's care, written once: each of these closes a trap that AWS leaves open.

mod alarm;
mod alerts;
mod bucket;
mod function;
mod key;
mod queue;
mod table;

pub use alarm::Alarm;
pub(crate) use alarm::with_runbook;
pub use alerts::AlertTopic;
pub use bucket::{Bucket, Expiry, Lifecycle};
pub use function::{Function, FunctionParts};
pub use key::DataKey;
pub use queue::{Both, DeadLetters, Queue, QueueParts};
pub use table::{SparseIndex, Table};

use cfn_kit::Policy;
use cfn_kit::prelude::*;

use foundation::environment::DataProtection;

/// Text of a configuration: known here, or only to AWS.
#[derive(Debug)]
pub struct Text<S>(pub Value<String, S>);

impl<S> From<String> for Text<S> {
    fn from(known: String) -> Self {
        Self(text(known))
    }
}

/// Keep what holds data, where the environment wants it kept.
///
/// A resource whose very creation failed is not kept: it holds nothing, and would stand in the way of the next try.
pub(crate) fn protect<R: Resource>(resource: R, data: DataProtection) -> R {
    match data {
        DataProtection::Keep => resource.on_delete(Policy::RetainExceptOnCreate).on_replace(Policy::Retain),
        // Said aloud: without the words, CloudFormation deletes some types and snapshots others.
        DataProtection::Delete => resource.on_delete(Policy::Delete).on_replace(Policy::Delete),
    }
}

/// The statement that every resource policy holds: no plain HTTP.
pub(crate) fn tls_only<S>(actions: &'static str) -> Statement<S> {
    Statement::deny([actions]).sid("TlsOnly").principal(Principal::everyone()).condition(Operator::Bool, "aws:SecureTransport", "false")
}
