//! The account and its region: who, where, and what is to be there already.

use protocol::{Check, CheckState, Preflight};
use serde_json::json;

use super::{Seen, check};
use crate::cloud::{Action, Ask, Protocol, Service, StackState};
use crate::phase::Phase;
use crate::verify::{items, list, text_at};

static EC2: Service = Service::new("ec2", Protocol::Query { version: "2016-11-15", flat: true });
static S3: Service = Service::new("s3", Protocol::RestXml);

const REGIONS: Action = EC2.action("DescribeRegions", "/");
const BUCKET: Action = S3.action("GetBucketVersioning", "/{Bucket}?versioning");

fn region(request: &Preflight) -> Ask {
    REGIONS.ask(json!({ "RegionName": [request.target.region], "AllRegions": true }))
}

/// The artifact bucket, once its stack exists.
fn bucket(request: &Preflight, states: &[StackState]) -> Option<String> {
    let stack = request.stacks.iter().find(|declared| declared.stack.stack == request.artifact_bucket.stack)?;
    let state = states.iter().find(|state| state.name == stack.stack.name)?;
    state.outputs.get(&request.artifact_bucket.output).cloned()
}

pub(super) fn asks(request: &Preflight, states: &[StackState]) -> Vec<Ask> {
    let versioning = bucket(request, states).map(|bucket| BUCKET.ask(json!({ "Bucket": bucket })));
    std::iter::once(region(request)).chain(versioning).collect()
}

pub(super) fn checks(seen: &Seen<'_>) -> Vec<Check> {
    let request = seen.request;
    let target = &request.target;
    let mut all = vec![check("account", CheckState::Ok, format!("the credentials are for {}", target.account), None)];
    all.push(opted_in(seen));
    all.push(stacks(seen));
    all.push(artifact_bucket(seen));
    all.extend(request.execution_role.as_deref().map(|name| execution_role(seen, name)));
    all
}

fn opted_in(seen: &Seen<'_>) -> Check {
    let target = &seen.request.target;
    let answer = match seen.answer("region", &region(seen.request)) {
        Ok(answer) => answer,
        // STS has answered there: that much is known.
        Err(check) => return Check { found: format!("STS answers in {}; {}", target.region, check.found), ..check },
    };
    let regions = list(crate::verify::at(answer, "regionInfo"));
    let found = items(&regions).iter().find(|one| text_at(one, "regionName") == target.region);
    match found.map(|one| text_at(one, "optInStatus")).as_deref() {
        Some("not-opted-in") => {
            let hint = "enable the region in the account's settings, or correct `region` in the environment's file";
            check("region", CheckState::Error, format!("the account has not enabled {}", target.region), Some(hint))
        }
        Some(_) => check("region", CheckState::Ok, format!("{} is enabled", target.region), None),
        None => {
            let hint = "correct `region` in the environment's file";
            check("region", CheckState::Error, format!("there is no region {}", target.region), Some(hint))
        }
    }
}

/// A stack in a state that no deploy gets out of.
fn stacks(seen: &Seen<'_>) -> Check {
    let ours = |state: &&StackState| seen.request.stacks.iter().any(|declared| declared.stack.name == state.name);
    let stuck: Vec<String> = seen
        .states
        .iter()
        .filter(ours)
        .filter(|state| matches!(Phase::of(&state.status), Phase::Stuck | Phase::HalfDeleted | Phase::Unknown))
        .map(|state| format!("{} is in {}", state.name, state.status))
        .collect();
    if stuck.is_empty() {
        let there = seen.states.iter().filter(ours).count();
        return check("stacks", CheckState::Ok, format!("{there} of {} exist, none is stuck", seen.request.stacks.len()), None);
    }
    check("stacks", CheckState::Error, stuck.join(", "), Some("`cargo xtask status` shows AWS's words about it"))
}

fn artifact_bucket(seen: &Seen<'_>) -> Check {
    const NAME: &str = "artifact bucket";
    let Some(bucket) = bucket(seen.request, seen.states) else {
        return check(NAME, CheckState::Ok, "the first deploy makes it", None);
    };
    match seen.answers.get(&BUCKET.ask(json!({ "Bucket": bucket })).key()) {
        Some(Err(error)) if error.kind == crate::cloud::ErrorKind::NotFound => {
            let hint = "somebody deleted it behind CloudFormation's back: delete its stack and deploy again";
            check(NAME, CheckState::Error, format!("{bucket} does not exist"), Some(hint))
        }
        Some(Err(error)) => super::unknown(NAME, error),
        Some(Ok(answer)) if text_at(answer, "Status") != "Enabled" => {
            let hint = "deploy the stack that holds it: without versions, an overwritten release record is lost";
            check(NAME, CheckState::Warning, format!("{bucket} keeps no versions"), Some(hint))
        }
        Some(Ok(_)) => check(NAME, CheckState::Ok, format!("{bucket} is there and keeps versions"), None),
        None => check(NAME, CheckState::CannotTell, "nobody asked", None),
    }
}

fn execution_role(seen: &Seen<'_>, name: &str) -> Check {
    const NAME: &str = "execution role";
    match seen.states.iter().find(|state| state.name == name) {
        Some(state) if Phase::of(&state.status) == Phase::Settled => check(NAME, CheckState::Ok, format!("stack {name} holds it"), None),
        Some(state) => check(NAME, CheckState::Warning, format!("stack {name} is in {}", state.status), Some("deploy it again")),
        None => {
            let hint = "an administrator deploys it once: `cargo xtask render --stack execution-role` shows it";
            check(
                NAME,
                CheckState::Warning,
                format!("stack {name} does not exist: CloudFormation acts with the caller's rights"),
                Some(hint),
            )
        }
    }
}
