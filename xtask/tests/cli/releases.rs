//! Releases against an engine that plays its part: what it is asked, and what a person sees of its answers.

use std::collections::BTreeMap;
use std::fs;

use protocol::{
    Commit, Event, FoundRelease, Garbage, LeaseState, LiveStack, Outcome, OutputRef, Release, ReleaseKind, ReleaseLine, ReleaseOutcome,
    ReleasedStack, Request, Source, StackRef, StackSpec, StackStatus,
};
use serde_json::{Value, json};

use crate::compare::git;
use crate::world::{World, says};

fn done(outcome: Outcome) -> Event {
    Event::Done { outcome, calls: [].into(), seconds: 0.1 }
}

fn stack(name: &str) -> StackRef {
    StackRef { stack: name.to_owned(), name: format!("cloudwright-staging-{name}") }
}

fn template(resources: &Value) -> String {
    json!({ "Resources": resources }).to_string()
}

/// A release of one stack that holds a queue.
fn release(digest: &str) -> Release {
    let spec = StackSpec {
        stack: "jobs".to_owned(),
        name: stack("jobs").name,
        template: template(&json!({ "JobQueue": { "Type": "AWS::SQS::Queue", "Properties": { "VisibilityTimeout": 30 } } })),
        parameters: [("DeployDigest".to_owned(), Source::Digest)].into(),
        capabilities: Vec::new(),
        tags: BTreeMap::new(),
        sources: BTreeMap::new(),
        termination_protection: false,
    };
    let values = [("DeployDigest".to_owned(), digest.to_owned())].into();
    Release {
        version: 1,
        id: "20261123T100000Z-01234567-89abcdef".to_owned(),
        environment: "staging".to_owned(),
        account: "222222222222".to_owned(),
        region: "eu-central-1".to_owned(),
        kind: ReleaseKind::Deploy,
        commit: Some(Commit {
            id: "01234567".repeat(5),
            subject: "jobs: wait longer".to_owned(),
            tags: vec!["v1.4.0".to_owned()],
            dirty: false,
        }),
        by: "arn:aws:iam::222222222222:user/maria".to_owned(),
        tool: "cloudwright 0.1.0".to_owned(),
        began: "2026-11-23T10:00:00Z".to_owned(),
        ended: Some("2026-11-23T10:01:15Z".to_owned()),
        outcome: Some(ReleaseOutcome::Succeeded),
        message: None,
        stacks: vec![ReleasedStack { spec, template_key: None, values }],
        artifacts: Vec::new(),
        orphans: Vec::new(),
        artifact_bucket: OutputRef { stack: "artifacts".to_owned(), output: "BucketName".to_owned() },
    }
}

/// What is deployed instead: these resources, under another digest.
fn found(live: &Value) -> Event {
    let live = LiveStack {
        stack: stack("jobs"),
        template: Some(template(live)),
        parameters: BTreeMap::from([("DeployDigest".to_owned(), "bbbb".repeat(16))]),
        digest: Some("bbbb".repeat(16)),
    };
    Event::Found(Box::new(FoundRelease { release: release(&"aaaa".repeat(16)), live: vec![live], others: vec![stack("images")] }))
}

fn shorter() -> Value {
    json!({ "JobQueue": { "Type": "AWS::SQS::Queue", "Properties": { "VisibilityTimeout": 20 } } })
}

fn status(digest: &str) -> Event {
    let status = Some("UPDATE_COMPLETE".to_owned());
    Event::Status(StackStatus { stack: stack("jobs"), status, reason: None, changed_at: None, digest: Some(digest.to_owned()), next: None })
}

