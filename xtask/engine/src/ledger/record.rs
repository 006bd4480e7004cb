//! A deploy with its entry in the ledger: what is intended before, what came of it after.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::pin::pin;

use futures_util::future::{Either, select};
use jiff::Timestamp;
use protocol::{
    Deploy, Event, Failure, FailureKind, LEASE_SECONDS, Outcome, RELEASE_VERSION, Release, ReleaseOutcome, ReleasedArtifact, ReleasedStack,
    Sent, Target,
};

use super::lease::{Held, LASTS_LOCALLY_SECONDS, Lease};
use super::{INLINE_TEMPLATE_BYTES, RELEASES, purpose, short, template_key};
use crate::cloud::{Cloud, CloudError, Condition, ErrorKind};
use crate::engine::{Engine, Talk};

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Deploy, alone, and write down how it ended. A deploy that has nothing to change takes no lease and writes nothing,
    /// unless it finds the lease of a dead one.
    pub(crate) async fn release(&self, work: impl AsyncFn() -> Result<Outcome, Failure>) -> Result<Outcome, Failure> {
        loop {
            let result = match select(pin!(work()), pin!(self.keep_lease())).await {
                Either::Left((result, _)) => result,
                Either::Right((never, _)) => match never {},
            };
            // What was read before the lease was ours is not what there is: once more, with the lease.
            if !self.desk.moved.take() {
                return self.finish(result).await;
            }
        }
    }

    /// Take the lease for a deploy.
    pub(crate) async fn lease_for(&self, request: &Deploy, bucket: &str) -> Result<(), Failure> {
        let release = self.intended(request);
        let lease = Lease {
            token: release.id.clone(),
            by: release.by.clone(),
            since: release.began.clone(),
            purpose: purpose(request),
            lasts_seconds: if request.guards.stand_in { LASTS_LOCALLY_SECONDS } else { LEASE_SECONDS },
            release: Some(release),
        };
        self.take_lease(&request.target, bucket, lease).await
    }

    fn intended(&self, request: &Deploy) -> Release {
        let now = Timestamp::now();
        let commit = request.release.commit.clone();
        Release {
            version: RELEASE_VERSION,
            id: new_id(now, commit.as_ref().map(|commit| commit.id.as_str())),
            environment: request.target.environment.clone(),
            account: request.target.account.clone(),
            region: request.target.region.clone(),
            kind: request.release.kind.clone(),
            commit,
            by: self.desk.caller.borrow().clone(),
            tool: request.release.tool.clone(),
            began: rfc3339(now),
            ended: None,
            outcome: None,
            message: None,
            stacks: request.stacks.iter().map(|spec| ReleasedStack { spec: spec.clone(), template_key: None, values: [].into() }).collect(),
            artifacts: request
                .artifacts
                .iter()
                .map(|artifact| ReleasedArtifact {
                    name: artifact.name.clone(),
                    key: artifact.key(),
                    sha256: artifact.sha256.clone(),
                    bytes: artifact.bytes,
                })
                .collect(),
            orphans: request.orphans.clone(),
            artifact_bucket: request.artifact_bucket.clone(),
        }
    }

    /// Write the record, then give the lease back.
    async fn finish(&self, result: Result<Outcome, Failure>) -> Result<Outcome, Failure> {
        // Whoever has the lease now has written it down already.
        if self.desk.lost.borrow().is_some() {
            return result;
        }
        let Some(held) = self.desk.held.borrow().clone() else { return result };
        if self.desk.began.get()
            && let Some((outcome, message)) = ending(&result, self.desk.took_over.get())
            && let Err(error) = self.write_down(&held, outcome, message).await
        {
            let kind = if error.kind == ErrorKind::Credentials { FailureKind::Credentials } else { FailureKind::Service };
            let text = format!("the release could not be recorded: {error}");
            // The lease stays: it holds what was intended, and whoever takes it over writes that down.
            return match result {
                Ok(_) => Err(unrecorded(kind, text)),
                Err(failure) => {
                    self.talk.tell(Event::Note { text });
                    Err(failure)
                }
            };
        }
        self.give_lease_back().await;
        result
    }

    async fn write_down(&self, held: &Held, outcome: ReleaseOutcome, message: Option<String>) -> Result<(), CloudError> {
        let Some(mut release) = held.lease.release.clone() else { return Ok(()) };
        let values = self.desk.values.borrow().clone();
        for stack in &mut release.stacks {
            if let Some(values) = values.get(&stack.spec.name) {
                stack.values.clone_from(values);
            }
            if stack.spec.template.len() > INLINE_TEMPLATE_BYTES {
                let key = template_key(&stack.spec.name, &stack.spec.template);
                if !self.cloud.has_object(&held.bucket, &key).await? {
                    self.cloud.put_text(&held.bucket, &key, &stack.spec.template).await?;
                }
                stack.spec.template.clear();
                stack.template_key = Some(key);
            }
        }
        release.ended = Some(rfc3339(Timestamp::now()));
        release.outcome = Some(outcome);
        release.message = message;
        self.record(&held.bucket, &release).await
    }

    /// Write down, for somebody who will not do it, what was intended.
    pub(super) async fn abandoned(&self, target: &Target, bucket: &str, lease: Lease, why: &str) {
        let Some(mut release) = lease.release else { return };
        let caller = self.desk.caller.borrow().clone();
        release.outcome = Some(ReleaseOutcome::Abandoned);
        release.message = Some(format!("{why}; {caller} took `{}` over", target.environment));
        let text = match self.record(bucket, &release).await {
            Ok(()) => format!("{}, which {} began, is in the ledger as abandoned", release.id, release.by),
            Err(error) => format!("that {} abandoned {} could not be recorded: {error}", release.by, release.id),
        };
        self.talk.tell(Event::Note { text });
    }

    async fn record(&self, bucket: &str, release: &Release) -> Result<(), CloudError> {
        let unwritable = |error: serde_json::Error| CloudError {
            service: "s3",
            operation: "PutObject",
            code: None,
            message: error.to_string(),
            kind: ErrorKind::Other,
        };
        let text = serde_json::to_string(release).map_err(unwritable)?;
        let key = format!("{RELEASES}{}.json", release.id);
        match self.cloud.put_if(bucket, &key, &text, Condition::Absent).await {
            // A record is never changed: what stands there was true first.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

/// What the ledger says of an end; none where nothing was released. Whoever finds finished what a dead deploy began has released it:
/// else nobody could ever return to it.
fn ending(result: &Result<Outcome, Failure>, took_over: bool) -> Option<(ReleaseOutcome, Option<String>)> {
    let failure = match result {
        Ok(Outcome::Changed) => return Some((ReleaseOutcome::Succeeded, None)),
        Ok(Outcome::Unchanged) if took_over => return Some((ReleaseOutcome::Succeeded, None)),
        Ok(Outcome::Unchanged | Outcome::Declined | Outcome::Read) => return None,
        Err(failure) => failure,
    };
    let outcome = match failure.kind {
        FailureKind::RolledBack => ReleaseOutcome::RolledBack,
        FailureKind::Interrupted => ReleaseOutcome::Interrupted,
        FailureKind::Request
        | FailureKind::Credentials
        | FailureKind::WrongAccount
        | FailureKind::Unreachable
        | FailureKind::Denied
        | FailureKind::StackState
        | FailureKind::Refused
        | FailureKind::Stuck
        | FailureKind::Gap
        | FailureKind::Service
        | FailureKind::Held
        | FailureKind::Differs
        | FailureKind::NotReady
        | FailureKind::Moved => ReleaseOutcome::Failed,
    };
    let words: Vec<&str> = std::iter::once(&failure.message).chain(&failure.causes).map(String::as_str).collect();
    Some((outcome, Some(words.join(": "))))
}

fn unrecorded(kind: FailureKind, cause: String) -> Failure {
    Failure {
        kind,
        message: "everything is deployed, but the ledger does not know it".to_owned(),
        causes: vec![cause],
        source: None,
        hint: "`rollback` cannot return to this release; when the bucket takes objects again, deploy any change".to_owned(),
        sent: Sent::Something,
    }
}

/// `20261123T075330Z-01234567-89abcdef`: sorts by time, names the commit, is never the same twice.
pub(super) fn new_id(now: Timestamp, commit: Option<&str>) -> String {
    // The keys of a new hasher are random, which is all that is wanted here.
    let random = RandomState::new().build_hasher().finish() as u32;
    format!("{}-{}-{random:08x}", now.strftime("%Y%m%dT%H%M%SZ"), commit.map_or("00000000", short))
}

/// To the second: nobody reads more of it.
pub(super) fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
