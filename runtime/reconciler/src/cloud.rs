//! What the reconciler sees of the cloud: a few questions and a few changes, each of which may be its last.

use std::error::Error;
use std::future::Future;

use contract::fleet::OperationState;
use contract::jobs::{JobMessage, JobState};
use serde_json::Value;

/// A call did not do what it was to do: the network, too many requests, a missing permission. It may work the next time.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct CloudError {
    /// What was being done, such as `read the counts of the job queue`.
    pub doing: String,
    /// What AWS said.
    pub source: Box<dyn Error + Send + Sync>,
}

/// How many messages the job queue has, as far as SQS knows: the counts settle within a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// They wait for a worker.
    pub visible: u64,
    /// A worker has them.
    pub in_flight: u64,
    /// They will wait.
    pub delayed: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub fn backlog(self) -> u64 {
        self.visible.saturating_add(self.in_flight).saturating_add(self.delayed)
    }
}

/// The job queue: its counts, and a way in, also for pictures, which have a queue of their own. There is no way out, so no job can be taken from a worker here.
pub trait JobQueue: Send + Sync {
    /// How many messages it has.
    fn counts(&self) -> impl Future<Output = Result<Counts, CloudError>> + Send;
    /// Puts a job into the queue of its task.
    fn send(&self, job: &JobMessage<Value>) -> impl Future<Output = Result<(), CloudError>> + Send;
}

/// What the jobs table knows of a job that may not be in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// Where it stands; none when the table holds a word that is no state.
    pub state: Option<JobState>,
    /// Whether it still carries the mark.
    pub unsent: bool,
    /// When nobody wants the result any more, in seconds since 1970.
    pub wanted_until: u64,
    /// The message for the queue, or why there is none.
    pub message: Result<JobMessage<Value>, String>,
}

/// How a job ends without a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End<'a> {
    /// Nobody wants it any more.
    Expired,
    /// No message can be made of its record.
    Failed {
        /// Why, in words.
        error: &'a str,
    },
}

/// The jobs table: only jobs whose message may not be in the queue.
pub trait JobsTable: Send + Sync {
    /// The oldest jobs that carry the mark and were asked for before a time in seconds since 1970, at most `most`.
    fn unsent(&self, before_seconds: u64, most: u32) -> impl Future<Output = Result<Vec<String>, CloudError>> + Send;
    /// The record as it is now; none when it is gone.
    fn job(&self, job_id: &str) -> impl Future<Output = Result<Option<JobRecord>, CloudError>> + Send;
    /// Removes the mark, where there is one.
    fn remove_mark(&self, job_id: &str) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Ends a job that still waits and still carries the mark, and removes it.
    fn end_job(&self, job_id: &str, end: End<'_>, now_seconds: u64) -> impl Future<Output = Result<(), CloudError>> + Send;
}

/// What a worker last said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// How many jobs it has in work.
    pub busy: u64,
}

/// What is known of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Where it stands; none when the table holds a word that is no state.
    pub state: Option<OperationState>,
    /// Whether the execution that carries it out is written down.
    pub has_execution: bool,
}

/// The fleet's table.
pub trait FleetTable: Send + Sync {
    /// Since when there has been nothing to do.
    fn idle_since(&self) -> impl Future<Output = Result<Option<u64>, CloudError>> + Send;
    /// Writes since when, unless it is written already.
    fn begin_idle(&self, now_seconds: u64) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Forgets since when.
    fn end_idle(&self) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// The workers that have said something since a time in seconds since 1970.
    fn workers(&self, since_seconds: u64) -> impl Future<Output = Result<Vec<Worker>, CloudError>> + Send;
    /// An operation; none when nobody wrote it down.
    fn operation(&self, operation_id: &str) -> impl Future<Output = Result<Option<Operation>, CloudError>> + Send;
    /// Writes down the execution; a queued operation is running from now on, any other keeps its state.
    fn operation_runs(
        &self,
        operation_id: &str,
        execution_arn: &str,
        now_seconds: u64,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Ends an operation that is still queued as failed.
    fn operation_refused(&self, operation_id: &str, error: &str, now_seconds: u64) -> impl Future<Output = Result<(), CloudError>> + Send;
}

/// The Auto Scaling group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupState {
    /// What it may not go below.
    pub least: u32,
    /// What it may not go above.
    pub most: u32,
    /// How many instances it is to have.
    pub desired: u32,
    /// Whether its instances are being replaced.
    pub refreshing: bool,
}

/// Something that the group tried and that did not work, such as a launch without capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedActivity {
    /// What it tried.
    pub description: String,
    /// Why it did not work.
    pub reason: String,
}

/// The Auto Scaling group of the mode `scaled`.
pub trait Group: Send + Sync {
    /// What it is like.
    fn group(&self) -> impl Future<Output = Result<GroupState, CloudError>> + Send;
    /// Says how many instances it is to have.
    fn set_desired(&self, desired: u32) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// The last thing that it tried, if that failed after a time in seconds since 1970.
    fn failed_activity(&self, since_seconds: u64) -> impl Future<Output = Result<Option<FailedActivity>, CloudError>> + Send;
}

/// Whether an execution was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// It runs; the same name and input while it runs is the same execution.
    Runs {
        /// Its ARN.
        execution_arn: String,
    },
    /// One of this name has ended already.
    Ended,
}

/// Step Functions.
pub trait Machines: Send + Sync {
    /// Names of a state machine's executions that run.
    fn running(&self, machine_arn: &str) -> impl Future<Output = Result<Vec<String>, CloudError>> + Send;
    /// Starts an execution.
    fn start(&self, machine_arn: &str, name: &str, input: Value) -> impl Future<Output = Result<Started, CloudError>> + Send;
}

/// All of it.
pub trait Cloud: JobQueue + JobsTable + FleetTable + Group + Machines {}

impl<C: JobQueue + JobsTable + FleetTable + Group + Machines> Cloud for C {}
