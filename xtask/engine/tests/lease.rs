//! One deploy per environment at a time: who waits, who gives way, and what a dead deploy leaves.
#![cfg(test)]

mod scripted;

use std::time::Duration;

use engine::cloud::{Cloud, ErrorKind};
use engine::{Engine, Interrupt, Talk};
use protocol::{Answer, Event, FailureKind, Outcome, ReleaseOutcome, Request, Sent, Unlock};
use scripted::ledger::{BUCKET, deploy, failure, ledger, list, outcome, records, release, run};
use scripted::{Listener, ScriptedCloud};

const LEASE: &str = "lease.json";

/// The lease of a deploy of commit 2 that died: what it left in the bucket.
async fn dead_deploy(cloud: &ScriptedCloud) {
    deploy(cloud, release("1")).await;
    let listener = Silent { cloud };
    let (_stop, interrupt) = Interrupt::new();
    let request = Request::Deploy(protocol::Deploy { ask: true, ..release("2") });
    let engine = Engine::new(cloud, &listener, interrupt);
    // Nobody ever answers, and then the process is gone.
    let () = tokio::select! {
        _ = engine.run(&request) => panic!("it went on without an answer"),
        () = cloud.pause(Duration::from_secs(1)) => {}
    };
}

/// A person who is asked and goes home.
struct Silent<'c> {
    cloud: &'c ScriptedCloud,
}

impl Talk for Silent<'_> {
    async fn review(&self) -> Answer {
        Answer::Yes
    }

    fn tell(&self, _: Event) {}

    async fn ask(&self, _: String) -> Answer {
        self.cloud.pause(Duration::from_secs(100_000)).await;
        Answer::No
    }
}

/// A person who thinks for some minutes, while something happens.
struct Thoughtful<'c, F> {
    cloud: &'c ScriptedCloud,
    meanwhile: F,
    listener: Listener,
}

impl<F: Fn()> Talk for Thoughtful<'_, F> {
    async fn review(&self) -> Answer {
        Answer::Yes
    }

    fn tell(&self, event: Event) {
        self.listener.tell(event);
    }

    async fn ask(&self, _: String) -> Answer {
        self.cloud.pause(Duration::from_secs(150)).await;
        (self.meanwhile)();
        self.cloud.pause(Duration::from_secs(150)).await;
        Answer::Yes
    }
}

async fn while_thinking(cloud: &ScriptedCloud, meanwhile: impl Fn()) -> Vec<Event> {
    let (_stop, interrupt) = Interrupt::new();
    let listener = Thoughtful { cloud, meanwhile, listener: Listener::new(Answer::Yes) };
    let request = Request::Deploy(protocol::Deploy { ask: true, ..release("2") });
    Engine::new(cloud, &listener, interrupt).run(&request).await;
    listener.listener.events.into_inner()
}

#[tokio::test]
async fn a_deploy_gives_its_lease_back_however_it_ends() {
    let cloud = ScriptedCloud::default();

    let first = deploy(&cloud, release("1")).await;
    cloud.break_resource("Transcode2", "no");
    let second = deploy(&cloud, release("2")).await;

    assert_eq!(outcome(&first), Outcome::Changed);
    assert_eq!(failure(&second).kind, FailureKind::RolledBack);
    assert!(cloud.newest(BUCKET, LEASE).is_none(), "nobody could deploy for two minutes");
    // Once for each deploy, and once more for every twenty seconds that it took.
    assert!(2 <= cloud.versions(BUCKET, LEASE), "a deploy ran without a lease");
}

#[tokio::test]
async fn a_deploy_without_changes_takes_no_lease() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let before = (cloud.versions(BUCKET, LEASE), records(&cloud).await.len());

    let events = deploy(&cloud, release("1")).await;

    assert_eq!(outcome(&events), Outcome::Unchanged);
    assert_eq!((cloud.versions(BUCKET, LEASE), records(&cloud).await.len()), before, "looking would disturb those who work");
}

#[tokio::test]
async fn a_lease_is_renewed_while_a_person_thinks() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let before = cloud.versions(BUCKET, LEASE);

    let events = while_thinking(&cloud, || {}).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    let renewals = cloud.versions(BUCKET, LEASE) - before - 1;
    assert!(14 <= renewals, "five minutes of thinking and {renewals} renewals: somebody would take the lease over");
}

