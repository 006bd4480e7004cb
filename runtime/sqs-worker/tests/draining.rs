//! How a worker ends.
#![cfg(test)]

#[allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
mod common;

use std::time::Duration;

use common::{Call, SECOND, Scripted, play, settings};
use sqs_worker::{Outcome, Settings};

#[tokio::test]
async fn a_worker_that_is_told_to_end_takes_no_more_and_ends_what_it_began() {
    let queue = Scripted::with(&["a1", "a2"]);

    let played = play(&queue, settings(), 5 * SECOND, |_| (40 * SECOND, Outcome::Done)).await;

    assert_eq!(played.order(), ["begun a1", "ended a1"]);
    assert_eq!(queue.left(), ["a2"]);
    assert!(played.ended <= 41 * SECOND, "the machine would be paid for with nothing to do: {:?}", played.ended);
}

#[tokio::test]
async fn what_has_not_ended_when_draining_is_over_is_given_back() {
    let queue = Scripted::with(&["a1"]);

    let played = play(&queue, Settings { drain: 20 * SECOND, ..settings() }, 5 * SECOND, |_| (1_000 * SECOND, Outcome::Done)).await;

    assert_eq!(played.order(), ["begun a1"]);
    assert_eq!(queue.calls().last(), Some(&Call::Hide(25, "a1".to_owned(), Duration::ZERO)), "the job would wait for its timeout");
    assert!(played.ended <= 26 * SECOND, "systemd would kill it: {:?}", played.ended);
}

#[tokio::test]
async fn a_message_that_is_handed_out_while_the_worker_drains_is_given_back_at_once() {
    let queue = Scripted::with(&[]);
    queue.at(12 * SECOND, |queue| queue.send("a1"));

    let played = play(&queue, settings(), 5 * SECOND, |_| (SECOND, Outcome::Done)).await;

    assert!(played.notes.is_empty(), "{:?}", played.notes);
    let received = queue.calls().iter().filter(|call| matches!(call, Call::Receive(_))).count();
    assert_eq!(received, 1, "a worker that drains must not ask again");
    assert_eq!(queue.calls().last(), Some(&Call::Hide(12, "a1".to_owned(), Duration::ZERO)), "the message would be hidden from everybody");
}

#[tokio::test]
async fn an_idle_worker_ends_with_the_call_that_is_open() {
    let queue = Scripted::with(&[]);

    let played = play(&queue, settings(), 5 * SECOND, |_| (SECOND, Outcome::Done)).await;

    assert_eq!(played.ended, 20 * SECOND);
}
