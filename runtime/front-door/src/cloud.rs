//! What the front door asks of the cloud: small traits, so that its tests need none and can make every call fail.

use std::future::Future;

use contract::{
    api::Operation,
    fleet::OpsMessage,
    jobs::{Finish, JobId, JobMessage, JobState},
};
use serde_json::Value;

pub use caller::{
    StoreError,
    limits::{RateStore, Written},
};

/// All that the front door asks of the cloud beside the keys of tokens.
pub trait Cloud: RateStore + JobStore + FleetStore + Queues + Links {}

impl<T: RateStore + JobStore + FleetStore + Queues + Links> Cloud for T {}

/// The jobs table.
pub trait JobStore {
    /// Writes a new job's record, marked as unsent; with an idempotency key both or neither.
    ///
    /// The same call again has no further effect.
    fn create(&self, job: &NewJob<'_>) -> impl Future<Output = Result<Created, StoreError>>;

    /// Removes the mark: the job's message is surely in the queue.
    fn sent(&self, job_id: &JobId) -> impl Future<Output = Result<(), StoreError>>;

    /// A job's record, as it is now.
    fn read(&self, job_id: &JobId) -> impl Future<Output = Result<Option<Record>, StoreError>>;

    /// Makes a job of this user cancelled, if it still waits.
    fn cancel(&self, job_id: &JobId, user: &str, now_milliseconds: u64) -> impl Future<Output = Result<Changed, StoreError>>;

    /// Asks the worker that has a job of this user to stop, if one has it.
    fn ask_to_stop(&self, job_id: &JobId, user: &str) -> impl Future<Output = Result<Changed, StoreError>>;
}

/// A job that is to be written.
#[derive(Debug)]
pub struct NewJob<'a> {
    /// What the queue will get.
    pub message: &'a JobMessage<Value>,
    /// When DynamoDB may forget it and its key, in seconds since 1970.
    pub expires_at: u64,
    /// What the client calls this request.
    pub key: Option<NewKey<'a>>,
}

/// A client's own name for a request.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// The key of its item in the jobs table.
    pub id: &'a str,
    /// SHA-256 of the request's body, in hexadecimal digits.
    pub body_sha256: &'a str,
}

/// What became of a new job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is written.
    New,
    /// Its key stands for another job already.
    Known {
        /// That job.
        job_id: JobId,
        /// The body that it was asked for with.
        body_sha256: String,
    },
}

/// What a job's record holds, as far as the front door looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The job, as its message says it.
    pub message: JobMessage<Value>,
    /// Where it stands.
    pub state: JobState,
    /// Whether its message may not be in the queue.
    pub unsent: bool,
    /// When a worker began it, in milliseconds since 1970.
    pub started_at: Option<u64>,
    /// When it came to its end, in milliseconds since 1970.
    pub ended_at: Option<u64>,
    /// The text so far.
    pub text: Option<String>,
    /// How many tokens the text has.
    pub tokens: Option<u64>,
    /// How many tokens the prompt has.
    pub prompt_tokens: Option<u64>,
    /// Why the text ended.
    pub finish: Option<Finish>,
    /// Why it failed, as a word.
    pub reason: Option<String>,
    /// Why it failed, in words.
    pub error: Option<String>,
    /// Bucket and key of a result that is an object.
    pub result: Option<(String, String)>,
}

/// What became of a conditional change of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// It is made.
    Yes,
    /// The condition did not hold: the record as it is, or nothing where there is none.
    No(Option<Box<Record>>),
}

/// The fleet's table, as far as operations go.
pub trait FleetStore {
    /// Writes a new operation; DynamoDB may forget it after `expires_at`, in seconds since 1970.
    fn begin(&self, operation: &Operation, asked_by: &str, expires_at: u64) -> impl Future<Output = Result<(), StoreError>>;

    /// Notes that a waiting operation failed before anybody began it.
    fn fail(&self, operation_id: &str, error: &str, now_seconds: u64) -> impl Future<Output = Result<(), StoreError>>;

    /// An operation, as it is now.
    fn operation(&self, operation_id: &str) -> impl Future<Output = Result<Option<Operation>, StoreError>>;
}

/// The queues.
pub trait Queues {
    /// Puts a job's message into the queue of its task, and gives the message's id.
    fn send_job(&self, message: &JobMessage<Value>) -> impl Future<Output = Result<String, StoreError>>;

    /// Puts an order into the ops queue; what has the same deduplication id within five minutes is one message.
    fn send_order(&self, message: &OpsMessage, deduplication_id: &str) -> impl Future<Output = Result<(), StoreError>>;
}

/// Links to objects.
pub trait Links {
    /// A link by which anybody may fetch the object for a few minutes.
    fn link(&self, bucket: &str, key: &str) -> impl Future<Output = Result<String, StoreError>>;
}