#[tokio::test]
async fn a_deploy_that_lost_its_lease_writes_nothing_more() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;

    let events = while_thinking(&cloud, || {
        let theirs = br#"{"token":"theirs","by":"arn:aws:iam::111111111111:user/erik"}"#;
        cloud.put_bytes(BUCKET, LEASE, theirs, None);
        cloud.writes.borrow_mut().clear();
    })
    .await;

    let failure = failure(&events);
    assert_eq!((failure.kind, failure.causes.join("")), (FailureKind::Held, "arn:aws:iam::111111111111:user/erik has it now".to_owned()));
    assert!(cloud.writes.borrow().is_empty(), "two deploys would write at once: {:?}", cloud.writes.borrow());
    assert!(cloud.newest(BUCKET, LEASE).is_some(), "somebody else's lease was deleted");
}

#[tokio::test]
async fn of_two_deploys_at_once_one_gives_way_to_the_other() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;

    let (slow, quick) = tokio::join!(while_thinking(&cloud, || {}), deploy(&cloud, release("3")));

    assert_eq!(outcome(&slow), Outcome::Changed);
    let failure = failure(&quick);
    assert_eq!((failure.kind, failure.sent), (FailureKind::Held, Sent::Nothing));
    let who = "user/maria for a deploy of 22222222 (images: 2)";
    assert!(failure.message.contains(who) && failure.hint.contains("unlock --env staging"), "{failure:?}");
}

#[tokio::test]
async fn a_dead_deploys_lease_is_taken_over_when_it_has_run_out_and_written_down() {
    let cloud = ScriptedCloud::default();
    dead_deploy(&cloud).await;

    let began = cloud.now();
    let events = deploy(&cloud, release("3")).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert!(Duration::from_secs(90) < cloud.now() - began, "a deploy that may be alive was pushed aside");
    let told = |event: &Event| matches!(event, Event::Note { text } if text.contains("runs out in"));
    assert!(events.iter().any(told), "a person would wait without knowing for how long: {events:?}");
    let outcomes: Vec<_> =
        records(&cloud).await.into_iter().map(|record| (record.outcome, record.commit.unwrap().id[..1].to_owned())).collect();
    let expected = [(ReleaseOutcome::Succeeded, "1"), (ReleaseOutcome::Abandoned, "2"), (ReleaseOutcome::Succeeded, "3")];
    assert_eq!(outcomes, expected.map(|(outcome, commit)| (Some(outcome), commit.to_owned())));
}

/// A deploy of `commit` that ended its last stack and was killed before it could say so.
async fn killed_after_the_last_stack(cloud: &ScriptedCloud, commit: &str) {
    deploy(cloud, release(commit)).await;
    let record = records(cloud).await.pop().unwrap();
    let intended = protocol::Release { id: format!("{}-killed", record.id), ended: None, outcome: None, ..record };
    let lease = serde_json::json!({ "token": intended.id, "by": intended.by, "since": intended.began, "release": intended });
    cloud.put_bytes(BUCKET, LEASE, lease.to_string().as_bytes(), None);
}

#[tokio::test]
async fn what_a_dead_deploy_finished_but_did_not_record_is_recorded_by_the_next_one() {
    let cloud = ScriptedCloud::default();
    killed_after_the_last_stack(&cloud, "1").await;
    cloud.writes.borrow_mut().clear();
    let before = records(&cloud).await.len();

    let events = deploy(&cloud, release("1")).await;

    assert_eq!(outcome(&events), Outcome::Unchanged);
    assert!(cloud.newest(BUCKET, LEASE).is_none(), "the dead lease would stay until somebody changes something");
    let mut outcomes: Vec<_> = records(&cloud).await.into_iter().filter_map(|record| record.outcome).skip(before - 1).collect();
    outcomes.sort_by_key(|outcome| format!("{outcome:?}"));
    assert_eq!(outcomes, [ReleaseOutcome::Abandoned, ReleaseOutcome::Succeeded, ReleaseOutcome::Succeeded]);
    let live = records(&cloud).await.pop().unwrap();
    assert!(live.stacks.iter().all(|stack| !stack.values.is_empty()), "nobody could return to what is live: {live:?}");
    let stacks = cloud.writes.borrow().iter().filter(|write| write.contains("-stack") || write.contains("change-set")).count();
    assert_eq!(stacks, 0, "nothing differs: {:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn somebody_at_work_is_not_overlooked_because_nothing_differs() {
    let cloud = ScriptedCloud::default();
    killed_after_the_last_stack(&cloud, "1").await;

    let (events, ()) = tokio::join!(deploy(&cloud, release("1")), async {
        let lease = cloud.newest(BUCKET, LEASE).unwrap().bytes;
        for _ in 0..3 {
            cloud.pause(Duration::from_secs(20)).await;
            cloud.put_bytes(BUCKET, LEASE, &lease, None);
        }
    });

    let failure = failure(&events);
    assert_eq!((failure.kind, failure.sent), (FailureKind::Held, Sent::Nothing), "`nothing to do` would be true for a moment only");
}

#[tokio::test]
async fn a_lease_beside_the_cloud_runs_out_in_seconds() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let lease = br#"{"token":"theirs","by":"erik","lasts_seconds":12}"#;
    cloud.put_bytes(BUCKET, LEASE, lease, None);

    let began = cloud.now();
    let events = deploy(&cloud, release("2")).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    let waited = cloud.now() - began;
    assert!(Duration::from_secs(11) < waited && waited < Duration::from_secs(100), "its holder said twelve seconds: {waited:?}");
}

