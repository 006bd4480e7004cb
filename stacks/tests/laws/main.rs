//! Why a line of a template may not change: laws that hold for every stack of every environment.
#![cfg(test)]

mod api;
mod fleet;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use foundation::environment::{Egress, Environment, FleetMode, RUNBOOKS, UploadMode};
use foundation::{Finished, Wire};
use serde_json::Value as Json;

fn environment(name: &str) -> Environment {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../environments").join(format!("{name}.yaml"));
    let text = fs::read_to_string(file).unwrap();
    Environment::read(name, name, &text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// All stacks of all environments, and those of one that has a single instance instead of a fleet.
fn everything() -> Vec<(String, Finished, Json)> {
    let mut single = environment("prod");
    single.fleet.mode = FleetMode::Single;
    let environments = ["local", "staging", "qa", "prod"].into_iter().map(environment).chain([single, streaming()]);
    let stacks = environments.flat_map(|environment| stacks::platform(&environment));
    stacks.map(|stack| (stack.name.clone(), stack.template.to_json(), stack)).map(|(name, json, stack)| (name, stack, json)).collect()
}

/// The template of a stack of an environment.
fn template_of(env: &str, stack: &str) -> Json {
    stacks::platform(&environment(env)).into_iter().find(|finished| finished.stack == stack).unwrap().template.to_json()
}

/// One whose pictures come to servers.
fn streaming() -> Environment {
    let mut env = environment("prod");
    env.images.upload.mode = UploadMode::Stream;
    env.images.upload.certificate_arn = Some(CERTIFICATE.parse().unwrap());
    env.images.upload.image = Some(IMAGE.parse().unwrap());
    env.images.upload.repository = true;
    env.network.egress = Egress::Nat;
    env
}

const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:111111111111:certificate/12345678-1234-1234-1234-123456789012";
const IMAGE: &str =
    "111111111111.dkr.ecr.eu-central-1.amazonaws.com/upload@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Logical ID and properties of the resources of a type.
fn of_type<'a>(template: &'a Json, kind: &str) -> Vec<(&'a str, &'a Json)> {
    let resources = template["Resources"].as_object().unwrap().iter();
    resources.filter(|(_, body)| body["Type"] == kind).map(|(id, body)| (id.as_str(), &body["Properties"])).collect()
}

/// The logical ID that a `Fn::GetAtt` or `Ref` names.
fn target(value: &Json) -> Option<&str> {
    value["Fn::GetAtt"][0].as_str().or_else(|| value["Ref"].as_str())
}

/// The queue behind a parameter whose value is another stack's output.
fn queue_of_another_stack<'a>(all: &'a [(String, Finished, Json)], stack: &Finished, parameter: &str) -> Option<&'a Json> {
    let Wire::Output { stack: giver, output } = stack.parameters.get(parameter)? else { return None };
    let environment = stack.name.strip_suffix(stack.stack)?;
    let (_, _, template) = all.iter().find(|(name, _, _)| *name == format!("{environment}{giver}"))?;
    let queue = target(&template["Outputs"][output]["Value"])?;
    of_type(template, "AWS::SQS::Queue").into_iter().find_map(|(id, properties)| (id == queue).then_some(properties))
}

fn statements(document: &Json) -> impl Iterator<Item = &Json> {
    document["Statement"].as_array().into_iter().flatten()
}

fn actions(statement: &Json) -> Vec<&str> {
    let action = &statement["Action"];
    match action.as_array() {
        Some(list) => list.iter().map(|action| action.as_str().unwrap()).collect(),
        None => vec![action.as_str().unwrap()],
    }
}

#[test]
fn every_template_passes_its_own_check() {
    for (name, stack, _) in everything() {
        let findings = cfn_kit::check(&stack.document());

        assert!(findings.is_empty(), "CloudFormation would refuse {name}: {findings:?}");
    }
}

