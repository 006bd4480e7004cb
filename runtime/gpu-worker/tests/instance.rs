//! A worker on an instance of an Auto Scaling group: a real process with a metadata service and a group that play their parts.
#![cfg(test)]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod common;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{Platform, Process, lasting, platform};
use contract::jobs::column;

/// The instance and its group, as they are now.
#[derive(Clone, Default)]
struct Instance(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The group is ending the instance.
    ends: bool,
    /// What the group was asked for.
    asked: Vec<String>,
}

impl Instance {
    fn ends(&self) {
        self.0.lock().unwrap().ends = true;
    }

    fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }

    async fn until_asked(&self, what: &str) {
        let started = Instant::now();
        while !self.asked().iter().any(|asked| asked == what) {
            assert!(started.elapsed() < Duration::from_secs(60), "the group was never asked for `{what}`: {:?}", self.asked());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Metadata for GET and PUT, Auto Scaling for POST.
    fn answer(&self, head: &str, body: &str) -> (u16, String) {
        let mut state = self.0.lock().unwrap();
        let path = head.split(' ').nth(1).unwrap_or_default();
        if head.starts_with("POST") {
            let value = |name: &str| body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap_or_default();
            let action = value("Action");
            state.asked.push(format!("{action} {} {}", value("AutoScalingGroupName"), value("ProtectedFromScaleIn")).trim_end().to_owned());
            if state.ends && action == "SetInstanceProtection" {
                let said = "The instance i-1 is not in InService or EnteringStandby or Standby.";
                return (
                    400,
                    format!("<ErrorResponse><Error><Code>ValidationError</Code><Message>{said}</Message></Error></ErrorResponse>"),
                );
            }
            return (200, format!("<{action}Response><{action}Result/></{action}Response>"));
        }
        let said = match path.trim_start_matches("/latest/") {
            "api/token" => "secret",
            "meta-data/instance-id" => "i-1",
            "meta-data/instance-type" => "g5.xlarge",
            "meta-data/tags/instance/aws:autoscaling:groupName" => "workers",
            "meta-data/autoscaling/target-lifecycle-state" if state.ends => "Terminated",
            "meta-data/autoscaling/target-lifecycle-state" => "InService",
            _ => return (404, String::new()),
        };
        (200, said.to_owned())
    }

    /// Plays both parts from now on; the variables that lead a worker here.
    fn play(&self) -> Vec<(&'static str, String)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let instance = self.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (head, body) = request(&mut stream);
                let (status, said) = instance.answer(&head, &body);
                let length = said.len();
                let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\nx-aws-ec2-metadata-token-ttl-seconds: 600");
                // Whoever is gone does not mind.
                drop(stream.write_all(format!("{head}\r\ncontent-length: {length}\r\n\r\n{said}").as_bytes()));
            }
        });
        vec![
            ("AWS_EC2_METADATA_DISABLED", "false".to_owned()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", address.clone()),
            ("AWS_ENDPOINT_URL_AUTO_SCALING", address),
        ]
    }
}

fn request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if length.is_none_or(|length| length.parse() == Ok(body.len())) {
                return (head.to_owned(), body.to_owned());
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(number) if 0 < number => bytes.extend(&part[..number]),
            _ => return (text, String::new()),
        }
    }
}

async fn worker(instance: &Instance) -> (Platform, Process) {
    let platform = platform().await;
    let process = platform.start_on("worker", platform.config(), &instance.play());
    (platform, process)
}

#[tokio::test]
async fn a_job_begins_on_a_protected_machine_and_ends_before_the_group_has_it() {
    let instance = Instance::default();
    let (platform, mut process) = worker(&instance).await;

    let job = platform.enqueue("ada", &lasting(12)).await;
    platform.until_state(&job, "running").await;
    let before = instance.asked();
    instance.ends();
    let code = process.ended().await;

    assert_eq!(before, ["SetInstanceProtection workers false", "SetInstanceProtection workers true"]);
    let record = platform.until_state(&job, "done").await;
    assert_eq!((record.text(column::WORKER), record.number(column::ATTEMPT)), ("i-1", 1), "the job was cut off");
    let after = instance.asked()[2..].to_vec();
    assert_eq!(after.first().map(String::as_str), Some("RecordLifecycleActionHeartbeat workers"), "the hook would not wait: {after:?}");
    assert_eq!(
        after.last().map(String::as_str),
        Some("CompleteLifecycleAction workers"),
        "the machine would be paid for until the hook's end"
    );
    assert_eq!(code, Some(0));
}

#[tokio::test]
async fn a_job_that_comes_too_late_is_left_to_another_worker() {
    let instance = Instance::default();
    let (platform, mut process) = worker(&instance).await;
    instance.until_asked("SetInstanceProtection workers false").await;

    instance.ends();
    let job = platform.enqueue("ada", &lasting(2)).await;
    let code = process.ended().await;
    let _other = platform.start("other");
    let record = platform.until_state(&job, "done").await;

    assert_eq!(code, Some(0));
    assert_eq!(record.number(column::ATTEMPT), 1, "it was begun on a machine that was about to go");
    assert_eq!(instance.asked().last().map(String::as_str), Some("CompleteLifecycleAction workers"));
}