#[tokio::test]
async fn the_age_of_a_lease_is_told_by_s3_alone() {
    let cloud = ScriptedCloud::default();
    dead_deploy(&cloud).await;
    cloud.later(Duration::from_secs(600));

    let began = cloud.now();
    let events = deploy(&cloud, release("3")).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert!(cloud.now() - began < Duration::from_secs(60), "a lease that ran out long ago was waited for");
}

#[tokio::test]
async fn a_lost_answer_to_our_own_request_is_no_rival() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    cloud.fail("PutObjectAnswer", ErrorKind::Conflict, "the retry found the object of the first try");

    let events = deploy(&cloud, release("2")).await;

    assert_eq!(outcome(&events), Outcome::Changed);
}

#[tokio::test]
async fn what_changed_while_the_lease_was_waited_for_is_seen() {
    let cloud = ScriptedCloud::default();
    dead_deploy(&cloud).await;

    let (events, ()) = tokio::join!(deploy(&cloud, release("3")), async {
        cloud.pause(Duration::from_secs(50)).await;
        cloud.set_parameter("cloudwright-staging-artifacts", "DeployDigest", "somebody else's");
    });

    assert_eq!(outcome(&events), Outcome::Changed);
    let again = cloud.writes.borrow().iter().filter(|write| *write == "create-change-set cloudwright-staging-artifacts").count();
    assert_eq!(again, 1, "the other's work would stand, half and half: {:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn ctrl_c_while_waiting_changes_nothing() {
    let cloud = ScriptedCloud::default();
    dead_deploy(&cloud).await;
    let (stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::Yes);
    cloud.writes.borrow_mut().clear();
    let request = Request::Deploy(release("3"));
    let engine = Engine::new(&cloud, &listener, interrupt);

    tokio::join!(engine.run(&request), async {
        cloud.pause(Duration::from_secs(30)).await;
        stop.make(engine::Wish::Stop);
    });

    let failure = failure(&listener.events.into_inner());
    assert_eq!((failure.kind, failure.sent), (FailureKind::Interrupted, Sent::Nothing));
    assert!(cloud.writes.borrow().is_empty(), "{:?}", cloud.writes.borrow());
}

fn unlock(force: bool) -> Request {
    Request::Unlock(Unlock { ledger: ledger(), ask: true, force })
}

#[tokio::test]
async fn a_dead_lease_can_be_taken_away_and_is_written_down() {
    let cloud = ScriptedCloud::default();
    dead_deploy(&cloud).await;

    let events = run(&cloud, unlock(false)).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert!(cloud.newest(BUCKET, LEASE).is_none());
    let newest = list(&cloud).await.remove(0).details.unwrap();
    assert_eq!(newest.outcome, Some(ReleaseOutcome::Abandoned));
    assert!(newest.message.unwrap().contains("taken away"));
}

#[tokio::test]
async fn a_lease_that_is_renewed_needs_more_than_a_yes() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;

    let (deployed, events) = tokio::join!(while_thinking(&cloud, || {}), run(&cloud, unlock(false)));

    assert!(failure(&events).hint.contains("--force"), "{:?}", failure(&events));
    assert_eq!(outcome(&deployed), Outcome::Changed);
}

#[tokio::test]
async fn force_takes_the_lease_from_a_deploy_at_work_which_then_stops() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;

    let (deployed, unlocked) = tokio::join!(while_thinking(&cloud, || {}), async {
        cloud.pause(Duration::from_secs(10)).await;
        run(&cloud, unlock(true)).await
    });

    assert_eq!(outcome(&unlocked), Outcome::Changed);
    assert_eq!(failure(&deployed).kind, FailureKind::Held);
    assert_eq!(list(&cloud).await[0].details.as_ref().unwrap().outcome, Some(ReleaseOutcome::Abandoned));
}

#[tokio::test]
async fn there_is_nothing_to_unlock_where_nobody_deploys() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;

    let events = run(&cloud, unlock(false)).await;

    assert_eq!(outcome(&events), Outcome::Unchanged);
}
