//! How long the largest templates take that CloudFormation accepts.

use std::time::Instant;

use cfn_kit::diff;
use serde_json::{Map, Value as Json, json};

/// Five hundred is the most that CloudFormation takes; every tenth resource is of each kind.
const RESOURCES: usize = 490;

fn large(version: usize) -> Json {
    let resource = |index: usize| {
        let body = match index % 10 {
            0 => {
                json!({ "Type": "AWS::SQS::Queue", "Properties": { "FifoQueue": index.is_multiple_of(20) && version == 1, "VisibilityTimeout": version } })
            }
            1 => {
                json!({ "Type": "AWS::IAM::Role", "Properties": { "AssumeRolePolicyDocument": { "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "lambda.amazonaws.com" } }] }, "Policies": [{ "PolicyName": "p", "PolicyDocument": { "Statement": [{ "Effect": "Allow", "Action": ["sqs:SendMessage", format!("sqs:Get{version}")], "Resource": { "Fn::GetAtt": [format!("R{}", index - 1), "Arn"] } }] } }] } })
            }
            2 => {
                json!({ "Type": "AWS::Lambda::Function", "Properties": { "Code": { "S3Bucket": "b", "S3Key": format!("{version}.zip") }, "Role": { "Fn::GetAtt": [format!("R{}", index - 1), "Arn"] }, "Environment": { "Variables": { "QUEUE": { "Ref": format!("R{}", index - 2) } } } } })
            }
            3 => {
                json!({ "Type": "AWS::CloudWatch::Alarm", "Properties": { "ComparisonOperator": "x", "EvaluationPeriods": version, "Dimensions": [{ "Name": "QueueName", "Value": { "Fn::GetAtt": [format!("R{}", index - 3), "QueueName"] } }] } })
            }
            4 => {
                json!({ "Type": "AWS::EC2::SecurityGroup", "Properties": { "GroupDescription": "g", "SecurityGroupIngress": [{ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": format!("10.{version}.0.0/16") }] } })
            }
            5 => {
                json!({ "Type": "AWS::Logs::LogGroup", "Properties": { "RetentionInDays": 7, "Tags": [{ "Key": "version", "Value": version }] } })
            }
            6 => {
                json!({ "Type": "AWS::CloudWatch::Dashboard", "Properties": { "DashboardBody": { "Fn::Sub": format!("{{\"widgets\":[{{\"x\":{version},\"region\":\"${{AWS::Region}}\"}}]}}") } } })
            }
            7 => {
                json!({ "Type": "AWS::Lambda::EventSourceMapping", "Properties": { "FunctionName": "f", "EventSourceArn": { "Fn::GetAtt": [format!("R{}", index - 7), "Arn"] } } })
            }
            8 => {
                json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{ "AttributeName": "a", "AttributeType": "S" }] } })
            }
            _ => json!({ "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": format!("{index} {version}") } }),
        };
        // Every tenth is called something else.
        let name = if index % 10 == 8 { format!("R{index}v{version}") } else { format!("R{index}") };
        (name, body)
    };
    json!({ "Resources": (0..RESOURCES).map(resource).collect::<Map<_, _>>() })
}

/// The quickest of several runs, in milliseconds: machines that do other things at once are slow now and then.
fn quickest(what: &str, old: &Json, new: &Json) -> u128 {
    let time = || {
        let start = Instant::now();
        assert!(!diff(old, new).is_empty());
        start.elapsed()
    };
    let best = (0..8).map(|_| time()).min().unwrap();
    println!("{RESOURCES} resources, {what} changed: {best:?}");
    best.as_millis()
}

#[test]
fn the_largest_templates_are_compared_while_nobody_waits() {
    let (old, new) = (large(0), large(1));
    let mut some = old.clone();
    let resources = new["Resources"].as_object().unwrap();
    for (id, resource) in resources.iter().skip(3).step_by(9).filter(|(id, _)| old["Resources"].get(id.as_str()).is_some()) {
        some["Resources"][id] = resource.clone();
    }

    // What is compiled for debugging has far longer.
    let patience = if cfg!(debug_assertions) { 100 } else { 1 };
    assert!(quickest("a tenth", &old, &some) <= 10 * patience, "a review would wait for it");
    assert!(quickest("nearly all", &old, &new) <= 50 * patience, "a review would wait for it");
}
