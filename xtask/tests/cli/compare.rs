//! `diff`: between two files, against another revision, against what is deployed.

use std::fs;
use std::process::Command;

use protocol::{Event, Outcome, StackRef};
use serde_json::{Value, json};

use crate::world::World;

pub(crate) fn git(world: &World, arguments: &[&str]) {
    let nobody = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(nobody).args(arguments).current_dir(world.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Commits the templates of staging as they are now, as the snapshots that a review has seen.
fn review(world: &World) {
    let rendered = world.run(&["render", "--env", "staging", "--out", "rendered"]);
    assert_eq!(rendered.code, Some(0), "{}", rendered.stderr);
    fs::create_dir_all(world.path("snapshots/staging")).unwrap();
    for stack in ["artifacts", "jobs", "network", "images", "imagegen", "api", "fleet"] {
        let yaml = fs::read_to_string(world.path(&format!("rendered/staging/{stack}.yaml"))).unwrap();
        let snapshot = format!("---\nsource: snapshots/every_stack.rs\n---\n{yaml}");
        fs::write(world.path(&format!("snapshots/staging/{stack}.snap")), snapshot).unwrap();
    }
    git(world, &["init", "--quiet"]);
    git(world, &["add", "--force", "snapshots"]);
    git(world, &["commit", "--quiet", "--message", "reviewed"]);
}

#[test]
fn two_files_that_mean_the_same_do_not_differ_however_they_are_written() {
    let world = World::new();
    fs::write(
        world.path("old.yaml"),
        "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: !Ref AWS::StackName\n",
    )
    .unwrap();
    let same =
        json!({ "Resources": { "Topic": { "Properties": { "DisplayName": { "Ref": "AWS::StackName" } }, "Type": "AWS::SNS::Topic" } } });
    fs::write(world.path("new.json"), same.to_string()).unwrap();

    let ran = world.run(&["diff", "--templates", "old.yaml", "new.json"]);

    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "every review would be buried in what is no change");
}

#[test]
fn a_difference_is_shown_and_ends_with_three() {
    let world = World::new();
    let topic = |name: &str| json!({ "Resources": { "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": name } } } });
    fs::write(world.path("old.json"), topic("alerts").to_string()).unwrap();
    fs::write(world.path("new.json"), topic("alarms").to_string()).unwrap();

    let for_people = world.run(&["diff", "--templates", "old.json", "new.json"]);
    let for_programs = world.run(&["diff", "--templates", "old.json", "new.json", "--json"]);

    assert_eq!((for_people.code, for_programs.code), (Some(3), Some(3)), "a pipeline could not tell");
    assert!(for_people.stdout.contains("Properties/DisplayName: \"alerts\" → \"alarms\""), "{}", for_people.stdout);
    let diff: Value = serde_json::from_str(&for_programs.stdout).unwrap();
    assert_eq!((&diff["resources"][0]["id"], &diff["version"]), (&json!("Topic"), &json!(2)));
    assert!(for_people.stdout.starts_with("~ AWS::SNS::Topic Topic (new.json:1)"), "people would look for the line: {}", for_people.stdout);
}

/// Writes an old and a new template, and compares them.
fn compare(old: &Value, new: &Value, arguments: &[&str]) -> crate::world::Ran {
    let world = World::new();
    fs::write(world.path("old.json"), old.to_string()).unwrap();
    fs::write(world.path("new.json"), new.to_string()).unwrap();
    let all = [&["diff", "--templates", "old.json", "new.json"], arguments].concat();
    world.run(&all)
}

fn one(kind: &str, properties: Value) -> Value {
    json!({ "Resources": { "It": { "Type": kind, "Properties": properties } } })
}

