//! What the engine needs of a cloud: a small, typed surface over CloudFormation, S3, STS and CloudWatch Logs.
//!
//! AWS stands behind it in [`crate::aws`]; in tests a scripted cloud does, which can fail at every call.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use protocol::{Calls, Change};

/// Whose credentials these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account, twelve digits.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// A stack as CloudFormation describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackState {
    /// Its name.
    pub name: String,
    /// Its ARN, unique even when a stack of the same name is made again.
    pub id: String,
    /// AWS's word for its state.
    pub status: String,
    /// AWS's words about it.
    pub reason: Option<String>,
    /// The parameters with which it was deployed.
    pub parameters: BTreeMap<String, String>,
    /// What it gives to the outside.
    pub outputs: IndexMap<String, String>,
    /// When it last changed, in RFC 3339.
    pub changed_at: Option<String>,
}

/// What a change set is made from.
#[derive(Debug, Clone)]
pub struct NewChangeSet<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The change set's name.
    pub name: &'a str,
    /// Whether the stack is new.
    pub create: bool,
    /// The template.
    pub template: TemplateSource<'a>,
    /// Parameter → value.
    pub parameters: &'a IndexMap<String, String>,
    /// Capabilities to acknowledge.
    pub capabilities: &'a [String],
    /// Tags of the stack.
    pub tags: &'a BTreeMap<String, String>,
}

/// How a template reaches CloudFormation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateSource<'a> {
    /// In the call itself: at most 51,200 bytes.
    Body(&'a str),
    /// From a bucket: at most 1 MB.
    Url(String),
}

/// A change set that CloudFormation has accepted for computation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetId {
    /// The change set's ARN.
    pub id: String,
    /// The stack's ARN.
    pub stack_id: String,
}

/// How far a change set is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetState {
    /// AWS's word: `CREATE_COMPLETE`, `FAILED`, …
    pub status: String,
    /// AWS's words about it.
    pub reason: Option<String>,
    /// What it would change; complete only when the status is `CREATE_COMPLETE`.
    pub changes: Vec<Change>,
}

/// Something that happened to a resource or to the stack itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Unique within the stack.
    pub id: String,
    /// The logical ID; the stack's name for the stack itself.
    pub logical_id: String,
    /// The name in AWS; the stack's ARN for the stack itself.
    pub physical_id: String,
    /// The CloudFormation type.
    pub resource_type: String,
    /// AWS's word.
    pub status: String,
    /// AWS's words.
    pub reason: Option<String>,
    /// When, in RFC 3339.
    pub at: String,
}

/// A resource that a stack holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// The logical ID.
    pub logical_id: String,
    /// The name in AWS; empty while there is none.
    pub physical_id: String,
    /// The CloudFormation type.
    pub resource_type: String,
    /// AWS's word for its state.
    pub status: String,
    /// AWS's words about it.
    pub reason: Option<String>,
}

/// One line of a log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Unique within the log group.
    pub id: String,
    /// The log stream.
    pub stream: String,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub at_milliseconds: i64,
    /// The line.
    pub message: String,
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
    /// Anything else.
    Other,
}

/// A cloud.
///
/// Every method is one question or one change; pagination and the retries of throttled calls happen below.
#[expect(async_fn_in_trait, reason = "the engine runs on one thread, so no future needs to be Send")]
pub trait Cloud {
    /// Whose credentials these are.
    async fn identity(&self) -> Result<Identity, CloudError>;
    /// All stacks of the account and region that are not deleted, with parameters and outputs.
    async fn stacks(&self) -> Result<Vec<StackState>, CloudError>;
    /// One stack, by name or ARN; none when it does not exist.
    async fn stack(&self, name: &str) -> Result<Option<StackState>, CloudError>;
    /// Ask CloudFormation to compute a change set.
    async fn create_change_set(&self, new: NewChangeSet<'_>) -> Result<ChangeSetId, CloudError>;
    /// How far a change set is.
    async fn change_set(&self, id: &ChangeSetId) -> Result<ChangeSetState, CloudError>;
    /// Begin to do what a change set says.
    async fn execute(&self, id: &ChangeSetId) -> Result<(), CloudError>;
    /// Forget a change set.
    async fn delete_change_set(&self, id: &ChangeSetId) -> Result<(), CloudError>;
    /// Begin to delete a stack, by name or ARN.
    async fn delete_stack(&self, name: &str) -> Result<(), CloudError>;
    /// Let CloudFormation refuse to delete a stack, or no longer.
    async fn protect(&self, name: &str, on: bool) -> Result<(), CloudError>;
    /// The events of a stack after the one with the given id, oldest first; all of them without an id.
    async fn events(&self, stack_id: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError>;
    /// The id of the newest event of a stack.
    async fn newest_event(&self, stack_id: &str) -> Result<Option<String>, CloudError>;
    /// The resources that a stack holds.
    async fn resources(&self, name: &str) -> Result<Vec<StackResource>, CloudError>;
    /// The template of a stack; none when it does not exist.
    async fn template(&self, name: &str) -> Result<Option<String>, CloudError>;
    /// Whether an object exists.
    async fn has_object(&self, bucket: &str, key: &str) -> Result<bool, CloudError>;
    /// Store a file, verified by its SHA-256 on arrival.
    async fn put_file(&self, bucket: &str, key: &str, path: &Path, sha256: &str) -> Result<(), CloudError>;
    /// Store a text.
    async fn put_text(&self, bucket: &str, key: &str, text: &str) -> Result<(), CloudError>;
    /// The URL under which CloudFormation finds an object.
    fn object_url(&self, bucket: &str, key: &str) -> String;
    /// Delete every object of a bucket, all versions; how many.
    async fn empty_bucket(&self, bucket: &str) -> Result<u64, CloudError>;
    /// Lines of a log group from a time on, oldest first.
    async fn log_lines(&self, group: &str, from_milliseconds: i64, filter: Option<&str>) -> Result<Vec<LogLine>, CloudError>;
    /// Let some time pass before the next look.
    async fn pause(&self, time: Duration);
    /// How often each service has been called.
    fn calls(&self) -> Calls;
}
