//! Stacks, as CloudFormation knows them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use protocol::{Adopted, Change};

use super::CloudError;

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
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The ARNs of the alarms that bring its updates back.
    pub rollback_alarms: Vec<String>,
    /// Whether CloudFormation refuses to delete it.
    pub protected: bool,
}

/// How CloudFormation goes about an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manner {
    /// The ARN of the role that it takes on; otherwise the caller's rights, or those of the role that the stack had before.
    pub role: Option<String>,
    /// The alarms that bring the operation back; none leaves the stack those that it has.
    pub rollback: Option<RollbackAlarms>,
    /// Whether it is done before everything is ready to serve.
    pub express: bool,
}

/// Alarms that bring an operation back. An empty list takes away those that the stack has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackAlarms {
    /// For how long they are watched after the last resource.
    pub minutes: u32,
    /// Each alarm's ARN and CloudFormation type.
    pub alarms: Vec<(String, String)>,
}

/// A stack that does not exist yet.
#[derive(Debug, Clone)]
pub struct NewStack<'a> {
    /// The stack's name.
    pub name: &'a str,
    /// The template.
    pub template: TemplateSource<'a>,
    /// Parameter → value.
    pub parameters: &'a IndexMap<String, String>,
    /// Capabilities to acknowledge.
    pub capabilities: &'a [String],
    /// Tags of the stack.
    pub tags: &'a BTreeMap<String, String>,
    /// Whether CloudFormation shall refuse to delete it. Then, and in express mode, a failed creation stays as `ROLLBACK_COMPLETE`;
    /// otherwise it is deleted.
    pub protected: bool,
    /// How to go about it.
    pub manner: &'a Manner,
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
    /// How to go about it.
    pub manner: &'a Manner,
}

/// What an import is made from.
#[derive(Debug, Clone)]
pub struct NewImport<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The change set's name.
    pub name: &'a str,
    /// The template: what the stack holds, and what it takes in.
    pub template: &'a str,
    /// Parameter → value; none for a parameter that keeps the value that the stack has.
    pub parameters: &'a IndexMap<String, Option<String>>,
    /// Capabilities to acknowledge.
    pub capabilities: &'a [String],
    /// What is taken in. There are no tags here: CloudFormation refuses an import that would set any.
    pub resources: &'a [Adopted],
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

/// How far CloudFormation's own drift detection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftDetection {
    /// AWS's word: `DETECTION_IN_PROGRESS`, `DETECTION_COMPLETE`, `DETECTION_FAILED`.
    pub status: String,
    /// AWS's words about it.
    pub reason: Option<String>,
    /// AWS's word for the stack: `IN_SYNC`, `DRIFTED`.
    pub drift: Option<String>,
}

/// A resource that CloudFormation found changed or gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftedResource {
    /// The logical ID.
    pub logical_id: String,
    /// The CloudFormation type.
    pub resource_type: String,
    /// AWS's word: `MODIFIED`, `DELETED`.
    pub status: String,
    /// Path, expected and actual value of every property that differs.
    pub properties: Vec<(String, String, String)>,
}

/// CloudFormation.
///
/// Every method is one question or one change; pagination and the retries of throttled calls happen below.
#[expect(async_fn_in_trait, reason = "the engine runs on one thread, so no future needs to be Send")]
pub trait Stacks {
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
    /// Ask CloudFormation to compute a change set that takes existing resources in.
    async fn create_import(&self, new: NewImport<'_>) -> Result<ChangeSetId, CloudError>;
    /// Cancel the update that is under way and begin to roll it back.
    async fn cancel_update(&self, stack_id: &str) -> Result<(), CloudError>;
    /// Go on with a rollback of an update that failed half way, leaving some resources as they are.
    async fn continue_rollback(&self, stack_id: &str, skip: &[String]) -> Result<(), CloudError>;
    /// Begin to roll back a failed update that was left standing.
    async fn roll_back(&self, stack_id: &str) -> Result<(), CloudError>;
    /// Begin to delete a stack whose deletion has failed, leaving some resources as they are.
    async fn delete_stack_except(&self, name: &str, retain: &[String]) -> Result<(), CloudError>;
    /// Begin CloudFormation's own drift detection of a stack; the detection's id.
    async fn detect_drift(&self, name: &str) -> Result<String, CloudError>;
    /// How far a drift detection is.
    async fn drift_detection(&self, id: &str) -> Result<DriftDetection, CloudError>;
    /// The resources of a stack that its last detection found modified or deleted.
    async fn drifted_resources(&self, name: &str) -> Result<Vec<DriftedResource>, CloudError>;
    /// Begin to make a stack that does not exist; its ARN.
    async fn create_stack(&self, new: NewStack<'_>) -> Result<String, CloudError>;
}
