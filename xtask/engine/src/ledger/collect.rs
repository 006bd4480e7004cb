//! `gc`: what no release needs any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use protocol::{Collect, Event, Failure, Garbage, Outcome, Release};

use super::lease::Lease;
use super::record::{new_id, rfc3339};
use super::select::refuse;
use super::shelf::{Record, live_digests, no_ledger};
use crate::cloud::{Cloud, CloudError, Listed, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;

/// Where artifacts and long templates lie. Nothing else is ever collected.
const COLLECTED: [&str; 2] = ["artifacts/", "templates/"];
/// What is younger may belong to a deploy that has not written its record yet.
const OLD_ENOUGH_SECONDS: i64 = 24 * 60 * 60;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Tell what no release needs, and delete it when that is asked for. While it deletes, nobody deploys.
    pub(crate) async fn collect(&self, request: &Collect) -> Result<Outcome, Failure> {
        let target = &request.ledger.target;
        let (states, bucket) = self.open_ledger(&request.ledger).await?;
        let Some(bucket) = bucket else { return Err(no_ledger(&request.ledger)) };
        if !request.delete {
            self.talk.tell(Event::Garbage(self.garbage(request, &bucket, &states).await?));
            return Ok(self.read());
        }
        let now = Timestamp::now();
        let lease = Lease {
            token: new_id(now, None),
            by: self.desk.caller.borrow().clone(),
            since: rfc3339(now),
            purpose: "a collection of what no release needs".to_owned(),
            ..Lease::default()
        };
        self.take_lease(target, &bucket, lease).await?;
        let collected = tokio::select! {
            collected = self.delete_garbage(request, &bucket) => collected,
            never = self.keep_lease() => match never {},
        };
        if self.desk.still_ours().is_ok() {
            self.give_lease_back().await;
        }
        collected
    }

    async fn delete_garbage(&self, request: &Collect, bucket: &str) -> Result<Outcome, Failure> {
        let problem = |error: CloudError| failure::of(error, &request.ledger.target);
        // Read once more, now that nobody deploys: what is live may be another release than before.
        let states = self.cloud.stacks().await.map_err(problem)?;
        let states: BTreeMap<_, _> = states.into_iter().map(|state| (state.name.clone(), state)).collect();
        let mut garbage = self.garbage(request, bucket, &states).await?;
        self.desk.still_ours()?;
        if !garbage.keys.is_empty() {
            self.cloud.delete_objects(bucket, &garbage.keys).await.map_err(problem)?;
        }
        garbage.deleted = true;
        let outcome = if garbage.keys.is_empty() { Outcome::Unchanged } else { Outcome::Changed };
        self.talk.tell(Event::Garbage(garbage));
        Ok(outcome)
    }

    async fn garbage(&self, request: &Collect, bucket: &str, states: &BTreeMap<String, StackState>) -> Result<Garbage, Failure> {
        let problem = |error| failure::of(error, &request.ledger.target);
        let ids = self.release_ids(bucket).await.map_err(problem)?;
        let records = self.records(bucket, &ids).await.map_err(problem)?;
        let kept = kept(&records, request.keep, states)?;
        let needed = needed(&kept, states);
        let mut garbage = Garbage { keys: Vec::new(), bytes: 0, young: 0, kept: kept.len(), deleted: false };
        for prefix in COLLECTED {
            let listing = self.cloud.objects(bucket, prefix).await.map_err(problem)?;
            for Listed { key, bytes, modified_seconds } in listing.objects {
                if needed.contains(key.as_str()) {
                    continue;
                }
                if listing.server_seconds - modified_seconds < OLD_ENOUGH_SECONDS {
                    garbage.young += 1;
                    continue;
                }
                garbage.bytes += bytes;
                garbage.keys.push(key);
            }
        }
        Ok(garbage)
    }
}

/// The releases that stay whole: the newest ones, the live one, and the one before it. Records come newest first.
fn kept<'r>(records: &'r [Record], keep: usize, states: &BTreeMap<String, StackState>) -> Result<Vec<&'r Release>, Failure> {
    if let Some(Record::Strange { id, version }) = records.iter().find(|record| record.known().is_none()) {
        return Err(refuse(
            format!("the record of {id} has form {version}, so nobody here knows what it needs"),
            "collect with the newest program that deploys this environment".to_owned(),
        ));
    }
    let succeeded: Vec<&Release> = records.iter().filter_map(Record::succeeded).collect();
    let is_live = |release: &Release| release.is_live(&live_digests(release, states));
    let live = succeeded.iter().position(|release| is_live(release));
    let earlier = |live: usize| succeeded.iter().enumerate().skip(live + 1).find(|(_, release)| !is_live(release)).map(|(at, _)| at);
    let before = live.and_then(earlier);
    let stays = |at: usize| at < keep || Some(at) == live || Some(at) == before;
    Ok(succeeded.iter().enumerate().filter(|(at, _)| stays(*at)).map(|(_, release)| *release).collect())
}

/// The keys of everything that these releases, and the stacks as they are, refer to.
fn needed<'r>(kept: &[&'r Release], states: &'r BTreeMap<String, StackState>) -> BTreeSet<&'r str> {
    let artifacts = kept.iter().flat_map(|release| &release.artifacts).map(|artifact| artifact.key.as_str());
    let templates = kept.iter().flat_map(|release| &release.stacks).filter_map(|stack| stack.template_key.as_deref());
    let live = states.values().flat_map(|state| state.parameters.values()).map(String::as_str);
    artifacts.chain(templates).chain(live).collect()
}
