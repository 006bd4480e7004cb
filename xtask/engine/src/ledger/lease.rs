//! One deploy per environment at a time: an object that is taken, renewed and given back under conditions.
//!
//! Whether a lease has run out is told by S3's clock alone: the object's age is what S3 says at the time of the answer. A lease does
//! not fence CloudFormation, but the execution of one change set deletes all others of a stack, so that a deploy that lost its lease
//! without knowing cannot execute what it prepared before.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use protocol::{Event, Failure, FailureKind, LEASE_SECONDS, LeaseState, Ledger, Release, Sent, Target};
use serde::{Deserialize, Serialize};

use super::{LEASE, unlock_hint};
use crate::cloud::{Cloud, CloudError, Condition, ErrorKind, StackState, StoredObject};
use crate::engine::{Engine, Talk};
use crate::failure;

/// For how many seconds a lease lasts where a stand-in for AWS runs on the holder's machine: no network can delay a renewal, and people deploy every minute.
pub(super) const LASTS_LOCALLY_SECONDS: u64 = 12;

/// What is in the object. A field that is missing was not known to whoever wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Lease {
    /// Unique to one taking; the id of the release.
    pub(super) token: String,
    pub(super) by: String,
    pub(super) since: String,
    pub(super) purpose: String,
    /// For how many seconds it is respected when nobody renews it: its holder's word counts, not that of whoever waits.
    pub(super) lasts_seconds: u64,
    /// What is going to be released, so that a deploy that dies leaves a trace. A lease for something else has none.
    pub(super) release: Option<Release>,
}

impl Default for Lease {
    fn default() -> Self {
        let unknown = || "somebody unknown".to_owned();
        Self {
            token: String::new(),
            by: unknown(),
            since: "some time ago".to_owned(),
            purpose: "something".to_owned(),
            lasts_seconds: LEASE_SECONDS,
            release: None,
        }
    }
}

/// A lease that is ours.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) bucket: String,
    pub(super) lease: Lease,
    text: String,
    etag: String,
    renewed: Instant,
}

impl Held {
    /// An error when it may have run out by now, because it could not be renewed.
    pub(super) fn is_fresh(&self) -> Result<(), Failure> {
        let age = self.renewed.elapsed();
        if age < self.lease.lasts() { Ok(()) } else { Err(lost(format!("it could not be renewed for {} seconds", age.as_secs()))) }
    }
}

impl Lease {
    pub(super) fn read(found: &StoredObject) -> Self {
        serde_json::from_slice(&found.bytes).unwrap_or_default()
    }

    /// Not renewed for so long, it has run out.
    pub(super) fn lasts(&self) -> Duration {
        Duration::from_secs(self.lasts_seconds)
    }

    /// How often its holder renews it.
    pub(super) fn renewed_every(&self) -> Duration {
        self.lasts() / 6
    }

    /// A holder who is alive has renewed it by then, also over a slow connection.
    pub(super) fn surely_renewed(&self) -> Duration {
        self.renewed_every() * 5 / 4
    }

    pub(super) fn state(&self, found: &StoredObject) -> LeaseState {
        let silent_seconds = silence(found).as_secs();
        let Self { by, since, purpose, lasts_seconds, .. } = self.clone();
        LeaseState { by, since, purpose, silent_seconds, lasts_seconds }
    }
}

