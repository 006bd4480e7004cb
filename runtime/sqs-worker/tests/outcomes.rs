//! What becomes of a message when its work has ended.
#![cfg(test)]

#[allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
mod common;

use common::{Call, Fault, SECOND, Scripted, play, settings};
use sqs_worker::{Outcome, Settings};

fn permanent(reason: &str) -> Outcome {
    Outcome::Permanent { reason: reason.to_owned() }
}

#[tokio::test]
async fn messages_of_one_group_come_in_order_and_groups_beside_each_other() {
    let queue = Scripted::with(&["a1", "a2", "b1", "a3", "b2"]);

    let played = play(&queue, settings(), 100 * SECOND, |_| (5 * SECOND, Outcome::Done)).await;

    let of = |group: &str| -> Vec<_> { played.order().into_iter().filter(|note| note.contains(&format!(" {group}"))).collect() };
    assert_eq!(of("a"), ["begun a1", "ended a1", "begun a2", "ended a2", "begun a3", "ended a3"]);
    assert_eq!(of("b"), ["begun b1", "ended b1", "begun b2", "ended b2"]);
    assert_eq!(played.times("begun b1"), [0], "one user would wait for another's job");
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn a_worker_takes_no_message_that_it_has_no_slot_for() {
    let queue = Scripted::with(&["a1", "b1", "c1", "d1", "e1"]);

    play(&queue, Settings { slots: 2, ..settings() }, 100 * SECOND, |_| (9 * SECOND, Outcome::Done)).await;

    assert_eq!(queue.most_in_flight(), 2, "another worker could have begun what waits here");
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn a_job_that_fails_comes_again_later_each_time_until_its_tries_are_used_up() {
    let queue = Scripted::with(&["a1", "a2"]);

    let played = play(&queue, settings(), 200 * SECOND, |delivery| {
        let failed = if delivery.spent { permanent("tried_too_often") } else { Outcome::Retry };
        (SECOND, if delivery.message.body == "a1" { failed } else { Outcome::Done })
    })
    .await;

    let hidden: Vec<_> = queue
        .calls()
        .into_iter()
        .filter_map(|call| match call {
            Call::Hide(_, _, hidden) => Some(hidden),
            Call::Receive(_) | Call::Delete(..) | Call::Bury(..) => None,
        })
        .collect();
    assert_eq!(hidden.len(), 3, "{hidden:?}");
    assert!(SECOND <= hidden[0] && hidden[0] <= 2 * SECOND, "{hidden:?}");
    assert!(2 * SECOND <= hidden[1] && hidden[1] <= 4 * SECOND, "{hidden:?}");
    assert!(hidden[2].is_zero(), "the rest of the group would wait for a try that nobody makes: {hidden:?}");
    assert_eq!(queue.dead(), [("a1".to_owned(), Some("tried_too_often".to_owned()))]);
    assert_eq!(played.order().last(), Some(&"ended a2"));
}

#[tokio::test]
async fn the_work_knows_when_it_is_the_last_try() {
    let queue = Scripted::with(&["a1"]);

    play(&queue, settings(), 100 * SECOND, |delivery| {
        (SECOND, if delivery.last_try { permanent("tried_too_often") } else { Outcome::Retry })
    })
    .await;

    assert_eq!(queue.dead(), [("a1".to_owned(), Some("tried_too_often".to_owned()))]);
    let buried = queue.calls().into_iter().filter(|call| matches!(call, Call::Bury(..))).count();
    assert_eq!(buried, 1);
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn what_no_worker_lives_to_end_is_given_to_one_that_says_so_and_then_to_nobody() {
    let queue = Scripted::with(&["a1", "b1"]);

    // As it looks when the worker of every try is killed: nothing is said of the message. Whoever gets `b1` dies even of saying that.
    let played = play(&queue, settings(), 300 * SECOND, |delivery| match &*delivery.message.body {
        "a1" if delivery.spent => (SECOND, permanent("tries_used_up")),
        _ => (SECOND, Outcome::Leave),
    })
    .await;

    assert_eq!(played.times("begun a1").len(), 4);
    assert_eq!(played.times("begun b1").len(), 5);
    assert_eq!(queue.dead(), [("a1".to_owned(), Some("tries_used_up".to_owned())), ("b1".to_owned(), None)]);
}

#[tokio::test]
async fn a_poison_message_is_a_dead_letter_at_once_and_its_group_goes_on() {
    let queue = Scripted::with(&["a1", "a2"]);

    let played = play(&queue, settings(), 100 * SECOND, |delivery| {
        (SECOND, if delivery.message.body == "a1" { permanent("not_a_job") } else { Outcome::Done })
    })
    .await;

    assert_eq!(queue.dead(), [("a1".to_owned(), Some("not_a_job".to_owned()))]);
    assert_eq!(played.times("begun a1"), [0], "it would be tried in vain");
    assert!(played.times("begun a2")[0] <= 2, "its group would wait: {:?}", played.notes);
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn a_message_whose_dead_letter_cannot_be_sent_is_not_deleted() {
    let queue = Scripted::with(&["a1"]).failing(Fault::Bury, 5);

    play(&queue, settings(), 100 * SECOND, |_| (SECOND, permanent("not_a_job"))).await;

    assert_eq!(queue.dead(), [("a1".to_owned(), Some("not_a_job".to_owned()))], "the job would be lost");
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn a_delete_that_fails_is_tried_again() {
    let queue = Scripted::with(&["a1"]).failing(Fault::Delete, 2);

    let played = play(&queue, settings(), 100 * SECOND, |_| (SECOND, Outcome::Done)).await;

    assert_eq!(played.times("begun a1"), [0], "the job would be done twice for one lost call");
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn a_message_that_could_not_be_deleted_comes_once_more_and_then_is() {
    let queue = Scripted::with(&["a1"]).failing(Fault::Delete, 5);

    let played = play(&queue, settings(), 100 * SECOND, |delivery| {
        (SECOND, if delivery.message.receive_count == 1 { Outcome::Done } else { Outcome::Nothing })
    })
    .await;

    assert_eq!(played.times("begun a1").len(), 2);
    assert!(queue.left().is_empty() && queue.dead().is_empty());
}

#[tokio::test]
async fn work_that_panics_is_a_try_that_failed_and_the_worker_goes_on() {
    let queue = Scripted::with(&["a1", "b1"]);

    let played = play(&queue, settings(), 100 * SECOND, |delivery| {
        assert!(delivery.message.body != "a1" || 1 < delivery.message.receive_count, "a mistake in the work");
        (SECOND, Outcome::Done)
    })
    .await;

    assert_eq!(played.times("begun a1").len(), 2, "one bad job would take all others with it");
    assert_eq!(played.times("ended b1").len(), 1);
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn a_queue_that_cannot_be_reached_is_asked_again_less_and_less_often() {
    let queue = Scripted::with(&["a1"]).failing(Fault::Receive, 8);

    play(&queue, settings(), 300 * SECOND, |_| (SECOND, Outcome::Done)).await;

    let asked: Vec<u64> = queue
        .calls()
        .into_iter()
        .filter_map(|call| match call {
            Call::Receive(time) => Some(time),
            Call::Hide(..) | Call::Delete(..) | Call::Bury(..) => None,
        })
        .take(9)
        .collect();
    assert!(15 <= asked[8] - asked[7], "a cloud in trouble would be asked by every worker without a pause: {asked:?}");
    assert!(asked.windows(2).all(|two| two[1] - two[0] <= 30), "a worker would sleep on when the cloud is back: {asked:?}");
    assert!(queue.left().is_empty());
}
