//! What is looked at before a deploy: fine, worth a warning, an error, or not to be told.
#![cfg(test)]

mod scripted;

use engine::cloud::ErrorKind;
use engine::{Engine, Interrupt};
use protocol::{Answer, Check, CheckState, Declared, Event, FailureKind, OutputRef, Preflight, Request, StackRef, Target};
use scripted::{ACCOUNT, Listener, ScriptedCloud};
use serde_json::{Value, json};

const NAME: &str = "cloudwright-staging-jobs";

async fn preflight(cloud: &ScriptedCloud, region: &str, resources: Value) -> Vec<Event> {
    let stack = StackRef { stack: "jobs".to_owned(), name: NAME.to_owned() };
    let template = json!({ "Resources": resources }).to_string();
    let request = Preflight {
        target: Target { environment: "staging".to_owned(), account: ACCOUNT.to_owned(), region: region.to_owned() },
        stacks: vec![Declared { stack, template, sources: [].into(), excuses: Vec::new() }],
        artifact_bucket: OutputRef { stack: "artifacts".to_owned(), output: "BucketName".to_owned() },
        execution_role: Some("cloudwright-staging-execution-role".to_owned()),
    };
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::No);
    Engine::new(cloud, &listener, interrupt).run(&Request::Preflight(request)).await;
    listener.events.into_inner()
}

/// A cloud that has nothing against anything.
fn willing() -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    let regions = ["eu-central-1", "us-east-1"].map(|name| json!({ "regionName": name, "optInStatus": "opt-in-not-required" }));
    cloud.will_answer("DescribeRegions", &[], json!({ "regionInfo": regions }));
    cloud.will_answer("GetServiceQuota", &[], json!({ "Quota": { "Value": 1000.0 } }));
    cloud.will_answer("ListBuckets", &[], json!({ "Buckets": { "Bucket": { "Name": "one" } } }));
    cloud
}

fn check(events: &[Event], name: &str) -> Check {
    let checks: Vec<_> =
        events.iter().filter_map(|event| if let Event::Checked(check) = event { Some(check.clone()) } else { None }).collect();
    checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no `{name}` in {checks:?}")).clone()
}

fn state(events: &[Event], name: &str) -> CheckState {
    check(events, name).state
}