/// How long nobody has renewed it.
pub(super) fn silence(found: &StoredObject) -> Duration {
    Duration::from_secs(u64::try_from(found.server_seconds - found.modified_seconds).unwrap_or(0))
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Take the lease. Waits for one that is no longer renewed, and fails when somebody is at work.
    pub(super) async fn take_lease(&self, target: &Target, bucket: &str, lease: Lease) -> Result<(), Failure> {
        let problem = |error| failure::of(error, target);
        let text = serde_json::to_string(&lease).map_err(|error| failure::request(format!("the lease cannot be written: {error}"), ""))?;
        let mut seen: Option<(String, i64)> = None;
        loop {
            match self.cloud.put_if(bucket, LEASE, &text, Condition::Absent).await {
                Ok(stored) => {
                    self.holds_now(bucket, lease, text, stored.etag);
                    return Ok(());
                }
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(problem(error)),
            }
            while let Some(found) = self.cloud.object(bucket, LEASE).await.map_err(problem)? {
                let other = Lease::read(&found);
                if other.token == lease.token {
                    // The answer to our own request was lost on its way.
                    self.holds_now(bucket, lease, text, found.etag);
                    return Ok(());
                }
                let silent = silence(&found);
                if silent >= other.lasts() {
                    match self.cloud.put_if(bucket, LEASE, &text, Condition::Matches(&found.etag)).await {
                        Ok(stored) => {
                            self.holds_now(bucket, lease, text, stored.etag);
                            self.abandoned(target, bucket, other, "its lease ran out").await;
                            self.desk.took_over.set(true);
                            return Ok(());
                        }
                        Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::NotFound) => break,
                        Err(error) => return Err(problem(error)),
                    }
                }
                let now = (other.token.clone(), found.modified_seconds);
                match &seen {
                    Some(before) if *before != now => return Err(held_by(target, &other)),
                    Some(_) => {}
                    None => self.talk.tell(Event::Lease(other.state(&found))),
                }
                seen = Some(now);
                self.wait_for_lease(target, &other, silent).await?;
            }
            // It went away between two looks, or S3 is about to decide between two who came at once.
            self.cloud.pause(Duration::from_millis(200)).await;
        }
    }

    /// Tell who holds the lease, if anybody does and the bucket is there to look in. A look that fails is told, and is no failure.
    pub(crate) async fn tell_lease(&self, ledger: &Ledger, states: &BTreeMap<String, StackState>) {
        let Some(bucket) = states.get(&ledger.stack.name).and_then(|state| state.outputs.get(&ledger.output)) else { return };
        match self.cloud.object(bucket, LEASE).await {
            Ok(Some(found)) => self.talk.tell(Event::Lease(Lease::read(&found).state(&found))),
            // The bucket may be gone although its stack has not noticed.
            Ok(None) => {}
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => self.talk.tell(Event::Note { text: format!("who holds the lease cannot be asked: {error}") }),
        }
    }

    /// Let time pass until it is worth looking again.
    async fn wait_for_lease(&self, target: &Target, other: &Lease, silent: Duration) -> Result<(), Failure> {
        let pause = if silent < other.surely_renewed() {
            other.surely_renewed() - silent
        } else {
            let left = other.lasts().saturating_sub(silent);
            let text = format!("{} was last heard of {} s ago; its lease runs out in {} s", other.by, silent.as_secs(), left.as_secs());
            self.talk.tell(Event::Note { text });
            left.min(other.lasts() / 8)
        };
        tokio::select! {
            () = self.cloud.pause(pause) => Ok(()),
            () = self.interrupt.wait() => {
                let what = format!("interrupted while waiting for the lease of `{}`, which {} holds", target.environment, other.by);
                Err(failure::interrupted(what, unlock_hint(target), Sent::Nothing))
            }
        }
    }

    fn holds_now(&self, bucket: &str, lease: Lease, text: String, etag: String) {
        *self.desk.held.borrow_mut() = Some(Held { bucket: bucket.to_owned(), lease, text, etag, renewed: Instant::now() });
        self.desk.taken.notify_one();
    }

    /// Renew the lease for as long as this is polled, if there is one.
    pub(super) async fn keep_lease(&self) -> Infallible {
        loop {
            let pause = self.desk.held.borrow().as_ref().map(|held| held.lease.renewed_every());
            match pause {
                Some(pause) => {
                    self.cloud.pause(pause).await;
                    self.renew_lease().await;
                }
                None => self.desk.taken.notified().await,
            }
        }
    }

    async fn renew_lease(&self) {
        let Some(held) = self.desk.held.borrow().clone() else { return };
        match self.cloud.put_if(&held.bucket, LEASE, &held.text, Condition::Matches(&held.etag)).await {
            Ok(stored) => self.renewed(stored.etag),
            Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::NotFound) => match self.whose(&held).await {
                Ok(Whose::Ours(etag)) => self.renewed(etag),
                Ok(Whose::Theirs(by)) => *self.desk.lost.borrow_mut() = Some(lost(format!("{by} has it now"))),
                Ok(Whose::Nobodys) => *self.desk.lost.borrow_mut() = Some(lost("somebody took it away".to_owned())),
                // Nothing is known, and the next renewal will tell.
                Err(_) => {}
            },
            // Without a network, there is time until the lease runs out.
            Err(_) => {}
        }
    }

    fn renewed(&self, etag: String) {
        if let Some(held) = &mut *self.desk.held.borrow_mut() {
            held.etag = etag;
            held.renewed = Instant::now();
        }
    }

    async fn whose(&self, held: &Held) -> Result<Whose, CloudError> {
        let Some(found) = self.cloud.object(&held.bucket, LEASE).await? else { return Ok(Whose::Nobodys) };
        let lease = Lease::read(&found);
        Ok(if lease.token == held.lease.token { Whose::Ours(found.etag) } else { Whose::Theirs(lease.by) })
    }

    /// Give the lease back, if it is still ours.
    pub(super) async fn give_lease_back(&self) {
        let Some(held) = self.desk.held.borrow_mut().take() else { return };
        let gone = match self.cloud.delete_if(&held.bucket, LEASE, &held.etag).await {
            // A renewal may have arrived whose answer nobody waited for.
            Err(error) if error.kind == ErrorKind::Conflict => match self.whose(&held).await {
                Ok(Whose::Ours(etag)) => self.cloud.delete_if(&held.bucket, LEASE, &etag).await,
                Ok(Whose::Theirs(_) | Whose::Nobodys) => Ok(()),
                Err(error) => Err(error),
            },
            other => other,
        };
        match gone {
            Err(error) if error.kind != ErrorKind::NotFound => {
                let text = format!("the lease could not be given back ({error}); it runs out by itself in {} s", held.lease.lasts_seconds);
                self.talk.tell(Event::Note { text });
            }
            Ok(()) | Err(_) => {}
        }
    }
}

/// Who holds a lease.
enum Whose {
    /// We, under this entity tag.
    Ours(String),
    Theirs(String),
    Nobodys,
}

pub(super) fn held_by(target: &Target, lease: &Lease) -> Failure {
    let Lease { by, since, purpose, .. } = lease;
    Failure {
        kind: FailureKind::Held,
        message: format!("`{}` is held by {by} for {purpose}, since {since}", target.environment),
        causes: vec!["the lease is being renewed, so its holder is at work".to_owned()],
        source: None,
        hint: format!("wait for its end; {}", unlock_hint(target)),
        sent: Sent::Nothing,
    }
}

fn lost(how: String) -> Failure {
    Failure {
        kind: FailureKind::Held,
        message: "the lease of this environment is lost in the middle of the work".to_owned(),
        causes: vec![how],
        source: None,
        hint: "nothing more is written, and change sets that were not executed stay; see who is at work with `cargo xtask releases`, then deploy again"
            .to_owned(),
        sent: Sent::Undone,
    }
}