#[test]
fn every_queue_has_a_dead_letter_queue_that_forgets_later_than_the_queue() {
    for (name, _, template) in everything() {
        let queues: BTreeMap<&str, &Json> = of_type(&template, "AWS::SQS::Queue").into_iter().collect();

        for (id, queue) in queues.iter().filter(|(id, _)| !id.ends_with("DeadLetterQueue")) {
            let dead =
                target(&queue["RedrivePolicy"]["deadLetterTargetArn"]).unwrap_or_else(|| panic!("{name}: {id} loses what it cannot work"));
            let (kept, dead_kept) = (&queue["MessageRetentionPeriod"], &queues[dead]["MessageRetentionPeriod"]);
            assert!(dead_kept.as_u64() >= kept.as_u64(), "{name}: {dead} would forget a message on the day it gets it");
            assert_eq!(queue["FifoQueue"], queues[dead]["FifoQueue"], "{name}: SQS refuses {dead} as dead-letter queue of {id}");
            assert!(queue["RedrivePolicy"]["maxReceiveCount"].as_u64() >= Some(1), "{name}: {id}");
        }
    }
}

#[test]
fn a_message_stays_hidden_six_times_longer_than_its_function_may_run() {
    let everything = everything();
    for (name, stack, template) in &everything {
        let queues: BTreeMap<&str, &Json> = of_type(template, "AWS::SQS::Queue").into_iter().collect();
        let functions: BTreeMap<&str, &Json> = of_type(template, "AWS::Lambda::Function").into_iter().collect();

        for (_, mapping) in of_type(template, "AWS::Lambda::EventSourceMapping") {
            let named = target(&mapping["EventSourceArn"]).unwrap();
            let elsewhere = queue_of_another_stack(&everything, stack, named);
            let queue = queues.get(named).copied().or(elsewhere).unwrap_or_else(|| panic!("{name}: nobody makes {named}"));
            let function = functions[target(&mapping["FunctionName"]).unwrap()];
            let (hidden, timeout) = (queue["VisibilityTimeout"].as_u64().unwrap(), function["Timeout"].as_u64().unwrap());
            assert!(hidden >= 6 * timeout, "{name}: a second call could take the same picture ({hidden} s, {timeout} s)");
            assert!(
                queue["RedrivePolicy"]["maxReceiveCount"].as_u64() >= Some(5),
                "{name}: throttled calls would fill the dead-letter queue"
            );
        }
    }
}

#[test]
fn one_bad_message_does_not_repeat_its_whole_batch() {
    for (name, _, template) in everything() {
        for (id, mapping) in of_type(&template, "AWS::Lambda::EventSourceMapping") {
            let types = mapping["FunctionResponseTypes"].as_array().unwrap();

            assert!(types.contains(&Json::from("ReportBatchItemFailures")), "{name}: {id} would retry nine good messages with a bad one");
        }
    }
}

#[test]
fn every_alarm_says_what_to_do_and_tells_somebody() {
    for (name, _, template) in everything() {
        for (id, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
            assert!(alarm["AlarmDescription"].as_str().is_some_and(|text| text.len() > 20), "{name}: {id} wakes somebody and says nothing");
            assert!(alarm["AlarmActions"].as_array().is_some_and(|actions| !actions.is_empty()), "{name}: {id} fires unheard");
            // An alarm on several metrics has their dimensions and periods in each.
            let several =
                alarm["Metrics"].as_array().into_iter().flatten().map(|query| &query["MetricStat"]).filter(|stat| stat.is_object());
            let mut watched: Vec<_> = several.map(|stat| (&stat["Metric"]["Dimensions"], &stat["Period"])).collect();
            if alarm["Metrics"].is_null() {
                watched.push((&alarm["Dimensions"], &alarm["Period"]));
            }
            assert!(!watched.is_empty(), "{name}: {id} watches nothing");
            let of_resources =
                |dimensions: &Json| dimensions.as_array().is_some_and(|all| all.iter().all(|one| target(&one["Value"]).is_some()));
            assert!(watched.iter().all(|(dimensions, _)| of_resources(dimensions)), "{name}: {id}");
            assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}: {id} would fire while nothing happens");
            let longest = watched.iter().map(|(_, period)| period.as_u64().unwrap()).max().unwrap();
            let window = longest * alarm["EvaluationPeriods"].as_u64().unwrap();
            assert!(window <= 7 * 86_400, "{name}: {id} looks back further than CloudWatch does");
        }
    }
}

