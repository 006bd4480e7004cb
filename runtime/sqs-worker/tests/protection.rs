//! A machine that is not taken away while it works, and always may be while it does not.
#![cfg(test)]

#[allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
mod common;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use common::{Answer, Asked, At, Call, Paused, SECOND, Scripted, Staged, script, settings, silent};
use sqs_worker::{Clock, Delivery, Guarded, Notice, Outcome, Protection, Told, Worker};

/// The queue is looked at each second, so this is received at the hundredth.
const BEFORE_100: Duration = Duration::from_millis(99_500);

/// Tells at some moments of the paused clock, one after the other.
struct Tells(Paused, Vec<(Duration, Told)>);

impl Notice for Tells {
    async fn told(&mut self) -> Told {
        let Some((moment, told)) = self.1.first().copied() else { return pending().await };
        self.0.sleep_until(moment).await;
        self.1.remove(0);
        told
    }
}

struct Played {
    asked: Vec<Asked>,
    notes: Vec<(u64, String)>,
    ended: u64,
    told: Told,
}

/// Lets a worker of a group work: it begins, works until it is told, and says its last word.
async fn play(
    queue: &Scripted,
    answers: &[(u64, Answer)],
    notice: impl Notice,
    said: impl Fn(&Delivery) -> (Duration, Outcome) + Send + Sync + 'static,
) -> Played {
    let clock = queue.clock();
    let group = Staged::new(&clock, answers);
    let protection = Arc::new(Protection::with_clock(group.clone(), silent(), clock.clone()));
    let (work, notes) = script(&clock, said);
    let work = Guarded::new(work, Some(Arc::clone(&protection)));
    let worker = Worker::with_clock(queue.clone(), work, settings(), silent(), clock.clone());
    let notice = sqs_worker::protection::Watched::new(notice, Arc::clone(&protection));
    let run = async {
        protection.begin().await;
        let told = tokio::select! {
            told = worker.run(notice) => told,
            never = protection.keep() => match never {},
        };
        protection.end(told).await;
        told
    };
    let told = clock.play(run).await;
    let notes = notes.lock().unwrap().clone();
    Played { asked: group.asked(), notes, ended: clock.now().as_secs(), told }
}

fn done(seconds: u32) -> impl Fn(&Delivery) -> (Duration, Outcome) + Send + Sync + 'static {
    move |_| (seconds * SECOND, Outcome::Done)
}

#[tokio::test]
async fn a_machine_is_protected_before_its_job_begins_and_open_once_it_has_been_idle() {
    let queue = Scripted::with(&[]);
    queue.at(BEFORE_100, |queue| queue.send("a1"));

    let played = play(&queue, &[], At(queue.clock(), 300 * SECOND), done(40)).await;

    assert_eq!(played.notes, [(100, "begun a1".to_owned()), (140, "ended a1".to_owned())]);
    assert_eq!(played.asked, [Asked::Open(0), Asked::Protect(100), Asked::Open(170)], "a busy machine goes, or an idle one is paid for");
}

#[tokio::test]
async fn jobs_that_come_one_after_the_other_cost_one_call_together() {
    let queue = Scripted::with(&["a1", "a2", "a3", "b1", "b2", "b3"]);
    queue.at(Duration::from_millis(34_500), |queue| queue.send("c1"));

    let played = play(&queue, &[], At(queue.clock(), 200 * SECOND), done(5)).await;

    assert_eq!(played.notes.len(), 14);
    assert_eq!(played.asked, [Asked::Open(0), Asked::Protect(0), Asked::Open(70)], "Auto Scaling would throttle the whole account");
}

#[tokio::test]
async fn a_new_machine_takes_no_job_before_its_group_has_it_in_service() {
    let queue = Scripted::with(&["a1"]);
    let pending = [(0, Answer::NotInService), (12, Answer::Yes)];

    let played = play(&queue, &pending, At(queue.clock(), 25 * SECOND), done(1)).await;

    assert_eq!(played.notes[0], (15, "begun a1".to_owned()), "it would be taken for one that is on its way out, and use up a try");
    assert_eq!(played.asked[..4], [Asked::Open(0), Asked::Open(5), Asked::Open(10), Asked::Open(15)]);
}

