//! Uploading without deploying.
#![cfg(test)]

mod scripted;

use engine::cloud::ErrorKind;
use engine::{Engine, Interrupt};
use protocol::{Answer, Artifact, Event, FailureKind, Outcome, Publish, Request, Sent, StackRef, Target};
use scripted::{ACCOUNT, Listener, ScriptedCloud};

const ARTIFACTS: &str = "cloudwright-staging-artifacts";

fn request() -> Publish {
    let artifact = |name: &str| Artifact { name: name.to_owned(), path: name.into(), sha256: "ab".repeat(32), bytes: 12 };
    Publish {
        target: Target { environment: "staging".to_owned(), account: ACCOUNT.to_owned(), region: "eu-central-1".to_owned() },
        artifacts: vec![artifact("transcode"), artifact("api")],
        bucket_stack: StackRef { stack: "artifacts".to_owned(), name: ARTIFACTS.to_owned() },
        bucket_output: "BucketName".to_owned(),
    }
}

async fn publish(cloud: &ScriptedCloud) -> Vec<Event> {
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::No);
    Engine::new(cloud, &listener, interrupt).run(&Request::Publish(request())).await;
    listener.events.into_inner()
}

fn cloud() -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    cloud.put_stack(ARTIFACTS, "CREATE_COMPLETE");
    cloud.give(ARTIFACTS, "BucketName", "code");
    cloud
}

#[tokio::test]
async fn the_second_time_nothing_is_uploaded() {
    let cloud = cloud();

    publish(&cloud).await;
    let first = cloud.writes.borrow().len();
    let events = publish(&cloud).await;

    assert_eq!(first, 2, "both are missing at first: {:?}", cloud.writes.borrow());
    assert_eq!(cloud.writes.borrow().len(), first, "what is there was sent again");
    assert!(matches!(events.last(), Some(Event::Done { outcome: Outcome::Unchanged, .. })), "{:?}", events.last());
}

#[tokio::test]
async fn without_a_bucket_nothing_is_sent_and_it_is_said_how_to_get_one() {
    let cloud = ScriptedCloud::default();

    let events = publish(&cloud).await;

    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!((failure.kind, failure.sent), (FailureKind::Request, Sent::Nothing));
    assert!(failure.hint.contains("deploy --env staging"), "{}", failure.hint);
}

#[tokio::test]
async fn a_failed_upload_says_whether_others_went_through() {
    let cloud = cloud();
    cloud.fail("PutObject", ErrorKind::Denied, "Access Denied");

    let events = publish(&cloud).await;

    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!(failure.sent, Sent::Nothing, "it was the first of two");
}