#[test]
fn every_alarm_names_a_runbook_that_exists_and_every_runbook_an_alarm() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut named = BTreeSet::new();
    for (name, _, template) in everything() {
        for (id, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
            let text = alarm["AlarmDescription"].as_str().unwrap_or_default();
            let (_, place) =
                text.rsplit_once(". Runbook: ").unwrap_or_else(|| panic!("{name}: {id} wakes somebody without a runbook: {text}"));
            let file = place.rsplit('/').next().unwrap();
            let runbook = fs::read_to_string(root.join(RUNBOOKS).join(file)).unwrap_or_default();
            assert!(runbook.starts_with(&format!("# {id}\n")), "{name}: {id} sends people to {place}, which is not about it");
            assert!(runbook.contains("cargo xtask "), "{file} says nothing to type at three in the morning");
            named.insert(file.to_owned());
        }
    }
    let written: BTreeSet<_> =
        fs::read_dir(root.join(RUNBOOKS)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(written, named, "a runbook of an alarm that is no more");
}

#[test]
fn runbooks_are_linked_where_the_environment_says_that_they_are_read() {
    let mut environment = environment("prod");
    environment.alerts.runbooks = Some("https://wiki.example.com/runbooks/".parse().unwrap());

    for stack in stacks::platform(&environment) {
        for (id, alarm) in of_type(&stack.template.to_json(), "AWS::CloudWatch::Alarm") {
            let text = alarm["AlarmDescription"].as_str().unwrap();
            assert!(text.contains(". Runbook: https://wiki.example.com/runbooks/") && text.ends_with("-alarm.md"), "{id}: {text}");
        }
    }
}

#[test]
fn no_resource_has_a_name_that_another_environment_could_take() {
    let names = ["QueueName", "TopicName", "BucketName", "TableName", "FunctionName", "RoleName", "LogGroupName", "AlarmName", "AliasName"];
    for (name, _, template) in everything() {
        for (id, resource) in template["Resources"].as_object().unwrap() {
            // A mapping and a permission name a function, a flow log a log group; they are not named by it.
            let named_after = |property: &str| match resource["Type"].as_str().unwrap() {
                "AWS::Lambda::EventSourceMapping" | "AWS::Lambda::Permission" => property == "FunctionName",
                "AWS::EC2::FlowLog" => property == "LogGroupName",
                _ => false,
            };
            let own = names.iter().filter(|property| !named_after(property));
            // The access log's name is an agreement with those who search it; it holds the environment's name, but for prod's.
            let own = own.filter(|property| id != "AccessLog" || **property != "LogGroupName");
            let fixed: Vec<_> = own.filter(|property| !resource["Properties"][**property].is_null()).collect();

            assert!(fixed.is_empty(), "{name}: two environments could not share an account, {id} has {fixed:?}");
        }
    }
}

#[test]
fn who_called_can_be_looked_up_for_a_month_and_no_longer() {
    for env in ["staging", "qa", "prod"] {
        let template = template_of(env, "api");
        let days = |id: &str| template["Resources"][id]["Properties"]["RetentionInDays"].as_u64();

        let kept = [days("AccessLog"), days("FrontDoorLog")];

        assert_eq!(kept, [Some(30); 2], "{env}: a complaint about last month could not be looked into, or addresses be kept for nothing");
    }
}

#[test]
fn a_fleet_that_mixes_types_says_so_to_the_front_door() {
    for env in ["local", "staging", "qa", "prod"] {
        let mixes = !template_of(env, "fleet")["Resources"]["WorkerGroup"]["Properties"]["MixedInstancesPolicy"].is_null();

        let told =
            template_of(env, "api")["Resources"]["FrontDoor"]["Properties"]["Environment"]["Variables"]["FRONT_DOOR_MAY_RESIZE"].clone();

        assert_eq!(told, if mixes { "false" } else { "true" }, "{env}: a resize would begin that the state machine refuses");
    }
}

