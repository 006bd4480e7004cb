//! The ledger: what is written down of every deploy, and what a collection leaves.
#![cfg(test)]

mod scripted;

use std::time::Duration;

use engine::cloud::{Cloud, ErrorKind};
use engine::{Engine, Interrupt};
use protocol::{Answer, Collect, Event, FailureKind, Garbage, ListReleases, Outcome, ReleaseOutcome, Request, Sent, Source};
use scripted::ledger::{BUCKET, deploy, failure, find, ledger, list, outcome, records, release, run};
use scripted::{Listener, ScriptedCloud};

#[tokio::test]
async fn a_record_holds_everything_that_was_deployed() {
    let cloud = ScriptedCloud::default();
    let request = release("1");

    deploy(&cloud, request.clone()).await;

    let [record] = &records(&cloud).await[..] else { panic!("one deploy, one record") };
    assert_eq!((record.version, record.environment.as_str(), record.outcome), (1, "staging", Some(ReleaseOutcome::Succeeded)));
    assert_eq!((record.by.as_str(), record.tool.as_str()), ("arn:aws:iam::111111111111:user/maria", "cloudwright 0.1.0"));
    assert_eq!(record.commit, request.release.commit);
    assert!(record.id.contains("Z-11111111-"), "{}", record.id);
    let specs: Vec<_> = record.stacks.iter().map(|stack| stack.spec.clone()).collect();
    assert_eq!(specs, request.stacks, "a rollback would deploy something else");
    for stack in &record.stacks {
        let live = cloud.parameters_of(&stack.spec.name);
        assert!(stack.values.iter().all(|(name, value)| live[name] == *value) && stack.values.len() == live.len(), "{:?}", stack.values);
    }
    let artifact = &record.artifacts[0];
    assert_eq!((&artifact.key, &artifact.sha256), (&request.artifacts[0].key(), &request.artifacts[0].sha256));
}

#[tokio::test]
async fn the_newest_release_that_stands_is_live_and_no_other() {
    let cloud = ScriptedCloud::default();
    for digit in ["1", "2", "1"] {
        deploy(&cloud, release(digit)).await;
    }

    let lines = list(&cloud).await;

    let told: Vec<_> =
        lines.iter().map(|line| (line.live, line.details.as_ref().unwrap().commit.as_ref().unwrap().id[..1].to_owned())).collect();
    assert_eq!(told, [(true, "1".to_owned()), (false, "2".to_owned()), (false, "1".to_owned())]);
}

#[tokio::test]
async fn a_stack_in_which_cloudformation_sees_no_change_does_not_hide_which_release_is_live() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    // Only a description is another, say: the digest differs, and CloudFormation keeps the old one.
    cloud.set_parameter("cloudwright-staging-artifacts", "DeployDigest", "of another description");

    deploy(&cloud, release("2")).await;

    let lines = list(&cloud).await;
    assert_eq!(lines.iter().map(|line| line.live).collect::<Vec<_>>(), [true, false], "nothing would be live: {lines:?}");
}

#[tokio::test]
async fn after_a_deploy_that_ended_half_way_no_release_is_live() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let mut half = release("2");
    half.stacks[0].template = half.stacks[0].template.replace("Bucket\":{", "OtherBucket\":{");
    cloud.break_resource("Transcode2", "no such runtime");

    deploy(&cloud, half).await;

    let lines = list(&cloud).await;
    assert!(lines.iter().all(|line| !line.live), "somebody would believe that nothing changed: {lines:?}");
    let details = lines[0].details.as_ref().unwrap();
    assert_eq!(details.outcome, Some(ReleaseOutcome::RolledBack));
    assert!(details.message.as_ref().unwrap().contains("no such runtime"), "{details:?}");
}

