//! Plans: made without a write, kept, and carried out exactly or not at all.
#![cfg(test)]

mod scripted;

use std::fs;

use engine::cloud::Cloud;
use protocol::{Answer, Artifact, Deploy, Event, FailureKind, Intent, Outcome, Plan, PlannedValue, Request, Sent, Source};
use scripted::ScriptedCloud;
use scripted::requests::{deploy, failure, outcome, platform, run, stack};
use tempfile::TempDir;

/// The platform with a function whose file is there.
fn with_files() -> (TempDir, Deploy) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("transcode.zip");
    fs::write(&path, "code").unwrap();
    // printf code | sha256sum
    let sha256 = "5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b".to_owned();
    let artifacts = vec![Artifact { name: "transcode".to_owned(), path, sha256, bytes: 4 }];
    (folder, Deploy { artifacts, ask: false, ..platform() })
}

async fn plan(cloud: &ScriptedCloud, request: Deploy) -> Plan {
    let events = run(cloud, Request::Plan(request), Answer::No).await;
    assert_eq!(outcome(&events), Outcome::Read);
    let plan = events.into_iter().find_map(|event| if let Event::Planned(plan) = event { Some(*plan) } else { None }).unwrap();
    // Kept in a file, as people do.
    serde_json::from_str(&serde_json::to_string_pretty(&plan).unwrap()).unwrap()
}

async fn execute(cloud: &ScriptedCloud, plan: Plan) -> Vec<Event> {
    run(cloud, Request::Execute(Box::new(plan)), Answer::Yes).await
}

#[tokio::test]
async fn a_plan_writes_nothing_and_says_what_is_known_and_what_only_then() {
    let cloud = ScriptedCloud::default();
    let (_folder, request) = with_files();

    let plan = plan(&cloud, request).await;

    assert!(cloud.writes.borrow().is_empty(), "somebody only wanted to look: {:?}", cloud.writes.borrow());
    assert_eq!((cloud.calls()["cloudformation"], cloud.calls()["sts"]), (1, 1), "one look is enough");
    let steps: Vec<_> = plan.stacks.iter().map(|step| (step.stack.stack.as_str(), step.wave, step.intent)).collect();
    assert_eq!(steps, [("artifacts", 0, Intent::Create), ("jobs", 0, Intent::Create), ("images", 1, Intent::Create)]);
    let images = &plan.stacks[2];
    assert!(
        matches!(&images.parameters["Alerts"].value, PlannedValue::Then { output, present: None } if output.stack == "jobs"),
        "{images:?}"
    );
    assert!(matches!(images.parameters["Code"].value, PlannedValue::Now { .. }), "{images:?}");
    assert_eq!((&images.deploy_digest, plan.stacks[1].deploy_digest.as_ref().map(String::len)), (&None, Some(64)));
}

#[tokio::test]
async fn a_kept_plan_does_what_a_deploy_would_do() {
    let (cloud, other) = (ScriptedCloud::default(), ScriptedCloud::default());
    let (_folder, request) = with_files();
    let plan = plan(&cloud, request.clone()).await;

    let events = execute(&cloud, plan).await;
    deploy(&other, request).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    // Each release has a name of its own.
    let writes = |cloud: &ScriptedCloud| -> Vec<String> {
        cloud
            .writes
            .borrow()
            .iter()
            .map(|write| write.split_once("releases/").map_or(write.as_str(), |(before, _)| before).to_owned())
            .collect()
    };
    assert_eq!(writes(&cloud), writes(&other), "a plan and a deploy are two ways to the same");
}

#[tokio::test]
async fn a_value_that_changes_is_planned_with_what_it_was() {
    let cloud = ScriptedCloud::default();
    let (_folder, mut request) = with_files();
    let size = |value: &str| Source::Value { value: value.to_owned() };
    request.stacks[1] = stack("jobs", "JobQueue", "AlertsArn", &[("Size", size("1"))]);
    deploy(&cloud, request.clone()).await;
    request.stacks[1] = stack("jobs", "JobQueue", "AlertsArn", &[("Size", size("2"))]);

    let plan = plan(&cloud, request).await;

    let jobs = &plan.stacks[1];
    assert_eq!((jobs.intent, jobs.parameters["Size"].was.as_deref()), (Intent::Update, Some("1")));
    assert!(jobs.parameters["Size"].changes());
    let images = &plan.stacks[2];
    assert_eq!((images.intent, images.reason.as_deref()), (Intent::Nothing, Some("unless `jobs` gives other values then")));
    assert!(!images.parameters["Alerts"].changes(), "what most likely stays would look like a change");
}

