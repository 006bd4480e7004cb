//! The fleet: what the front door asks the reconciler for, what the fleet's table holds, and the reconciler's configuration.

use serde::{Deserialize, Serialize};

use crate::Words;
use crate::jobs::Version;
use crate::settings::{Any, OneOf, configuration};

/// The one message group of the ops queue: what changes the fleet happens in order.
pub const OPS_GROUP: &str = "fleet";

/// Every message under this name within [`WAKE_SECONDS`] is one: `wake-<seconds since 1970 / WAKE_SECONDS>` is its deduplication id.
pub const WAKE_PREFIX: &str = "wake-";
/// However many jobs arrive, the reconciler is woken once in so many seconds.
pub const WAKE_SECONDS: u64 = 5;

/// The body of a message in the ops queue, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpsMessage {
    /// Always 1.
    pub version: Version,
    /// What to do.
    #[serde(flatten)]
    pub order: Order,
}

/// What the reconciler is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Jobs have arrived: look now, not at the next minute.
    Wake,
    /// The workers shall run on another type of instance.
    Resize {
        /// The operation's identity, a ULID: also the deduplication id, and the key of its item in the fleet's table.
        operation_id: String,
        /// The type, one of the environment's list.
        instance_type: String,
        /// Who asked: the `sub` of an admin.
        asked_by: String,
    },
}

/// Name of the lifecycle hook that holds an instance which its Auto Scaling group ends, until its worker says that it is done.
pub const DRAIN_HOOK: &str = "drain";

/// The columns of the fleet's table.
pub mod column {
    /// Partition key, text: [`FLEET`](super::FLEET), [`worker_key`](super::worker_key) or [`operation_key`](super::operation_key).
    pub const ID: &str = "id";
    /// The table's time-to-live attribute, in seconds since 1970.
    pub const EXPIRES_AT: &str = "expires_at";
    /// Of the fleet: since when there has been nothing to do, in seconds since 1970; absent while there is.
    pub const IDLE_SINCE: &str = "idle_since";
    /// Of a worker: how many jobs it has in work.
    pub const BUSY: &str = "busy";
    /// Of a worker: when it last wrote, in seconds since 1970. Of an operation: when it last changed.
    pub const UPDATED_AT: &str = "updated_at";
    /// Of an operation: one of [`OperationState`](super::OperationState).
    pub const STATE: &str = "state";
    /// Of an operation: the type that was asked for.
    pub const INSTANCE_TYPE: &str = "instance_type";
    /// Of an operation: the type that the workers had before; written once, by whichever attempt came first.
    pub const PREVIOUS_INSTANCE_TYPE: &str = "previous_instance_type";
    /// Of an operation in the mode `scaled`: the launch template's version that the group had before.
    pub const PREVIOUS_VERSION: &str = "previous_version";
    /// Of an operation: who asked.
    pub const ASKED_BY: &str = "asked_by";
    /// Of an operation: when it was asked for, in seconds since 1970.
    pub const CREATED_AT: &str = "created_at";
    /// Of an operation: the execution of the state machine that carries it out.
    pub const EXECUTION_ARN: &str = "execution_arn";
    /// Of an operation: what went wrong, in words.
    pub const ERROR: &str = "error";
}

/// Key of the fleet's own item.
pub const FLEET: &str = "fleet";

/// Key of a worker's item.
#[must_use]
pub fn worker_key(worker: &str) -> String {
    format!("worker#{worker}")
}

/// Key of an operation's item.
#[must_use]
pub fn operation_key(operation_id: &str) -> String {
    format!("operation#{operation_id}")
}

/// Where an operation on the fleet stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationState {
    /// It waits in the ops queue.
    Queued,
    /// A state machine is at it.
    Running,
    /// The fleet is as it was asked for.
    Done,
    /// It was tried, and the fleet is as it was.
    Failed,
}

impl OperationState {
    /// The word in the table and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

configuration! {
    /// All that the reconciler needs to know.
    ReconcilerConfig, prefix "RECONCILER";
    references {
        /// URL of the FIFO queue that jobs wait in; its counts are read, never its messages.
        job_queue_url = "JOB_QUEUE_URL", "the URL of the job queue";
        /// URL of the queue that jobs for pictures wait in; it is only sent to.
        picture_queue_url = "PICTURE_QUEUE_URL", "the URL of the queue that jobs for pictures wait in";
        /// Name of the jobs table, whose unsent jobs are sent again.
        jobs_table = "JOBS_TABLE", "the name of the jobs table";
        /// Name of the table that holds the fleet's state.
        fleet_table = "FLEET_TABLE", "the name of the fleet's table";
        /// Of the mode `scaled` the Auto Scaling group's name, of the mode `single` the instance's id.
        target = "TARGET", "the name of an Auto Scaling group, or the id of an instance";
        /// The state machine that resizes: input `{"operation_id", "instance_type"}`.
        resize_machine_arn = "RESIZE_MACHINE_ARN", "the ARN of the state machine that resizes";
        /// The state machine that starts or stops the one instance: input `{"action": "start"|"stop"}`; `none` in the mode `scaled`.
        power_machine_arn = "POWER_MACHINE_ARN", "the ARN of the state machine that starts and stops the instance, or `none`";
    }
    values {
        /// `scaled` changes an Auto Scaling group's desired capacity, `single` starts and stops one instance.
        mode: String = "MODE", OneOf(&["scaled", "single"]);
        /// Most workers.
        max_workers: u32 = "MAX_WORKERS", 1..=100;
        /// One worker more for each so many jobs that wait or are in work.
        backlog_per_worker: u32 = "BACKLOG_PER_WORKER", 1..=100_000;
        /// For how many minutes there must be nothing to do before the fleet goes to zero. SQS's counts settle after a minute.
        idle_minutes: u32 = "IDLE_MINUTES", 0..=1_440;
        /// After how many seconds a job that is marked unsent is sent again.
        unsent_seconds: u32 = "UNSENT_SECONDS", 5..=3_600;
        /// Instance types that may be asked for.
        instance_types: Words = "INSTANCE_TYPES", Any("instance types with commas between, or `none`");
    }
}
