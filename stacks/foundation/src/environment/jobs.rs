//! Settings of the `jobs` stack.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The job queue, its dead-letter queue and the jobs table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// Seconds for which a job that a worker took stays hidden from the others.
    ///
    /// A worker renews this while it works, so it need not cover the longest job: it is how long a job waits after its worker died.
    #[schemars(range(min = 30, max = 43_200))]
    pub visibility_timeout_seconds: u32,

    /// How often a job is tried before it goes to the dead-letter queue.
    #[serde(default = "default::tries")]
    #[schemars(range(min = 1, max = 10))]
    pub tries: u32,

    /// Days for which a job waits for a worker before SQS drops it.
    #[serde(default = "default::retention_days")]
    #[schemars(range(min = 1, max = 14))]
    pub retention_days: u32,

    /// Days for which a failed job is kept in the dead-letter queue; not fewer than `retention_days`.
    #[serde(default = "default::dead_letter_retention_days")]
    #[schemars(range(min = 1, max = 14))]
    pub dead_letter_retention_days: u32,

    /// Whose key encrypts the queues.
    #[serde(default)]
    pub encryption: Encryption,

    /// Whether the jobs table can be restored to any second of the last 35 days; costs by the size of the table.
    #[serde(default)]
    pub point_in_time_recovery: bool,

    /// When people are told. One dead letter is always an alarm.
    pub alarms: JobAlarms,
}

/// Whose key encrypts a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// A key that SQS keeps: free, and nothing to grant.
    #[default]
    Sqs,
    /// A key of this environment in KMS: every use is logged and can be taken back. Costs by the month and by the request.
    Kms,
}

/// When people are told about the job queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobAlarms {
    /// Jobs waiting at once that are too many.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub depth: u32,

    /// Minutes after which a job has waited too long; fewer than `retention_days` has.
    #[schemars(range(min = 1, max = 20_159))]
    pub oldest_message_minutes: u32,
}

mod default {
    pub(super) fn tries() -> u32 {
        3
    }

    pub(super) fn retention_days() -> u32 {
        4
    }

    /// The SQS maximum: a job that failed on Friday must still be there after a long weekend.
    pub(super) fn dead_letter_retention_days() -> u32 {
        14
    }
}
