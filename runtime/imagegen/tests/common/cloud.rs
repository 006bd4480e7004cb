//! A cloud in memory: a table with conditions, a bucket, a queue, a model that does as it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use contract::jobs::{JobId, JobMessage, JobState, Picture};
use imagegen::cloud::{Claim, Claimed, CloudError, End, Model, Pictures, Queue, Records, Trouble};
use lambda_events::Message;
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

/// A job's record.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) state: JobState,
    pub(crate) attempt: u64,
    pub(crate) tries: u32,
    pub(crate) waits: u32,
    pub(crate) started: u64,
    pub(crate) stop: bool,
    pub(crate) end: Option<End>,
}

#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) records: BTreeMap<String, Record>,
    pub(crate) pictures: BTreeMap<String, Vec<u8>>,
    /// Receipt handle and seconds.
    pub(crate) hidden: Vec<(String, u32)>,
    /// Body and reason.
    pub(crate) dead: Vec<(String, String)>,
    /// Prompts of which pictures were made and paid.
    pub(crate) paid: Vec<String>,
    faults: VecDeque<(&'static str, Fault)>,
    troubles: VecDeque<Trouble>,
}

#[derive(Debug, Default)]
pub(crate) struct MemoryCloud(Mutex<Held>);

impl MemoryCloud {
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(crate) fn jobs(&self) -> usize {
        self.look(|held| held.records.len())
    }

    pub(crate) fn hand_in(&self, job: &JobMessage<Value>) {
        let record = Record { state: JobState::Queued, attempt: 0, tries: 0, waits: 0, started: 0, stop: false, end: None };
        self.look(|held| held.records.insert(job.job_id.to_string(), record));
    }

    pub(crate) fn record(&self, job: &JobMessage<Value>) -> Record {
        self.look(|held| held.records[job.job_id.as_str()].clone())
    }

    pub(crate) fn change(&self, job: &JobMessage<Value>, change: impl FnOnce(&mut Record)) {
        self.look(|held| change(held.records.get_mut(job.job_id.as_str()).unwrap()));
    }

    /// The next call of that name meets this fault.
    pub(crate) fn fault(&self, call: &'static str, fault: Fault) {
        self.look(|held| held.faults.push_back((call, fault)));
    }

    /// The model answers so, next.
    pub(crate) fn trouble(&self, trouble: Trouble) {
        self.look(|held| held.troubles.push_back(trouble));
    }

    pub(crate) fn paid(&self) -> usize {
        self.look(|held| held.paid.len())
    }

    async fn call<T>(&self, name: &'static str, work: impl FnOnce(&mut Held) -> T) -> Result<T, CloudError> {
        // Others get their turn in the middle of every call.
        tokio::task::yield_now().await;
        let fault = self.look(|held| {
            let at = held.faults.iter().position(|(call, _)| *call == name)?;
            held.faults.remove(at).map(|(_, fault)| fault)
        });
        let error = || CloudError::new(name, "a test said so");
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

fn mine<'a>(held: &'a mut Held, claimed: &Claimed) -> Option<&'a mut Record> {
    let record = held.records.get_mut(claimed.job_id.as_str())?;
    (record.attempt == claimed.attempt && record.state == JobState::Running).then_some(record)
}

impl Records for MemoryCloud {
    async fn claim(&self, job_id: &JobId, now: u64, lease_milliseconds: u64) -> Result<Claim, CloudError> {
        let claim = |held: &mut Held| {
            let Some(record) = held.records.get_mut(job_id.as_str()) else { return Claim::Gone };
            let over = record.started + lease_milliseconds;
            if record.state.is_final() {
                let reason = match &record.end {
                    Some(End::Failed { reason, .. }) => Some((*reason).to_owned()),
                    Some(End::Done { .. } | End::Expired) | None => None,
                };
                return Claim::Ended(record.state, reason);
            }
            if record.state == JobState::Running && now < over {
                return Claim::Held { milliseconds: over - now };
            }
            if record.stop {
                return Claim::Stopped;
            }
            (record.state, record.started) = (JobState::Running, now);
            record.attempt += 1;
            record.tries += 1;
            Claim::Ours(Claimed { job_id: job_id.clone(), attempt: record.attempt, tries: record.tries, waits: record.waits })
        };
        self.call("claim", claim).await
    }

    async fn end(&self, claimed: &Claimed, end: &End, _: u64) -> Result<bool, CloudError> {
        let write = |held: &mut Held| {
            mine(held, claimed).is_some_and(|record| {
                (record.state, record.end) = (end.state(), Some(end.clone()));
                true
            })
        };
        self.call("end", write).await
    }

    async fn give_back(&self, claimed: &Claimed, no_room: bool) -> Result<(), CloudError> {
        let give_back = |held: &mut Held| {
            if let Some(record) = mine(held, claimed) {
                record.state = JobState::Queued;
                (record.tries, record.waits) = if no_room { (record.tries - 1, record.waits + 1) } else { (record.tries, 0) };
            }
        };
        self.call("give back", give_back).await
    }

    async fn cancel(&self, job_id: &JobId, _: u64) -> Result<(), CloudError> {
        self.call("cancel", |held| held.records.get_mut(job_id.as_str()).unwrap().state = JobState::Cancelled).await
    }
}

impl Pictures for MemoryCloud {
    fn bucket(&self) -> &str {
        "pictures"
    }

    async fn has(&self, key: &str) -> Result<bool, CloudError> {
        self.call("has", |held| held.pictures.contains_key(key)).await
    }

    async fn put(&self, key: &str, picture: Vec<u8>) -> Result<(), CloudError> {
        let put = |held: &mut Held| {
            held.pictures.entry(key.to_owned()).or_insert(picture);
        };
        self.call("put", put).await
    }
}

impl Queue for MemoryCloud {
    async fn hide(&self, message: &Message, seconds: u32) -> Result<(), CloudError> {
        self.call("hide", |held| held.hidden.push((message.receipt_handle.clone(), seconds))).await
    }

    async fn bury(&self, message: &Message, _: Option<&JobId>, reason: &str) -> Result<(), CloudError> {
        self.call("bury", |held| held.dead.push((message.body.clone(), reason.to_owned()))).await
    }
}

impl Model for MemoryCloud {
    async fn generate(&self, picture: &Picture) -> Result<Vec<u8>, Trouble> {
        let made = self.call("generate", |held| match held.troubles.pop_front() {
            Some(trouble) => Err(trouble),
            None => {
                held.paid.push(picture.prompt.clone());
                Ok(format!("a picture of {}, number {}", picture.prompt, held.paid.len()).into_bytes())
            }
        });
        made.await.unwrap_or_else(|error| Err(Trouble::Broken(error.to_string())))
    }
}
