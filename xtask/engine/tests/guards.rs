//! What watches over a deploy: a role, alarms, and a program that reads the templates first.
#![cfg(test)]

mod scripted;

use engine::cloud::{Cloud, Manner, RollbackAlarms};
use protocol::{AlarmRef, Answer, Deploy, Event, Guards, Outcome, Request, RoleRef, Rollback};
use scripted::ScriptedCloud;
use scripted::requests::{deploy, notes, outcome, platform, run, stack};

const ROLE: &str = "cloudwright-staging-execution-role";

fn guarded(guards: Guards) -> Deploy {
    Deploy { guards, ask: false, ..platform() }
}

/// The same with another queue.
fn changed(request: Deploy, resource: &str) -> Deploy {
    let mut changed = request;
    changed.stacks[1] = stack("jobs", resource, "AlertsArn", &[]);
    changed
}

fn role() -> Guards {
    Guards { execution_role: Some(RoleRef { name: ROLE.to_owned(), output: "RoleArn".to_owned() }), ..Guards::default() }
}

fn alarms(logical_ids: &[&str]) -> Guards {
    let alarm = |id: &&str| AlarmRef { stack: "jobs".to_owned(), logical_id: (*id).to_owned() };
    Guards { rollback: Some(Rollback { minutes: 10, alarms: logical_ids.iter().map(alarm).collect() }), ..Guards::default() }
}

/// How the last operation on jobs was to be gone about.
fn manner(cloud: &ScriptedCloud) -> Manner {
    cloud.manners.borrow().iter().rfind(|(what, _)| what.ends_with("jobs")).unwrap().1.clone()
}

#[tokio::test]
async fn cloudformation_takes_on_the_role_that_is_there() {
    let cloud = ScriptedCloud::default();
    cloud.put_stack(ROLE, "CREATE_COMPLETE");
    cloud.change(ROLE, |state| drop(state.outputs.insert("RoleArn".to_owned(), "arn:role".to_owned())));

    let first = deploy(&cloud, guarded(role())).await;
    deploy(&cloud, changed(guarded(role()), "BetterQueue")).await;

    assert_eq!(notes(&first), "");
    let roles: Vec<_> = cloud.manners.borrow().iter().map(|(_, manner)| manner.role.clone()).collect();
    assert_eq!(roles, vec![Some("arn:role".to_owned()); 4], "CloudFormation could do whatever the deployer can");
}

#[tokio::test]
async fn a_role_that_is_missing_is_told_but_for_a_stand_in() {
    let told = notes(&deploy(&ScriptedCloud::default(), guarded(role())).await);
    let locally = notes(&deploy(&ScriptedCloud::default(), guarded(Guards { stand_in: true, ..role() })).await);

    assert!(told.contains(&format!("there is no `{ROLE}`")), "nobody would know that the limit is not there: {told}");
    assert_eq!(locally, "");
}

#[tokio::test]
async fn alarms_watch_over_updates_and_not_over_what_makes_them() {
    let cloud = ScriptedCloud::default();
    let request = guarded(alarms(&["JobQueue"]));

    let first = deploy(&cloud, request.clone()).await;
    let at_first = manner(&cloud);
    let mut update = request;
    update.stacks[1].tags.insert("Team".to_owned(), "platform".to_owned());
    update.stacks[1].template = update.stacks[1].template.replace("\"x\"", "\"y\"");
    deploy(&cloud, update).await;

    assert_eq!(at_first.rollback, None, "CloudFormation fails a stack whose alarm does not exist yet");
    assert!(notes(&first).contains("JobQueue cannot watch over `cloudwright-staging-jobs` while it is made"), "{}", notes(&first));
    let arn = "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:cloudwright-staging-jobs-JobQueue".to_owned();
    assert_eq!(manner(&cloud).rollback, Some(RollbackAlarms { minutes: 10, alarms: vec![(arn, "AWS::SQS::Queue".to_owned())] }));
}

#[tokio::test]
async fn an_alarm_that_comes_with_the_update_does_not_bring_it_back() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, guarded(Guards::default())).await;

    let events = deploy(&cloud, changed(guarded(alarms(&["Depth"])), "Depth")).await;

    assert_eq!(manner(&cloud).rollback, Some(RollbackAlarms { minutes: 10, alarms: Vec::new() }));
    assert!(notes(&events).contains("Depth cannot watch over this update"), "{}", notes(&events));
}

