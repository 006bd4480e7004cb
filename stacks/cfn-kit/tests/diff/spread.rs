//! Whom a change reaches that has the same text as before.

use cfn_kit::{Action, Class, Diff, Replacement, diff};
use serde_json::{Value as Json, json};

use crate::{queue, template};

/// Every resource with its class and what made it change.
fn seen(diff: &Diff) -> Vec<(&str, Class, Option<&str>)> {
    diff.resources
        .iter()
        .map(|one| (one.id.as_str(), one.class, one.changes.iter().find_map(|change| change.because_of.as_deref())))
        .collect()
}

fn function(variables: Json) -> Json {
    json!({ "Type": "AWS::Lambda::Function", "Properties": { "Code": {}, "Role": "r", "Environment": { "Variables": variables } } })
}

#[test]
fn a_replacement_goes_on_as_long_as_it_replaces() {
    let stack = |cidr: &str| {
        template(json!({
            "Vpc": { "Type": "AWS::EC2::VPC", "Properties": { "CidrBlock": cidr } },
            "Subnet": { "Type": "AWS::EC2::Subnet", "Properties": { "VpcId": { "Ref": "Vpc" }, "CidrBlock": "10.0.0.0/24" } },
            "Worker": { "Type": "AWS::EC2::Instance", "Properties": { "SubnetId": { "Fn::GetAtt": ["Subnet", "SubnetId"] } } },
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": { "ComparisonOperator": "x", "EvaluationPeriods": 1, "Dimensions": [{ "Name": "InstanceId", "Value": { "Ref": "Worker" } }] },
            },
            "Told": function(json!({ "WHERE": { "Fn::Sub": "at ${Worker.PrivateIp}" }, "RANGE": { "Fn::GetAtt": ["Vpc", "CidrBlock"] } })),
            "Apart": { "Type": "AWS::SNS::Topic", "DependsOn": "Vpc" },
        }))
    };

    let diff = diff(&stack("10.0.0.0/16"), &stack("10.0.0.0/8"));

    assert_eq!(
        seen(&diff),
        [
            ("Vpc", Class::Replace, None),
            ("Subnet", Class::Replace, Some("Resources/Vpc")),
            ("Told", Class::Update, Some("Resources/Vpc")),
            ("Worker", Class::Replace, Some("Resources/Subnet")),
            ("Alarm", Class::Update, Some("Resources/Worker")),
        ],
        "the plain updates that a replacement causes would come as a surprise"
    );
}

#[test]
fn what_two_replacements_reach_is_reached_by_both() {
    let stack = |fifo: bool| {
        template(json!({
            "One": queue(json!({ "FifoQueue": fifo })),
            "Two": queue(json!({ "FifoQueue": fifo })),
            "Told": function(json!({ "ONE": { "Ref": "One" }, "TWO": { "Ref": "Two" }, "LOOP": { "Ref": "Told" } })),
        }))
    };

    let diff = diff(&stack(false), &stack(true));

    let causes: Vec<_> = diff.resources[2].changes.iter().map(|change| change.because_of.as_deref().unwrap()).collect();
    assert_eq!(causes, ["Resources/One", "Resources/Two"]);
}

#[test]
fn another_default_reaches_those_that_use_it() {
    let stack = |fifo: &str| {
        json!({
            "Parameters": { "Fifo": { "Type": "String", "Default": fifo } },
            "Conditions": { "Busy": { "Fn::Equals": [{ "Ref": "Fifo" }, "true"] }, "Idle": { "Fn::Equals": [{ "Ref": "Fifo" }, "never"] } },
            "Resources": {
                "Jobs": queue(json!({ "FifoQueue": { "Ref": "Fifo" } })),
                "Chosen": queue(json!({ "DelaySeconds": { "Fn::If": ["Busy", 1, 2] } })),
                "Gated": { "Type": "AWS::SNS::Topic", "Condition": "Busy" },
                "Untouched": { "Type": "AWS::SNS::Topic", "Condition": "Idle" },
            },
        })
    };

    let diff = diff(&stack("false"), &stack("true"));

    assert_eq!(
        seen(&diff),
        [
            ("Jobs", Class::MayReplace, Some("Parameters/Fifo")),
            ("Chosen", Class::Update, Some("Conditions/Busy")),
            ("Gated", Class::MayDelete, Some("Conditions/Busy")),
        ]
    );
}

