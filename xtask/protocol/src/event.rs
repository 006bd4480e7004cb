//! What the engine tells while it works: one event per line on its standard output.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{Failure, FoundRelease, Garbage, LeaseState, Plan, ReleaseLine, StackRef};

/// Something that a person watching would want to know, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Whose credentials these are. Sent before the first write.
    Identity {
        /// The account, twelve digits.
        account: String,
        /// Who: the caller's ARN.
        arn: String,
        /// The region that everything is done in.
        region: String,
    },
    /// What is going to happen to one stack.
    Plan {
        /// Which stack.
        #[serde(flatten)]
        stack: StackRef,
        /// What the engine is going to do.
        intent: Intent,
        /// Why, when that is not obvious.
        reason: Option<String>,
    },
    /// What a change set would change, before it is executed.
    ChangeSet {
        /// Which stack.
        #[serde(flatten)]
        stack: StackRef,
        /// CloudFormation's list of changes.
        changes: Vec<Change>,
    },
    /// A question: an [`Answer`] is read before anything else happens.
    Confirm {
        /// The question, without the words for yes and no.
        question: String,
    },
    /// An artifact is in the artifact bucket.
    Artifact {
        /// Its name.
        name: String,
        /// Its object key.
        key: String,
        /// Its length in bytes.
        bytes: u64,
        /// Whether it was sent now; otherwise it was there already.
        uploaded: bool,
    },
    /// A container image is in its repository.
    Image {
        /// Its whole name, with its digest.
        name: String,
        /// Bytes that were sent.
        bytes: u64,
        /// Whether anything was sent now; otherwise it was there already.
        uploaded: bool,
    },
    /// A resource changed its state.
    Resource {
        /// Which stack.
        #[serde(flatten)]
        stack: StackRef,
        /// The resource's logical ID.
        logical_id: String,
        /// Its CloudFormation type.
        resource_type: String,
        /// AWS's word for its state.
        status: String,
        /// AWS's words about it.
        reason: Option<String>,
        /// When, in RFC 3339.
        at: String,
        /// How many resources of the stack are done now.
        done: usize,
        /// How many resources the stack changes in all.
        total: usize,
    },
    /// A stack came to rest.
    StackDone {
        /// Which stack.
        #[serde(flatten)]
        stack: StackRef,
        /// AWS's word for its state.
        status: String,
        /// How long it took.
        seconds: f64,
    },
    /// The state of one stack.
    Status(StackStatus),
    /// What one stack gives to the outside.
    Outputs {
        /// Which stack.
        #[serde(flatten)]
        stack: StackRef,
        /// Output's logical ID → value.
        outputs: Outputs,
    },
    /// A template as it is deployed.
    Template {
        /// Which stack.
        #[serde(flatten)]
        stack: StackRef,
        /// The template's text; none when the stack does not exist.
        body: Option<String>,
    },
    /// One line of a log.
    Log {
        /// Which stack.
        #[serde(flatten)]
        stack: StackRef,
        /// The log group.
        group: String,
        /// The log stream.
        stream: String,
        /// When, in RFC 3339.
        at: String,
        /// The line.
        message: String,
    },
    /// Something that stays behind, and why.
    Kept {
        /// Which stack it belonged to.
        #[serde(flatten)]
        stack: StackRef,
        /// Its logical ID.
        logical_id: String,
        /// Its name in AWS.
        physical_id: String,
        /// Why it stays.
        reason: String,
    },
    /// Something worth knowing that stops nothing.
    Note {
        /// One sentence.
        text: String,
    },
    /// How much waits in a queue.
    Queue(crate::QueueDepth),
    /// A job, as its record has it.
    Job(Box<crate::JobRecord>),
    /// What nobody could get done.
    DeadLetter(Box<crate::DeadLetter>),
    /// What became of a dead letter.
    Fate(crate::Fate),
    /// The request could not be fulfilled. The last event.
    Failed(Failure),
    /// The request is fulfilled. The last event.
    Done {
        /// How it ended.
        outcome: Outcome,
        /// How often each AWS service was called.
        calls: Calls,
        /// How long it took.
        seconds: f64,
    },
    /// A release.
    Release(ReleaseLine),
    /// The release that was looked for, beside what is deployed.
    Found(Box<FoundRelease>),
    /// Somebody holds the environment.
    Lease(LeaseState),
    /// What no release needs any more.
    Garbage(Garbage),
    /// What came of comparing one resource with what its service says.
    Verified(crate::Verified),
    /// What CloudFormation's own drift detection says of a stack.
    Detected(crate::Detected),
    /// One thing that was looked at before a deploy.
    Checked(crate::Check),
    /// What a deploy is going to do; nothing is written for it.
    Planned(Box<Plan>),
    /// A question to a program: whether the changes may be made, by the templates that it was told of before
    /// ([`Guards::review`](crate::Guards::review)). An [`Answer`] is read before anything is sent.
    Review,
}

/// Calls by AWS service: `cloudformation` → 2.
pub type Calls = BTreeMap<String, u64>;

/// Outputs of a stack: logical ID → value, in the template's order.
pub type Outputs = IndexMap<String, String>;

/// What is done to a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// It is as it should be.
    Nothing,
    /// It does not exist yet.
    Create,
    /// It exists and differs.
    Update,
    /// What a failed first deploy left behind is deleted, then it is created.
    Recreate,
    /// Somebody else's operation is under way: wait for its end, then look again.
    Wait,
    /// It is deleted.
    Delete,
    /// It takes in what exists already.
    Import,
    /// An earlier update was left half way: its rollback is gone on with, then it is updated.
    Recover,
}

/// One line of a change set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What happens to the resource.
    pub action: ChangeAction,
    /// Its logical ID.
    pub logical_id: String,
    /// Its CloudFormation type.
    pub resource_type: String,
    /// Its name in AWS; none for a resource that does not exist yet.
    pub physical_id: Option<String>,
    /// Whether a new resource takes the place of the old one.
    pub replacement: Replacement,
    /// The properties that cause the change, as far as CloudFormation says.
    pub properties: Vec<String>,
    /// The line of Rust that made the resource.
    pub source: Option<String>,
}

/// What a change set does to a resource; a word that this engine does not know is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeAction {
    /// It is created.
    Add,
    /// It is changed, or replaced.
    Modify,
    /// It is deleted.
    Remove,
    /// It is taken into the stack as it is.
    Import,
    /// CloudFormation cannot say before it does it.
    Dynamic,
    /// A word newer than this engine.
    Other(String),
}

/// Whether a change replaces the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replacement {
    /// It stays the same resource.
    No,
    /// Only the deploy itself will tell.
    Maybe,
    /// A new resource takes its place.
    Yes,
}

/// The state of a stack, as `status` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackStatus {
    /// Which stack.
    #[serde(flatten)]
    pub stack: StackRef,
    /// AWS's word for its state; none when it does not exist.
    pub status: Option<String>,
    /// AWS's words about it.
    pub reason: Option<String>,
    /// When it last changed, in RFC 3339.
    pub changed_at: Option<String>,
    /// The digest of what was deployed, from the stack's tag.
    pub digest: Option<String>,
    /// What comes next; none from an engine that was not asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<crate::NextStep>,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Something was changed, and all went well.
    Changed,
    /// There was nothing to change.
    Unchanged,
    /// A person said no; nothing was changed.
    Declined,
    /// It was read, not written.
    Read,
}

/// What a person answers to [`Event::Confirm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Go on.
    Yes,
    /// Change nothing.
    No,
}
