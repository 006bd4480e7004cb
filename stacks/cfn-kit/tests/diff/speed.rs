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

#[test]
fn the_largest_templates_are_compared_while_nobody_waits() {
    let (old, new) = (large(0), large(1));
    let mut times = Vec::new();
    for _ in 0..8 {
        let start = Instant::now();
        let found = diff(&old, &new);
        times.push(start.elapsed());
        assert!(found.resources.len() > 400 && found.resources.iter().any(|one| one.renamed_from.is_some()));
    }
    times.sort();

    println!("{RESOURCES} resources, nearly all changed: {:?} at best, {:?} at worst", times[0], times[7]);
    // What is compiled for debugging has ten times as long; machines that do other things at once are slow now and then.
    let most = if cfg!(debug_assertions) { 1_000 } else { 10 };
    assert!(times[0].as_millis() < most, "a review would wait for it: {times:?}");
}