#[test]
fn a_row_of_a_mapping_reaches_those_that_look_it_up() {
    let stack = |small: &str| {
        json!({
            "Mappings": { "Sizes": { "prod": { "Small": small, "Large": "z" } } },
            "Resources": {
                "Jobs": queue(json!({ "QueueName": { "Fn::FindInMap": ["Sizes", "prod", "Small"] } })),
                "May": queue(json!({ "QueueName": { "Fn::FindInMap": ["Sizes", { "Ref": "AWS::Region" }, "Small"] } })),
                "Other": queue(json!({ "QueueName": { "Fn::FindInMap": ["Sizes", "prod", "Large"] } })),
            },
        })
    };

    let diff = diff(&stack("a"), &stack("b"));

    assert_eq!(seen(&diff), [("Jobs", Class::Replace, Some("Mappings/Sizes")), ("May", Class::MayReplace, Some("Mappings/Sizes"))],);
}

#[test]
fn a_launch_template_counts_up_although_it_is_not_replaced() {
    let stack = |size: &str| {
        template(json!({
            "Template": { "Type": "AWS::EC2::LaunchTemplate", "Properties": { "LaunchTemplateData": { "InstanceType": size } } },
            "Fleet": {
                "Type": "AWS::AutoScaling::AutoScalingGroup",
                "Properties": {
                    "MinSize": "0",
                    "MaxSize": "1",
                    "LaunchTemplate": { "LaunchTemplateId": { "Ref": "Template" }, "Version": { "Fn::GetAtt": ["Template", "LatestVersionNumber"] } },
                },
            },
        }))
    };

    let diff = diff(&stack("g5.xlarge"), &stack("g6.xlarge"));

    assert_eq!(diff.resources[1].id, "Fleet", "the machines would change without a word");
    assert_eq!(diff.resources[1].changes[0].path, "Properties/LaunchTemplate/Version");
}

#[test]
fn another_resource_in_a_create_only_property_replaces_for_certain() {
    let consumption = |queue: &str| {
        template(json!({
            "A": queue_named("a"),
            "B": queue_named("b"),
            "It": { "Type": "AWS::Lambda::EventSourceMapping", "Properties": { "FunctionName": "f", "EventSourceArn": { "Fn::GetAtt": [queue, "Arn"] } } },
        }))
    };
    let prefixed =
        |prefix: &str| template(json!({ "It": queue(json!({ "QueueName": { "Fn::Sub": format!("{prefix}-${{AWS::StackName}}") } })) }));
    let either = |value: Json| template(json!({ "It": queue(json!({ "QueueName": value })) }));

    assert_eq!(diff(&consumption("A"), &consumption("B")).resources[0].replacement, Replacement::Yes);
    assert_eq!(diff(&prefixed("a"), &prefixed("b")).resources[0].replacement, Replacement::Yes, "the two can never be the same");
    assert_eq!(diff(&either("a".into()), &either(json!({ "Ref": "Name" }))).resources[0].replacement, Replacement::Maybe);
}

fn queue_named(name: &str) -> Json {
    queue(json!({ "QueueName": name }))
}

#[test]
fn an_output_of_what_is_replaced_changes_too() {
    let stack = |fifo: bool| json!({ "Resources": { "Jobs": queue(json!({ "FifoQueue": fifo })) }, "Outputs": { "Url": { "Value": { "Ref": "Jobs" } } } });

    let diff = diff(&stack(false), &stack(true));

    let entry = &diff.entries[0];
    assert_eq!((entry.id.as_str(), entry.action), ("Url", Action::Changed), "whoever imports it would not know");
    assert_eq!(entry.changes[0].because_of.as_deref(), Some("Resources/Jobs"));
}
