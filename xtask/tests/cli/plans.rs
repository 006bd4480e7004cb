//! Plans in files, and what a deploy does not do unasked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use protocol::{
    Deploy, Event, Intent, Outcome, OutputRef, PLAN_VERSION, Plan, PlannedParameter, PlannedValue, Request, Seen, StackPlan, StackRef,
};
use serde_json::{Value, json};

use crate::world::{MODEL_SHA256, Ran, World, says};

fn done(outcome: Outcome) -> Event {
    Event::Done { outcome, calls: [].into(), seconds: 0.25 }
}

fn stack(name: &str) -> StackRef {
    StackRef { stack: name.to_owned(), name: format!("cloudwright-staging-{name}") }
}

/// A plan of what the command line wanted, as an engine would make it.
fn plan(deploy: Deploy) -> Plan {
    let then = PlannedValue::Then {
        output: OutputRef { stack: "jobs".to_owned(), output: "AlertsArn".to_owned() },
        present: Some("arn:old".to_owned()),
    };
    let parameters = [
        ("Alerts".to_owned(), PlannedParameter { value: then, was: None }),
        ("Days".to_owned(), PlannedParameter { value: PlannedValue::Now { value: "14".to_owned() }, was: Some("7".to_owned()) }),
        ("Same".to_owned(), PlannedParameter { value: PlannedValue::Now { value: "x".to_owned() }, was: Some("x".to_owned()) }),
    ];
    let step = |name: &str, wave, intent, reason: Option<&str>| StackPlan {
        stack: stack(name),
        wave,
        intent,
        reason: reason.map(str::to_owned),
        parameters: [].into(),
        template_digest: "0".repeat(64),
        deploy_digest: None,
        seen: Some(Seen { id: "arn:1".to_owned(), status: "UPDATE_COMPLETE".to_owned(), changed_at: None, digest: None }),
        interim: None,
    };
    let jobs = step("jobs", 0, Intent::Update, Some("its last update was rolled back"));
    let images = StackPlan { parameters: parameters.into(), ..step("images", 1, Intent::Update, None) };
    Plan {
        version: PLAN_VERSION,
        digest: "1".repeat(64),
        deploy,
        role: None,
        stacks: vec![step("artifacts", 0, Intent::Nothing, None), jobs, images],
        notes: vec!["a stack has left".to_owned()],
    }
}

/// Makes a plan in a file, with an engine that plays its part.
fn planned(world: &World) -> Ran {
    world.engine_tells(&[done(Outcome::Unchanged)]);
    world.run(&["deploy", "--env", "staging", "--yes"]);
    let deploy = if let Some(Request::Deploy(deploy)) = world.request() { Some(deploy) } else { None };
    world.engine_tells(&[Event::Planned(Box::new(plan(deploy.unwrap()))), done(Outcome::Read)]);
    world.run(&["deploy", "--env", "staging", "--plan-out", "staging.plan"])
}

