//! Finding the release that somebody wants back, beside what is deployed instead of it.

use std::collections::BTreeMap;

use protocol::{Event, Failure, FindRelease, FoundRelease, Ledger, LiveStack, Outcome, Release, Target};

use super::select::{refuse, select};
use super::shelf::{Record, live_digests, no_ledger};
use crate::cloud::{Cloud, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;

/// How many records are looked through at a time, newest first.
const LOOK_THROUGH: usize = 32;

type States = BTreeMap<String, StackState>;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Find a release, whole, with everything that a rollback to it needs to know; and make sure that its code is still there.
    pub(crate) async fn find_release(&self, request: &FindRelease) -> Result<Outcome, Failure> {
        let target = &request.ledger.target;
        let (states, bucket) = self.open_ledger(&request.ledger).await?;
        let Some(bucket) = bucket else { return Err(no_ledger(&request.ledger)) };
        let mut release = match request.which.as_str() {
            "previous" => self.previous(&request.ledger, &bucket, &states).await?,
            which => self.named(&request.ledger, &bucket, which).await?,
        };
        self.fill_in(target, &bucket, &mut release).await?;
        let artifacts = release.artifacts.iter().map(|artifact| (artifact.key.as_str(), artifact.sha256.as_str()));
        self.artifacts_are_there(target, &bucket, artifacts).await?;

        let digests = live_digests(&release, &states);
        let mut live = Vec::new();
        for stack in &release.stacks {
            let state = states.get(&stack.spec.name);
            let digest = digests.get(&stack.spec.name).cloned().flatten();
            let differs = state.is_some() && digest.as_deref() != stack.digest();
            let template =
                if differs { self.cloud.template(&stack.spec.name).await.map_err(|error| failure::of(error, target))? } else { None };
            let parameters = state.map(|state| state.parameters.clone()).unwrap_or_default();
            live.push(LiveStack { stack: stack.reference(), template, parameters, digest });
        }
        let is_other = |stack: &&protocol::StackRef| {
            states.contains_key(&stack.name) && release.stacks.iter().all(|released| released.spec.name != stack.name)
        };
        let others = request.stacks.iter().filter(is_other).cloned().collect();
        self.talk.tell(Event::Found(Box::new(FoundRelease { release, live, others })));
        Ok(self.read())
    }

    /// The last release that succeeded before the live one and made something else. When nothing that succeeded is live, because a
    /// deploy failed half way, the newest one that succeeded.
    async fn previous(&self, ledger: &Ledger, bucket: &str, states: &States) -> Result<Release, Failure> {
        let problem = |error| failure::of(error, &ledger.target);
        let ids = self.release_ids(bucket).await.map_err(problem)?;
        let (mut newest, mut live) = (None, None);
        for ids in ids.chunks(LOOK_THROUGH) {
            for record in self.records(bucket, ids).await.map_err(problem)? {
                let Some(release) = record.succeeded().cloned() else { continue };
                if release.is_live(&live_digests(&release, states)) {
                    live = live.or(Some(release));
                } else if live.is_some() {
                    return Ok(release);
                } else {
                    newest = newest.or(Some(release));
                }
            }
        }
        match (live, newest) {
            (None, Some(newest)) => Ok(newest),
            (Some(live), _) => Err(refuse(
                format!("{} is live, and nothing else succeeded before it", live.id),
                format!("`cargo xtask releases --env {}` lists all; name the one that you want", ledger.target.environment),
            )),
            (None, None) => Err(select(&[], "previous", &ledger.target.environment)
                .err()
                .unwrap_or_else(|| refuse("there is no release".to_owned(), String::new()))),
        }
    }

    /// The release that a word names. Ids hold the beginning of the commit, so that most records need not be read.
    async fn named(&self, ledger: &Ledger, bucket: &str, which: &str) -> Result<Release, Failure> {
        let problem = |error| failure::of(error, &ledger.target);
        let ids = self.release_ids(bucket).await.map_err(problem)?;
        let commit = which.get(..8).unwrap_or(which);
        let by_id =
            |id: &&String| id.starts_with(which) || id.split('-').nth(1).is_some_and(|part| 4 <= which.len() && part.starts_with(commit));
        let candidates: Vec<String> = ids.iter().filter(by_id).cloned().collect();
        let environment = &ledger.target.environment;
        if !candidates.is_empty() {
            let records = self.records(bucket, &candidates).await.map_err(problem)?;
            return select(&records, which, environment).cloned();
        }
        let mut seen: Vec<Record> = Vec::new();
        for ids in ids.chunks(LOOK_THROUGH) {
            seen.extend(self.records(bucket, ids).await.map_err(problem)?);
            if let Ok(release) = select(&seen, which, environment) {
                return Ok(release.clone());
            }
        }
        select(&seen, which, environment).cloned()
    }

    /// Fetch the templates that are too long for the record.
    async fn fill_in(&self, target: &Target, bucket: &str, release: &mut Release) -> Result<(), Failure> {
        let id = release.id.clone();
        for stack in &mut release.stacks {
            let Some(key) = &stack.template_key else { continue };
            let found = self.cloud.object(bucket, key).await.map_err(|error| failure::of(error, target))?;
            let text = found.and_then(|found| String::from_utf8(found.bytes).ok());
            let Some(text) = text.filter(|text| super::template_key(&stack.spec.name, text) == *key) else {
                return Err(missing(&id, bucket, key));
            };
            stack.spec.template = text;
        }
        Ok(())
    }

    /// Make sure that the bucket holds every artifact, byte for byte.
    pub(crate) async fn artifacts_are_there<'a>(
        &self,
        target: &Target,
        bucket: &str,
        artifacts: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), Failure> {
        for (key, released) in artifacts {
            let found = self.cloud.object_sha256(bucket, key).await.map_err(|error| failure::of(error, target))?;
            match found {
                Some(sha256) if sha256 == released => {}
                Some(other) => {
                    return Err(refuse(
                        format!("`{key}` in `{bucket}` is not what was released: its SHA-256 is {other}"),
                        "the bucket keeps every version: make the right one the newest again, or deploy the commit".to_owned(),
                    ));
                }
                None => return Err(missing("the release", bucket, key)),
            }
        }
        Ok(())
    }
}

fn missing(release: &str, bucket: &str, key: &str) -> Failure {
    refuse(
        format!("{release} needs `{key}`, which `{bucket}` no longer holds"),
        "the bucket keeps deleted objects for a while: delete the delete marker, or check the commit out and deploy it".to_owned(),
    )
}
