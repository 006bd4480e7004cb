//! Commands that need neither network nor credentials, and what stops the others before anything is sent.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::World;

#[test]
fn an_unknown_environment_is_answered_with_the_nearest_one() {
    let world = World::new();

    let ran = world.run(&["deploy", "--env", "stagin", "--yes"]);

    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.stderr, @"
    error: there is no environment `stagin`
    hint: did you mean `staging`? environments/ holds local, prod, qa, staging; nothing was sent
    ");
}

#[test]
fn a_broken_environment_file_is_told_with_its_line_and_nothing_is_sent() {
    let world = World::new();
    let file = world.path("environments/staging.yaml");
    let text = fs::read_to_string(&file).unwrap().replace("log_retention_days:", "log_retention_dayz:");
    fs::write(&file, text).unwrap();

    let ran = world.run(&["deploy", "--env", "staging", "--yes"]);

    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("environments/staging.yaml:"), "nobody would find the line: {}", ran.stderr);
    assert!(ran.stderr.contains("log_retention_days"), "nobody would know the right word: {}", ran.stderr);
    assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
    assert!(world.request().is_none(), "a deploy would start from half an environment");
}

#[test]
fn outside_of_the_repository_a_command_says_where_it_belongs() {
    let world = World::new();
    let elsewhere = tempfile::tempdir().unwrap();

    let output = world.command(&["render", "--all", "--out", "x"]).current_dir(elsewhere.path()).output().unwrap();

    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("hint: start it from inside the repository"), "{stderr}");
}

#[test]
fn a_deploy_that_nobody_can_be_asked_about_stops_before_anything_is_built_or_sent() {
    let world = World::new();

    let ran = world.run(&["deploy", "--env", "staging"]);

    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.stderr, @"
    error: `staging` cannot be changed without a yes, and nobody can be asked: standard input is no terminal
    hint: nothing was sent; see what would change with `cargo xtask diff --env staging --deployed`, then add `--yes`
    ");
    assert_eq!((world.cargo_calls(), world.request()), (String::new(), None), "a pipeline would deploy without anybody's yes");
}

#[test]
fn a_protected_environment_is_not_destroyed_even_with_a_yes() {
    let world = World::new();

    let ran = world.run(&["destroy", "--env", "prod", "--yes"]);

    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--lift-protection prod"), "{}", ran.stderr);
    assert!(world.request().is_none(), "production would be gone");
}

#[test]
fn a_local_cloud_that_is_down_is_said_to_be_down() {
    let world = World::new();

    let ran = world.run(&["status", "--env", "local"]);

    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.stderr, @"
    error: the local cloud is not running, so there is no `local`
    hint: nothing was sent; `cargo xtask deploy --env local` starts and fills it
    ");
}

#[test]
fn the_state_of_the_local_cloud_has_the_names_that_scripts_rely_on() {
    let world = World::new();

    let ran = world.run(&["local", "status", "--json"]);

    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["running"], json!(false));
    assert!(status["account"].as_str().is_some_and(|account| account.len() == 12), "it is the access key for the AWS CLI: {status}");
    assert_eq!((&status["endpoint"], &status["pid"]), (&Value::Null, &Value::Null));
}

#[test]
fn rendering_twice_gives_the_same_bytes_for_every_stack_of_every_environment() {
    let world = World::new();

    let first = world.run(&["render", "--all", "--out", "one"]);
    let second = world.run(&["render", "--all", "--out", "two"]);

    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{}", first.stderr);
    for environment in ["local", "prod", "qa", "staging"] {
        for stack in ["artifacts", "jobs", "images"] {
            let file = |folder: &str, extension: &str| {
                fs::read_to_string(world.path(&format!("{folder}/{environment}/{stack}.{extension}"))).unwrap()
            };
            let template: Value = serde_json::from_str(&file("one", "json")).unwrap();
            assert!(template["Resources"].is_object(), "{environment}/{stack} is no template");
            assert_eq!(file("one", "json"), file("two", "json"), "every deploy would be a change");
            assert_eq!(file("one", "yaml"), file("two", "yaml"), "every review would show changes that are none");
        }
    }
}

#[test]
fn one_template_is_printed_and_several_are_not_mixed() {
    let world = World::new();

    let one = world.run(&["render", "--env", "staging", "--stack", "jobs", "--json"]);
    let several = world.run(&["render", "--env", "staging"]);

    assert!(serde_json::from_str::<Value>(&one.stdout).is_ok(), "no other program could read it: {}", one.stdout);
    assert_eq!((several.code, several.stdout.as_str()), (Some(2), ""));
    assert!(several.stderr.contains("artifacts, jobs, images"), "{}", several.stderr);
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_command_quietly() {
    let world = World::new();
    let mut child =
        world.command(&["render", "--env", "staging", "--stack", "jobs"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();

    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();

    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "`… | head` would end with an error on the screen");
}

#[test]
fn a_template_over_a_limit_is_refused_before_cloudformation_refuses_it() {
    let world = World::new();
    let topics = (0..501).map(|number| (format!("Topic{number}"), json!({ "Type": "AWS::SNS::Topic" })));
    let template = json!({ "Resources": topics.collect::<serde_json::Map<_, _>>() });
    fs::write(world.path("large.json"), template.to_string()).unwrap();

    let ran = world.run(&["check", "--template", "large.json", "--json"]);

    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let findings: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let limit = findings.iter().find(|finding| finding["message"].as_str().is_some_and(|message| message.contains("500")));
    let limit = limit.unwrap_or_else(|| panic!("the first to notice would be CloudFormation: {}", ran.stdout));
    for name in ["rule", "severity", "resource", "path", "message", "hint", "source"] {
        assert!(limit.get(name).is_some(), "scripts rely on `{name}`: {limit}");
    }
}

#[test]
fn a_file_that_is_no_template_is_told_with_its_line() {
    let world = World::new();
    fs::write(world.path("broken.yaml"), "Resources:\n  Queue: [\n").unwrap();

    let ran = world.run(&["check", "--template", "broken.yaml"]);

    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("`broken.yaml`"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}

#[test]
fn the_schema_for_editors_is_written_once_and_then_up_to_date() {
    let world = World::new();

    let before = world.run(&["schema", "--check"]);
    let written = world.run(&["schema"]);
    let after = world.run(&["schema", "--check"]);

    assert_eq!((before.code, written.code, after.code), (Some(3), Some(0), Some(0)), "{}", after.stderr);
    let schema: Value = serde_json::from_str(&fs::read_to_string(world.path("environments/schema.json")).unwrap()).unwrap();
    assert!(schema["properties"]["account"].is_object(), "no editor would complete anything");
}
