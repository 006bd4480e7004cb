//! How a worker ends.
#![cfg(test)]

#[allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use common::{Call, SECOND, Scripted, play, settings};
use sqs_worker::imds::Imds;
use sqs_worker::{Notice, Outcome, Settings};

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

/// A metadata service: asks for a token, and has these documents, the last one from the second question on.
fn metadata(documents: &'static [(&'static str, &'static str)]) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut asked = 0;
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let words = lines.next().unwrap_or_default();
            let headers: Vec<_> = lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
            let path = words.split(' ').nth(1).unwrap_or_default();
            let known = headers.iter().any(|line| line == "x-aws-ec2-metadata-token: secret");
            let last = documents.last().is_some_and(|(last, _)| *last == path);
            asked += u32::from(last);
            let answer = match documents.iter().find(|(found, _)| *found == path) {
                _ if path == "/latest/api/token" => {
                    "200 OK\r\nx-aws-ec2-metadata-token-ttl-seconds: 600\r\ncontent-length: 6\r\n\r\nsecret".to_owned()
                }
                _ if !known => "401 Unauthorized\r\ncontent-length: 0\r\n\r\n".to_owned(),
                Some((_, document)) if !last || 1 < asked => format!("200 OK\r\ncontent-length: {}\r\n\r\n{document}", document.len()),
                Some(_) | None => "404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
            };
            let answer = answer.replacen("\r\n", "\r\nconnection: close\r\n", 1);
            (&stream).write_all(format!("HTTP/1.1 {answer}").as_bytes()).unwrap();
        }
    });
    address
}

const MACHINE: [(&str, &str); 2] =
    [("/latest/meta-data/instance-id", "i-0123456789abcdef0"), ("/latest/meta-data/instance-type", "g5.xlarge")];

#[tokio::test]
async fn a_spot_instance_that_is_taken_back_tells_its_worker() {
    static DOCUMENTS: [(&str, &str); 3] = [MACHINE[0], MACHINE[1], ("/latest/meta-data/spot/instance-action", r#"{"action":"terminate"}"#)];
    let mut imds = Imds::find_at(&metadata(&DOCUMENTS), Duration::from_millis(1)).await.unwrap();

    let reason = imds.told().await;

    assert_eq!(reason, "EC2 takes the Spot instance back");
    assert_eq!((imds.instance_id(), imds.instance_type()), ("i-0123456789abcdef0", "g5.xlarge"));
}

#[tokio::test]
async fn an_instance_that_is_scaled_in_tells_its_worker() {
    static DOCUMENTS: [(&str, &str); 3] = [MACHINE[0], MACHINE[1], ("/latest/meta-data/autoscaling/target-lifecycle-state", "Terminated")];
    let mut imds = Imds::find_at(&metadata(&DOCUMENTS), Duration::from_millis(1)).await.unwrap();

    assert_eq!(imds.told().await, "the Auto Scaling group scales in");
}

#[tokio::test]
async fn beside_ec2_there_is_no_metadata_service() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();

    assert!(Imds::find_at(&format!("http://{closed}"), Duration::from_millis(1)).await.is_none());
}