#[tokio::test]
async fn a_job_that_comes_when_the_group_has_chosen_this_machine_is_left_to_another() {
    let queue = Scripted::with(&[]);
    queue.at(BEFORE_100, |queue| queue.send("a1"));

    let played = play(&queue, &[(90, Answer::NotInService)], Tells(queue.clock(), Vec::new()), done(5)).await;

    assert_eq!(played.notes, [], "the job would be cut off in its middle");
    let given_back = queue.calls().into_iter().rfind(|call| matches!(call, Call::Hide(..)));
    let later = Call::Hide(100, "a1".to_owned(), settings().wait + 2 * SECOND);
    assert_eq!(given_back, Some(later), "this worker's own open call would take it again, and use up another try");
    assert!(played.told.waits, "nobody would tell the group that the machine may go");
    assert_eq!(played.asked.last(), Some(&Asked::IsDone(played.ended)), "the hook would hold an empty machine until its timeout");
}

#[tokio::test]
async fn a_machine_that_is_taken_away_ends_its_job_first_and_says_so_meanwhile() {
    let queue = Scripted::with(&["a1"]);
    let told = vec![(50 * SECOND, Told::waits("the group scales in"))];

    let played = play(&queue, &[], Tells(queue.clock(), told), done(150)).await;

    assert_eq!(
        played.notes.last(),
        Some(&(150, "ended a1".to_owned())),
        "the job would be cut off after the {:?} of a drain",
        settings().drain
    );
    let still: Vec<_> = [50, 70, 90, 110, 130, 150].map(Asked::StillWorks).to_vec();
    assert_eq!(played.asked[2..8], still, "the hook's time would be over before the job is");
    assert_eq!(played.asked.last(), Some(&Asked::IsDone(played.ended)));
}

#[tokio::test]
async fn a_spot_notice_ends_the_patience_of_a_group_that_waits() {
    let queue = Scripted::with(&["a1"]);
    let told = vec![(50 * SECOND, Told::waits("the group scales in")), (80 * SECOND, Told::soon("EC2 takes it back"))];

    let played = play(&queue, &[], Tells(queue.clock(), told), done(10_000)).await;

    let given_back = 80 + settings().drain.as_secs();
    assert_eq!(queue.calls().last(), Some(&Call::Hide(given_back, "a1".to_owned(), Duration::ZERO)), "the machine is gone before");
    assert_eq!(played.asked.last(), Some(&Asked::IsDone(given_back)), "the hook would hold what EC2 takes anyway");
}

#[tokio::test]
async fn a_group_that_does_not_answer_delays_a_job_once_and_stops_none() {
    let queue = Scripted::with(&["a1", "a2"]);

    let played = play(&queue, &[(0, Answer::Fails)], At(queue.clock(), 100 * SECOND), done(2)).await;

    let begun: Vec<_> = played.notes.iter().filter(|(_, note)| note.starts_with("begun")).map(|(at, _)| *at).collect();
    assert!((20..30).contains(&begun[0]), "a job must not wait for long: {begun:?}");
    assert!(begun[1] <= begun[0] + 3, "every job would wait: {begun:?}");
}

#[tokio::test]
async fn a_protection_that_could_not_be_taken_away_is_taken_away_later() {
    let queue = Scripted::with(&["a1"]);

    let played = play(&queue, &[(20, Answer::Fails), (100, Answer::Yes)], At(queue.clock(), 300 * SECOND), done(5)).await;

    assert_eq!(played.asked, [Asked::Open(0), Asked::Protect(0), Asked::Open(35), Asked::Open(65), Asked::Open(95), Asked::Open(125)]);
}

#[tokio::test]
async fn a_worker_that_is_stopped_for_another_reason_leaves_no_protection_behind() {
    let queue = Scripted::with(&["a1"]);

    let played = play(&queue, &[], At(queue.clock(), 10 * SECOND), done(5)).await;

    assert_eq!(played.asked, [Asked::Open(0), Asked::Protect(0), Asked::Open(played.ended)], "nothing could end the machine any more");
}
