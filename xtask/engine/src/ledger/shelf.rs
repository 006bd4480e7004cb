//! The records as they lie in the bucket.

use std::collections::BTreeMap;

use protocol::{Failure, Ledger, RELEASE_VERSION, Release, ReleaseOutcome};
use serde::Deserialize;

use super::RELEASES;
use crate::cloud::{Cloud, CloudError, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;

/// How many records are fetched side by side.
const AT_ONCE: usize = 16;

/// A record, as far as it can be understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    Known(Box<Release>),
    /// Its form is newer than this engine, or it is no record at all (version 0).
    Strange {
        id: String,
        version: u32,
    },
}

impl Record {
    fn read(id: &str, bytes: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let version = serde_json::from_slice::<Head>(bytes).map_or(0, |head| head.version);
        match serde_json::from_slice::<Release>(bytes) {
            Ok(release) if version <= RELEASE_VERSION => Self::Known(Box::new(release)),
            Ok(_) | Err(_) => Self::Strange { id: id.to_owned(), version },
        }
    }

    pub(super) fn known(&self) -> Option<&Release> {
        match self {
            Self::Known(release) => Some(release),
            Self::Strange { .. } => None,
        }
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Self::Known(release) => &release.id,
            Self::Strange { id, .. } => id,
        }
    }

    /// The release, if it succeeded.
    pub(super) fn succeeded(&self) -> Option<&Release> {
        self.known().filter(|release| release.outcome == Some(ReleaseOutcome::Succeeded))
    }
}

/// The digests of the release's stacks as they are deployed now, by stack name.
pub(super) fn live_digests(release: &Release, states: &BTreeMap<String, StackState>) -> BTreeMap<String, Option<String>> {
    let digest = |spec: &protocol::StackSpec| states.get(&spec.name)?.parameters.get(spec.digest_parameter()?).cloned();
    release.stacks.iter().map(|stack| (stack.spec.name.clone(), digest(&stack.spec))).collect()
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// The stacks by name, and the bucket that the ledger lies in; none before the first deploy.
    pub(super) async fn open_ledger(&self, ledger: &Ledger) -> Result<(BTreeMap<String, StackState>, Option<String>), Failure> {
        let states = self.read_states(&ledger.target).await?;
        let states: BTreeMap<_, _> = states.into_iter().map(|state| (state.name.clone(), state)).collect();
        let bucket = states.get(&ledger.stack.name).and_then(|state| state.outputs.get(&ledger.output)).cloned();
        Ok((states, bucket))
    }

    /// The ids of all releases, newest first by S3's clock: ids come from the clocks of many machines.
    pub(super) async fn release_ids(&self, bucket: &str) -> Result<Vec<String>, CloudError> {
        let mut objects = self.cloud.objects(bucket, RELEASES).await?.objects;
        objects.sort_by(|a, b| (b.modified_seconds, &b.key).cmp(&(a.modified_seconds, &a.key)));
        let id = |key: &str| Some(key.strip_prefix(RELEASES)?.strip_suffix(".json")?.to_owned());
        Ok(objects.iter().filter_map(|object| id(&object.key)).collect())
    }

    /// The records with these ids, in the same order.
    pub(super) async fn records(&self, bucket: &str, ids: &[String]) -> Result<Vec<Record>, CloudError> {
        let mut records = Vec::new();
        for ids in ids.chunks(AT_ONCE) {
            let keys: Vec<String> = ids.iter().map(|id| format!("{RELEASES}{id}.json")).collect();
            let found = futures_util::future::join_all(keys.iter().map(|key| self.cloud.object(bucket, key))).await;
            for (id, found) in ids.iter().zip(found) {
                records.extend(found?.map(|found| Record::read(id, &found.bytes)));
            }
        }
        Ok(records)
    }
}

/// There is no ledger to look into.
pub(super) fn no_ledger(ledger: &Ledger) -> Failure {
    let environment = &ledger.target.environment;
    failure::request(
        format!("`{environment}` has no release yet: stack `{}` does not give `{}`", ledger.stack.name, ledger.output),
        &format!("`cargo xtask deploy --env {environment}` makes the first one"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_newer_form_is_known_as_such() {
        let bytes = br#"{"version":7,"id":"x","stacks":{"in":"another form"}}"#;

        let record = Record::read("x", bytes);

        assert_eq!(record, Record::Strange { id: "x".to_owned(), version: 7 }, "a rollback would deploy what it does not understand");
    }
}