fn ends_well(events: &[Event]) -> bool {
    match events.last() {
        Some(Event::Done { .. }) => true,
        Some(Event::Failed(failure)) if failure.kind == FailureKind::NotReady => false,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_account_that_has_room_is_ready() {
    let cloud = willing();

    let events = preflight(&cloud, "eu-central-1", json!({ "Bucket": { "Type": "AWS::S3::Bucket" } })).await;

    assert!(ends_well(&events), "{events:?}");
    for name in ["account", "region", "stacks", "artifact bucket", "buckets", "stacks of the account"] {
        assert_eq!(state(&events, name), CheckState::Ok, "{name}");
    }
    assert_eq!(state(&events, "execution role"), CheckState::Warning);
    assert!(cloud.writes.borrow().is_empty());
}

#[tokio::test]
async fn nothing_is_asked_that_the_templates_do_not_need() {
    let cloud = willing();

    preflight(&cloud, "eu-central-1", json!({ "Topic": { "Type": "AWS::SNS::Topic" } })).await;

    let asked = ["ListBuckets", "GetFoundationModel", "ListSubscriptionsByTopic", "GetAccount", "ListMetrics"].map(|one| cloud.asked(one));
    assert_eq!((asked, cloud.asked("GetServiceQuota")), ([0; 5], 1));
}

#[tokio::test]
async fn more_than_a_quota_allows_is_an_error_with_figures() {
    let cloud = willing();
    let functions = json!({
        "A": { "Type": "AWS::Lambda::Function", "Properties": { "ReservedConcurrentExecutions": 500 } },
        "B": { "Type": "AWS::Lambda::Function", "Properties": { "ReservedConcurrentExecutions": "450" } },
    });

    let events = preflight(&cloud, "eu-central-1", functions).await;

    let concurrency = check(&events, "lambda concurrency");
    assert_eq!((concurrency.state, concurrency.found.as_str()), (CheckState::Error, "950 needed beside 100, 1000 allowed"));
    assert!(!ends_well(&events), "the deploy would fail after minutes");
}

#[tokio::test]
async fn graphics_processors_are_counted_for_the_largest_group() {
    let cloud = willing();
    cloud.will_answer("GetServiceQuota", &["L-DB2E81BA"], json!({ "Quota": { "Value": 8.0 } }));
    let fleet = json!({
        "Template": { "Type": "AWS::EC2::LaunchTemplate", "Properties": { "LaunchTemplateData": { "InstanceType": "g5.xlarge" } } },
        "Group": { "Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": { "MaxSize": "4" } },
    });

    let events = preflight(&cloud, "eu-central-1", fleet).await;

    let vcpus = check(&events, "GPU vCPUs");
    assert_eq!((vcpus.state, vcpus.found.as_str()), (CheckState::Error, "16 needed beside 0, 8 allowed (g5.xlarge)"));
}

#[tokio::test]
async fn what_may_not_be_looked_at_is_not_called_fine() {
    let cloud = willing();
    cloud.fail("DescribeRegions", ErrorKind::Denied, "not authorized");

    let events = preflight(&cloud, "eu-central-1", json!({})).await;

    let region = check(&events, "region");
    assert_eq!(region.state, CheckState::CannotTell);
    assert!(region.found.starts_with("STS answers in eu-central-1"), "{}", region.found);
    assert!(ends_well(&events), "somebody who may deploy but not look around could not use it");
}

#[tokio::test]
async fn a_region_that_is_off_or_does_not_exist_is_an_error() {
    let cloud = willing();
    cloud.will_answer("DescribeRegions", &[], json!({ "regionInfo": [{ "regionName": "eu-south-2", "optInStatus": "not-opted-in" }] }));

    let off = preflight(&cloud, "eu-south-2", json!({})).await;
    let nowhere = preflight(&cloud, "eu-nowhere-1", json!({})).await;

    assert_eq!((state(&off, "region"), state(&nowhere, "region")), (CheckState::Error, CheckState::Error));
}

#[tokio::test]
async fn a_stack_that_is_stuck_is_an_error() {
    let cloud = willing();
    cloud.put_stack(NAME, "DELETE_FAILED");

    let events = preflight(&cloud, "eu-central-1", json!({})).await;

    assert_eq!(check(&events, "stacks").found, format!("{NAME} is in DELETE_FAILED"));
    assert!(!ends_well(&events));
}

#[tokio::test]
async fn a_model_that_ends_is_a_warning_and_one_that_is_not_offered_an_error() {
    let cloud = willing();
    let model = |status: &str| json!({ "modelDetails": { "modelLifecycle": { "status": status } } });
    cloud.will_answer("GetFoundationModel", &["anthropic.claude-old"], model("LEGACY"));
    cloud.will_answer("GetFoundationModel", &["amazon.nova-lite-v1:0"], model("ACTIVE"));
    let worker = json!({ "Worker": { "Type": "AWS::Lambda::Function", "Properties": { "Environment": { "Variables": {
        "A": "eu.anthropic.claude-old-v1:0", "B": "amazon.nova-lite-v1:0", "C": "mistral.never-heard-of-v1:0" } } } } });

    let events = preflight(&cloud, "eu-central-1", worker).await;

    let states = ["anthropic.claude-old-v1:0", "amazon.nova-lite-v1:0", "mistral.never-heard-of-v1:0"]
        .map(|model| state(&events, &format!("model {model}")));
    assert_eq!(states, [CheckState::Warning, CheckState::Ok, CheckState::Error]);
}

#[tokio::test]
async fn a_model_of_another_region_is_asked_for_there_with_its_end_and_its_access() {
    let cloud = willing();
    let model = |status: &str, end: &str| json!({ "modelDetails": { "modelLifecycle": { "status": status, "endOfLifeTime": end } } });
    cloud.will_answer("GetFoundationModel", &["amazon.nova-canvas-v1:0"], model("LEGACY", "2020-01-31T00:00:00Z"));
    cloud.will_answer("GetFoundationModel", &["stability.old-v1:0"], model("LEGACY", "2199-01-31T00:00:00Z"));
    cloud.will_answer(
        "GetFoundationModel",
        &["stability.new-v1:0"],
        json!({ "modelDetails": { "modelLifecycle": { "status": "ACTIVE" } } }),
    );
    let access = |agreed: &str| json!({ "agreementAvailability": { "status": agreed }, "authorizationStatus": "AUTHORIZED" });
    cloud.will_answer("GetFoundationModelAvailability", &["stability.new-v1:0"], access("NOT_AVAILABLE"));
    cloud.will_answer("GetFoundationModelAvailability", &["stability.old-v1:0"], access("AVAILABLE"));
    let arn = |model: &str| format!("arn:aws:bedrock:us-west-2::foundation-model/{model}");
    let role = json!({ "Role": { "Type": "AWS::IAM::Role", "Properties": { "Policies": [
        arn("amazon.nova-canvas-v1:0"), arn("stability.old-v1:0"), arn("stability.new-v1:0") ] } } });

    let events = preflight(&cloud, "eu-central-1", role).await;

    let found = |name: &str| (state(&events, name), check(&events, name).found);
    assert_eq!(found("model amazon.nova-canvas-v1:0"), (CheckState::Error, "it ended on 2020-01-31".to_owned()));
    assert_eq!(found("model stability.old-v1:0"), (CheckState::Warning, "its life cycle says LEGACY and ends on 2199-01-31".to_owned()));
    assert_eq!(found("model stability.new-v1:0"), (CheckState::Ok, "active in us-west-2".to_owned()));
    assert_eq!(found("access to stability.new-v1:0"), (CheckState::Warning, "the model's agreement is not accepted".to_owned()));
    assert_eq!(state(&events, "access to stability.old-v1:0"), CheckState::Ok);
    assert!(!ends_well(&events), "every picture would fail");
}

#[tokio::test]
async fn an_address_that_nobody_confirmed_is_a_warning() {
    let cloud = willing();
    let resources = json!({ "Alerts": { "Type": "AWS::SNS::Topic" },
        "Mail": { "Type": "AWS::SNS::Subscription", "Properties": { "Protocol": "email", "Endpoint": "a@example.com" } } });
    cloud.put_template(NAME, &json!({ "Resources": resources }), &[]);
    let open = json!({ "SubscriptionArn": "PendingConfirmation", "Endpoint": "a@example.com" });
    cloud.will_answer("ListSubscriptionsByTopic", &[], json!({ "Subscriptions": [open, { "SubscriptionArn": "arn:s", "Endpoint": "b" }] }));

    let events = preflight(&cloud, "eu-central-1", resources).await;

    let subscriptions = check(&events, &format!("subscriptions of {NAME}-Alerts"));
    assert_eq!((subscriptions.state, subscriptions.found.as_str()), (CheckState::Warning, "nobody has confirmed a@example.com"));
}

#[tokio::test]
async fn an_alarm_on_charges_can_only_fire_in_one_region_and_with_metrics() {
    let cloud = willing();
    cloud.will_answer("ListMetrics", &[], json!({ "Metrics": [] }));
    let alarm = json!({ "Costs": { "Type": "AWS::CloudWatch::Alarm", "Properties": { "Namespace": "AWS/Billing" } } });

    let elsewhere = preflight(&cloud, "eu-central-1", alarm.clone()).await;
    let unprepared = preflight(&cloud, "us-east-1", alarm).await;

    assert_eq!((state(&elsewhere, "billing alarms"), state(&unprepared, "billing alarms")), (CheckState::Error, CheckState::Warning));
}

#[tokio::test]
async fn a_stage_that_logs_needs_a_role_of_the_account_unless_its_api_is_http() {
    let cloud = willing();
    cloud.will_answer("GetAccount", &[], json!({ "throttleSettings": {} }));
    let with = |protocol: &str| {
        json!({ "Api": { "Type": "AWS::ApiGatewayV2::Api", "Properties": { "ProtocolType": protocol } },
        "Stage": { "Type": "AWS::ApiGatewayV2::Stage", "Properties": { "AccessLogSettings": { "Format": "f" } } } })
    };

    let websocket = preflight(&cloud, "eu-central-1", with("WEBSOCKET")).await;
    preflight(&cloud, "eu-central-1", with("HTTP")).await;

    assert_eq!(state(&websocket, "API Gateway logs"), CheckState::Error);
    assert_eq!(cloud.asked("GetAccount"), 1, "HTTP APIs deliver their logs without it");
}
