//! Whose a message is, and for how long.
#![cfg(test)]

#[allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
mod common;

use common::{Call, Fault, SECOND, Scripted, play, settings};
use sqs_worker::{Outcome, Settings};

/// When a message was hidden anew.
fn heartbeats(queue: &Scripted) -> Vec<u64> {
    let hides = queue.calls().into_iter().filter_map(|call| match call {
        Call::Hide(time, _, hidden) if !hidden.is_zero() => Some(time),
        Call::Hide(..) | Call::Receive(_) | Call::Delete(..) | Call::Bury(..) => None,
    });
    hides.collect()
}

#[tokio::test]
async fn a_long_job_renews_its_lease_each_third_of_the_visibility_timeout() {
    let queue = Scripted::with(&["a1"]);

    let played = play(&queue, settings(), 200 * SECOND, |_| (95 * SECOND, Outcome::Done)).await;

    assert_eq!(heartbeats(&queue), [10, 20, 30, 40, 50, 60, 70, 80, 90]);
    assert_eq!(played.order(), ["begun a1", "ended a1"], "a second worker would have taken the same job");
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn a_job_that_has_ended_is_not_kept_from_others_any_longer() {
    let queue = Scripted::with(&["a1"]);

    play(&queue, settings(), 100 * SECOND, |_| (5 * SECOND, Outcome::Done)).await;

    assert_eq!(heartbeats(&queue), [0; 0], "a heartbeat would go on for a message that is not there");
}

#[tokio::test]
async fn a_job_whose_lease_is_lost_is_stopped_and_its_message_is_left_alone() {
    let queue = Scripted::with(&["a1"]);
    queue.at(15 * SECOND, |queue| queue.expire("a1"));

    let played = play(&queue, settings(), 100 * SECOND, |delivery| (delivery_takes(delivery, 60, 5), Outcome::Done)).await;

    assert_eq!(played.times("begun a1").len(), 2);
    assert_eq!(played.times("ended a1").len(), 1, "two workers would go on with the same job");
    assert_eq!(played.times("begun a1")[1], 20, "the second must wait until the first has stopped: {:?}", played.notes);
    let deletes = queue.calls().iter().filter(|call| matches!(call, Call::Delete(..))).count();
    assert_eq!(deletes, 1, "whoever lost the lease must not delete");
}

/// The first delivery takes so many seconds, later ones so many.
fn delivery_takes(delivery: &sqs_worker::Delivery, first: u32, later: u32) -> std::time::Duration {
    SECOND * if delivery.message.receive_count == 1 { first } else { later }
}

#[tokio::test]
async fn a_message_that_lay_here_while_the_machine_stood_still_is_not_begun() {
    let queue = Scripted::with(&["a1"]).late(40 * SECOND);

    let played = play(&queue, settings(), 100 * SECOND, |_| (5 * SECOND, Outcome::Done)).await;

    assert_eq!(played.order(), ["begun a1", "ended a1"], "whoever got it meanwhile would be overtaken, and a try of the job used up");
    assert!(40 <= played.times("begun a1")[0], "it was begun with a receipt that is void");
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn a_message_that_is_late_and_still_ours_is_begun() {
    let queue = Scripted::with(&["a1"]).late(29 * SECOND);

    let played = play(&queue, settings(), 100 * SECOND, |_| (5 * SECOND, Outcome::Done)).await;

    assert_eq!(played.times("begun a1"), [29], "it would wait for a visibility timeout that nobody uses");
}

#[tokio::test]
async fn a_job_is_stopped_when_no_heartbeat_came_through_until_the_lease_was_over() {
    // As many as can be tried within one visibility timeout: after a third of it, then each twelfth.
    let queue = Scripted::with(&["a1"]).failing(Fault::Hide, 8);

    let played = play(&queue, settings(), 40 * SECOND, |delivery| (delivery_takes(delivery, 60, 5), Outcome::Done)).await;

    let begun = played.times("begun a1");
    assert_eq!(begun[0], 0);
    assert!(30 <= begun[1], "the message was still hidden: {begun:?}");
    assert_eq!(played.times("ended a1").len(), 1, "the first one must have been stopped before the second began");
}

#[tokio::test]
async fn a_heartbeat_that_fails_is_tried_again_in_time() {
    let queue = Scripted::with(&["a1"]).failing(Fault::Hide, 3);

    let played = play(&queue, settings(), 100 * SECOND, |_| (60 * SECOND, Outcome::Done)).await;

    assert_eq!(played.order(), ["begun a1", "ended a1"], "a moment without the cloud would cost a whole job");
}

#[tokio::test]
async fn a_job_that_takes_longer_than_any_may_is_stopped_and_counts_as_failed() {
    let queue = Scripted::with(&["a1", "a2"]);
    let settings = Settings { longest: 50 * SECOND, ..settings() };

    let played =
        play(&queue, settings, 400 * SECOND, |delivery| (SECOND * if delivery.message.body == "a1" { 1_000 } else { 1 }, Outcome::Done))
            .await;

    assert_eq!(played.times("ended a1").len(), 0);
    assert_eq!(queue.dead(), [("a1".to_owned(), None)], "a job that hangs would block its group for ever");
    assert_eq!(played.times("ended a2").len(), 1);
}

#[tokio::test]
async fn no_message_is_hidden_longer_than_the_twelve_hours_that_sqs_allows() {
    let queue = Scripted::with(&["a1"]);
    let half_a_day = 12 * 3_600;

    // One slot: nobody asks for more while it is taken, and the clock has fewer moments to go through.
    let settings = Settings { slots: 1, ..settings() };

    let played =
        play(&queue, settings, (half_a_day + 100) * SECOND, move |delivery| (delivery_takes(delivery, half_a_day + 1, 1), Outcome::Done))
            .await;

    let last = queue.calls().into_iter().rfind(|call| matches!(call, Call::Hide(time, ..) if *time < u64::from(half_a_day)));
    assert_eq!(last, Some(Call::Hide(43_190, "a1".to_owned(), 10 * SECOND)), "SQS refuses more than what is left of twelve hours");
    assert_eq!(played.times("ended a1").len(), 1, "the first try had to be stopped: {:?}", played.notes);
}
