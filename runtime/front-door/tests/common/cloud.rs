//! A cloud in memory, which does what the tables and queues do and can be told to fail at any call.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use contract::{
    api::Operation,
    fleet::{OperationState, OpsMessage},
    jobs::{JobId, JobMessage, JobState},
};
use front_door::{
    cloud::{Changed, Created, FleetStore, JobStore, Links, NewJob, Queues, RateStore, Record, StoreError, Written},
    limits::Window,
};
use serde_json::Value;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails, and nothing is done.
    Fails,
    /// It is done, and the answer is lost.
    LosesItsAnswer,
    /// The function dies before it is done.
    DiesBefore,
    /// It is done, and the function dies.
    DiesAfter,
}

/// What the cloud holds.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) rates: HashMap<String, Window>,
    pub(crate) jobs: HashMap<String, Record>,
    /// By key: the job, the body's digest, and when it ends.
    pub(crate) keys: HashMap<String, (JobId, String, u64)>,
    pub(crate) stop: Vec<String>,
    pub(crate) operations: HashMap<String, Operation>,
    /// All messages that were ever sent; SQS delivers one of those with the same deduplication id.
    pub(crate) sent: Vec<JobMessage<Value>>,
    pub(crate) orders: Vec<(OpsMessage, String)>,
    /// Names of all calls.
    pub(crate) calls: Vec<&'static str>,
    faults: VecDeque<(&'static str, Fault)>,
}

#[derive(Debug, Default)]
pub(crate) struct MemoryCloud {
    held: Mutex<Held>,
    /// Whether other requests get their turn in the middle of a call.
    pub(crate) others_come_between: std::sync::atomic::AtomicBool,
}

impl MemoryCloud {
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.held.lock().unwrap())
    }

    /// The next call of that name meets this fault.
    pub(crate) fn fault(&self, call: &'static str, fault: Fault) {
        self.look(|held| held.faults.push_back((call, fault)));
    }

    /// The messages that workers would see: one of each deduplication id.
    pub(crate) fn delivered(&self) -> Vec<String> {
        let mut ids: Vec<_> = self.look(|held| held.sent.iter().map(|message| message.deduplication_id().to_owned()).collect());
        ids.sort();
        ids.dedup();
        ids
    }

    /// The records, as they are.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.look(|held| held.jobs.values().cloned().collect())
    }

    async fn call<T>(&self, name: &'static str, work: impl FnOnce(&mut Held) -> T) -> Result<T, StoreError> {
        if self.others_come_between.load(std::sync::atomic::Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        let fault = self.look(|held| {
            held.calls.push(name);
            let at = held.faults.iter().position(|(call, _)| *call == name)?;
            held.faults.remove(at).map(|(_, fault)| fault)
        });
        let error = || StoreError::new(name, "a test said so");
        match fault {
            None => Ok(self.look(work)),
            Some(Fault::Fails) => Err(error()),
            Some(Fault::LosesItsAnswer) => {
                self.look(work);
                Err(error())
            }
            Some(Fault::DiesBefore) => std::future::pending().await,
            Some(Fault::DiesAfter) => {
                self.look(work);
                std::future::pending().await
            }
        }
    }
}

impl RateStore for MemoryCloud {
    async fn write(&self, user: &str, expected: Option<u64>, window: &Window, _: u64) -> Result<Written, StoreError> {
        let write = |held: &mut Held| {
            let present = held.rates.get(user);
            if present.map(|present| present.version) != expected {
                return Written::No(present.cloned());
            }
            held.rates.insert(user.to_owned(), window.clone());
            Written::Yes
        };
        self.call("rate", write).await
    }
}