#[tokio::test]
async fn alarms_that_are_no_longer_wanted_are_taken_away_and_otherwise_nothing_is_asked() {
    let cloud = ScriptedCloud::default();
    let request = guarded(Guards::default());
    deploy(&cloud, request.clone()).await;
    deploy(&cloud, changed(request.clone(), "BetterQueue")).await;
    let never = manner(&cloud);
    cloud.change("cloudwright-staging-jobs", |state| state.rollback_alarms.push("arn:alarm".to_owned()));

    deploy(&cloud, changed(request, "BestQueue")).await;

    assert_eq!(never.rollback, None);
    let none = Some(RollbackAlarms { minutes: 0, alarms: Vec::new() });
    assert_eq!(manner(&cloud).rollback, none, "CloudFormation remembers them, and fails when one is gone");
}

#[tokio::test]
async fn express_is_for_all_or_for_none() {
    for express in [false, true] {
        let cloud = ScriptedCloud::default();
        let request = guarded(Guards { express, ..Guards::default() });

        deploy(&cloud, request.clone()).await;
        deploy(&cloud, changed(request, "BetterQueue")).await;

        assert!(cloud.manners.borrow().iter().all(|(_, manner)| manner.express == express), "{:?}", cloud.manners.borrow());
    }
}

#[tokio::test]
async fn templates_are_read_before_anything_is_sent_and_only_those_that_change() {
    let cloud = ScriptedCloud::default();
    let request = guarded(Guards { review: true, ..Guards::default() });
    let first = deploy(&cloud, request.clone()).await;
    let before = (cloud.calls()["cloudformation"], cloud.writes.borrow().len());
    let same = deploy(&cloud, request.clone()).await;
    let after = cloud.calls()["cloudformation"];

    let refused = run(&cloud, Request::Deploy(changed(request, "BetterQueue")), Answer::No).await;

    let reviewed = |events: &[Event]| events.contains(&Event::Review);
    assert!(!reviewed(&first), "there is nothing that could be lost yet");
    assert_eq!((outcome(&same), after - before.0, reviewed(&same)), (Outcome::Unchanged, 1, false), "a look costs no more than before");
    assert_eq!(outcome(&refused), Outcome::Declined);
    let told: Vec<_> = refused
        .iter()
        .filter_map(|event| if let Event::Template { stack, .. } = event { Some(stack.stack.as_str()) } else { None })
        .collect();
    assert_eq!(told, ["jobs"], "{refused:?}");
    assert_eq!(cloud.writes.borrow().len(), before.1, "something was sent before the answer");
}

/// An update of `jobs` that CloudFormation brings back although no resource failed.
async fn brought_back(cloud: &ScriptedCloud) -> protocol::Failure {
    deploy(cloud, guarded(Guards::default())).await;
    cloud.change("cloudwright-staging-jobs", |state| {
        state.rollback_alarms.push("arn:aws:cloudwatch:eu-central-1:111111111111:alarm:jobs-Depth-1X".to_owned());
    });
    cloud.break_resource("cloudwright-staging-jobs", "AWS's own words");
    let request = changed(guarded(alarms(&["BetterQueue"])), "BetterQueue");
    scripted::asking::failure(&deploy(cloud, request).await)
}

fn alarm_in(state: &str) -> serde_json::Value {
    serde_json::json!({ "MetricAlarms": [{
        "AlarmName": "jobs-Depth-1X",
        "AlarmDescription": "More jobs wait than the workers can take. Runbook: docs/runbooks/depth-alarm.md",
        "StateValue": state,
        "StateReason": "Threshold Crossed: 1 datapoint [812.0] was greater than the threshold (500.0).",
    }] })
}

#[tokio::test]
async fn an_update_that_an_alarm_brought_back_names_the_alarm_and_what_it_means() {
    let cloud = ScriptedCloud::default();
    cloud.will_answer("DescribeAlarms", &["jobs-Depth-1X"], alarm_in("ALARM"));

    let failure = brought_back(&cloud).await;

    let causes = failure.causes.join("; ");
    assert!(causes.contains("`jobs-Depth-1X` went off") && causes.contains("[812.0]"), "a person would not know why: {failure:?}");
    assert!(failure.hint.contains("docs/runbooks/depth-alarm.md"), "{failure:?}");
}

#[tokio::test]
async fn an_alarm_that_is_calm_is_not_blamed() {
    let cloud = ScriptedCloud::default();
    cloud.will_answer("DescribeAlarms", &["jobs-Depth-1X"], alarm_in("OK"));

    let failure = brought_back(&cloud).await;

    assert_eq!(failure.causes, ["AWS's own words"]);
}
