//! Expressions and policies, as CloudFormation and IAM read them.

use cfn_kit::prelude::*;
use cfn_kit::{Condition, all, any, base64, iam, join, lambda, not, s3, select, split, sqs, sub_raw};
use serde_json::{Value as Json, json};

fn json_of(value: impl To<String, ()>) -> Json {
    value.to_value().into_json()
}

#[test]
fn placeholders_are_made_of_values_and_never_of_text() {
    let mut template = template!("Names");
    let bucket = template.add("Photos", s3::Bucket::new());
    let nested = join("-", [text("a"), region()]);

    let cases = [
        (sub!("plain"), json!("plain")),
        (sub!("{}", "literal"), json!("literal")),
        (sub!("arn:{}:s3:::{}/*", partition(), bucket.bucket_name()), json!({ "Fn::Sub": "arn:${AWS::Partition}:s3:::${Photos}/*" })),
        (sub!("{}", bucket.arn()), json!({ "Fn::Sub": "${Photos.Arn}" })),
        (sub!("${{x}} {}", region()), json!({ "Fn::Sub": "${!x} ${AWS::Region}" })),
        // The `$` comes from a value and the `{` from the format: together they are still text.
        (sub!("{}{{x}} {}", "$", region()), json!({ "Fn::Sub": "${!x} ${AWS::Region}" })),
        (sub!("${{x}}"), json!("${x}")),
        (
            sub!("{}/{}/{}", &nested, region(), &nested),
            json!({ "Fn::Sub": ["${Value1}/${AWS::Region}/${Value1}", { "Value1": { "Fn::Join": ["-", ["a", { "Ref": "AWS::Region" }]] } }] }),
        ),
        (sub_raw("${AWS::Region}"), json!({ "Fn::Sub": "${AWS::Region}" })),
    ];
    for (value, expected) in cases {
        assert_eq!(*value.json(), expected);
    }
}

#[test]
fn functions_render_in_their_long_form() {
    let parts = split(",", "a,b");

    assert_eq!(json_of(select(1, parts)), json!({ "Fn::Select": [1, { "Fn::Split": [",", "a,b"] }] }));
    assert_eq!(json_of(base64("x")), json!({ "Fn::Base64": "x" }));
    assert_eq!(json_of(cfn_kit::import_value("theirs")), json!({ "Fn::ImportValue": "theirs" }));
}

#[test]
fn conditions_combine() {
    let mut template = template!("Conditions");
    let environment = template.parameter("Environment", Parameter::<String>::new());
    let production: Condition<_> = template.condition("Production", equals(&environment, "prod"));
    template.condition("Either", any([(&production).into(), not(all([equals("a", "b"), (&production).into()]))]));

    let either = &template.to_json()["Conditions"]["Either"];

    let both = json!({ "Fn::And": [{ "Fn::Equals": ["a", "b"] }, { "Condition": "Production" }] });
    assert_eq!(*either, json!({ "Fn::Or": [{ "Condition": "Production" }, { "Fn::Not": [both] }] }));
}

#[test]
fn a_statement_says_one_thing_as_a_text_and_several_as_a_list() {
    let statement = Statement::<()>::allow(["s3:GetObject", "s3:PutObject"])
        .sid("Both")
        .principal(Principal::service("lambda.amazonaws.com"))
        .principal(Principal::service("s3.amazonaws.com"))
        .on("arn:aws:s3:::photos/*")
        .condition(Operator::StringEquals, "aws:SourceAccount", account_id())
        .condition(Operator::StringEquals, "aws:SourceAccount", "123456789012");
    let role = iam::Role::new(PolicyDocument::new([statement]));

    assert_eq!(
        role.body().properties()["AssumeRolePolicyDocument"],
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Both",
                "Effect": "Allow",
                "Principal": { "Service": ["lambda.amazonaws.com", "s3.amazonaws.com"] },
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": "arn:aws:s3:::photos/*",
                "Condition": { "StringEquals": { "aws:SourceAccount": [{ "Ref": "AWS::AccountId" }, "123456789012"] } },
            }],
        })
    );
}

#[test]
fn everybody_takes_in_everybody_else() {
    let statement = Statement::<()>::deny(["sqs:*"]).principal(Principal::service("s3.amazonaws.com")).principal(Principal::everyone());
    let policy = sqs::QueuePolicy::new(PolicyDocument::new([statement]), [raw("url")]);

    let principal = &policy.body().properties()["PolicyDocument"]["Statement"][0]["Principal"];
    assert_eq!(*principal, "*", "a deny for one service alone would let everybody else in");
}

#[test]
fn what_a_resource_says_about_itself_stands_in_the_order_of_the_documentation() {
    let mut template = template!("Attributes");
    let first = template.add("First", sqs::Queue::new());
    let production = template.condition("Production", equals(account_id(), "123456789012"));
    let second =
        sqs::Queue::new().delay_seconds(1).metadata("Why", "a test").retain().depends_on(&first).depends_on(&first).condition(&production);
    template.add("Second", second);

    let json = template.to_json();

    let keys: Vec<_> = json["Resources"]["Second"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties"]);
    assert_eq!(json["Resources"]["Second"]["DependsOn"], "First", "one dependency reads better as a text");
    let sections: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(sections, ["AWSTemplateFormatVersion", "Description", "Conditions", "Resources"]);
}

#[test]
fn tags_of_every_shape_are_written_as_pairs() {
    let mut template = template!("Tags");
    let topic = template.add("Alerts", cfn_kit::sns::Topic::new().tags([("Project", "cloudwright")]));
    let parameter = cfn_kit::events::EventBus::new("bus").tags([("Topic", topic.topic_name())]);
    let function = lambda::Function::new(lambda::function::Code::new(), raw("role")).tags([("Project", "cloudwright")]);
    let alarm = cfn_kit::cloudwatch::Alarm::<()>::new().dimensions([("QueueName", "jobs")]);
    template.add("Worker", function.clone());

    assert_eq!(parameter.body().properties()["Tags"], json!([{ "Key": "Topic", "Value": { "Fn::GetAtt": ["Alerts", "TopicName"] } }]));
    assert_eq!(function.body().properties()["Tags"], json!([{ "Key": "Project", "Value": "cloudwright" }]));
    assert_eq!(alarm.body().properties()["Dimensions"], json!([{ "Name": "QueueName", "Value": "jobs" }]));
}

#[test]
fn plain_text_goes_only_where_people_write_plain_text() {
    let mut template = template!("E-mail");
    let topic = template.add("Alerts", cfn_kit::sns::Topic::new());
    let subscription = cfn_kit::sns::Subscription::new("email", &topic).endpoint("someone@example.com");

    assert_eq!(subscription.body().properties()["Endpoint"], "someone@example.com");
    assert_eq!(subscription.body().properties()["TopicArn"], json!({ "Ref": "Alerts" }));
}

#[test]
fn the_facts_know_the_types_whose_features_are_on() {
    let queue = cfn_kit::facts::of("AWS::SQS::Queue").unwrap();

    assert_eq!(queue.reference.as_deref(), Some("QueueUrl"));
    assert!(queue.stateful && queue.replacing(cfn_kit::facts::Replaces::Yes).any(|name| name == "FifoQueue") && queue.has_attribute("Arn"));
    assert!(cfn_kit::facts::of("AWS::SQS::Nothing").is_none());
    assert!(cfn_kit::facts::names().count() > 1_800, "a service is missing");
}
