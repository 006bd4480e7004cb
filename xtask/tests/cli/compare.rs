//! `diff`: between two files, against another revision, against what is deployed.

use std::fs;
use std::process::Command;

use protocol::{Event, Outcome, StackRef};
use serde_json::{Value, json};

use crate::world::World;

fn git(world: &World, arguments: &[&str]) {
    let nobody = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(nobody).args(arguments).current_dir(world.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Commits the templates of staging as they are now, as the snapshots that a review has seen.
fn review(world: &World) {
    let rendered = world.run(&["render", "--env", "staging", "--out", "rendered"]);
    assert_eq!(rendered.code, Some(0), "{}", rendered.stderr);
    fs::create_dir_all(world.path("snapshots/staging")).unwrap();
    for stack in ["artifacts", "jobs", "images"] {
        let yaml = fs::read_to_string(world.path(&format!("rendered/staging/{stack}.yaml"))).unwrap();
        let snapshot = format!("---\nsource: snapshots/every_stack.rs\n---\n{yaml}");
        fs::write(world.path(&format!("snapshots/staging/{stack}.snap")), snapshot).unwrap();
    }
    git(world, &["init", "--quiet"]);
    git(world, &["add", "snapshots"]);
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
    assert_eq!(diff["resources"][0]["id"], "Topic");
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
    assert_eq!(names, ["artifacts", "images"], "what is deployed as it is written would look like a change");
    assert_eq!(stacks[0]["resources"][0]["action"], "added");
}
