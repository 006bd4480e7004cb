//! Pushing an image without deploying.
#![cfg(test)]

mod scripted;

use engine::cloud::ErrorKind;
use engine::{Engine, Interrupt};
use protocol::{Answer, Event, FailureKind, Outcome, Push, Request, Sent, StackRef, Target};
use scripted::{ACCOUNT, Listener, ScriptedCloud};

const ARTIFACTS: &str = "cloudwright-staging-artifacts";
const REPOSITORY: &str = "111111111111.dkr.ecr.eu-central-1.amazonaws.com/images";

fn request(account: &str) -> Push {
    Push {
        target: Target { environment: "staging".to_owned(), account: account.to_owned(), region: "eu-central-1".to_owned() },
        layout: "image".into(),
        digest: format!("sha256:{}", "ab".repeat(32)),
        repository_stack: StackRef { stack: "artifacts".to_owned(), name: ARTIFACTS.to_owned() },
        repository_output: "ImageRepositoryUri".to_owned(),
    }
}

async fn push(cloud: &ScriptedCloud, account: &str) -> Vec<Event> {
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::No);
    Engine::new(cloud, &listener, interrupt).run(&Request::Push(request(account))).await;
    listener.events.into_inner()
}

fn cloud() -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    cloud.put_stack(ARTIFACTS, "CREATE_COMPLETE");
    cloud.give(ARTIFACTS, "ImageRepositoryUri", REPOSITORY);
    cloud
}

#[tokio::test]
async fn the_name_that_is_told_is_the_one_for_the_environment_also_the_second_time() {
    let cloud = cloud();

    let first = push(&cloud, ACCOUNT).await;
    let second = push(&cloud, ACCOUNT).await;

    let name = format!("{REPOSITORY}@sha256:{}", "ab".repeat(32));
    let told = |events: &[Event], sent: bool| {
        events.contains(&Event::Image { name: name.clone(), bytes: if sent { 12 } else { 0 }, uploaded: sent })
    };
    assert!(told(&first, true) && told(&second, false), "{first:?} {second:?}");
    assert!(matches!(second.last(), Some(Event::Done { outcome: Outcome::Unchanged, .. })), "{:?}", second.last());
}

#[tokio::test]
async fn without_a_repository_nothing_is_sent_and_it_is_said_how_to_get_one() {
    let cloud = ScriptedCloud::default();

    let events = push(&cloud, ACCOUNT).await;

    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!((failure.kind, failure.sent), (FailureKind::Request, Sent::Nothing));
    assert!(failure.hint.contains("deploy --env staging"), "{}", failure.hint);
}

#[tokio::test]
async fn an_image_gets_into_no_other_account() {
    let cloud = cloud();

    let events = push(&cloud, "222222222222").await;

    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!(failure.kind, FailureKind::WrongAccount);
    assert!(cloud.writes.borrow().is_empty(), "{:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let cloud = cloud();
    cloud.fail("PutImage", ErrorKind::Denied, "not authorized to perform: ecr:PutImage");

    let events = push(&cloud, ACCOUNT).await;

    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.causes[0].contains("ecr:PutImage") && failure.message.contains("PutImage"), "{failure:?}");
}
