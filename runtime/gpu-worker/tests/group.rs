//! What Auto Scaling is asked for, and what is made of its answers.
#![cfg(test)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use contract::fleet::DRAIN_HOOK;
use gpu_worker::AutoScaling;
use sqs_worker::protection::{Group, Refusal};

const NOT_IN_SERVICE: &str = "The instance i-1 is not in InService or EnteringStandby or Standby.";
const NO_ACTION: &str = "No active Lifecycle Action found with instance ID i-1";

/// The parameters of one request, in the order of their names.
fn parameters(stream: &mut TcpStream) -> Vec<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned)).unwrap();
            if body.len() == length.parse::<usize>().unwrap() {
                let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
                let mut pairs: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                pairs.sort();
                return pairs;
            }
        }
        let mut part = [0; 4096];
        let number = stream.read(&mut part).unwrap();
        assert_ne!(number, 0, "the request ends early");
        bytes.extend(&part[..number]);
    }
}

/// An Auto Scaling that gives every request this answer, and tells what it was asked.
fn auto_scaling(status: u16, body: String) -> (SdkConfig, Receiver<Vec<(String, String)>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            drop(sender.send(parameters(&mut stream)));
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let credentials = aws_sdk_sqs::config::SharedCredentialsProvider::new(Credentials::new("key", "secret", None, None, "test"));
    let config =
        SdkConfig::builder().behavior_version(BehaviorVersion::latest()).endpoint_url(endpoint).region(Region::new("eu-central-1"));
    (config.credentials_provider(credentials).build(), asked)
}

fn refused(words: &str) -> (SdkConfig, Receiver<Vec<(String, String)>>) {
    let body = format!(
        "<ErrorResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\"><Error><Type>Sender</Type>\
         <Code>ValidationError</Code><Message>{words}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    auto_scaling(400, body)
}

fn done(action: &str) -> (SdkConfig, Receiver<Vec<(String, String)>>) {
    auto_scaling(
        200,
        format!("<{action}Response xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\"><{action}Result/></{action}Response>"),
    )
}

fn pairs<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let mut all: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    all.push(("Version".to_owned(), "2011-01-01".to_owned()));
    all.sort();
    all
}

#[tokio::test]
async fn a_group_is_asked_about_this_instance_and_no_other() {
    let (aws, protect) = done("SetInstanceProtection");
    AutoScaling::new(&aws, "workers", "i-1").protect(true).await.unwrap();
    let (aws, done_with) = done("CompleteLifecycleAction");
    AutoScaling::new(&aws, "workers", "i-1").is_done().await.unwrap();
    let (aws, heartbeat) = done("RecordLifecycleActionHeartbeat");
    AutoScaling::new(&aws, "workers", "i-1").still_works().await.unwrap();

    let expected = [
        ("Action", "SetInstanceProtection"),
        ("AutoScalingGroupName", "workers"),
        ("InstanceIds.member.1", "i-1"),
        ("ProtectedFromScaleIn", "true"),
    ];
    assert_eq!(protect.recv().unwrap(), pairs(&expected));
    let hook = [("AutoScalingGroupName", "workers"), ("InstanceId", "i-1"), ("LifecycleHookName", DRAIN_HOOK)];
    let complete = [("Action", "CompleteLifecycleAction"), ("LifecycleActionResult", "CONTINUE")];
    assert_eq!(done_with.recv().unwrap(), pairs(&[&hook[..], &complete].concat()), "the instance would wait for its hook in vain");
    assert_eq!(heartbeat.recv().unwrap(), pairs(&[&hook[..], &[("Action", "RecordLifecycleActionHeartbeat")]].concat()));
}

#[tokio::test]
async fn a_group_that_takes_the_instance_away_is_told_from_one_that_cannot_be_asked() {
    for (words, leaving) in [
        (NOT_IN_SERVICE, true),
        ("The instance i-1 is not part of Auto Scaling group workers.", true),
        ("Instance Id not found - No managed instance found for instance ID: i-1", true),
        ("AutoScalingGroup name not found - null", false),
    ] {
        let (aws, _asked) = refused(words);

        let refusal = AutoScaling::new(&aws, "workers", "i-1").protect(true).await.unwrap_err();

        assert_eq!(matches!(refusal, Refusal::NotInService), leaving, "{words}: a job would be cut off, or none begun any more");
    }
}

#[tokio::test]
async fn a_hook_that_does_not_wait_for_this_instance_is_nothing_to_worry_about() {
    let (aws, _asked) = refused(NO_ACTION);
    let group = AutoScaling::new(&aws, "workers", "i-1");
    let (aws, _asked) = refused("Lifecycle hook not found");
    let without = AutoScaling::new(&aws, "workers", "i-1");

    let said = (group.is_done().await, group.still_works().await, without.is_done().await);

    assert!(said.0.is_ok() && said.1.is_ok(), "each restart of a worker would be reported as a failure: {said:?}");
    assert!(said.2.is_err(), "nobody would learn that the hook has another name");
}