#[test]
fn a_plan_is_shown_and_kept_where_nobody_else_reads_it() {
    let world = World::new();

    let ran = planned(&world);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(matches!(world.request(), Some(Request::Plan(deploy)) if !deploy.ask), "a plan asks nobody: {:?}", world.request());
    let mode = fs::metadata(world.path("staging.plan")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the values of parameters are in it");
    insta::assert_snapshot!(ran.stdout, @"
    staging in account 111111111111, eu-central-1
      artifacts  as it should be
      jobs       will be updated  (its last update was rolled back)
      images     will be updated
                   Alerts: nothing → `AlertsArn` of `jobs`, known then
                   Days: `7` → `14`
    note: a stack has left
    ");
    assert!(ran.stderr.contains("cargo xtask deploy --plan staging.plan"), "{}", ran.stderr);
}

#[test]
fn a_kept_plan_is_carried_out_as_it_is_and_nothing_is_built_for_it() {
    let world = World::new();
    planned(&world);
    let kept: Plan = serde_json::from_str(&fs::read_to_string(world.path("staging.plan")).unwrap()).unwrap();
    fs::remove_file(world.path("cargo-calls")).unwrap();
    world.engine_tells(&[done(Outcome::Changed)]);

    let ran = world.run(&["deploy", "--plan", "staging.plan", "--yes"]);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(world.cargo_calls(), "", "something else would be deployed than was planned");
    let Some(Request::Execute(sent)) = world.request() else { panic!("{:?}", world.request()) };
    assert_eq!(*sent, kept);
}

#[test]
fn what_is_no_plan_is_refused_before_anything_is_started() {
    let world = World::new();
    fs::write(world.path("staging.plan"), "{}").unwrap();

    let ran = world.run(&["deploy", "--plan", "staging.plan", "--yes"]);
    let both = world.run(&["deploy", "--plan", "staging.plan", "--env", "staging"]);

    assert_eq!((ran.code, both.code), (Some(1), Some(2)));
    assert!(ran.stderr.starts_with("error: `staging.plan` is no plan\ncaused by: "), "{}", ran.stderr);
    assert!(world.request().is_none());
}

fn git(world: &World, arguments: &[&str]) {
    let nobody = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(nobody).args(arguments).current_dir(world.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Commits the environments, and what else is there is none of git's business.
fn commit(world: &World) {
    fs::write(world.path(".gitignore"), "*\n!environments/\n!environments/*\n").unwrap();
    git(world, &["init", "--quiet"]);
    git(world, &["add", "environments"]);
    git(world, &["commit", "--quiet", "--message", "all"]);
}

#[test]
fn what_no_commit_holds_is_not_deployed_unless_somebody_says_so() {
    let world = World::new();
    world.engine_tells(&[done(Outcome::Unchanged)]);
    commit(&world);
    let clean = world.run(&["deploy", "--env", "staging", "--yes"]);
    fs::write(world.path("environments/new.yaml"), "").unwrap();

    let dirty = world.run(&["deploy", "--env", "staging", "--yes"]);
    let allowed = world.run(&["deploy", "--env", "staging", "--yes", "--allow-dirty"]);

    assert_eq!((clean.code, dirty.code, allowed.code), (Some(0), Some(3), Some(0)), "{}", clean.stderr);
    insta::assert_snapshot!(dirty.stderr, @"
    error: `staging` is deployed from a commit, and 1 file here is in none
    caused by: environments/new.yaml
    hint: nothing was sent; commit what belongs to it and put the rest aside, or say `--allow-dirty`: nobody can return to what no commit holds
    ");
}

#[test]
fn what_has_no_commit_at_all_is_not_deployed_unless_somebody_says_so() {
    let world = World::without_git();
    world.engine_tells(&[done(Outcome::Unchanged)]);

    let refused = world.run(&["deploy", "--env", "staging", "--yes"]);
    let asked = world.request();
    let allowed = world.run(&["deploy", "--env", "staging", "--yes", "--allow-dirty"]);
    git(&world, &["init", "--quiet"]);
    fs::write(world.path(".gitignore"), "*\n").unwrap();
    let empty = world.run(&["deploy", "--env", "staging", "--yes"]);

    assert_eq!((refused.code, allowed.code, empty.code), (Some(3), Some(0), Some(3)), "{}", allowed.stderr);
    assert!(asked.is_none(), "something was sent that nobody can return to");
    insta::assert_snapshot!(refused.stderr, @"
    error: `staging` is deployed from a commit, and this folder has none: it is no git checkout, or an empty one
    hint: nothing was sent; deploy from a clone of the repository, or say `--allow-dirty`: nobody can return to what no commit holds
    ");
}

#[test]
fn a_commit_goes_to_prod_only_after_qa() {
    let world = World::new();
    world.engine_tells(&[done(Outcome::Unchanged)]);
    commit(&world);

    let refused = world.run(&["deploy", "--env", "prod", "--yes"]);
    let looked_up = matches!(world.request(), Some(Request::Releases(list)) if list.ledger.target.environment == "qa");
    let urgent = world.run(&["deploy", "--env", "prod", "--yes", "--unreleased"]);

    assert_eq!((refused.code, looked_up, urgent.code), (Some(3), true, Some(0)), "{}", urgent.stderr);
    assert!(refused.stderr.contains("was not released in `qa`, which `prod` demands"), "{}", refused.stderr);
    assert!(refused.stderr.contains("cargo xtask deploy --env qa"), "{}", refused.stderr);
}

#[test]
fn a_commit_that_was_released_in_qa_may_go_on_to_prod() {
    let world = World::new();
    commit(&world);
    let head = fs::read_to_string(world.path(".git/HEAD")).unwrap();
    let head = fs::read_to_string(world.path(".git").join(head.trim().trim_start_matches("ref: "))).unwrap();
    let release = |dirty: bool| {
        let line = serde_json::json!({
            "event": "release", "id": "1", "version": 1, "live": true, "kind": "deploy", "by": "arn", "tool": "t", "began": "2026-11-23T10:00:00Z",
            "ended": null, "outcome": "succeeded", "message": null, "digests": {},
            "commit": { "id": head.trim(), "subject": "s", "tags": [], "dirty": dirty }
        });
        serde_json::from_value::<Event>(line).unwrap()
    };

    world.engine_tells(&[release(false), done(Outcome::Unchanged)]);
    let whole = world.run(&["deploy", "--env", "prod", "--yes"]);
    world.engine_tells(&[release(true), done(Outcome::Unchanged)]);
    let dirty = world.run(&["deploy", "--env", "prod", "--yes"]);

    assert_eq!((whole.code, dirty.code), (Some(0), Some(3)), "{} {}", whole.stderr, dirty.stderr);
}

#[test]
fn an_environment_without_its_model_is_not_deployed() {
    let world = World::new();
    world.engine_tells(&[done(Outcome::Unchanged)]);
    let file = world.path("environments/staging.yaml");
    let text = fs::read_to_string(&file).unwrap().replace(&format!("    sha256: \"{MODEL_SHA256}\"\n"), "");
    fs::write(&file, &text).unwrap();

    let refused = world.run(&["deploy", "--env", "staging", "--yes"]);
    let asked = world.request();
    let rendered = world.run(&["render", "--env", "staging", "--out", "out"]);
    let server = text.replace("  model:\n", "  engine: http\n  engine_url: http://10.0.0.1:8080\n  model:\n");
    fs::write(&file, server).unwrap();
    let with_server = world.run(&["deploy", "--env", "staging", "--yes"]);

    assert_eq!((refused.code, rendered.code, with_server.code), (Some(1), Some(0), Some(0)), "{}", with_server.stderr);
    assert!(asked.is_none(), "the deploy would be called a success, and no worker ever take a job");
    insta::assert_snapshot!(refused.stderr, @"
    error: `fleet.model.sha256` of `staging` is not set, but its workers take their model only by the SHA-256 of its file
    hint: nothing was sent; write what `sha256sum` says of your GGUF file into environments/staging.yaml, and put the file into the model bucket as `models/tinyllama.gguf` once the stack `fleet` is there: `cargo xtask outputs --env staging` names the bucket
    ");
}

#[test]
fn the_engine_learns_what_watches_over_a_deploy() {
    let world = World::new();
    world.engine_tells(&[done(Outcome::Unchanged)]);

    world.run(&["deploy", "--env", "prod", "--yes", "--unreleased"]);

    let Some(Request::Deploy(deploy)) = world.request() else { panic!("{:?}", world.request()) };
    let guards = deploy.guards;
    assert_eq!((guards.review, guards.stand_in, guards.express), (true, false, false));
    assert_eq!(guards.belongs["cloudwright:environment"], "prod");
    let role = guards.execution_role.unwrap();
    assert_eq!((role.name.as_str(), role.output.as_str()), ("cloudwright-prod-execution-role", "RoleArn"));
    let rollback = guards.rollback.unwrap();
    assert!(rollback.minutes > 0 && rollback.alarms.iter().any(|alarm| alarm.stack == "jobs"), "{rollback:?}");
    for spec in &deploy.stacks {
        assert!(spec.tags.contains_key("cloudwright:environment"), "{} would be told to have left", spec.name);
    }
}

#[test]
fn an_alarm_that_is_none_is_found_before_anything_is_sent() {
    let world = World::new();
    let file = world.path("environments/staging.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let alarms = "[jobs.JobQueue, jobs.NoAlarm, nothing.Alarm]";
    fs::write(&file, format!("{text}\ndeploy:\n  rollback:\n    minutes: 5\n    alarms: {alarms}\n")).unwrap();

    let ran = world.run(&["deploy", "--env", "staging", "--yes"]);

    assert_eq!(ran.code, Some(1));
    for told in ["`jobs.JobQueue` is no alarm but an AWS::SQS::Queue", "the alarms of `jobs` are ", "there is no stack `nothing`"] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    assert!(world.request().is_none());
}

/// An engine that finds another template deployed, asks, and does what it is told.
fn finds(world: &World, live: &Value) {
    let template = Event::Template { stack: stack("jobs"), body: Some(live.to_string()) };
    let ends = [done(Outcome::Changed), done(Outcome::Declined)].map(|end| says(&end));
    let asks = format!("{}\n{}\nread -r answer", says(&template), says(&Event::Review));
    world.engine(&format!("{asks}\nif [ \"$answer\" = '\"yes\"' ]; then\n{}\nelse\n{}\nfi", ends[0], ends[1]));
}

/// The jobs stack as it is rendered, with a table that is going to be deleted.
fn with_a_table(world: &World) -> Value {
    let jobs = world.run(&["render", "--env", "staging", "--stack", "jobs", "--json"]).stdout;
    let mut live: Value = serde_json::from_str(&jobs).unwrap();
    let key = json!([{ "AttributeName": "id", "KeyType": "HASH" }]);
    let attributes = json!([{ "AttributeName": "id", "AttributeType": "S" }]);
    live["Resources"]["Customers"] =
        json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "KeySchema": key, "AttributeDefinitions": attributes } });
    live
}

#[test]
fn what_is_lost_must_be_accepted_by_exactly_this_token() {
    let world = World::new();
    let live = with_a_table(&world);
    finds(&world, &live);
    let deploy = |more: &[&str]| world.run(&[&["deploy", "--env", "staging", "--yes"], more].concat());

    let refused = deploy(&[]);
    let hint = refused.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap_or_default();
    let token = hint.split("--accept ").nth(1).and_then(|rest| rest.split('`').next()).unwrap_or_default().to_owned();
    let wrong = deploy(&["--accept", "0123456789"]);
    let accepted = deploy(&["--accept", &token]);

    assert_eq!((refused.code, wrong.code, accepted.code), (Some(3), Some(3), Some(0)), "{}{}", refused.stderr, accepted.stderr);
    assert!(refused.stderr.contains("jobs/Customers (AWS::DynamoDB::Table) is or may be deleted"), "{}", refused.stderr);
    assert!(wrong.stderr.contains("`0123456789` was accepted for other changes"), "{}", wrong.stderr);
    let read = Event::Done { outcome: Outcome::Read, calls: [].into(), seconds: 0.1 };
    world.engine_tells(&[Event::Template { stack: stack("jobs"), body: Some(live.to_string()) }, read]);
    let diff = world.run(&["diff", "--env", "staging", "--deployed"]);
    assert!(diff.stderr.contains(&format!("`--accept {token}`")), "a pipeline could not know the token beforehand: {}", diff.stderr);
}

#[test]
fn what_loses_nothing_is_deployed_without_a_token() {
    let world = World::new();
    let mut live = with_a_table(&world);
    live["Resources"].as_object_mut().unwrap().remove("Customers");
    live["Resources"].as_object_mut().unwrap().remove("QueueDepthAlarm");
    finds(&world, &live);

    let ran = world.run(&["deploy", "--env", "staging", "--yes"]);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}
