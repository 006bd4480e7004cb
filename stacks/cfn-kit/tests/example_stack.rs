//! A whole stack, written as people write one.

use cfn_kit::prelude::*;
use cfn_kit::{Mapping, cloudwatch, dynamodb, lambda, s3, sns, sqs, to_yaml};
use serde_json::json;

/// The brand of this stack; usually the type of what it gives to others.
enum Jobs {}

fn jobs() -> Template<Jobs> {
    let mut template = Template::new("Jobs wait here until a worker takes them");
    let alerts = template.add("Alerts", sns::Topic::new().display_name("Job alerts"));
    let dead_letters = template.add(
        "DeadLetterQueue",
        sqs::Queue::new().fifo_queue(true).message_retention_period(1_209_600).sqs_managed_sse_enabled(true).retain(),
    );
    let queue = template.add(
        "JobQueue",
        sqs::Queue::new()
            .fifo_queue(true)
            .visibility_timeout(900)
            .deduplication_scope(sqs::queue::DeduplicationScope::MessageGroup)
            .redrive_policy(sqs::queue::RedrivePolicy::new(&dead_letters, 3)),
    );
    for (id, one) in [("JobQueuePolicy", &queue), ("DeadLetterQueuePolicy", &dead_letters)] {
        let tls_only = Statement::deny(["sqs:*"]).sid("TlsOnly").principal(Principal::everyone()).on(one.arn()).condition(
            Operator::Bool,
            "aws:SecureTransport",
            "false",
        );
        template.add(id, sqs::QueuePolicy::new(PolicyDocument::new([tls_only]), [one]));
    }
    let metric = dead_letters.metric(sqs::queue::Metric::ApproximateNumberOfMessagesVisible);
    let dimensions: Vec<_> = metric.dimensions.into_iter().map(|(name, value)| cloudwatch::alarm::Dimension::new(name, value)).collect();
    template.add(
        "DeadLetters",
        cloudwatch::Alarm::new()
            .comparison_operator(cloudwatch::alarm::ComparisonOperator::GreaterThanOrEqualToThreshold)
            .evaluation_periods(1)
            .namespace(metric.namespace)
            .metric_name(metric.name)
            .dimensions(dimensions)
            .statistic(cloudwatch::alarm::Statistic::Maximum)
            .period(60)
            .threshold(1)
            .treat_missing_data(cloudwatch::alarm::TreatMissingData::NotBreaching)
            .alarm_actions([&alerts]),
    );
    let table = template.add(
        "Jobs",
        dynamodb::Table::new([dynamodb::table::KeySchema::new("id", dynamodb::table::KeyType::Hash)])
            .attribute_definitions([dynamodb::table::AttributeDefinition::new("id", dynamodb::table::AttributeType::S)])
            .billing_mode(dynamodb::table::BillingMode::PayPerRequest)
            .retain(),
    );
    template.output("JobQueueUrl", queue.queue_url());
    template.output("JobsTableName", Output::new(table.table_name()).description("State of every job"));
    template
}

#[test]
fn a_handle_renders_as_the_property_wants_it() {
    let template = jobs().to_json();

    let resources = &template["Resources"];
    let policy = &resources["JobQueue"]["Properties"]["RedrivePolicy"];
    assert_eq!(
        *policy,
        json!({ "deadLetterTargetArn": { "Fn::GetAtt": ["DeadLetterQueue", "Arn"] }, "maxReceiveCount": 3 }),
        "jobs that fail would have nowhere to go"
    );
    assert_eq!(resources["JobQueuePolicy"]["Properties"]["Queues"], json!([{ "Ref": "JobQueue" }]), "a queue policy names queues by URL");
    let alarm = &resources["DeadLetters"]["Properties"];
    assert_eq!(alarm["AlarmActions"], json!([{ "Ref": "Alerts" }]), "nobody would be told");
    let dimension = json!([{ "Name": "QueueName", "Value": { "Fn::GetAtt": ["DeadLetterQueue", "QueueName"] } }]);
    assert_eq!(alarm["Dimensions"], dimension, "the alarm would look at another queue");
}

#[test]
fn a_stack_as_people_write_it_has_nothing_wrong() {
    let findings = jobs().check();

    assert!(findings.is_empty(), "CloudFormation takes this template: {findings:#?}");
}

