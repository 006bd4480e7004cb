//! `verify`, `drift` and `preflight`: what the engine found, as people and as programs want it, and how it ends.

use protocol::{
    Check, CheckState, Detected, DetectedResource, Difference, Event, FailureKind, NotCompared, Outcome, Request, Sent, StackRef, Verdict,
    Verified,
};
use serde_json::{Value, json};

use crate::world::{MODEL_SHA256, World, failed};

fn read() -> Event {
    Event::Done { outcome: Outcome::Read, calls: [].into(), seconds: 0.1 }
}

fn jobs() -> StackRef {
    StackRef { stack: "jobs".to_owned(), name: "cloudwright-staging-jobs".to_owned() }
}

fn verified(verdict: Verdict, differences: Vec<Difference>) -> Event {
    Event::Verified(Verified {
        stack: jobs(),
        logical_id: "JobQueue".to_owned(),
        resource_type: "AWS::SQS::Queue".to_owned(),
        physical_id: "https://queue".to_owned(),
        source: Some("stacks/src/jobs.rs:37".to_owned()),
        verdict,
        compared: 11,
        differences,
        not_compared: vec![NotCompared { path: "KmsMasterKeyId".to_owned(), reason: "parameter `Key` is a secret".to_owned() }],
        calls: 1,
    })
}

fn timeout() -> Difference {
    Difference { path: "VisibilityTimeout".to_owned(), declared: json!(120), live: json!("31"), excuse: None }
}

fn differs() -> Event {
    failed(
        FailureKind::Differs,
        "1 of 1 resources of `staging` is not as declared: jobs.JobQueue",
        &[],
        "was it changed by hand?",
        Sent::Nothing,
    )
}

#[test]
fn what_is_as_written_ends_with_zero_and_says_what_was_not_compared() {
    let world = World::new();
    world.engine_tells(&[verified(Verdict::Same, Vec::new()), read()]);

    let ran = world.run(&["verify", "--env", "staging"]);

    let expected = "jobs\n  ✓ JobQueue                     SQS::Queue                 11 values as declared\n      \
        – KmsMasterKeyId was not compared: parameter `Key` is a secret\n1 resource: 1 as declared; 11 values compared, 1 not\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), expected), "{}", ran.stderr);
}

#[test]
fn what_differs_is_shown_with_the_line_that_made_it_and_ends_with_three() {
    let world = World::new();
    world.engine_tells(&[verified(Verdict::Differs, vec![timeout()]), differs()]);

    let for_people = world.run(&["verify", "--env", "staging"]);
    let for_programs = world.run(&["verify", "--env", "staging", "--json"]);

    assert_eq!((for_people.code, for_programs.code), (Some(3), Some(3)), "a pipeline would go on: {}", for_people.stderr);
    assert!(for_people.stdout.contains("✗ VisibilityTimeout: declared 120, live \"31\""), "{}", for_people.stdout);
    assert!(for_people.stdout.contains("made at stacks/src/jobs.rs:37"), "{}", for_people.stdout);
    assert!(for_people.stderr.contains("hint: nothing was changed; was it changed by hand?"), "{}", for_people.stderr);
    let object: Value = serde_json::from_str(&for_programs.stdout).unwrap();
    assert_eq!((&object["verdict"], &object["differences"][0]["path"]), (&json!("differs"), &json!("VisibilityTimeout")));
}

#[test]
fn verify_sends_what_is_written_and_only_the_stacks_that_were_named() {
    let world = World::new();
    world.engine_tells(&[read()]);

    let ran = world.run(&["verify", "--env", "staging", "--stack", "jobs"]);
    let unknown = world.run(&["verify", "--env", "staging", "--stack", "nobody"]);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let Some(Request::Verify(verify)) = world.request() else { panic!("another request: {:?}", world.request()) };
    let stacks: Vec<_> = verify.stacks.iter().map(|declared| declared.stack.stack.as_str()).collect();
    assert_eq!(stacks, ["jobs"]);
    assert!(verify.stacks[0].template.contains("AWS::SQS::Queue") && verify.stacks[0].sources.contains_key("JobQueue"));
    assert!(verify.stacks[0].excuses.is_empty(), "AWS itself has no excuse");
    assert_eq!(unknown.code, Some(2), "{}", unknown.stderr);
}