/// An engine that finds this, deploys, and then reports stacks with this digest. It keeps the request to deploy.
fn plays(world: &World, live: &Value, end: Outcome, digest: &str) {
    let kept = world.path("deploy.json");
    let request = world.path("request.json");
    let asked = |word: &str, events: &[Event]| {
        let told: Vec<_> = events.iter().map(says).collect();
        format!("if grep -q '\"request\":\"{word}\"' '{}'; then\n{}\nexit 0\nfi", request.display(), told.join("\n"))
    };
    let script = [
        asked("release", &[found(live), done(Outcome::Read)]),
        asked("status", &[status(digest), done(Outcome::Read)]),
        format!("cp '{}' '{}'", request.display(), kept.display()),
        says(&done(end)),
    ];
    world.any_engine(&script.join("\n"));
}

const ROLLBACK: [&str; 6] = ["rollback", "--env", "staging", "--to", "v1.4.0", "--yes"];

#[test]
fn releases_are_listed_one_a_line_with_the_live_one_marked() {
    let world = World::new();
    let mut failed = release("a");
    failed.outcome = Some(ReleaseOutcome::Failed);
    failed.message = Some("JobQueue failed".to_owned());
    failed.commit.as_mut().unwrap().dirty = true;
    let mut back = release("a");
    back.kind = ReleaseKind::Rollback { of: "20261101T080000Z-01234567-00000000".to_owned() };
    let strange = ReleaseLine { id: "20991231T235959Z-99999999-00000000".to_owned(), version: 9, live: false, details: None };
    let told = [Event::Release(strange), Event::Release(back.summary(true)), Event::Release(failed.summary(false)), done(Outcome::Read)];
    world.engine_tells(&told);

    let for_people = world.run(&["releases", "--env", "staging", "--limit", "3"]);
    let for_programs = world.run(&["releases", "--env", "staging", "--json"]);

    insta::assert_snapshot!(for_people.stdout, @"
          20991231T235959Z-99999999-00000000  unknown                                             its record has form 9, which this program does not understand
    live  20261123T100000Z-01234567-89abcdef  succeeded  2026-11-23T10:00:00Z  1 min 15 s  maria  rollback to 20261101T080000Z-01234567-00000000: 01234567 (v1.4.0) jobs: wait longer
          20261123T100000Z-01234567-89abcdef  failed     2026-11-23T10:00:00Z  1 min 15 s  maria  01234567 (v1.4.0) [dirty] jobs: wait longer - JobQueue failed
    ");
    let lines: Vec<Value> = for_programs.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[1]["live"], &lines[1]["kind"], &lines[2]["outcome"]), (&json!(true), &json!("rollback"), &json!("failed")));
    let Some(Request::Releases(list)) = world.request() else { panic!("{:?}", world.request()) };
    assert_eq!((list.ledger.stack, list.ledger.output.as_str()), (stack("artifacts"), "BucketName"));
}

#[test]
fn a_dry_run_shows_what_would_change_and_asks_for_no_deploy() {
    let world = World::new();
    plays(&world, &shorter(), Outcome::Changed, "");

    let ran = world.run(&["rollback", "--env", "staging", "--to", "v1.4.0", "--dry-run"]);

    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout, @"
    release 20261123T100000Z-01234567-89abcdef, 01234567 jobs: wait longer, deployed 2026-11-23T10:00:00Z by arn:aws:iam::222222222222:user/maria
    jobs: bbbbbbbbbbbb becomes aaaaaaaaaaaa
    ~ AWS::SQS::Queue JobQueue
        Properties/VisibilityTimeout: 20 → 30
    images did not exist then: it stays as it is (`cargo xtask destroy --env staging --stack images` would delete it)
    ");
    assert!(!world.path("deploy.json").exists(), "looking changed something");
}