#[test]
fn nothing_is_reachable_without_tls() {
    for (name, _, template) in everything() {
        let policies = ["AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"];
        let documents: Vec<_> = policies.iter().flat_map(|kind| of_type(&template, kind)).collect();
        for (id, properties) in &documents {
            let mut statements = statements(&properties["PolicyDocument"]);
            let closed = statements.any(|one| one["Effect"] == "Deny" && one["Condition"]["Bool"]["aws:SecureTransport"] == "false");
            assert!(closed, "{name}: {id} lets plain HTTP through");
        }

        let secured = ["AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::SNS::Topic"].iter().flat_map(|kind| of_type(&template, kind)).count();

        assert_eq!(secured, documents.len(), "{name}: a queue, bucket or topic has no policy");
    }
}

#[test]
fn no_bucket_can_be_made_public() {
    for (name, _, template) in everything() {
        for (id, bucket) in of_type(&template, "AWS::S3::Bucket") {
            let block = bucket["PublicAccessBlockConfiguration"].as_object().unwrap();

            assert_eq!(block.values().filter(|on| **on == Json::Bool(true)).count(), 4, "{name}: {id} could be opened to everybody");
        }
    }
}

#[test]
fn a_role_may_only_do_what_is_named() {
    for (name, _, template) in everything() {
        for (id, role) in of_type(&template, "AWS::IAM::Role") {
            let documents = role["Policies"].as_array().unwrap().iter().map(|policy| &policy["PolicyDocument"]);
            for statement in documents.flat_map(statements) {
                let actions = actions(statement);
                assert!(actions.iter().all(|action| !action.contains('*')), "{name}: {id} may do more than it needs: {actions:?}");
                // What describes many at once knows no single one, and neither does a log-in to the registry.
                let describes = actions.iter().all(|action| action.contains(":Describe") || *action == "ecr:GetAuthorizationToken");
                assert!(describes || statement["Resource"] != "*", "{name}: {id} may do {actions:?} to anything");
                // Lambda would make a log group without retention again after the stack is gone.
                assert!(!actions.contains(&"logs:CreateLogGroup"), "{name}: {id}");
            }
        }
    }
}

#[test]
fn logs_are_not_kept_for_ever() {
    for (name, stack, template) in everything() {
        let groups = of_type(&template, "AWS::Logs::LogGroup");
        let functions = of_type(&template, "AWS::Lambda::Function");

        for (id, group) in &groups {
            assert!(group["RetentionInDays"].is_u64(), "{name}: {id} is paid for until the end of days");
        }
        for (id, function) in &functions {
            let group = target(&function["LoggingConfig"]["LogGroup"]);
            assert!(groups.iter().any(|(declared, _)| Some(*declared) == group), "{name}: {id} of {} writes elsewhere", stack.stack);
        }
    }
}

#[test]
fn the_transcoder_never_reads_what_it_writes() {
    for (name, _, template) in everything() {
        for (id, function) in of_type(&template, "AWS::Lambda::Function").into_iter().filter(|(id, _)| *id == "Transcode") {
            let variables = &function["Environment"]["Variables"];
            assert_ne!(variables["TRANSCODE_SOURCE_BUCKET"], variables["TRANSCODE_DESTINATION_BUCKET"], "{name}: {id} would run for ever");
        }
        for (id, bucket) in of_type(&template, "AWS::S3::Bucket") {
            for notification in bucket["NotificationConfiguration"]["QueueConfigurations"].as_array().into_iter().flatten() {
                let rules = &notification["Filter"]["S3Key"]["Rules"];
                assert_eq!(rules[0]["Value"], "in/", "{name}: a picture that {id} rejects would arrive again");
            }
        }
    }
}

