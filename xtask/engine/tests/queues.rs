//! Looking into queues, and putting a message into one.
#![cfg(test)]

mod scripted;

use engine::cloud::ErrorKind;
use engine::{Engine, Interrupt};
use protocol::{Answer, Event, Failure, FailureKind, Outcome, QueueDepth, Request, Send, Sent, StackRef, Stacks, Target};
use scripted::{ACCOUNT, Listener, ScriptedCloud};
use serde_json::json;

const NAME: &str = "cloudwright-staging-jobs";

fn target() -> Target {
    Target { environment: "staging".to_owned(), account: ACCOUNT.to_owned(), region: "eu-central-1".to_owned() }
}

fn stack() -> StackRef {
    StackRef { stack: "jobs".to_owned(), name: NAME.to_owned() }
}

fn cloud() -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    let queue = json!({ "Type": "AWS::SQS::Queue" });
    cloud.put_template(NAME, &json!({ "Resources": { "Dead": queue, "Jobs": queue, "Alerts": { "Type": "AWS::SNS::Topic" } } }), &[]);
    cloud
}

async fn run(cloud: &ScriptedCloud, request: Request) -> Vec<Event> {
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::No);
    Engine::new(cloud, &listener, interrupt).run(&request).await;
    listener.events.into_inner()
}

fn message(queue: &str, body: &str) -> Request {
    Request::Send(Send {
        target: target(),
        stack: stack(),
        logical_id: queue.to_owned(),
        body: body.to_owned(),
        group: Some("maria".to_owned()),
        deduplication: None,
    })
}

fn failure(events: &[Event]) -> Failure {
    match events.last() {
        Some(Event::Failed(failure)) => failure.clone(),
        other => panic!("the engine did not fail: {other:?}"),
    }
}

#[tokio::test]
async fn every_queue_is_told_with_what_waits_in_it_and_whose_dead_letters_it_keeps() {
    let cloud = cloud();
    let policy = r#"{"deadLetterTargetArn":"arn:dead","maxReceiveCount":3}"#;
    cloud.will_answer(
        "GetQueueAttributes",
        &["jobs-Jobs"],
        json!({ "Attributes": { "ApproximateNumberOfMessages": "7", "ApproximateNumberOfMessagesNotVisible": "2", "RedrivePolicy": policy } }),
    );
    cloud.will_answer(
        "GetQueueAttributes",
        &["jobs-Dead"],
        json!({ "Attributes": { "ApproximateNumberOfMessages": "1", "QueueArn": "arn:dead" } }),
    );

    let events = run(&cloud, Request::Queues(Stacks { target: target(), stacks: vec![stack()] })).await;

    let told: Vec<&QueueDepth> =
        events.iter().filter_map(|event| if let Event::Queue(queue) = event { Some(queue) } else { None }).collect();
    let short: Vec<_> = told.iter().map(|one| (one.logical_id.as_str(), one.waiting, one.in_flight, one.dead_letters)).collect();
    assert_eq!(short, [("Dead", 1, 0, true), ("Jobs", 7, 2, false)], "a topic is no queue");
}

#[tokio::test]
async fn a_message_goes_into_the_queue_that_was_named() {
    let cloud = cloud();

    let events = run(&cloud, message("Jobs", "{}")).await;

    assert!(matches!(events.last(), Some(Event::Done { outcome: Outcome::Changed, .. })), "{:?}", events.last());
    assert_eq!(*cloud.writes.borrow(), [format!("send {{}} to {NAME}-Jobs for maria")]);
}

#[tokio::test]
async fn mistakes_are_told_before_anything_is_sent() {
    let cloud = cloud();

    let unknown = failure(&run(&cloud, message("Job", "{}")).await);
    let large = failure(&run(&cloud, message("Jobs", &"x".repeat(1_048_577))).await);

    assert!(unknown.message.contains("has no queue `Job`; there are: Dead, Jobs"), "{}", unknown.message);
    assert!(large.message.contains("1048577 bytes"), "{}", large.message);
    assert!(cloud.writes.borrow().is_empty(), "{:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn a_lost_answer_is_not_called_nothing() {
    let cloud = cloud();
    cloud.fail("SendMessage", ErrorKind::Unreachable, "connection reset by peer");
    let lost = failure(&run(&cloud, message("Jobs", "{}")).await);
    cloud.fail("SendMessage", ErrorKind::Refused, "The request must contain the parameter MessageGroupId.");
    let refused = failure(&run(&cloud, message("Jobs", "{}")).await);

    assert_eq!(lost.sent, Sent::Something, "a person would send it twice");
    assert_eq!((refused.kind, refused.sent), (FailureKind::Refused, Sent::Nothing));
    assert!(refused.hint.contains("--group"), "{}", refused.hint);
}
