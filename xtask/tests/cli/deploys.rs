//! Deploys against an engine that plays its part: what it is asked, and what a person sees of its answers.

use std::fs;

use protocol::{Change, ChangeAction, Event, FailureKind, Intent, Outcome, Replacement, Request, Sent, Source, StackRef};
use serde_json::Value;

use crate::world::{World, failed, says};

const DEPLOY: [&str; 4] = ["deploy", "--env", "staging", "--yes"];

fn jobs() -> StackRef {
    StackRef { stack: "jobs".to_owned(), name: "cloudwright-staging-jobs".to_owned() }
}

fn done(outcome: Outcome) -> Event {
    Event::Done { outcome, calls: [("cloudformation".to_owned(), 2)].into(), seconds: 0.25 }
}

#[test]
fn the_engine_gets_everything_that_it_needs_in_one_request() {
    let world = World::new();
    world.engine_tells(&[done(Outcome::Changed)]);

    let ran = world.run(&DEPLOY);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let Some(Request::Deploy(deploy)) = world.request() else { panic!("{:?}", world.request()) };
    assert!(!deploy.ask, "`--yes` was given, so nobody is there to answer");
    let stacks: Vec<_> = deploy.stacks.iter().map(|stack| stack.name.as_str()).collect();
    let expected =
        ["artifacts", "jobs", "images", "imagegen", "api", "network", "fleet"].map(|stack| format!("cloudwright-staging-{stack}"));
    assert_eq!(stacks, expected);
    let artifact = deploy.artifacts.iter().find(|artifact| artifact.name == "transcode").unwrap();
    assert_eq!(deploy.artifacts.len(), 6, "a function or a program would have no code: {:?}", deploy.artifacts);
    for artifact in &deploy.artifacts {
        assert_eq!(artifact.bytes, fs::metadata(&artifact.path).unwrap().len(), "another file would be uploaded than was checked");
    }
    assert!(deploy.release.tool.starts_with("cloudwright "), "the ledger could not say what released it: {:?}", deploy.release);
    let images = &deploy.stacks[2];
    assert!(
        images.parameters.values().any(|source| *source == Source::Artifact { artifact: artifact.name.clone() }),
        "the function would have no code: {:?}",
        images.parameters
    );
    assert!(!images.sources.is_empty(), "no failure could name the line of Rust that it comes from");
    let bucket = &deploy.artifact_bucket;
    let template: Value = serde_json::from_str(&deploy.stacks[0].template).unwrap();
    assert!(template["Outputs"][&bucket.output].is_object(), "there would be no bucket to upload to: {bucket:?}");
}

#[test]
fn functions_for_aws_are_built_small_and_the_engine_quickly() {
    let world = World::new();
    world.engine_tells(&[done(Outcome::Unchanged)]);

    world.run(&DEPLOY);

    let calls = world.cargo_calls();
    let lambda: Vec<_> = calls.lines().filter(|call| call.contains("--profile lambda")).collect();
    assert_eq!(lambda.len(), 1, "{calls}");
    assert!(lambda[0].contains("--package transcode") && !lambda[0].contains("--package deploy"), "the SDK would be optimised for nothing");
}

#[test]
fn a_person_can_follow_a_deploy_and_sees_what_is_replaced() {
    let world = World::new();
    let change = Change {
        action: ChangeAction::Modify,
        logical_id: "JobQueue".to_owned(),
        resource_type: "AWS::SQS::Queue".to_owned(),
        physical_id: Some("q".to_owned()),
        replacement: Replacement::Yes,
        properties: vec!["FifoQueue".to_owned()],
        source: Some("stacks/src/jobs.rs:13".to_owned()),
    };
    world.engine_tells(&[
        Event::Identity {
            account: "222222222222".to_owned(),
            arn: "arn:aws:iam::222222222222:root".to_owned(),
            region: "eu-central-1".to_owned(),
        },
        Event::Plan { stack: jobs(), intent: Intent::Update, reason: None },
        Event::ChangeSet { stack: jobs(), changes: vec![change] },
        Event::StackDone { stack: jobs(), status: "UPDATE_COMPLETE".to_owned(), seconds: 2.0 },
        done(Outcome::Changed),
    ]);

    let ran = world.run(&DEPLOY);

    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "stdout is for answers, and a deploy has none");
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn json_ends_with_done_or_failed_whoever_fails() {
    let world = World::new();
    world.engine_tells(&[done(Outcome::Unchanged)]);
    let last = |arguments: &[&str]| -> Value {
        let ran = world.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(ran.stdout.lines().last().unwrap_or_default()).unwrap()
    };

    let by_the_engine = last(&DEPLOY);
    let before_the_engine = last(&["deploy", "--env", "nowhere", "--yes"]);

    assert_eq!(by_the_engine["event"], "done");
    assert_eq!(before_the_engine["event"], "failed", "a program would wait for the end of a deploy that never began");
    assert_eq!(before_the_engine["sent"], "nothing");
}

