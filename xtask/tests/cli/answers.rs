//! Commands that read: what the engine knows, as people and as programs want it.

use protocol::{Event, Intent, LeaseState, NextStep, Outcome, QueueDepth, Request, StackRef, StackStatus};
use serde_json::{Value, json};

use crate::world::World;

fn read() -> Event {
    Event::Done { outcome: Outcome::Read, calls: [].into(), seconds: 0.1 }
}

fn stack(name: &str) -> StackRef {
    StackRef { stack: name.to_owned(), name: format!("cloudwright-staging-{name}") }
}

#[test]
fn outputs_are_one_object_of_stack_and_output() {
    let world = World::new();
    let outputs = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into_iter().collect();
    world.engine_tells(&[
        Event::Outputs { stack: stack("jobs"), outputs: outputs("JobQueueUrl", "https://queue") },
        Event::Outputs { stack: stack("images"), outputs: outputs("SourceBucketName", "photos-in") },
        read(),
    ]);

    let for_programs = world.run(&["outputs", "--env", "staging", "--json"]);
    let for_people = world.run(&["outputs", "--env", "staging"]);

    let value: Value = serde_json::from_str(&for_programs.stdout).unwrap();
    assert_eq!(value, json!({ "jobs": { "JobQueueUrl": "https://queue" }, "images": { "SourceBucketName": "photos-in" } }));
    assert_eq!(for_people.stdout, "jobs.JobQueueUrl  https://queue\nimages.SourceBucketName  photos-in\n");
}

/// A stack in a state, and what an engine says comes next for it.
fn status(name: &str, status: Option<&str>, intent: Option<Intent>, next: &str) -> Event {
    Event::Status(StackStatus {
        stack: stack(name),
        status: status.map(str::to_owned),
        reason: None,
        changed_at: status.map(|_| "2026-11-22T12:00:00Z".to_owned()),
        digest: status.map(|_| "0123456789abcdef".repeat(4)),
        next: Some(NextStep { intent, text: next.to_owned() }),
    })
}

fn lease(silent_seconds: u64) -> Event {
    let (by, since, purpose) = ("arn:aws:iam::1:user/jo", "2026-11-22T12:00:00Z", "a deploy");
    Event::Lease(LeaseState { by: by.to_owned(), since: since.to_owned(), purpose: purpose.to_owned(), silent_seconds, lasts_seconds: 120 })
}

#[test]
fn the_state_of_every_stack_is_shown_with_what_comes_next() {
    let world = World::new();
    world.engine_tells(&[
        lease(7),
        status("jobs", Some("UPDATE_COMPLETE"), Some(Intent::Update), "a deploy updates it where it differs"),
        status("images", None, Some(Intent::Create), "a deploy creates it"),
        read(),
    ]);

    let ran = world.run(&["status", "--env", "staging"]);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout, @"
    lease: held by arn:aws:iam::1:user/jo for a deploy, since 2026-11-22T12:00:00Z, renewed 7 s ago: a deploy waits for its end; `cargo xtask unlock --env staging` when it is dead
    jobs    UPDATE_COMPLETE  2026-11-22T12:00:00Z  0123456789ab
            next: a deploy updates it where it differs
    images  does not exist
            next: a deploy creates it
    ");
    let Some(Request::Overview(request)) = world.request() else { panic!("the engine was asked something else") };
    assert_eq!((request.ledger.stack.stack.as_str(), request.stacks.stacks.len()), ("artifacts", 7));
}

#[test]
fn a_lease_that_ran_out_keeps_nobody_waiting() {
    let world = World::new();
    world.engine_tells(&[lease(400), read()]);

    let ran = world.run(&["status", "--env", "staging"]);

    assert!(ran.stdout.contains("renewed 400 s ago: it has run out, and the next deploy takes it"), "{}", ran.stdout);
}

#[test]
fn a_program_gets_one_stack_a_line_with_what_comes_next_and_the_lease() {
    let world = World::new();
    let stuck = status("jobs", Some("DELETE_FAILED"), None, "a deploy refuses it: mend what AWS names");
    world.engine_tells(&[lease(7), stuck, status("images", None, Some(Intent::Create), "a deploy creates it"), read()]);

    let ran = world.run(&["status", "--env", "staging", "--json"]);

    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "a program would take the lease for a stack: {}", ran.stdout);
    assert_eq!(lines[0]["next"], json!({ "intent": null, "text": "a deploy refuses it: mend what AWS names" }));
    assert_eq!((&lines[1]["next"]["intent"], &lines[1]["lease"]["silent_seconds"]), (&json!("create"), &json!(7)));
}

