//! Jobs of the platform: handing one in, looking at them, and what nobody could get done.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{StackRef, Target};

/// Hand in a job as the front door does: the record, the message, and then the record's word that the message is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submit {
    /// Where to.
    pub target: Target,
    /// The stack that holds the queue and the table.
    pub stack: StackRef,
    /// The body of the job's message.
    pub message: Value,
    /// For how long the record is kept, in seconds.
    pub record_seconds: u64,
    /// The stack that holds the queue of this job's task, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<StackRef>,
}

/// List the newest jobs. The whole table is read for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListJobs {
    /// Where they are.
    pub target: Target,
    /// The stack that holds the table.
    pub stack: StackRef,
    /// Only those in this state.
    pub state: Option<String>,
    /// How many at most.
    pub limit: usize,
}

/// Show one job whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindJob {
    /// Where it is.
    pub target: Target,
    /// The stack that holds the table.
    pub stack: StackRef,
    /// Its identity.
    pub job_id: String,
    /// Whether to go on until it has come to its end, telling it anew whenever it changes.
    pub follow: bool,
    /// The file that its result is written to, when that is an object and the job is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save: Option<PathBuf>,
}

/// The record of a job, as far as it is told: a list leaves out what is long.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Its identity.
    pub job_id: String,
    /// Where it stands.
    pub state: String,
    /// Who asked.
    pub user: String,
    /// What is to be done.
    pub task: String,
    /// When it was asked for, in seconds since 1970.
    pub created_at: u64,
    /// When nobody wants the result any more, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_until: Option<u64>,
    /// When the last attempt began, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<u64>,
    /// When it came to its end, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<u64>,
    /// How often it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// Who has, or had, it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// The type of the instance that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// How long a worker was busy with it, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_milliseconds: Option<u64>,
    /// Tokens of the text so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// Why the text ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// Why it failed: one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it failed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether its message may not be in the queue yet.
    #[serde(default)]
    pub unsent: bool,
    /// Whether somebody asked to stop it.
    #[serde(default)]
    pub stop: bool,
    /// The task's parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// The text so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bucket of a result that is an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_bucket: Option<String>,
    /// The key of a result that is an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_key: Option<String>,
}

/// Do something about what nobody could get done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetters {
    /// Where they are.
    pub target: Target,
    /// The stacks whose dead-letter queues are looked into.
    pub stacks: Vec<StackRef>,
    /// Only the dead-letter queue of this logical ID.
    pub queue: Option<String>,
    /// The stack that holds the jobs table, when one of the messages is a job.
    pub jobs: StackRef,
    /// What to do.
    pub what: Undertaking,
}

/// What to do with dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Undertaking {
    /// Tell of every one.
    List,
    /// Tell of one.
    Show {
        /// The job's identity, or the message's.
        id: String,
    },
    /// Send them to where they came from, once more.
    Redrive {
        /// Which; all when absent.
        id: Option<String>,
    },
    /// Delete them.
    Drop {
        /// Which; all when absent.
        id: Option<String>,
        /// Whether to ask before.
        ask: bool,
    },
}

/// A message in a dead-letter queue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The queue's stack, by its short name.
    pub stack: String,
    /// The queue's logical ID.
    pub queue: String,
    /// SQS's identity of the message.
    pub message_id: String,
    /// The job that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// Why a worker gave it up; absent when SQS moved it after too many receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How often it was received, these looks included.
    pub received: u64,
    /// When it was sent, in milliseconds since 1970. To a FIFO dead-letter queue that is when it came there.
    pub sent_at: u64,
    /// Its message group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its attributes, name and value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
}

/// What became of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    /// SQS's identity of the message.
    pub message_id: String,
    /// The job that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// What was done.
    pub fate: Done,
    /// Why nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What can become of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// It waits in the queue again that it came from.
    Redriven,
    /// It is deleted.
    Dropped,
    /// It stays where it is.
    Left,
}