#[test]
fn a_gate_lets_through_what_it_is_not_for() {
    let queue = |delay: i32, fifo: bool| one("AWS::SQS::Queue", json!({ "DelaySeconds": delay, "FifoQueue": fifo }));
    let policy = |action: &str| {
        let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*" });
        one("AWS::SQS::QueuePolicy", json!({ "Queues": ["q"], "PolicyDocument": { "Statement": [statement] } }))
    };
    let nothing = json!({ "Resources": {} });
    let cases = [
        ("any", queue(1, false), queue(2, false), Some("`--fail-on any` closed: It")),
        ("replace", queue(1, false), queue(2, false), None),
        ("replace", queue(1, false), queue(1, true), Some("`--fail-on replace` closed: It")),
        ("delete", queue(1, false), queue(2, false), None),
        ("delete", queue(1, false), queue(1, true), Some("`--fail-on delete` closed: It")),
        ("delete", policy("a"), nothing.clone(), Some("`--fail-on delete` closed: It")),
        ("broaden", policy("sqs:*"), policy("sqs:SendMessage"), None),
        ("broaden", policy("sqs:SendMessage"), policy("sqs:*"), Some("`--fail-on broaden` closed: It")),
        ("replace,broaden", policy("sqs:SendMessage"), policy("sqs:*"), Some("`--fail-on broaden` closed: It")),
        ("any", nothing.clone(), nothing, None),
    ];
    for (gate, old, new, closed) in cases {
        let ran = compare(&old, &new, &["--fail-on", gate]);

        assert_eq!(ran.code, Some(if closed.is_some() { 3 } else { 0 }), "{gate}: {}{}", ran.stdout, ran.stderr);
        assert!(closed.is_none_or(|closed| ran.stderr.contains(closed)), "nobody could tell which gate it was: {}", ran.stderr);
        assert_eq!(ran.stderr.contains("closed"), closed.is_some(), "{}", ran.stderr);
    }
}

#[test]
fn what_must_never_change_stops_a_pipeline_until_somebody_says_so() {
    let queue = |fifo: bool| {
        let mut queue = one("AWS::SQS::Queue", json!({ "FifoQueue": fifo }));
        queue["Resources"]["It"]["Metadata"] =
            json!({ "com.aws.cloudformation.Context": { "why": "order per user", "mutability": { "FifoQueue": "must-never-change" } } });
        queue
    };

    let refused = compare(&queue(true), &queue(false), &["--fail-on", "broaden"]);
    let half = compare(&queue(true), &queue(false), &["--fail-on", "broaden", "--allow-change", "It.FifoQueue"]);
    let allowed = compare(&queue(true), &queue(false), &["--fail-on", "broaden", "--allow-change", "It.FifoQueue", "--allow-change", "It"]);
    let slip = compare(&queue(true), &queue(true), &["--allow-change", "It.FifQueue"]);

    assert_eq!((refused.code, half.code, allowed.code), (Some(3), Some(3), Some(0)), "{}", refused.stderr);
    assert!(refused.stderr.contains("refused: It.FifoQueue must never change: order per user"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--allow-change It"), "{}", refused.stderr);
    assert!(half.stderr.contains("refused: It must never change"), "the queue itself ends with it: {}", half.stderr);
    assert!(slip.stderr.contains("`--allow-change It.FifQueue` allows nothing"), "{}", slip.stderr);
}

#[test]
fn the_comment_for_a_pull_request_shows_what_matters_first() {
    let policy = |action: &str| {
        let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*" });
        let queue = json!({ "Type": "AWS::SQS::Queue", "Properties": { "FifoQueue": action == "sqs:*" } });
        let document = json!({ "Statement": [statement] });
        let policy =
            json!({ "Type": "AWS::SQS::QueuePolicy", "Properties": { "Queues": [{ "Ref": "Jobs" }], "PolicyDocument": document } });
        json!({ "Resources": { "Policy": policy, "Jobs": queue } })
    };

    let ran = compare(&policy("sqs:SendMessage"), &policy("sqs:*"), &["--markdown"]);

    assert_eq!(ran.code, Some(3));
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn two_revisions_are_compared_by_what_was_reviewed_in_them() {
    let world = World::new();
    review(&world);
    git(&world, &["tag", "before"]);
    let file = world.path("snapshots/staging/jobs.snap");
    let text = fs::read_to_string(&file).unwrap();
    let changed = text.replacen("Type: AWS::SQS::Queue", "Type: AWS::SQS::Queue\n    Metadata: {changed: true}", 1);
    assert_ne!(text, changed, "the jobs have no queue any more");
    fs::write(&file, changed).unwrap();
    fs::remove_file(world.path("snapshots/staging/images.snap")).unwrap();
    git(&world, &["add", "--force", "--all", "snapshots"]);
    git(&world, &["commit", "--quiet", "--message", "changed"]);
    // What is rendered now is neither of the two.
    fs::remove_file(world.path("environments/staging.yaml")).unwrap();

    let ran = world.run(&["diff", "--env", "staging", "--against", "before..HEAD", "--json"]);
    let same = world.run(&["diff", "--env", "staging", "--against", "before..before"]);
    let back = world.run(&["diff", "--env", "staging", "--against", "..before", "--json"]);

    let stacks: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = stacks.iter().map(|stack| stack["stack"].as_str().unwrap()).collect();
    assert_eq!((ran.code, names.as_slice()), (Some(3), ["jobs", "images"].as_slice()), "{}", ran.stderr);
    assert_eq!(stacks[0]["resources"][0]["changes"][0]["path"], "Metadata/changed");
    let source = stacks[0]["resources"][0]["source"].as_str().unwrap();
    let line: usize = source.strip_prefix("HEAD:snapshots/staging/jobs.snap:").unwrap().parse().unwrap();
    let id = stacks[0]["resources"][0]["id"].as_str().unwrap();
    let committed = fs::read_to_string(&file).unwrap();
    assert_eq!(committed.lines().nth(line - 1).unwrap().trim(), format!("{id}:"), "the line is that of the file, head and all");
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), ""));
    assert_eq!(back.stdout.lines().count(), 2, "{}", back.stderr);
}

