//! An environment as a drawing.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::world::World;

#[test]
fn the_local_environment_is_drawn_as_text() {
    let world = World::new();

    let ran = world.run(&["graph", "--env", "local"]);

    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn the_local_environment_is_drawn_as_a_picture() {
    let world = World::new();

    let ran = world.run(&["graph", "--env", "local", "--format", "svg", "--out", "local.svg"]);

    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    insta::assert_snapshot!(fs::read_to_string(world.path("local.svg")).unwrap());
}

#[test]
fn the_picture_in_the_documentation_is_that_of_the_templates() {
    let world = World::new();
    let committed = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/staging.svg")).unwrap_or_default();

    let ran = world.run(&["graph", "--env", "staging", "--format", "svg"]);

    let is_true = ran.stdout == committed;
    assert!(is_true, "docs/staging.svg shows what is no more: `cargo xtask graph --env staging --format svg --out docs/staging.svg`");
}

#[test]
fn other_programs_get_every_resource_and_what_it_has_to_do_with_others() {
    let world = World::new();

    let ran = world.run(&["graph", "--env", "staging", "--json"]);

    let graph: Value = serde_json::from_str(&ran.stdout).unwrap();
    let edges = graph["edges"].as_array().unwrap();
    let edge = |from: &str, to: &str, kind: &str| {
        let found = edges.iter().find(|edge| edge["from"] == from && edge["to"] == to && edge["kind"] == kind);
        found.unwrap_or_else(|| panic!("{from} has nothing to do with {to} by {kind}: {edges:#?}"))
    };
    let node = json!({ "id": "jobs/JobQueue", "stack": "jobs", "logicalId": "JobQueue", "type": "AWS::SQS::Queue" });
    assert!(graph["nodes"].as_array().unwrap().contains(&node), "scripts rely on these names");
    assert_eq!(edge("images/ArrivalsQueue", "images/Transcode", "event")["via"], "images/TranscodeBatches");
    assert_eq!(edge("artifacts/Bucket", "images/Transcode", "wire")["details"], json!(["BucketName"]));
    assert!(
        edge("images/TranscodeRole", "images/SourceBucket", "permission")["details"].as_array().unwrap().contains(&json!("s3:GetObject"))
    );
    edge("images/DeadLettersAlarm", "jobs/Alerts", "alarm");
    edge("jobs/JobQueue", "jobs/JobDeadLetterQueue", "dead-letters");
}

#[test]
fn one_stack_is_drawn_with_what_it_has_to_do_with_and_an_unknown_one_is_answered() {
    let world = World::new();

    let images = world.run(&["graph", "--env", "staging", "--stack", "images", "--json"]);
    let account = world.run(&["graph", "--env", "staging", "--stack", "account", "--json"]);
    let unknown = world.run(&["graph", "--env", "staging", "--stack", "pictures"]);

    let ids = |text: &str| -> Vec<String> {
        let graph: Value = serde_json::from_str(text).unwrap();
        graph["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
    };
    let images = ids(&images.stdout);
    assert!(images.contains(&"jobs/Alerts".to_owned()), "nobody would see where the alarms go: {images:?}");
    assert!(!images.contains(&"jobs/JobQueue".to_owned()), "{images:?}");
    assert!(ids(&account.stdout).contains(&"account/DeployRole".to_owned()));
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(2), ""), "a script would go on with an empty picture");
    assert!(unknown.stderr.contains("artifacts, jobs, images"), "{}", unknown.stderr);
}
