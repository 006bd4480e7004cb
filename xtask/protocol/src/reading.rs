//! Reading back: what is declared against what the services themselves say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{OutputRef, StackRef, StackSpec, Target};

/// Compare what templates declare with what the services say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verify {
    /// Where the stacks are.
    pub target: Target,
    /// What is declared.
    pub stacks: Vec<Declared>,
    /// Stacks of the same environment that are not compared: what they grant to roles of the others is declared as well.
    #[serde(default)]
    pub beside: Vec<Declared>,
}

/// Compare what is deployed, by the templates that CloudFormation keeps, with what the services and CloudFormation's own drift
/// detection say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Where the stacks are.
    pub target: Target,
    /// The stacks; their templates are those of the working tree, for the lines of Rust and for what is excused.
    pub stacks: Vec<Declared>,
    /// Stacks of the same environment that are not compared: what they grant to roles of the others is declared as well.
    #[serde(default)]
    pub beside: Vec<Declared>,
}

/// One stack as it is declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// Its two names.
    #[serde(flatten)]
    pub stack: StackRef,
    /// The template as JSON text.
    pub template: String,
    /// The line of Rust that made each resource, by logical ID.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
    /// What the endpoint is known not to keep. A difference there is told, and is no failure.
    #[serde(default)]
    pub excuses: Vec<Excuse>,
}

impl Declared {
    /// A stack as a deploy sends it, with what its endpoint is known not to keep.
    #[must_use]
    pub fn of(spec: &StackSpec, excuses: Vec<Excuse>) -> Self {
        let stack = StackRef { stack: spec.stack.clone(), name: spec.name.clone() };
        Self { stack, template: spec.template.clone(), sources: spec.sources.clone(), excuses }
    }
}

/// Something that an endpoint which is not AWS is known not to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excuse {
    /// The resource.
    pub logical_id: String,
    /// Its property; none for the whole resource.
    pub property: Option<String>,
    /// Why, in one line.
    pub reason: String,
}

/// What came of comparing one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Which stack.
    #[serde(flatten)]
    pub stack: StackRef,
    /// The logical ID.
    pub logical_id: String,
    /// The CloudFormation type.
    pub resource_type: String,
    /// Its name in AWS; empty when there is none.
    pub physical_id: String,
    /// The line of Rust that made it.
    pub source: Option<String>,
    /// How it is.
    pub verdict: Verdict,
    /// How many single values were compared.
    pub compared: usize,
    /// What differs.
    pub differences: Vec<Difference>,
    /// What is declared and could not be compared. It may be right or wrong: nobody looked.
    pub not_compared: Vec<NotCompared>,
    /// How many questions were asked for it; one that several resources share counts for the first.
    pub calls: u64,
}

/// How a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that could be compared is as declared.
    Same,
    /// Something differs.
    Differs,
    /// What differs is known not to be kept by this endpoint.
    Excused,
    /// Nothing could be compared.
    NotRead,
}

/// A property that is not as declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Where in the resource's properties: `PolicyDocument.Statement[TlsOnly].Action`. Empty for the resource itself.
    pub path: String,
    /// What is declared; null when nothing is.
    pub declared: Value,
    /// What the service says; null when it says nothing.
    pub live: Value,
    /// Why this is no failure here; none when it is one.
    pub excuse: Option<String>,
}

/// Something that is declared and was not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCompared {
    /// Where in the resource's properties; empty for the whole resource.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What CloudFormation's own drift detection says of one stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// Which stack.
    #[serde(flatten)]
    pub stack: StackRef,
    /// AWS's word: `IN_SYNC`, `DRIFTED`; none when it cannot tell.
    pub status: Option<String>,
    /// Why it cannot tell.
    pub reason: Option<String>,
    /// The resources that drifted.
    pub resources: Vec<DetectedResource>,
}

/// A resource that drifted, as CloudFormation says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectedResource {
    /// The logical ID.
    pub logical_id: String,
    /// The CloudFormation type.
    pub resource_type: String,
    /// AWS's word: `MODIFIED`, `DELETED`.
    pub status: String,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Ask whether a deploy would find what it needs, before it is begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preflight {
    /// Where it would go.
    pub target: Target,
    /// What would be deployed.
    pub stacks: Vec<Declared>,
    /// The output that names the artifact bucket.
    pub artifact_bucket: OutputRef,
    /// The name in CloudFormation of the stack with the role that deploys are meant to act with; none where none is needed.
    pub execution_role: Option<String>,
}

/// One thing that was looked at before a deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What: `lambda concurrency`.
    pub name: String,
    /// How it is.
    pub state: CheckState,
    /// What was found, with figures.
    pub found: String,
    /// What to do; none when there is nothing to do.
    pub hint: Option<String>,
}

/// How something is that was looked at before a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// A deploy goes through, and somebody will regret it.
    Warning,
    /// A deploy would fail, or what it makes would not work.
    Error,
    /// The caller may not look, or the endpoint does not know the question.
    CannotTell,
}