#[tokio::test]
async fn a_deploy_that_was_stopped_is_recorded_as_such() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let (stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::Yes);
    cloud.interrupt_at_upload(stop);

    Engine::new(&cloud, &listener, interrupt).run(&Request::Deploy(release("2"))).await;

    assert_eq!(failure(&listener.events.into_inner()).kind, FailureKind::Interrupted);
    assert_eq!(records(&cloud).await[1].outcome, Some(ReleaseOutcome::Interrupted));
    assert!(cloud.newest(BUCKET, "lease.json").is_none(), "the next deploy would wait for nobody");
}

#[tokio::test]
async fn a_declined_deploy_is_no_release() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::No);
    let request = Request::Deploy(protocol::Deploy { ask: true, ..release("2") });

    Engine::new(&cloud, &listener, interrupt).run(&request).await;

    assert_eq!(outcome(&listener.events.into_inner()), Outcome::Declined);
    assert_eq!(records(&cloud).await.len(), 1);
    assert!(cloud.newest(BUCKET, "lease.json").is_none());
}

#[tokio::test]
async fn a_release_that_cannot_be_recorded_is_not_called_done() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::Yes);
    let request = Request::Deploy(protocol::Deploy { ask: true, ..release("2") });
    let person = Full { cloud: &cloud, listener: &listener };

    Engine::new(&cloud, &person, interrupt).run(&request).await;

    let failure = failure(&listener.events.take());
    assert_eq!((failure.kind, failure.sent), (FailureKind::Service, Sent::Something));
    assert!(failure.causes[0].contains("the bucket takes nothing"), "{failure:?}");
}

/// A person who says yes when the bucket has stopped to take objects.
struct Full<'c> {
    cloud: &'c ScriptedCloud,
    listener: &'c Listener,
}

impl engine::Talk for Full<'_> {
    async fn review(&self) -> Answer {
        Answer::Yes
    }

    fn tell(&self, event: Event) {
        self.listener.tell(event);
    }

    async fn ask(&self, _: String) -> Answer {
        self.cloud.fail_times(50, "PutObjectIf", ErrorKind::Denied, "the bucket takes nothing");
        Answer::Yes
    }
}

#[tokio::test]
async fn a_template_that_is_too_long_for_a_call_is_named_by_its_key_and_found_again() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let mut long = release("2");
    long.stacks[1].template = long.stacks[1].template.replace("\"Value\":\"x\"", &format!("\"Value\":\"{}\"", "x".repeat(60_000)));
    deploy(&cloud, long.clone()).await;

    let stored = records(&cloud).await.remove(1);
    let found = find(&cloud, "22222222").await.unwrap();

    assert_eq!(stored.stacks[1].spec.template, "", "every listing would fetch it");
    assert_eq!(found.release.stacks[1].spec.template, long.stacks[1].template, "a rollback would deploy something else");
}

#[tokio::test]
async fn a_record_of_a_newer_program_is_listed_and_not_returned_to() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let id = "20991231T235959Z-99999999-00000000";
    cloud.put_bytes(BUCKET, &format!("releases/{id}.json"), br#"{"version":2,"id":"x","what":"is this"}"#, None);

    let lines = list(&cloud).await;
    let refused = find(&cloud, id).await.unwrap_err();

    assert_eq!((lines[0].id.as_str(), lines[0].version, lines[0].details.is_none()), (id, 2, true));
    assert!(refused.message.contains("has form 2") && refused.message.contains("up to form 1"), "{refused:?}");
    assert!(lines[1].live, "one strange record hides all others");
}

#[tokio::test]
async fn where_nothing_was_deployed_there_is_nothing_to_list() {
    let cloud = ScriptedCloud::default();

    let events = run(&cloud, Request::Releases(ListReleases { ledger: ledger(), limit: 3 })).await;

    assert_eq!(outcome(&events), Outcome::Read);
    assert!(events.iter().any(|event| matches!(event, Event::Note { text } if text.contains("has no release yet"))), "{events:?}");
}

async fn collect(cloud: &ScriptedCloud, keep: usize, delete: bool) -> Garbage {
    let events = run(cloud, Request::Collect(Collect { ledger: ledger(), keep, delete })).await;
    let garbage = events.iter().find_map(|event| if let Event::Garbage(garbage) = event { Some(garbage.clone()) } else { None });
    garbage.unwrap_or_else(|| panic!("{events:?}"))
}