#[test]
fn scripts_can_tell_the_ends_of_a_deploy_apart() {
    let world = World::new();
    let rolled_back = failed(FailureKind::RolledBack, "`jobs` could not be updated", &[], "correct it", Sent::Undone);
    let stuck = failed(FailureKind::Stuck, "`jobs` is stuck", &[], "look at it", Sent::Something);
    let ends = [done(Outcome::Changed), done(Outcome::Unchanged), done(Outcome::Declined), rolled_back, stuck];

    let codes = ends.map(|end| {
        world.engine_tells(&[end]);
        world.run(&DEPLOY).code
    });

    assert_eq!(codes, [Some(0), Some(0), Some(4), Some(5), Some(1)]);
}

#[test]
fn credentials_are_looked_at_before_functions_are_built_for_minutes() {
    let world = World::new();
    world.engine_tells(&[failed(FailureKind::WrongAccount, "another account", &[], "set AWS_PROFILE", Sent::Nothing)]);

    world.run(&DEPLOY);

    assert!(!world.cargo_calls().contains("--profile lambda"), "a person would wait for minutes to be sent away: {}", world.cargo_calls());
    assert!(matches!(world.request(), Some(Request::Status(_))), "something that writes was asked first: {:?}", world.request());
}

#[test]
fn another_account_no_credentials_and_a_silent_endpoint_are_told_with_what_to_do() {
    let world = World::new();
    let failures = [
        failed(
            FailureKind::WrongAccount,
            "`staging` is in account 222222222222, but these credentials are for 333333333333",
            &[],
            "set AWS_PROFILE, or correct `account` in environments/staging.yaml",
            Sent::Nothing,
        ),
        failed(FailureKind::Credentials, "there are no AWS credentials", &["no providers in chain"], "set AWS_PROFILE", Sent::Nothing),
        failed(FailureKind::Unreachable, "http://127.0.0.1:1 does not answer", &["connection refused"], "is it running?", Sent::Nothing),
    ];

    let told = failures.map(|failure| {
        world.engine_tells(&[failure]);
        let ran = world.run(&DEPLOY);
        assert_eq!(ran.code, Some(1));
        ran.stderr
    });

    insta::assert_snapshot!(told.join("\n"), @"
    error: `staging` is in account 222222222222, but these credentials are for 333333333333
    hint: nothing was sent; set AWS_PROFILE, or correct `account` in environments/staging.yaml

    error: there are no AWS credentials
    caused by: no providers in chain
    hint: nothing was sent; set AWS_PROFILE

    error: http://127.0.0.1:1 does not answer
    caused by: connection refused
    hint: nothing was sent; is it running?
    ");
}

#[test]
fn an_engine_that_dies_in_the_middle_is_no_success() {
    let world = World::new();
    let plan = says(&Event::Plan { stack: jobs(), intent: Intent::Create, reason: None });
    world.engine(&format!("{plan}\necho 'thread main panicked' >&2\nexit 101"));

    let ran = world.run(&DEPLOY);

    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.stderr, @"
    jobs: will be created
    error: the deploy engine ended in the middle (exit status: 101)
    caused by: thread main panicked
    hint: what was sent before stands, and CloudFormation goes on by itself: `cargo xtask status` shows how; the next deploy picks it up
    ");
}

#[test]
fn an_engine_that_speaks_another_language_is_ended() {
    let world = World::new();
    world.engine("echo '{\"event\":\"sing\"}'; exec sleep 600");

    let ran = world.run(&DEPLOY);

    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("`{\"event\":\"sing\"}`"), "{}", ran.stderr);
}

#[test]
fn an_engine_that_is_not_there_is_named() {
    let world = World::new();
    fs::remove_file(world.path("engine")).unwrap();

    let ran = world.run(&DEPLOY);

    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("cannot be started as `[repository]/engine`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
}

#[test]
fn a_build_that_fails_shows_the_compilers_words_and_sends_nothing() {
    let world = World::new();
    world.cargo("echo 'error[E0425]: cannot find value `quue` in this scope' >&2; exit 101");

    let ran = world.run(&DEPLOY);

    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("E0425") && ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
    assert!(world.request().is_none(), "the functions of yesterday would be deployed");
}

#[test]
fn a_function_for_another_machine_is_refused_naming_both() {
    let world = World::new();
    world.engine("echo the deploy went on >&2; exit 1");
    world.function_for(183);

    let ran = world.run(&DEPLOY);

    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("`front-door` is built for arm64, but its function's architecture is x86_64"),
        "the function would never start: {}",
        ran.stderr
    );
    assert!(!matches!(world.request(), Some(Request::Deploy(_))), "the first event would find out");
}