#[test]
fn drift_shows_both_views() {
    let world = World::new();
    let resource = DetectedResource {
        logical_id: "JobQueue".to_owned(),
        resource_type: "AWS::SQS::Queue".to_owned(),
        status: "MODIFIED".to_owned(),
        differences: vec![timeout()],
    };
    let detected = Detected { stack: jobs(), status: Some("DRIFTED".to_owned()), reason: None, resources: vec![resource] };
    let silent = Detected { stack: jobs(), status: None, reason: Some("DetectStackDrift: unknown".to_owned()), resources: Vec::new() };
    world.engine_tells(&[verified(Verdict::Same, Vec::new()), Event::Detected(detected), Event::Detected(silent), differs()]);

    let for_people = world.run(&["drift", "--env", "staging"]);
    let for_programs = world.run(&["drift", "--env", "staging", "--json"]);

    assert_eq!((for_people.code, for_programs.code), (Some(3), Some(3)));
    let told = &for_people.stdout;
    assert!(told.contains("jobs: CloudFormation says DRIFTED, 1 resource drifted\n  JobQueue (AWS::SQS::Queue) MODIFIED"), "{told}");
    assert!(told.contains("CloudFormation's own detection cannot tell (DetectStackDrift: unknown)"), "{told}");
    let events: Vec<Value> = for_programs.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["verified", "detected", "detected"]);
}

#[test]
fn preflight_says_how_each_thing_is_and_ends_with_one_only_for_errors() {
    let world = World::new();
    let check = |name: &str, state: CheckState, hint: Option<&str>| {
        Event::Checked(Check { name: name.to_owned(), state, found: "found".to_owned(), hint: hint.map(str::to_owned) })
    };
    let warned = [
        check("region", CheckState::Ok, None),
        check("buckets", CheckState::CannotTell, None),
        check("model", CheckState::Warning, Some("move")),
    ];
    let not_ready =
        failed(FailureKind::NotReady, "`staging` is not ready for a deploy", &["quota: full"], "each check says what to do", Sent::Nothing);

    world.engine_tells(&[warned.as_slice(), &[read()]].concat());
    let fine = world.run(&["preflight", "--env", "staging"]);
    let role = world.request();
    world.engine_tells(&[check("quota", CheckState::Error, None), not_ready]);
    let wrong = world.run(&["preflight", "--env", "staging", "--json"]);

    let model = format!("ok           worker model: workers take `models/tinyllama.gguf` with the SHA-256 {MODEL_SHA256}\n");
    let expected = "ok           region: found\ncannot tell  buckets: found\nwarning      model: found\n             hint: move\n";
    assert_eq!((fine.code, fine.stdout), (Some(0), format!("{model}{expected}")), "{}", fine.stderr);
    let Some(Request::Preflight(preflight)) = role else { panic!("another request: {role:?}") };
    assert!(preflight.execution_role.is_some_and(|name| name.contains("execution-role")), "nobody would look for the role");
    assert_eq!(wrong.code, Some(1), "a pipeline would deploy all the same");
    let objects: Vec<Value> = wrong.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let states: Vec<_> = objects.iter().map(|object| &object["state"]).collect();
    assert_eq!(states, ["ok", "error"]);
}

#[test]
fn preflight_says_that_the_workers_model_is_not_known_beside_all_else() {
    let world = World::new();
    let file = world.path("environments/staging.yaml");
    let text = std::fs::read_to_string(&file).unwrap().replace(&format!("    sha256: \"{MODEL_SHA256}\"\n"), "");
    std::fs::write(&file, text).unwrap();
    let region = Check { name: "region".to_owned(), state: CheckState::Ok, found: "found".to_owned(), hint: None };
    world.engine_tells(&[Event::Checked(region), read()]);

    let told = world.run(&["preflight", "--env", "staging"]);

    assert_eq!(told.code, Some(1), "a pipeline would deploy all the same: {}", told.stderr);
    assert!(told.stdout.starts_with("error        worker model: `fleet.model.sha256` is not set\n             hint: nothing was sent; "));
    assert!(told.stdout.ends_with("ok           region: found\n"), "{}", told.stdout);
}
