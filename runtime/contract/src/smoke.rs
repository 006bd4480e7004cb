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
    /// What to do.
    #[serde(default)]
    pub wanted: Wanted,
    /// What there is to know about the API and its workers beside their outputs.
    #[serde(default)]
    pub api: Api,
}

/// What the smoke test is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Try everything that the environment has.
    #[default]
    Everything,
    /// Only get a token of the user pool, for other programs: [`Event::Token`] holds it.
    Token,
}

/// What the smoke test is told about the API and its workers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// Which tokens the front door takes: `id` or `access`.
    pub token_use: String,
    /// Requests of one user that the front door lets in within any minute.
    pub per_minute: u32,
    /// After how many minutes without work the fleet goes to zero; none where that takes too long to wait for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<u32>,
    /// Where the workers' model lies in its bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_key: Option<String>,
    /// A file of this machine that is put there when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_file: Option<std::path::PathBuf>,
}

impl Default for Api {
    fn default() -> Self {
        Self { token_use: "id".to_owned(), per_minute: 20, idle_minutes: None, model_key: None, model_file: None }
    }
}

/// The variables that name the user of the smoke test where it makes none: everywhere but beside a stand-in for AWS.
pub mod variable {
    /// The user's name.
    pub const USER: &str = "CLOUDWRIGHT_SMOKE_USER";
    /// The user's password.
    pub const PASSWORD: &str = "CLOUDWRIGHT_SMOKE_PASSWORD";
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
    /// The user pool gave a token.
    Token {
        /// Whose it is.
        user: String,
        /// Whether the user was made for it, and is deleted at the end of a whole test.
        made: bool,
        /// The token itself, where it is [`Wanted::Token`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// The workers' model is in its bucket.
    Model {
        /// The bucket.
        bucket: String,
        /// Its key.
        key: String,
        /// Whether it was put there now.
        put: bool,
    },
    /// The API answered as it should.
    Answered {
        /// What was tried, in words.
        case: String,
        /// The answer's status.
        status: u16,
    },
    /// A job of the API changed its state.
    State {
        /// The job's identity.
        job_id: String,
        /// Where it stands.
        state: crate::jobs::JobState,
        /// Since it was asked for, in milliseconds.
        milliseconds: u64,
    },
    /// The fleet is of this size now.
    Fleet {
        /// How many workers are wanted.
        workers: u64,
        /// Since the test looked first, in milliseconds.
        milliseconds: u64,
    },
    /// The text of a job of the API is there.
    Text {
        /// The job's identity.
        job_id: String,
        /// The beginning of the text.
        text: String,
        /// How many tokens it has.
        tokens: u64,
        /// Since it was asked for, in milliseconds.
        milliseconds: u64,
    },
    /// A picture that an image model made is there, was fetched by its link and decoded.
    Picture {
        /// The job's identity.
        job_id: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Its size.
        bytes: u64,
        /// Since it was asked for, in milliseconds.
        milliseconds: u64,
    },
    /// Something was not tried.
    Skipped {
        /// What.
        what: String,
        /// Why, and how it would be.
        why: String,
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
