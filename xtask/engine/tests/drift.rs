//! Drift against a scripted cloud: both views, and an endpoint that has only one.
#![cfg(test)]

mod scripted;

use engine::cloud::{DriftedResource, ErrorKind};
use engine::{Engine, Interrupt};
use protocol::{Answer, Declared, Detected, Drift, Event, Excuse, FailureKind, Request, StackRef, Target, Verdict};
use scripted::{ACCOUNT, Listener, ScriptedCloud};
use serde_json::{Value, json};

const NAME: &str = "cloudwright-staging-jobs";

fn template(timeout: u32) -> Value {
    json!({ "Resources": { "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "VisibilityTimeout": timeout } } } })
}

/// A queue that was deployed with a timeout of 30 and has this one.
fn cloud(live: &str) -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    cloud.put_template(NAME, &template(30), &[]);
    cloud.will_answer("GetQueueAttributes", &[], json!({ "Attributes": { "VisibilityTimeout": live } }));
    cloud
}

async fn drift(cloud: &ScriptedCloud, excuses: Vec<Excuse>) -> Vec<Event> {
    let target = Target { environment: "staging".to_owned(), account: ACCOUNT.to_owned(), region: "eu-central-1".to_owned() };
    // What is written by now has nothing to do with drift.
    let stack = StackRef { stack: "jobs".to_owned(), name: NAME.to_owned() };
    let declared = Declared { stack, template: template(99).to_string(), sources: [].into(), excuses };
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::No);
    Engine::new(cloud, &listener, interrupt).run(&Request::Drift(Drift { target, stacks: vec![declared], beside: Vec::new() })).await;
    listener.events.into_inner()
}

fn detected(events: &[Event]) -> Detected {
    let found = events.iter().find_map(|event| if let Event::Detected(detected) = event { Some(detected.clone()) } else { None });
    found.unwrap_or_else(|| panic!("CloudFormation's view is missing: {events:?}"))
}

fn modified(property: &str) -> DriftedResource {
    DriftedResource {
        logical_id: "Queue".to_owned(),
        resource_type: "AWS::SQS::Queue".to_owned(),
        status: "MODIFIED".to_owned(),
        properties: vec![(format!("/{property}"), "30".to_owned(), "31".to_owned())],
    }
}

fn kind(events: &[Event]) -> Option<FailureKind> {
    if let Some(Event::Failed(failure)) = events.last() { Some(failure.kind) } else { None }
}

#[tokio::test]
async fn what_is_as_deployed_has_not_drifted_whatever_is_written_by_now() {
    let cloud = cloud("30");
    cloud.drift_looks.set(2);

    let events = drift(&cloud, Vec::new()).await;

    assert_eq!(detected(&events).status.as_deref(), Some("IN_SYNC"));
    assert_eq!(kind(&events), None, "every change that is not deployed yet would be called drift: {events:?}");
}

#[tokio::test]
async fn a_change_by_hand_is_seen_by_the_services() {
    let events = drift(&cloud("31"), Vec::new()).await;

    let verified = events.iter().find_map(|event| if let Event::Verified(verified) = event { Some(verified) } else { None }).unwrap();
    assert_eq!(verified.verdict, Verdict::Differs);
    assert_eq!((&verified.differences[0].declared, &verified.differences[0].live), (&json!(30), &json!("31")));
    assert_eq!(kind(&events), Some(FailureKind::Differs));
}

#[tokio::test]
async fn what_only_cloudformation_sees_is_drift_too() {
    let cloud = cloud("30");
    cloud.drifted.borrow_mut().insert(NAME.to_owned(), vec![modified("VisibilityTimeout")]);

    let events = drift(&cloud, Vec::new()).await;

    let resource = &detected(&events).resources[0];
    assert_eq!((resource.status.as_str(), resource.differences[0].path.as_str()), ("MODIFIED", "VisibilityTimeout"));
    assert_eq!(kind(&events), Some(FailureKind::Differs), "one of the two views would count for nothing");
}

#[tokio::test]
async fn what_an_endpoint_is_known_to_lose_is_no_drift_in_either_view() {
    let cloud = cloud("31");
    cloud.drifted.borrow_mut().insert(NAME.to_owned(), vec![modified("VisibilityTimeout")]);
    let property = Some("VisibilityTimeout".to_owned());

    let events = drift(&cloud, vec![Excuse { logical_id: "Queue".to_owned(), property, reason: "known".to_owned() }]).await;

    assert_eq!(kind(&events), None, "{events:?}");
    assert_eq!(detected(&events).resources[0].differences[0].excuse.as_deref(), Some("known"));
}

#[tokio::test]
async fn an_endpoint_without_detection_leaves_the_other_view() {
    let cloud = cloud("30");
    cloud.fail("DetectStackDrift", ErrorKind::Other, "Unknown action: DetectStackDrift");

    let events = drift(&cloud, Vec::new()).await;

    let detected = detected(&events);
    assert_eq!((detected.status, detected.reason.as_deref()), (None, Some("DetectStackDrift: Unknown action: DetectStackDrift")));
    assert_eq!(kind(&events), None);
}
