//! What the smoke test is told on stdin, and what it tells on stdout, one JSON object a line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::images::Proxies;

/// Task of the job that the smoke test sends; a worker that receives it has nothing to do and reports it done.
pub const TASK: &str = "smoke";

/// What the smoke test needs to know, as one JSON object on stdin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Name of the environment, for the telling.
    pub environment: String,
    /// Where the cloud is, such as `http://127.0.0.1:4566`; AWS itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The environment's region.
    pub region: String,
    /// Stack → output → value, with the names in [`crate::outputs`].
    pub outputs: BTreeMap<String, BTreeMap<String, String>>,
    /// The environment's boxes, when they are not the usual ones.
    #[serde(default = "usual_boxes")]
    pub boxes: Vec<u32>,
}

fn usual_boxes() -> Vec<u32> {
    Proxies::default().boxes
}

/// What the smoke test says while it runs; the last one is [`Event::Done`] or [`Event::Failed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A picture was put into the source bucket.
    Put {
        /// The source bucket.
        bucket: String,
        /// Where it was put.
        key: String,
        /// Its size.
        bytes: u64,
    },
    /// Some proxies are not there yet; said about once in two seconds.
    Waiting {
        /// How many are there.
        found: usize,
        /// How many there will be.
        expected: usize,
        /// How long the test has waited, in milliseconds.
        milliseconds: u64,
    },
    /// A proxy is there, was decoded, and has the size that it should have.
    Proxy {
        /// The destination bucket.
        bucket: String,
        /// Where it lies.
        key: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Its size.
        bytes: u64,
        /// From the put of its picture until it was seen, in milliseconds.
        milliseconds: u64,
    },
    /// A job was sent through the queue.
    Job {
        /// The queue.
        queue_url: String,
        /// The job's identity.
        job_id: String,
        /// What became of it.
        outcome: JobOutcome,
    },
    /// Everything was as it should be.
    Done {
        /// How long all of it took, in milliseconds.
        milliseconds: u64,
    },
    /// Something was not, and the test has stopped.
    Failed {
        /// What was wrong.
        message: String,
        /// What to do next.
        hint: String,
    },
}

/// What became of the smoke test's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// It came back out of the queue as it was sent, and was deleted.
    Received,
    /// A worker received it first.
    TakenByWorker,
    /// It waits in the queue behind the jobs of others.
    Queued,
}
