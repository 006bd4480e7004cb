//! Taking what exists already into a stack.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{StackRef, StackSpec, Target};

/// Take resources that were made elsewhere into a stack, as they are: nothing is made, changed or deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// Where to do it.
    pub target: Target,
    /// The stack that takes them in. Of its template, only what the resources need is used.
    pub stack: StackSpec,
    /// The other stacks of the environment, whose outputs may be parameters of this one.
    pub others: Vec<StackRef>,
    /// What to take in.
    pub resources: Vec<Adopted>,
    /// Whether to ask before the change set is executed.
    pub ask: bool,
}

/// A resource that exists, and what it is called in the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// Its logical ID in the template.
    pub logical_id: String,
    /// Its CloudFormation type.
    pub resource_type: String,
    /// The properties that identify it, with the values that they have in AWS: `{"QueueUrl": "https://…"}`.
    pub identifier: IndexMap<String, String>,
}
