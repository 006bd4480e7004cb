//! What the engine is asked to do: one request per process, as the first line on its standard input.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{Collect, FindRelease, Import, Intended, ListReleases, Publish, Push, Unlock};
use crate::{Guards, Plan};

/// One thing to do in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// Bring the stacks to what is written in the templates.
    Deploy(Deploy),
    /// Delete the stacks, those that use others first.
    Destroy(Destroy),
    /// Tell in what state the stacks are.
    Status(Stacks),
    /// Tell what the stacks give to the outside.
    Outputs(Stacks),
    /// Fetch the templates as they are deployed.
    Templates(Stacks),
    /// Read the log groups of the stacks.
    Logs(Logs),
    /// Take resources that exist already into a stack.
    Import(Box<Import>),
    /// Upload artifacts without deploying them.
    Publish(Publish),
    /// Bring a container image to its repository.
    Push(Push),
    /// List what was released.
    Releases(ListReleases),
    /// Find a release, and what is deployed instead of it.
    Release(FindRelease),
    /// Take away the lease of a deploy that will not give it back.
    Unlock(Unlock),
    /// Delete what no release needs any more.
    Collect(Collect),
    /// Compare what is declared with what the services say.
    Verify(crate::Verify),
    /// Compare what is deployed with what the services and CloudFormation say.
    Drift(crate::Drift),
    /// Ask whether a deploy would find what it needs.
    Preflight(crate::Preflight),
    /// Tell what a deploy is going to do, and write nothing.
    Plan(Deploy),
    /// Carry out a plan exactly, or refuse when what it was made from has changed.
    Execute(Box<Plan>),
    /// Tell how much waits in the queues.
    Queues(Stacks),
    /// Put a message into a queue.
    Send(crate::Send),
    /// Tell in what state the stacks are, what comes next for each, and who holds the lease.
    Overview(crate::Overview),
    /// Hand in a job as the front door does.
    Submit(crate::Submit),
    /// List the newest jobs.
    Jobs(crate::ListJobs),
    /// Show one job whole.
    Job(crate::FindJob),
    /// Look into the dead-letter queues, and do something about what is there.
    DeadLetters(crate::DeadLetters),
}

/// Where to do it. Credentials and the endpoint come from the process's environment, as with every AWS tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The environment's name, as in `environments/<name>.yaml`.
    pub environment: String,
    /// The account that the credentials must belong to, twelve digits. Checked before the first write.
    pub account: String,
    /// The AWS region, such as `eu-central-1`.
    pub region: String,
}

/// A stack by its two names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StackRef {
    /// The short name that people use: `jobs`.
    pub stack: String,
    /// The name in CloudFormation: `cloudwright-staging-jobs`.
    pub name: String,
}

/// The stacks of one environment that a reading request is about, in dependency order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stacks {
    /// Where they are.
    pub target: Target,
    /// Which they are.
    pub stacks: Vec<StackRef>,
}

/// Bring stacks to what is written in the templates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deploy {
    /// Where to deploy.
    pub target: Target,
    /// The stacks, in dependency order.
    pub stacks: Vec<StackSpec>,
    /// What the templates' artifact parameters stand for.
    pub artifacts: Vec<Artifact>,
    /// The output that names the bucket for artifacts and for templates too long to be sent inline.
    pub artifact_bucket: OutputRef,
    /// Whether to send [`Event::Confirm`](crate::Event::Confirm) and wait for an answer before anything is executed.
    pub ask: bool,
    /// Logical IDs of resources that a stuck rollback gives up, so that it can go on.
    #[serde(default)]
    pub skip: Vec<String>,
    /// Logical IDs of resources that may stay behind when CloudFormation cannot delete them after they were replaced or dropped.
    #[serde(default)]
    pub orphans: Vec<String>,
    /// What the release ledger says about it.
    #[serde(default)]
    pub release: Intended,
    /// What watches over it.
    #[serde(default)]
    pub guards: Guards,
}

/// One stack, whole: what CloudFormation gets and what the engine needs to explain a failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackSpec {
    /// The short name that people use: `jobs`.
    pub stack: String,
    /// The name in CloudFormation: `cloudwright-staging-jobs`.
    pub name: String,
    /// The template as JSON text, at most 1 MB.
    pub template: String,
    /// Where each template parameter's value comes from.
    pub parameters: IndexMap<String, Source>,
    /// Capabilities to acknowledge, such as `CAPABILITY_IAM`.
    pub capabilities: Vec<String>,
    /// Tags for the stack and everything in it that can carry tags.
    pub tags: BTreeMap<String, String>,
    /// The line of Rust that made each resource, by logical ID: `stacks/src/jobs.rs:13`.
    pub sources: BTreeMap<String, String>,
    /// Whether CloudFormation shall refuse to delete the stack.
    pub termination_protection: bool,
}

/// Where a parameter's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum Source {
    /// The value itself.
    Value {
        /// As CloudFormation gets it.
        value: String,
    },
    /// Another stack's output, known when that stack is deployed.
    Output(OutputRef),
    /// The object key of an artifact in the artifact bucket.
    Artifact {
        /// The artifact's name: that of its binary.
        artifact: String,
    },
    /// The digest of the template and of all other parameters and tags. The stack keeps it, so that the next deploy can tell
    /// with one call that nothing has changed. (A stack tag would do the same and be copied onto every resource, so that
    /// every deploy would change them all.)
    Digest,
}

/// An output of a stack of the same environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutputRef {
    /// The stack's short name.
    pub stack: String,
    /// The output's logical ID.
    pub output: String,
}

/// A file that a stack needs in the artifact bucket. Its key is made from its content, so the same content is uploaded once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The name that [`Source::Artifact`] refers to.
    pub name: String,
    /// The file to upload.
    pub path: PathBuf,
    /// The SHA-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
}

impl Artifact {
    /// The key under which the artifact is stored: `artifacts/transcode/<sha256>.zip`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("artifacts/{}/{}.zip", self.name, self.sha256)
    }
}

/// Delete the stacks of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Destroy {
    /// Where to destroy.
    pub target: Target,
    /// The stacks in dependency order; they are deleted in reverse.
    pub stacks: Vec<StackRef>,
    /// The short names of the stacks that each stack uses: a stack goes before those it uses.
    pub needs: BTreeMap<String, Vec<String>>,
    /// Whether to empty the buckets that CloudFormation is about to delete. Their objects are gone then, all versions of them.
    pub purge: bool,
    /// Whether to ask before the first deletion.
    pub ask: bool,
    /// Logical IDs of resources that stay when a deletion has failed before: CloudFormation forgets them.
    #[serde(default)]
    pub retain: Vec<String>,
    /// Whether to lift the termination protection of protected stacks, once the question is answered with yes.
    #[serde(default)]
    pub lift_protection: bool,
    /// Stacks that are not to be deleted: while one of them exists, none that it needs is deleted.
    #[serde(default)]
    pub others: Vec<StackRef>,
}

/// Read the log groups of some stacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logs {
    /// Where they are.
    pub target: Target,
    /// The stacks whose log groups are read.
    pub stacks: Vec<StackRef>,
    /// How far to look back, in seconds.
    pub since_seconds: u64,
    /// Only lines that match this CloudWatch Logs filter pattern.
    pub filter: Option<String>,
    /// Whether to go on reading until interrupted.
    pub follow: bool,
}
