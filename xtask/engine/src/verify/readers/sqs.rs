//! SQS.

use serde_json::{Value, json};

use super::prelude::*;

static SQS: Service = Service::new("sqs", Protocol::Json { version: "1.0", target: "AmazonSQS" });

const ATTRIBUTES: Action = SQS.action("GetQueueAttributes", "/");
const TAGS: Action = SQS.action("ListQueueTags", "/");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::SQS::Queue",
        asks: |subject| {
            let mut asks = vec![attributes(subject.id)];
            asks.extend(subject.declares("Tags").then(|| TAGS.ask(json!({ "QueueUrl": subject.id }))));
            asks
        },
        live: |_, answers| {
            let all = answers.part(&ATTRIBUTES, "Attributes");
            Live::default()
                .same(
                    &all,
                    &[
                        "ContentBasedDeduplication",
                        "DeduplicationScope",
                        "DelaySeconds",
                        "FifoQueue",
                        "FifoThroughputLimit",
                        "KmsDataKeyReusePeriodSeconds",
                        "KmsMasterKeyId",
                        "MaximumMessageSize",
                        "MessageRetentionPeriod",
                        "ReceiveMessageWaitTimeSeconds",
                        "RedriveAllowPolicy",
                        "RedrivePolicy",
                        "SqsManagedSseEnabled",
                        "VisibilityTimeout",
                    ],
                )
                .set("QueueName", json!(tail(&text_at(&all, "QueueArn"))))
                .set("Tags", answers.part(&TAGS, "Tags"))
                .attribute("Arn", at(&all, "QueueArn"))
        },
        attributes: |url, place| {
            let name = tail(url).to_owned();
            vec![("Arn", place.arn("sqs", &name)), ("QueueName", name), ("QueueUrl", url.to_owned())]
        },
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::SQS::QueuePolicy",
        asks: |subject| subject.texts("Queues").iter().map(|url| attributes(url)).collect(),
        live: |subject, answers| {
            let policies: Vec<Value> = answers.all(&ATTRIBUTES).iter().map(|answer| at(answer, "Attributes.Policy")).collect();
            let with = subject.texts("Queues").into_iter().zip(&policies).filter(|(_, policy)| !policy.is_null());
            Live::default().set("Queues", with.map(|(url, _)| json!(url)).collect()).set("PolicyDocument", worst(subject, policies))
        },
        rules: &[("PolicyDocument", Rule::Policy)],
        ..PLAIN
    },
];

/// All attributes at once: a queue and its policy share the question.
fn attributes(url: &str) -> Ask {
    ATTRIBUTES.ask(json!({ "QueueUrl": url, "AttributeNames": ["All"] }))
}