#[tokio::test]
async fn a_plan_is_refused_when_a_stack_has_moved_and_says_which_and_how() {
    let cloud = ScriptedCloud::default();
    let (_folder, request) = with_files();
    deploy(&cloud, request.clone()).await;
    let mut wanted = request;
    wanted.stacks[1] = stack("jobs", "BetterQueue", "AlertsArn", &[]);
    let plan = plan(&cloud, wanted).await;
    cloud.change("cloudwright-staging-images", |state| state.changed_at = Some("2026-11-23T11:00:00Z".to_owned()));
    cloud.writes.borrow_mut().clear();

    let failure = failure(&execute(&cloud, plan).await);

    assert_eq!((failure.kind, failure.sent), (FailureKind::Moved, Sent::Nothing));
    let cause = "`cloudwright-staging-images` was in CREATE_COMPLETE of an unknown time, and is in CREATE_COMPLETE of 2026-11-23T11:00:00Z";
    assert_eq!(failure.causes, [cause], "a person would not know what to look at");
    assert!(cloud.writes.borrow().is_empty(), "{:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn a_stack_that_came_or_went_or_was_made_again_has_moved_too() {
    let cloud = ScriptedCloud::default();
    let (_folder, request) = with_files();
    let first = plan(&cloud, request.clone()).await;
    deploy(&cloud, request.clone()).await;
    let second = plan(&cloud, request).await;
    cloud.put_stack("cloudwright-staging-jobs", "CREATE_COMPLETE");

    let came = failure(&execute(&cloud, first).await);
    let again = failure(&execute(&cloud, second.clone()).await);
    let gone = failure(&execute(&ScriptedCloud::default(), second).await);

    assert!(came.causes[0].contains("did not exist, and is in CREATE_COMPLETE now"), "{:?}", came.causes);
    assert!(again.causes[0].contains("was deleted and made again"), "{:?}", again.causes);
    assert!(gone.causes[0].contains("existed, and is gone"), "{:?}", gone.causes);
}

#[tokio::test]
async fn a_plan_that_was_edited_is_refused_before_anything_is_asked() {
    let (_folder, request) = with_files();
    let made = plan(&ScriptedCloud::default(), request).await;
    let mut edited = made.clone();
    edited.deploy.stacks[1].template = edited.deploy.stacks[1].template.replace("SQS::Queue", "SNS::Topic");
    let mut newer = made.clone();
    newer.version += 1;
    let mut asked = made;
    asked.deploy.ask = true;

    for (plan, refused) in [(edited, true), (newer, true), (asked, false)] {
        let cloud = ScriptedCloud::default();
        let events = execute(&cloud, plan).await;

        assert_eq!(matches!(events.last(), Some(Event::Failed(failure)) if failure.kind == FailureKind::Moved), refused, "{events:?}");
        assert_eq!(cloud.calls().is_empty(), refused, "an edited plan is nothing to take to AWS");
    }
}

#[tokio::test]
async fn a_plan_without_its_files_is_refused() {
    let (folder, request) = with_files();
    let plan = plan(&ScriptedCloud::default(), request).await;
    let path = folder.path().join("transcode.zip");

    fs::write(&path, "other code").unwrap();
    let other = failure(&execute(&ScriptedCloud::default(), plan.clone()).await);
    fs::remove_file(&path).unwrap();
    let gone = failure(&execute(&ScriptedCloud::default(), plan).await);

    assert_eq!((other.kind, gone.kind), (FailureKind::Moved, FailureKind::Moved));
    assert!(other.causes[0].contains("has the digest"), "other code would run than was planned: {:?}", other.causes);
    assert!(gone.causes[0].contains("cannot be read"), "{:?}", gone.causes);
}

#[tokio::test]
async fn what_only_then_differs_is_updated_then() {
    let cloud = ScriptedCloud::default();
    let (_folder, request) = with_files();
    deploy(&cloud, request.clone()).await;
    let mut wanted = request;
    wanted.stacks[1] = stack("jobs", "BetterQueue", "AlertsArn", &[]);
    let plan = plan(&cloud, wanted).await;
    cloud.will_give("AlertsArn", "arn:of-a-new-topic");

    let events = execute(&cloud, plan).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert_eq!(
        cloud.parameters_of("cloudwright-staging-images")["Alerts"],
        "arn:of-a-new-topic",
        "alarms would go to a topic that is gone"
    );
}