#[test]
fn a_rollback_deploys_the_release_itself_and_proves_it() {
    // What goes back needs no commit here: the ledger has it.
    let world = World::without_git();
    plays(&world, &shorter(), Outcome::Changed, &"aaaa".repeat(16));

    let ran = world.run(&ROLLBACK);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("the digests of all stacks are those of 20261123T100000Z-01234567-89abcdef"), "{}", ran.stderr);
    assert_eq!(world.cargo_calls(), "", "a rollback must not wait for a build");
    let request = fs::read_to_string(world.path("deploy.json")).unwrap();
    let Request::Deploy(deploy) = serde_json::from_str(&request).unwrap() else { panic!("{request}") };
    let wanted = release(&"aaaa".repeat(16));
    assert_eq!(deploy.stacks, [wanted.stacks[0].spec.clone()], "something else would be deployed");
    assert_eq!(deploy.release.kind, ReleaseKind::Rollback { of: wanted.id });
    assert_eq!(deploy.release.expects, Some(BTreeMap::from([(stack("jobs").name, Some("bbbb".repeat(16)))])));
}

#[test]
fn a_rollback_after_which_something_else_is_live_failed() {
    let world = World::new();
    plays(&world, &shorter(), Outcome::Changed, &"cccc".repeat(16));

    let ran = world.run(&ROLLBACK);

    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("these stacks are something else: cloudwright-staging-jobs"), "{}", ran.stderr);
}

#[test]
fn what_would_lose_data_has_to_be_accepted_by_name() {
    let world = World::new();
    let mut live = shorter();
    live["Uploads"] = json!({ "Type": "AWS::S3::Bucket" });
    live["Jobs"] = json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "KeySchema": [] } });
    plays(&world, &live, Outcome::Changed, &"aaaa".repeat(16));

    let refused = world.run(&ROLLBACK);
    let half = world.run(&[&ROLLBACK[..], &["--accept", "Uploads"]].concat());
    assert!(!world.path("deploy.json").exists(), "data would be lost that nobody gave up");
    let accepted = world.run(&[&ROLLBACK[..], &["--accept", "Uploads", "--accept", "jobs/Jobs"]].concat());

    assert_eq!((refused.code, half.code, accepted.code), (Some(3), Some(3), Some(0)), "{}{}", half.stderr, accepted.stderr);
    assert!(refused.stderr.contains("`--accept jobs/Uploads --accept jobs/Jobs`"), "{}", refused.stderr);
    assert!(half.stderr.contains("every item in it") && half.stderr.contains("`--accept jobs/Jobs`"), "{}", half.stderr);
}

#[test]
fn another_value_of_a_parameter_can_lose_data_too() {
    let world = World::new();
    let table = json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "TableName": { "Ref": "Name" } } });
    let text = json!({ "Parameters": { "Name": { "Type": "String" } }, "Resources": { "Jobs": table } }).to_string();
    let mut release = release(&"aaaa".repeat(16));
    release.stacks[0].spec.template.clone_from(&text);
    release.stacks[0].values.insert("Name".to_owned(), "old".to_owned());
    let live = LiveStack {
        stack: stack("jobs"),
        template: Some(text),
        parameters: BTreeMap::from([("Name".to_owned(), "new".to_owned())]),
        digest: Some("bbbb".repeat(16)),
    };
    let found = FoundRelease { release, live: vec![live], others: Vec::new() };
    world.engine_tells(&[Event::Found(Box::new(found)), done(Outcome::Read)]);

    let ran = world.run(&ROLLBACK);

    assert_eq!(ran.code, Some(3), "a table would be replaced by an empty one: {}", ran.stderr);
    assert!(ran.stderr.contains("`--accept jobs/Jobs`") && ran.stderr.contains("every item in it"), "{}", ran.stderr);
}

#[test]
fn a_release_that_is_live_already_is_left_alone() {
    let world = World::new();
    let digest = "aaaa".repeat(16);
    let live = LiveStack { stack: stack("jobs"), template: None, parameters: BTreeMap::new(), digest: Some(digest.clone()) };
    let found = FoundRelease { release: release(&digest), live: vec![live], others: Vec::new() };
    world.engine_tells(&[Event::Found(Box::new(found)), done(Outcome::Read)]);

    let ran = world.run(&ROLLBACK);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("every stack is what that release made of it"), "{}", ran.stderr);
}

