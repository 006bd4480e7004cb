//! Looking into queues, and putting something into one.

use serde::{Deserialize, Serialize};

use crate::{StackRef, Target};

/// Put a message into a queue of a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Send {
    /// Where it is.
    pub target: Target,
    /// The stack that holds the queue.
    pub stack: StackRef,
    /// The queue's logical ID.
    pub logical_id: String,
    /// The message, at most 1 MiB.
    pub body: String,
    /// For a FIFO queue: messages of a group are handled one after the other.
    pub group: Option<String>,
    /// For a FIFO queue: a message of the same id within five minutes is not put in a second time.
    pub deduplication: Option<String>,
}

/// How much waits in a queue. The numbers are SQS's own approximations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueDepth {
    /// The stack that holds it.
    #[serde(flatten)]
    pub stack: StackRef,
    /// Its logical ID.
    pub logical_id: String,
    /// Its URL.
    pub url: String,
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that somebody works on.
    pub in_flight: u64,
    /// Messages that are held back for a while.
    pub delayed: u64,
    /// Whether others of these queues send it what they could not get rid of.
    pub dead_letters: bool,
}
