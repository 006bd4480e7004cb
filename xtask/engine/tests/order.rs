//! Who goes first: a stack that lets go before the one that takes away.
#![cfg(test)]

mod scripted;

use engine::cloud::Stacks;
use protocol::{Deploy, Event, Guards, Intent, Outcome, RoleRef, Source, StackSpec};
use scripted::ScriptedCloud;
use scripted::requests::{deploy, failure, notes, outcome, output, platform, stack};
use serde_json::{Map, Value, json};

const JOBS: &str = "cloudwright-staging-jobs";
const IMAGES: &str = "cloudwright-staging-images";

/// Jobs with a queue for each output, and what refers to it.
fn jobs(outputs: &[&str]) -> StackSpec {
    let resources: Map<String, Value> =
        outputs.iter().map(|output| (format!("{output}Queue"), json!({ "Type": "AWS::SQS::Queue" }))).collect();
    let given: Map<String, Value> =
        outputs.iter().map(|output| ((*output).to_owned(), json!({ "Value": { "Ref": format!("{output}Queue") } }))).collect();
    StackSpec { template: json!({ "Resources": resources, "Outputs": given }).to_string(), ..stack("jobs", "", "", &[]) }
}

/// Images, which takes some outputs of jobs.
fn images(taken: &[&str]) -> StackSpec {
    let parameters: Vec<(&str, Source)> = taken.iter().map(|name| (*name, output("jobs", name))).collect();
    stack("images", &format!("Transcode{}", taken.concat()), "SourceBucketName", &parameters)
}

fn request(jobs: StackSpec, images: StackSpec) -> Deploy {
    let artifacts = platform().stacks.swap_remove(0);
    Deploy { stacks: vec![artifacts, jobs, images], artifacts: Vec::new(), ask: false, ..platform() }
}

/// What was executed, in order.
fn executed(cloud: &ScriptedCloud) -> Vec<String> {
    cloud.writes.borrow().iter().filter_map(|write| write.strip_prefix("execute ").map(str::to_owned)).collect()
}

async fn template(cloud: &ScriptedCloud, name: &str) -> Value {
    serde_json::from_str(&cloud.template(name).await.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn who_lets_go_goes_before_who_takes_away() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, request(jobs(&["New", "Old"]), images(&["Old"]))).await;

    let events = deploy(&cloud, request(jobs(&["New"]), images(&[]))).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert_eq!(executed(&cloud), [IMAGES, JOBS], "the queue would be deleted while the function still sends to it");
}

#[tokio::test]
async fn who_takes_something_else_instead_gets_it_before_the_old_goes() {
    for new in [&["New"][..], &["New", "Newer"]] {
        let cloud = ScriptedCloud::default();
        deploy(&cloud, request(jobs(&["New", "Old"]), images(&["Old"]))).await;

        let events = deploy(&cloud, request(jobs(new), images(new))).await;

        assert_eq!(outcome(&events), Outcome::Changed);
        // Where nothing is new, keeping what is dropped is to leave the stack as it is.
        let expected: &[&str] = if new.len() == 1 { &[IMAGES, JOBS] } else { &[JOBS, IMAGES, JOBS] };
        assert_eq!(executed(&cloud), expected, "the queue would be deleted while the function still sends to it");
        let resources = template(&cloud, JOBS).await["Resources"].clone();
        assert!(resources.get("OldQueue").is_none() && resources.get("NewQueue").is_some(), "what was dropped stays for ever: {resources}");
        let taken = cloud.parameters_of(IMAGES);
        assert!(!taken.contains_key("Old") && taken["New"] == format!("{JOBS}-New"), "{taken:?}");
    }
}

#[tokio::test]
async fn what_is_on_its_way_is_shown_as_such_and_settles() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, request(jobs(&["New", "Old"]), images(&["Old"]))).await;
    let wanted = request(jobs(&["New", "Newer"]), images(&["Newer"]));

    let events = deploy(&cloud, wanted.clone()).await;
    let again = deploy(&cloud, wanted).await;

    let mut told = Vec::new();
    for event in &events {
        if let Event::Plan { stack, intent: Intent::Update, reason } = event {
            told.push((stack.stack.as_str(), reason.as_deref()));
        }
    }
    let first = ("jobs", Some("keeps Old until nobody takes it any more"));
    assert_eq!(told, [first, ("images", None), ("jobs", Some("drops what was kept"))], "a person would wonder why jobs goes twice");
    assert_eq!(outcome(&again), Outcome::Unchanged);
}

#[tokio::test]
async fn a_deploy_that_ends_half_way_goes_on_where_it_was() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, request(jobs(&["New", "Old"]), images(&["Old"]))).await;
    let wanted = request(jobs(&["New", "Newer"]), images(&["Newer"]));
    cloud.break_resource("TranscodeNewer", "no");

    let first = failure(&deploy(&cloud, wanted.clone()).await);
    let kept = template(&cloud, JOBS).await["Resources"].get("OldQueue").is_some();
    cloud.mend();
    cloud.writes.borrow_mut().clear();
    let second = deploy(&cloud, wanted).await;

    assert!(kept, "images is as it was and has no queue any more");
    assert!(first.hint.contains("standing: jobs"), "{}", first.hint);
    assert_eq!((outcome(&second), executed(&cloud)), (Outcome::Changed, vec![IMAGES.to_owned(), JOBS.to_owned()]));
}

#[tokio::test]
async fn an_output_that_nobody_takes_is_dropped_without_ado() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, request(jobs(&["New", "Old"]), images(&["New"]))).await;

    deploy(&cloud, request(jobs(&["New"]), images(&["New"]))).await;

    assert_eq!(executed(&cloud), [JOBS]);
}

#[tokio::test]
async fn a_stack_that_left_the_platform_is_told_and_left_alone() {
    let cloud = ScriptedCloud::default();
    let mark = ("cloudwright:environment".to_owned(), "staging".to_owned());
    for name in ["cloudwright-staging-reports", "cloudwright-staging-execution-role", "cloudwright-qa-reports", "somebody-elses"] {
        cloud.put_stack(name, "CREATE_COMPLETE");
        let environment = if name.contains("-qa-") { "qa".to_owned() } else { mark.1.clone() };
        cloud.change(name, |state| drop(state.tags.insert(mark.0.clone(), environment)));
    }
    cloud.change("somebody-elses", |state| state.tags.clear());
    let role = RoleRef { name: "cloudwright-staging-execution-role".to_owned(), output: "RoleArn".to_owned() };
    cloud.change(&role.name, |state| drop(state.outputs.insert("RoleArn".to_owned(), "arn:role".to_owned())));
    let guards = Guards { belongs: [mark].into(), execution_role: Some(role), ..Guards::default() };

    let events = deploy(&cloud, Deploy { guards, ..request(jobs(&["New"]), images(&["New"])) }).await;

    let told = notes(&events);
    assert!(told.starts_with("`cloudwright-staging-reports` belongs to `staging` and is no longer part of the platform"), "{told}");
    assert!(told.contains("cargo xtask destroy --env staging --stack reports"), "nobody would know what to do: {told}");
    assert_eq!(told.lines().count(), 1, "what is none of ours, or wanted, is told as well: {told}");
    assert_eq!(cloud.status_of("cloudwright-staging-reports").as_deref(), Some("CREATE_COMPLETE"));
}