#[test]
fn what_is_taken_in_is_named_by_what_identifies_its_type() {
    let world = World::new();
    world.engine_tells(&[Event::Done { outcome: Outcome::Changed, calls: [].into(), seconds: 0.1 }]);

    let ran = world.run(&["import", "--env", "staging", "--stack", "jobs", "--yes", "--resource", "JobsTable=jobs-2024"]);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let Some(Request::Import(import)) = world.request() else { panic!("the engine was asked something else") };
    assert_eq!(import.resources[0].identifier["TableName"], "jobs-2024");
    assert_eq!((import.resources[0].resource_type.as_str(), import.ask), ("AWS::DynamoDB::Table", false));
}

#[test]
fn a_resource_that_the_stack_does_not_describe_cannot_be_taken_in() {
    let world = World::new();

    let ran = world.run(&["import", "--env", "staging", "--stack", "jobs", "--yes", "--resource", "JobTable=jobs-2024"]);

    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("stack `jobs` has") && ran.stderr.contains("JobsTable"), "{}", ran.stderr);
    assert!(world.request().is_none(), "a slip of the finger was taken to AWS");
}

#[test]
fn every_queue_is_one_line_and_dead_letters_stand_out() {
    let world = World::new();
    let queue = |id: &str, waiting: u64, dead_letters: bool| {
        let (logical_id, url) = (id.to_owned(), format!("https://{id}"));
        Event::Queue(QueueDepth { stack: stack("jobs"), logical_id, url, waiting, in_flight: 2, delayed: 0, dead_letters })
    };
    world.engine_tells(&[queue("JobQueue", 7, false), queue("JobDeadLetterQueue", 1, true), read()]);

    let ran = world.run(&["queues", "--env", "staging"]);

    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "jobs.JobQueue                  7 waiting      2 in flight      0 delayed", "{}", ran.stdout);
    assert!(lines[1].contains("1 waiting") && lines[1].ends_with("dead letters: nobody could get these done"), "{}", ran.stdout);
}

#[test]
fn a_message_is_sent_as_the_file_holds_it() {
    let world = World::new();
    world.engine_tells(&[Event::Done { outcome: Outcome::Changed, calls: [].into(), seconds: 0.1 }]);
    let file = world.path("job.json");
    std::fs::write(&file, "{\"prompt\":\"hi\"}\n").unwrap();

    let ran =
        world.run(&["send", "--env", "staging", "--stack", "jobs", "--queue", "JobQueue", "--group", "maria", file.to_str().unwrap()]);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let Some(Request::Send(send)) = world.request() else { panic!("the engine was asked something else") };
    assert_eq!((send.body.as_str(), send.group.as_deref(), send.logical_id.as_str()), ("{\"prompt\":\"hi\"}", Some("maria"), "JobQueue"));
}

#[test]
fn logs_are_asked_for_as_far_back_as_was_said() {
    let world = World::new();
    let line = Event::Log {
        stack: stack("images"),
        group: "g".to_owned(),
        stream: "s".to_owned(),
        at: "2026-11-22T12:00:00Z".to_owned(),
        message: "{\"level\":\"INFO\"}\n".to_owned(),
    };
    world.engine_tells(&[line, read()]);

    let ran = world.run(&["logs", "--env", "staging", "--stack", "images", "--since", "2h"]);

    assert_eq!(ran.stdout, "2026-11-22T12:00:00Z images: {\"level\":\"INFO\"}\n", "{}", ran.stderr);
    let Some(Request::Logs(logs)) = world.request() else { panic!("{:?}", world.request()) };
    assert_eq!((logs.since_seconds, logs.stacks.len()), (7_200, 1), "somebody would read the wrong logs");
}

#[test]
fn an_unknown_stack_is_answered_with_those_that_there_are() {
    let world = World::new();

    let ran = world.run(&["logs", "--env", "staging", "--stack", "image"]);

    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("the stacks are artifacts, jobs, images"), "{}", ran.stderr);
    assert!(world.request().is_none());
}