#[test]
fn yaml_reads_as_people_would_have_written_it() {
    let yaml = to_yaml(&jobs().to_json());

    let queue = "\
  JobQueue:
    Type: AWS::SQS::Queue
    Properties:
      FifoQueue: true
      VisibilityTimeout: 900
      DeduplicationScope: messageGroup
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt DeadLetterQueue.Arn
        maxReceiveCount: 3
";
    assert!(yaml.contains(queue), "a review would be harder to read:\n{yaml}");
    assert!(yaml.contains("Version: '2012-10-17'"), "YAML 1.1 reads a bare date as a date");
    assert!(yaml.starts_with("AWSTemplateFormatVersion: '2010-09-09'\nDescription: Jobs wait"), "people look at the top first");
}

#[test]
fn a_value_from_another_stack_is_accepted_where_the_attribute_is() {
    let mut template = template!("Consumes jobs");
    let queue = template.parameter("JobQueueArn", Parameter::<sqs::queue::Arn>::new());
    let bucket = template.parameter("Artifacts", Parameter::<s3::bucket::BucketName>::new());
    let role = template.parameter("RoleArn", Parameter::<cfn_kit::iam::role::Arn>::new());
    let function = template.add(
        "Worker",
        lambda::Function::new(lambda::function::Code::new().s3_bucket(bucket).s3_key("worker.zip"), role)
            .runtime(lambda::function::Runtime::ProvidedAl2023)
            .environment(lambda::function::Environment::new().variables([("STACK", text(stack_name())), ("LEVEL", text("info"))])),
    );
    template.add("Consumption", lambda::EventSourceMapping::new(&function).event_source_arn(&queue).batch_size(1));

    let json = template.to_json();

    assert_eq!(json["Resources"]["Consumption"]["Properties"]["EventSourceArn"], json!({ "Ref": "JobQueueArn" }));
    assert_eq!(json["Resources"]["Consumption"]["Properties"]["FunctionName"], json!({ "Ref": "Worker" }));
    assert!(template.check().is_empty(), "the parameter is there: {:?}", template.check());
}

#[test]
fn every_id_remembers_the_line_that_added_it() {
    let mut template = template!("Two lines");
    let line = line!() + 1;
    template.add("First", sqs::Queue::new());
    template.add("Second", Pair);

    let sources = template.sources();

    assert_eq!(sources.of_resource("First"), Some(format!("{}:{line}", file!()).as_str()), "an error would point nowhere");
    let second = format!("{}:{}", file!(), line + 1);
    assert_eq!(sources.of_resource("Second"), Some(second.as_str()));
    assert_eq!(sources.of_resource("SecondPolicy"), Some(second.as_str()), "an error would point into the construct, not into the stack");
    assert!(!template.to_json().to_string().contains(".rs"), "moving a line would change every snapshot");
}

/// A construct that adds two resources.
struct Pair;

impl<S> Construct<S> for Pair {
    type Handle = Handle<sqs::Queue, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        let queue = template.add(id, sqs::Queue::new());
        let document = PolicyDocument::new([Statement::allow(["sqs:SendMessage"]).principal(Principal::this_account()).on(queue.arn())]);
        template.add(&format!("{id}Policy"), sqs::QueuePolicy::new(document, [&queue]));
        queue
    }
}

#[test]
fn conditions_parameters_and_mappings_work_together() {
    let mut template = template!("Large in production");
    let environment =
        template.parameter("Environment", Parameter::<String>::new().allowed_values(["staging", "prod"]).default_value("staging"));
    let is_production = template.condition("IsProduction", equals(&environment, "prod"));
    let sizes: Mapping = template.mapping("Sizes", [("staging", [("Days", "1")]), ("prod", [("Days", "14")])]);
    let queue = sqs::Queue::new()
        .visibility_timeout(if_(&is_production, 900, 30))
        .message_retention_period(if_(&is_production, 1_209_600, NoValue))
        .queue_name(sub!("jobs-{}-{}", &environment, sizes.find(&environment, "Days")))
        .when(true, |queue| queue.delay_seconds(1))
        .when_some(None::<i64>, |queue, seconds| queue.delay_seconds(seconds));
    template.add("Jobs", queue);

    let json = template.to_json();

    let properties = &json["Resources"]["Jobs"]["Properties"];
    assert_eq!(properties["VisibilityTimeout"], json!({ "Fn::If": ["IsProduction", 900, 30] }));
    assert_eq!(properties["MessageRetentionPeriod"], json!({ "Fn::If": ["IsProduction", 1_209_600, { "Ref": "AWS::NoValue" }] }));
    assert_eq!(
        properties["QueueName"],
        json!({ "Fn::Sub": ["jobs-${Environment}-${Value1}", { "Value1": { "Fn::FindInMap": ["Sizes", { "Ref": "Environment" }, "Days"] } }] })
    );
    assert_eq!(properties["DelaySeconds"], 1);
    assert!(template.check().is_empty(), "{:?}", template.check());
}