impl JobStore for MemoryCloud {
    async fn create(&self, job: &NewJob<'_>) -> Result<Created, StoreError> {
        let create = |held: &mut Held| {
            let id = job.message.job_id.clone();
            if let Some(key) = job.key {
                match held.keys.get(key.id) {
                    Some((job_id, body_sha256, ends)) if job.message.created_at <= *ends => {
                        return Created::Known { job_id: job_id.clone(), body_sha256: body_sha256.clone() };
                    }
                    Some(_) | None => {
                        held.keys.insert(key.id.to_owned(), (id.clone(), key.body_sha256.to_owned(), job.expires_at));
                    }
                }
            }
            held.jobs.insert(id.to_string(), queued(job.message));
            Created::New
        };
        self.call("create", create).await
    }

    async fn sent(&self, job_id: &JobId) -> Result<(), StoreError> {
        let sent = |held: &mut Held| {
            if let Some(record) = held.jobs.get_mut(job_id.as_str()) {
                record.unsent = false;
            }
        };
        self.call("sent", sent).await
    }

    async fn read(&self, job_id: &JobId) -> Result<Option<Record>, StoreError> {
        self.call("read", |held| held.jobs.get(job_id.as_str()).cloned()).await
    }

    async fn cancel(&self, job_id: &JobId, user: &str, now_milliseconds: u64) -> Result<Changed, StoreError> {
        let cancel = |held: &mut Held| match held.jobs.get_mut(job_id.as_str()) {
            Some(record) if record.message.user == user && record.state == JobState::Queued => {
                (record.state, record.ended_at, record.unsent) = (JobState::Cancelled, Some(now_milliseconds), false);
                Changed::Yes
            }
            other => Changed::No(other.cloned().map(Box::new)),
        };
        self.call("cancel", cancel).await
    }

    async fn ask_to_stop(&self, job_id: &JobId, user: &str) -> Result<Changed, StoreError> {
        let stop = |held: &mut Held| match held.jobs.get(job_id.as_str()) {
            Some(record) if record.message.user == user && record.state == JobState::Running => {
                held.stop.push(job_id.to_string());
                Changed::Yes
            }
            other => Changed::No(other.cloned().map(Box::new)),
        };
        self.call("stop", stop).await
    }
}

impl FleetStore for MemoryCloud {
    async fn begin(&self, operation: &Operation, _: &str, _: u64) -> Result<(), StoreError> {
        self.call("begin", |held| drop(held.operations.insert(operation.operation_id.clone(), operation.clone()))).await
    }

    async fn fail(&self, operation_id: &str, error: &str, now_seconds: u64) -> Result<(), StoreError> {
        let fail = |held: &mut Held| {
            if let Some(operation) = held.operations.get_mut(operation_id) {
                (operation.state, operation.updated_at, operation.error) = (OperationState::Failed, now_seconds, Some(error.to_owned()));
            }
        };
        self.call("fail", fail).await
    }

    async fn operation(&self, operation_id: &str) -> Result<Option<Operation>, StoreError> {
        self.call("operation", |held| held.operations.get(operation_id).cloned()).await
    }
}

impl Queues for MemoryCloud {
    async fn send_job(&self, message: &JobMessage<Value>) -> Result<String, StoreError> {
        let send = |held: &mut Held| {
            held.sent.push(message.clone());
            format!("message-{}", held.sent.len())
        };
        self.call("send", send).await
    }

    async fn send_order(&self, message: &OpsMessage, deduplication_id: &str) -> Result<(), StoreError> {
        self.call("order", |held| held.orders.push((message.clone(), deduplication_id.to_owned()))).await
    }
}

impl Links for MemoryCloud {
    async fn link(&self, bucket: &str, key: &str) -> Result<String, StoreError> {
        self.call("link", |_| format!("https://{bucket}.example.com/{key}?signed")).await
    }
}

pub(crate) fn queued(message: &JobMessage<Value>) -> Record {
    Record {
        message: message.clone(),
        state: JobState::Queued,
        unsent: true,
        started_at: None,
        ended_at: None,
        text: None,
        tokens: None,
        prompt_tokens: None,
        finish: None,
        reason: None,
        error: None,
        result: None,
    }
}