#[test]
fn nothing_differs_from_the_revision_that_is_checked_out_until_a_setting_changes() {
    let world = World::new();
    review(&world);
    let before = world.run(&["diff", "--env", "staging"]);
    let file = world.path("environments/staging.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let old = text.lines().find(|line| line.starts_with("log_retention_days:")).unwrap();
    fs::write(&file, text.replace(old, "log_retention_days: 731")).unwrap();

    let after = world.run(&["diff", "--env", "staging"]);

    assert_eq!((before.code, before.stdout.as_str()), (Some(0), ""), "{}", before.stderr);
    assert_eq!(after.code, Some(3), "{}", after.stderr);
    assert!(after.stdout.contains("→ 731"), "nobody would see what the setting does: {}", after.stdout);
    assert!(after.stdout.contains(" (stacks/src/"), "nobody would know which line of Rust it is: {}", after.stdout);
}

#[test]
fn a_revision_that_does_not_exist_is_told_in_gits_words() {
    let world = World::new();
    review(&world);

    let ran = world.run(&["diff", "--env", "staging", "--against", "nowhere"]);
    let other = world.run(&["diff", "--env", "qa"]);

    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("nowhere") && ran.stderr.contains("hint: "), "{}", ran.stderr);
    assert!(other.stderr.contains("`HEAD` has no snapshots of `qa`"), "{}", other.stderr);
}

#[test]
fn what_is_not_deployed_yet_is_all_new() {
    let world = World::new();
    let stack = StackRef { stack: "jobs".to_owned(), name: "cloudwright-staging-jobs".to_owned() };
    let jobs = world.run(&["render", "--env", "staging", "--stack", "jobs", "--json"]).stdout;
    world.engine_tells(&[
        Event::Template { stack, body: Some(jobs) },
        Event::Done { outcome: Outcome::Read, calls: [].into(), seconds: 0.1 },
    ]);

    let ran = world.run(&["diff", "--env", "staging", "--deployed", "--json"]);

    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let stacks: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = stacks.iter().map(|stack| stack["stack"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["artifacts", "images", "imagegen", "api", "network", "fleet"],
        "what is deployed as it is written would look like a change"
    );
    assert_eq!(stacks[0]["resources"][0]["action"], "added");
}
