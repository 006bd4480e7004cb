//! The events of stacks, as CloudFormation really shows them.
#![cfg(test)]

mod scripted;

use engine::cloud::Cloud;
use protocol::{Deploy, Event, FailureKind, Outcome, Sent};
use scripted::asking::*;
use scripted::{Disorder, ScriptedCloud};

/// Stack and logical ID of every resource event, with its status.
fn resources(events: &[Event]) -> Vec<(String, String, String)> {
    let told = |event: &Event| {
        let Event::Resource { stack, logical_id, status, .. } = event else { return None };
        Some((stack.stack.clone(), logical_id.clone(), status.clone()))
    };
    events.iter().filter_map(told).collect()
}

fn many(resources: usize) -> Deploy {
    let ids: Vec<String> = (0..resources).map(|number| format!("Queue{number:04}")).collect();
    let all: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "AWS::SQS::Queue")).collect();
    deployment(vec![spec("jobs", &all, &[], 1)])
}

#[tokio::test]
async fn every_event_is_told_once_whatever_order_they_show_in() {
    for disorder in [Disorder::None, Disorder::Reversed, Disorder::Twice, Disorder::SameTime] {
        let cloud = ScriptedCloud::default();
        cloud.show_events(disorder);

        let events = deploy(&cloud, &many(30)).await;

        assert_eq!(outcome(&events), Outcome::Changed, "{disorder:?}");
        let mut told = resources(&events);
        assert_eq!(told.len(), 60, "{disorder:?}: two events for each of thirty resources");
        told.sort();
        told.dedup();
        assert_eq!(told.len(), 60, "{disorder:?}: an event was told twice");
    }
}

#[tokio::test]
async fn a_failure_among_events_out_of_order_is_still_the_first_cause() {
    for disorder in [Disorder::None, Disorder::Reversed, Disorder::Twice, Disorder::SameTime] {
        let cloud = ScriptedCloud::default();
        cloud.show_events(disorder);
        cloud.break_resource("Queue0007", "Value 2000000 for parameter MessageRetentionPeriod is invalid.");

        let failed = failure(&deploy(&cloud, &many(12)).await);

        assert_eq!(failed.causes, ["Value 2000000 for parameter MessageRetentionPeriod is invalid."], "{disorder:?}");
        assert_eq!((failed.kind, failed.sent), (FailureKind::RolledBack, Sent::Undone), "{disorder:?}");
    }
}

#[tokio::test]
async fn three_thousand_events_come_through_and_are_not_read_again_and_again() {
    let cloud = ScriptedCloud::default();
    cloud.chatter.set(2_998);

    let events = deploy(&cloud, &jobs(1)).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert_eq!(resources(&events).len(), 3_000);
    let calls = cloud.calls()["cloudformation"];
    assert!(calls < 150, "the account would be throttled: {calls} calls for 31 pages");
}

#[tokio::test]
async fn nested_stacks_are_told_under_their_own_name() {
    let cloud = ScriptedCloud::default();
    let request = deployment(vec![spec("jobs", &[("Database", "AWS::CloudFormation::Stack")], &[], 1)]);

    let events = deploy(&cloud, &request).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    let told = resources(&events);
    let inner: Vec<_> = told.iter().filter(|(_, id, _)| id == "DatabaseInner").collect();
    assert_eq!(inner.len(), 2, "{told:?}");
    assert!(inner.iter().all(|(stack, ..)| stack == "jobs/Database"), "nobody could tell whose resource that is: {told:?}");
}

#[tokio::test]
async fn a_nested_stacks_first_cause_is_told_with_the_line_that_made_the_nested_stack() {
    let cloud = ScriptedCloud::default();
    cloud.break_resource("DatabaseInner", "Table already exists: jobs");
    let request = deployment(vec![spec("jobs", &[("Database", "AWS::CloudFormation::Stack")], &[], 1)]);

    let failed = failure(&deploy(&cloud, &request).await);

    assert!(failed.message.contains("DatabaseInner") && failed.message.contains("nested"), "{}", failed.message);
    assert_eq!(failed.causes, ["Table already exists: jobs"]);
    assert_eq!(failed.source.as_deref(), Some("stacks/src/jobs.rs:7"));
}

#[tokio::test]
async fn a_nested_stacks_earlier_events_are_not_told_again() {
    let cloud = ScriptedCloud::default();
    let request = |version| deployment(vec![spec("jobs", &[("Database", "AWS::CloudFormation::Stack")], &[], version)]);
    deploy(&cloud, &request(1)).await;

    let events = deploy(&cloud, &request(2)).await;

    let told = resources(&events);
    let creations: Vec<_> = told.iter().filter(|(_, _, status)| status.starts_with("CREATE")).collect();
    assert!(creations.is_empty(), "what happened years ago would look like now: {creations:?}");
    assert_eq!(told.iter().filter(|(_, id, _)| id == "DatabaseInner").count(), 2, "{told:?}");
}

#[tokio::test]
async fn an_end_that_no_event_shows_is_asked_of_the_stack() {
    let cloud = ScriptedCloud::default();
    cloud.put_stack(&full("jobs"), "UPDATE_IN_PROGRESS");
    cloud.has_shown(&full("jobs"), &["UPDATE_IN_PROGRESS"]);
    cloud.ends_silently_after(&full("jobs"), 5, "UPDATE_COMPLETE");

    let events = deploy(&cloud, &jobs(1)).await;

    assert_eq!(outcome(&events), Outcome::Changed, "the deploy would wait for ever");
}

/// A deploy of four queues whose last events show only at this look after the stack was seen at rest; what was told, and the calls.
async fn with_late_events(hidden: usize, look: u64, broken: bool) -> (Vec<Event>, u64) {
    let cloud = ScriptedCloud::default();
    cloud.show_late(hidden, look);
    if broken {
        cloud.break_resource("Queue0003", "Value 2000000 for parameter MessageRetentionPeriod is invalid.");
    }
    let events = deploy(&cloud, &many(4)).await;
    let calls = cloud.calls()["cloudformation"];
    (events, calls)
}

#[tokio::test]
async fn events_that_show_after_a_successful_end_are_told() {
    for look in [1, 2] {
        let (events, _) = with_late_events(3, look, false).await;

        assert_eq!(outcome(&events), Outcome::Changed);
        assert_eq!(resources(&events).len(), 8, "look {look}: two events for each of four queues: {:?}", resources(&events));
    }
}

#[tokio::test]
async fn a_failure_that_shows_after_the_end_is_still_the_first_cause() {
    for look in [1, 2] {
        let (events, _) = with_late_events(3, look, true).await;

        let failed = failure(&events);
        assert_eq!(failed.causes, ["Value 2000000 for parameter MessageRetentionPeriod is invalid."], "look {look}");
    }
}

#[tokio::test]
async fn events_that_never_show_are_not_waited_for() {
    let (_, at_once) = with_late_events(1, 1, false).await;
    let (_, in_time) = with_late_events(1, 2, false).await;
    let (never, too_late) = with_late_events(1, 1_000, false).await;

    assert_eq!(outcome(&never), Outcome::Changed);
    assert_eq!(in_time, at_once + 1, "the last event was there, and was asked for again");
    assert_eq!(too_late, in_time, "a deploy would ask more than twice for what never comes");
}
