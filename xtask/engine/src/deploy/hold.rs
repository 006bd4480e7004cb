//! Alone in the environment: from the first write on, nobody else deploys it.

use std::collections::BTreeMap;

use protocol::{Deploy, Failure, FailureKind, ReleaseKind, Sent};

use super::Known;
use crate::cloud::{Cloud, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;
use crate::ledger::LEASE;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Take the lease, if it is not held yet. A first deploy has no bucket for it, and CloudFormation makes no stack twice.
    pub(super) async fn hold(&self, request: &Deploy, known: &Known) -> Result<(), Failure> {
        self.desk.still_ours()?;
        if self.desk.holds() {
            return Ok(());
        }
        let Some(bucket) = bucket(request, known) else { return Ok(()) };
        self.lease_for(request, bucket).await?;
        if known.changed.is_empty() {
            self.look_again(request, bucket, known).await?;
        }
        self.desk.begin();
        Ok(())
    }

    /// Somebody who died after the last stack left the lease, and no record: end that, although nothing is left to change.
    pub(super) async fn settle(&self, request: &Deploy, known: &Known) -> Result<(), Failure> {
        let Some(bucket) = bucket(request, known).filter(|_| !self.desk.holds()) else { return Ok(()) };
        let lease = self.cloud.object(bucket, LEASE).await.map_err(|error| failure::of(error, &request.target))?;
        if lease.is_some() { self.hold(request, known).await } else { Ok(()) }
    }

    /// What was read before the lease was ours may be another's work by now.
    async fn look_again(&self, request: &Deploy, bucket: &str, known: &Known) -> Result<(), Failure> {
        let states = self.cloud.stacks().await.map_err(|error| failure::of(error, &request.target))?;
        let states: BTreeMap<&str, &StackState> = states.iter().map(|state| (state.name.as_str(), state)).collect();
        if let Some(expected) = &request.release.expects {
            as_expected(request, expected, &states)?;
        }
        if matches!(request.release.kind, ReleaseKind::Rollback { .. }) {
            let artifacts: Vec<_> = request.artifacts.iter().map(|artifact| (artifact.key(), artifact.sha256.as_str())).collect();
            let artifacts = artifacts.iter().map(|(key, sha256)| (key.as_str(), *sha256));
            self.artifacts_are_there(&request.target, bucket, artifacts).await?;
        }
        let moved = request.stacks.iter().any(|spec| states.get(spec.name.as_str()).copied() != known.states.get(&spec.name));
        if moved {
            self.desk.moved();
            return Err(failure::request("the stacks changed while the lease was waited for".to_owned(), "look again"));
        }
        Ok(())
    }
}

fn as_expected(request: &Deploy, expected: &BTreeMap<String, Option<String>>, states: &BTreeMap<&str, &StackState>) -> Result<(), Failure> {
    let digest = |name: &str| {
        let spec = request.stacks.iter().find(|spec| spec.name == name)?;
        states.get(name)?.parameters.get(spec.digest_parameter()?).cloned()
    };
    let Some(other) = expected.iter().find(|(name, wanted)| digest(name) != **wanted) else { return Ok(()) };
    Err(Failure {
        kind: FailureKind::Held,
        message: format!("`{}` was deployed by somebody else since it was looked at", other.0),
        causes: Vec::new(),
        source: None,
        hint: "what was shown is no longer true; start again to see what there is now".to_owned(),
        sent: Sent::Nothing,
    })
}

/// The bucket, as far as there is one.
fn bucket<'k>(request: &Deploy, known: &'k Known) -> Option<&'k str> {
    let output = &request.artifact_bucket;
    let made = known.outputs.get(&output.stack).and_then(|outputs| outputs.get(&output.output));
    let found = || {
        let spec = request.stacks.iter().find(|spec| spec.stack == output.stack)?;
        known.states.get(&spec.name)?.outputs.get(&output.output)
    };
    made.or_else(found).map(String::as_str)
}
