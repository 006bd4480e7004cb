//! What `status` says comes next, beside what a deploy really does.
#![cfg(test)]

mod scripted;

use std::time::Duration;

use engine::cloud::{Cloud, ErrorKind};
use protocol::{Event, FailureKind, Intent, LeaseState, NextStep, Outcome, Overview, Request, StackRef, Stacks};
use scripted::ScriptedCloud;
use scripted::asking::*;
use scripted::ledger::{BUCKET, ledger};

/// Every state of a stack that AWS documents, and one that it may invent.
const STATES: &[&str] = &[
    "REVIEW_IN_PROGRESS",
    "CREATE_IN_PROGRESS",
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS",
    "DELETE_COMPLETE",
    "DELETE_FAILED",
    "IMPORT_IN_PROGRESS",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "IMPORT_ROLLBACK_COMPLETE",
    "IMPORT_ROLLBACK_FAILED",
    "HELD_BY_MARTIANS",
];

fn found_in(status: &str) -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    cloud.put_stack(&full("jobs"), status);
    cloud
}

async fn overview(cloud: &ScriptedCloud) -> Vec<Event> {
    let stacks = Stacks { target: target(), stacks: vec![StackRef { stack: "jobs".to_owned(), name: full("jobs") }] };
    let events = ask(cloud, &Request::Overview(Overview { stacks, ledger: ledger() })).await;
    assert_eq!(outcome(&events), Outcome::Read);
    events
}

fn next(events: &[Event]) -> NextStep {
    let next = events.iter().find_map(|event| if let Event::Status(status) = event { status.next.clone() } else { None });
    next.expect("nobody would know what comes next")
}

fn lease(events: &[Event]) -> Option<LeaseState> {
    events.iter().find_map(|event| if let Event::Lease(lease) = event { Some(lease.clone()) } else { None })
}

#[tokio::test]
async fn what_comes_next_is_what_a_deploy_does_from_every_state() {
    for status in STATES {
        let cloud = found_in(status);

        let said = next(&overview(&cloud).await);

        let planned = ask(&cloud, &Request::Plan(jobs(1))).await;
        let does = planned.iter().find_map(|event| if let Event::Planned(plan) = event { Some(plan.stacks[0].intent) } else { None });
        assert_eq!(said.intent, does, "{status}: a person would be promised what no deploy does");
        assert!(!said.text.contains('\n'), "{status}: {}", said.text);
        if does.is_none() {
            let refused = failure(&planned);
            assert_eq!(refused.kind, FailureKind::StackState, "{status}");
            assert!(said.text.contains(&refused.hint), "{status}: {} / {}", said.text, refused.hint);
        }
        assert!(cloud.writes.borrow().is_empty(), "{status}: looking changed something: {:?}", cloud.writes.borrow());
    }
}

#[tokio::test]
async fn a_stack_that_does_not_exist_is_going_to_be_created() {
    let said = next(&overview(&ScriptedCloud::default()).await);

    assert_eq!((said.intent, said.text.as_str()), (Some(Intent::Create), "a deploy creates it"));
}

#[tokio::test]
async fn the_resources_that_keep_a_stack_are_named() {
    for (status, of_resource, word) in
        [("DELETE_FAILED", "DELETE_FAILED", "--retain"), ("UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", "goes on with the rollback")]
    {
        let cloud = found_in(status);
        cloud.halt(&full("jobs"), "JobQueue", of_resource, "Access Denied");
        cloud.halt(&full("jobs"), "Bystander", "CREATE_COMPLETE", "");

        let said = next(&overview(&cloud).await);

        assert!(said.text.contains(word) && said.text.contains("in its way: JobQueue (AWS::SQS::Queue)"), "{status}: {}", said.text);
        assert!(!said.text.contains("Bystander"), "somebody would give up what is in nobody's way: {}", said.text);
    }
}

#[tokio::test]
async fn a_state_that_nobody_knows_is_said_to_be_unknown() {
    let said = next(&overview(&found_in("HELD_BY_MARTIANS")).await);

    assert_eq!(said.intent, None, "a guess would be carried out by somebody");
    assert!(said.text.contains("does not know that state") && said.text.contains("describe-stack-events"), "{}", said.text);
}

#[tokio::test]
async fn states_that_cannot_be_explained_are_shown_all_the_same() {
    let cloud = found_in("DELETE_FAILED");
    cloud.fail("ListStackResources", ErrorKind::Denied, "AccessDenied");

    let events = overview(&cloud).await;

    assert!(next(&events).text.contains("--retain"), "the state itself was readable");
    assert!(notes(&events).contains("cannot be asked"), "{}", notes(&events));
}

/// A cloud whose ledger holds this lease, which nobody has renewed for `silent` seconds.
fn leased(silent: u64) -> ScriptedCloud {
    let cloud = found_in("UPDATE_COMPLETE");
    cloud.put_stack("cloudwright-staging-artifacts", "CREATE_COMPLETE");
    cloud.give("cloudwright-staging-artifacts", "BucketName", BUCKET);
    let text = r#"{"token":"t","by":"arn:aws:iam::111111111111:user/jo","since":"2026-11-23T10:00:00Z","purpose":"a deploy"}"#;
    cloud.put_bytes(BUCKET, "lease.json", text.as_bytes(), None);
    cloud.later(Duration::from_secs(silent));
    cloud
}

#[tokio::test]
async fn whoever_deploys_now_is_told_with_how_long_nothing_was_heard() {
    let cloud = leased(70);

    let events = overview(&cloud).await;

    let held = lease(&events).expect("a deploy would have to wait, and nobody would know for whom");
    assert_eq!((held.by.as_str(), held.silent_seconds), ("arn:aws:iam::111111111111:user/jo", 70));
    assert_eq!(cloud.versions(BUCKET, "lease.json"), 1, "looking renewed somebody else's lease");
}

#[tokio::test]
async fn an_overview_costs_one_call_more_than_the_states() {
    let cloud = leased(0);

    overview(&cloud).await;

    assert_eq!(cloud.calls().values().sum::<u64>(), 3, "identity, states, lease: {:?}", cloud.calls());
}

#[tokio::test]
async fn a_lease_that_may_not_be_read_hides_no_state() {
    let cloud = leased(0);
    cloud.fail("GetObject", ErrorKind::Denied, "AccessDenied");

    let events = overview(&cloud).await;

    assert_eq!((lease(&events), next(&events).intent), (None, Some(Intent::Update)));
    assert!(notes(&events).contains("who holds the lease cannot be asked"), "{}", notes(&events));
}