#[test]
fn production_keeps_its_data_and_its_stacks() {
    let stacks = stacks::platform(&environment("prod"));

    for stack in &stacks {
        assert!(stack.termination_protection, "{} could be deleted by one command", stack.name);
        let template = stack.template.to_json();
        for (id, resource) in template["Resources"].as_object().unwrap() {
            if ["AWS::S3::Bucket", "AWS::DynamoDB::Table"].contains(&resource["Type"].as_str().unwrap()) {
                // Not plain `Retain`: what a failed first deploy leaves would block the next one.
                assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{}: {id} would go with its data", stack.name);
                assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{}: {id} would be replaced, and its data gone", stack.name);
            }
        }
    }
}

#[test]
fn everything_that_a_stack_takes_is_given_by_one_before_it() {
    for name in ["local", "staging", "qa", "prod"] {
        let mut given: BTreeSet<(&str, String)> = BTreeSet::new();
        for stack in stacks::platform(&environment(name)) {
            let template = stack.template.to_json();
            let parameters: BTreeSet<&String> = template["Parameters"].as_object().unwrap().keys().collect();
            assert_eq!(parameters, stack.parameters.keys().collect(), "{}: a parameter would have no value", stack.name);
            for wire in stack.parameters.values() {
                match wire {
                    Wire::Output { stack: giver, output } => {
                        assert!(given.contains(&(giver, (*output).to_owned())), "{}: nobody gives {giver}.{output}", stack.name);
                    }
                    Wire::Artifact { binary } => {
                        assert!(stack.shipped.iter().any(|shipped| shipped.binary == *binary), "{}: {binary} is not built", stack.name);
                    }
                    Wire::Digest => {}
                }
            }
            given.extend(template["Outputs"].as_object().unwrap().keys().map(|output| (stack.stack, output.clone())));
        }
        for (stack, output) in [
            ("images", "SourceBucketName"),
            ("images", "DestinationBucketName"),
            ("imagegen", "PictureQueueUrl"),
            ("imagegen", "PictureBucketName"),
            ("jobs", "JobQueueUrl"),
            ("jobs", "DeadLetterQueueUrl"),
            ("jobs", "JobsTableName"),
            ("jobs", "RateTableName"),
            ("jobs", "FleetTableName"),
            ("jobs", "OpsQueueUrl"),
            ("fleet", "LaunchTemplateId"),
            ("fleet", "AutoScalingGroupName"),
            ("fleet", "ModelBucketName"),
            ("fleet", "ReconcilerName"),
            ("api", "ApiUrl"),
            ("api", "ApiId"),
            ("api", "UserPoolId"),
            ("api", "UserPoolClientId"),
        ] {
            assert!(given.contains(&(stack, output.to_owned())), "{name}: scripts rely on {stack}.{output}");
        }
    }
}

#[test]
fn nothing_in_a_template_names_an_account_or_an_environment() {
    for name in ["staging", "qa", "prod"] {
        let environment = environment(name);
        for stack in stacks::platform(&environment) {
            let text = stack.yaml();

            assert!(!text.contains(environment.account.as_str()), "{}: the template works in one account only", stack.name);
        }
    }
}

#[test]
fn the_idle_image_services_cost_nothing() {
    // Types that are billed by the hour or by the month whether used or not. Alarms are too; the estimate lists them.
    let idle = ["AWS::KMS::Key", "AWS::EC2::NatGateway", "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::SecretsManager::Secret"];
    for (name, stack, template) in everything().into_iter().filter(|(_, stack, _)| ["images", "imagegen"].contains(&stack.stack)) {
        let billed: Vec<_> = idle.iter().flat_map(|kind| of_type(&template, kind)).map(|(id, _)| id).collect();

        assert!(billed.is_empty(), "{name}: {} costs money while nothing happens: {billed:?}", stack.stack);
        for (id, function) in of_type(&template, "AWS::Lambda::Function") {
            assert!(function["ProvisionedConcurrencyConfig"].is_null(), "{name}: {id}");
        }
    }
}