const DAY: Duration = Duration::from_secs(25 * 60 * 60);

#[tokio::test]
async fn a_collection_leaves_what_kept_releases_need_and_what_is_young() {
    let cloud = ScriptedCloud::default();
    for digit in ["1", "2", "3", "4"] {
        deploy(&cloud, release(digit)).await;
    }
    cloud.later(DAY);
    deploy(&cloud, release("5")).await;
    cloud.put_bytes(BUCKET, "artifacts/transcode/young.zip", b"of a deploy under way", None);

    let shown = collect(&cloud, 1, false).await;
    let before = cloud.keys(BUCKET, "artifacts/").len();
    let deleted = collect(&cloud, 1, true).await;

    let key = |digit: &str| release(digit).artifacts[0].key();
    assert_eq!(shown.keys, ["1", "2", "3"].map(key), "5 is live and 4 is where somebody may want to return to");
    assert_eq!((shown.young, shown.kept, before), (1, 2, 6), "showing deleted something");
    assert_eq!((deleted.keys, deleted.deleted), (shown.keys, true));
    let left = [key("4"), key("5"), "artifacts/transcode/young.zip".to_owned()];
    assert_eq!(cloud.keys(BUCKET, "artifacts/"), left);
    assert!(find(&cloud, "previous").await.is_ok(), "a rollback would find its code gone");
    assert!(cloud.newest(BUCKET, "lease.json").is_none());
}

#[tokio::test]
async fn a_collection_leaves_what_a_deployed_stack_names_although_no_release_does() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    for id in cloud.keys(BUCKET, "releases/") {
        cloud.remove(BUCKET, &id);
    }
    cloud.later(DAY);

    let deleted = collect(&cloud, 1, true).await;

    assert!(deleted.keys.is_empty(), "the code of a running function was deleted: {deleted:?}");
}

#[tokio::test]
async fn a_collection_that_meets_a_strange_record_deletes_nothing() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    cloud.put_bytes(BUCKET, "releases/20991231T235959Z-9-0.json", br#"{"version":2}"#, None);
    cloud.later(DAY);

    let events = run(&cloud, Request::Collect(Collect { ledger: ledger(), keep: 1, delete: true })).await;

    assert!(failure(&events).message.contains("form 2"), "{events:?}");
    assert!(cloud.newest(BUCKET, "lease.json").is_none(), "the lease was kept by nobody");
}

#[tokio::test]
async fn a_collection_waits_for_nobody_who_is_at_work() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    cloud.later(DAY);
    let before = cloud.keys(BUCKET, "").len();
    let theirs = r#"{"token":"theirs","by":"erik","purpose":"a deploy"}"#;

    let at_work = async {
        for _ in 0..4 {
            cloud.put_bytes(BUCKET, "lease.json", theirs.as_bytes(), None);
            cloud.pause(Duration::from_secs(20)).await;
        }
    };
    let collecting = run(&cloud, Request::Collect(Collect { ledger: ledger(), keep: 1, delete: true }));
    let ((), events) = tokio::join!(at_work, collecting);

    assert_eq!(failure(&events).kind, FailureKind::Held);
    assert_eq!(cloud.keys(BUCKET, "").len(), before + 1, "a deploy would find its code gone");
}

#[tokio::test]
async fn code_that_is_there_but_is_something_else_is_found_out() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    deploy(&cloud, release("2")).await;
    cloud.put_bytes(BUCKET, &release("1").artifacts[0].key(), b"overwritten", Some("ff"));

    let refused = find(&cloud, "previous").await.unwrap_err();

    assert_eq!(refused.sent, Sent::Nothing);
    assert!(refused.message.contains("is not what was released"), "{refused:?}");
    assert!(matches!(release("1").stacks[1].parameters["Code"], Source::Artifact { .. }), "the test deploys no code");
}