#[test]
fn a_rollback_for_programs_ends_as_a_deploy_does() {
    let world = World::new();
    plays(&world, &shorter(), Outcome::Changed, &"aaaa".repeat(16));

    let ran = world.run(&[&ROLLBACK[..], &["--json"]].concat());

    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["rollback"]["stacks"][0]["diff"]["resources"][0]["id"], "JobQueue", "{}", ran.stdout);
    assert_eq!((lines.last().unwrap()["event"].as_str(), ran.code), (Some("done"), Some(0)), "{}", ran.stderr);
}

#[test]
fn nobody_unlocks_without_being_asked_or_saying_so() {
    let world = World::new();
    let lease = LeaseState {
        by: "arn:aws:iam::222222222222:user/maria".to_owned(),
        since: "2026-11-23T10:00:00Z".to_owned(),
        purpose: "a deploy of 01234567 (jobs: wait longer)".to_owned(),
        silent_seconds: 45,
        lasts_seconds: 120,
    };
    world.engine_tells(&[Event::Lease(lease), done(Outcome::Changed)]);

    let alone = world.run(&["unlock", "--env", "staging"]);
    let sure = world.run(&["unlock", "--env", "staging", "--yes"]);

    assert_eq!((alone.code, sure.code), (Some(2), Some(0)), "{}{}", alone.stderr, sure.stderr);
    assert!(sure.stderr.contains("held by arn:aws:iam::222222222222:user/maria for a deploy of 01234567"), "{}", sure.stderr);
    let Some(Request::Unlock(unlock)) = world.request() else { panic!("{:?}", world.request()) };
    assert!(!unlock.ask && !unlock.force, "a deploy at work would be pushed aside");
}

#[test]
fn a_collection_deletes_only_when_told_so() {
    let world = World::new();
    let garbage = Garbage { keys: vec!["artifacts/transcode/00.zip".to_owned()], bytes: 4_404_019, young: 2, kept: 20, deleted: false };
    world.engine_tells(&[Event::Garbage(garbage), done(Outcome::Read)]);

    let ran = world.run(&["gc", "--env", "staging"]);

    insta::assert_snapshot!(ran.stdout, @"
    artifacts/transcode/00.zip
    1 object (4.4 MB) would be deleted; 20 releases kept whole
    2 more objects of the last 24 hours left alone
    nothing was deleted; `--yes` does it
    ");
    let Some(Request::Collect(collect)) = world.request() else { panic!("{:?}", world.request()) };
    assert_eq!((collect.keep, collect.delete), (20, false), "objects were deleted that nobody has seen");
    assert_eq!(world.run(&["gc", "--env", "staging", "--keep", "0"]).code, Some(2), "not even the newest release could be returned to");
}

#[test]
fn a_deploy_says_which_commit_it_is_and_whether_there_is_more_than_that() {
    let world = World::without_git();
    world.engine_tells(&[done(Outcome::Changed)]);
    let deployed = || {
        let ran = world.run(&["deploy", "--env", "staging", "--yes", "--allow-dirty"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let Some(Request::Deploy(deploy)) = world.request() else { panic!("{:?}", world.request()) };
        deploy.release.commit
    };

    let outside = deployed();
    fs::write(world.path(".gitignore"), "/*\n!/Cargo.toml\n").unwrap();
    git(&world, &["init", "--quiet"]);
    git(&world, &["add", "Cargo.toml"]);
    git(&world, &["commit", "--quiet", "--message", "jobs: wait longer\n\nIt was too short."]);
    git(&world, &["tag", "v1.4.0"]);
    let clean = deployed().unwrap();
    fs::write(world.path("Cargo.toml"), "[workspace]\n# more\n").unwrap();
    let dirty = deployed().unwrap();

    assert_eq!(outside, None);
    assert_eq!((clean.subject.as_str(), clean.tags.as_slice(), clean.dirty), ("jobs: wait longer", &["v1.4.0".to_owned()][..], false));
    assert_eq!((dirty.id.len(), dirty.dirty), (40, true), "a release would be called what it is not");
}
