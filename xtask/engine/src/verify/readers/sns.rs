//! SNS.

use serde_json::{Value, json};

use super::prelude::*;

static SNS: Service = Service::new("sns", Protocol::Query { version: "2010-03-31", flat: false });

const TOPIC: Action = SNS.action("GetTopicAttributes", "/");
const SUBSCRIPTION: Action = SNS.action("GetSubscriptionAttributes", "/");
const TAGS: Action = SNS.action("ListTagsForResource", "/");
const DATA_PROTECTION: Action = SNS.action("GetDataProtectionPolicy", "/");
/// Who is told what a topic tells.
pub(crate) const SUBSCRIPTIONS: Action = SNS.action("ListSubscriptionsByTopic", "/").paged("Subscriptions", "NextToken");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::SNS::Topic",
        asks: |subject| {
            let mut asks = vec![topic(subject.id)];
            asks.extend(subject.declares("Tags").then(|| TAGS.ask(json!({ "ResourceArn": subject.id }))));
            asks.extend(subject.declares("DataProtectionPolicy").then(|| DATA_PROTECTION.ask(json!({ "ResourceArn": subject.id }))));
            asks
        },
        live: |subject, answers| {
            let all = answers.part(&TOPIC, "Attributes");
            let same = [
                "ArchivePolicy",
                "ContentBasedDeduplication",
                "DisplayName",
                "FifoThroughputScope",
                "FifoTopic",
                "KmsMasterKeyId",
                "SignatureVersion",
                "TracingConfig",
            ];
            Live::default()
                .same(&all, &same)
                .set("TopicName", json!(subject.tail()))
                .set("DataProtectionPolicy", answers.part(&DATA_PROTECTION, "DataProtectionPolicy"))
                .set("Tags", answers.part(&TAGS, "Tags"))
        },
        attributes: |arn, _| vec![("TopicArn", arn.to_owned()), ("TopicName", tail(arn).to_owned())],
        rules: &[("Tags", Rule::Tags), ("DataProtectionPolicy", Rule::Json)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::SNS::TopicPolicy",
        asks: |subject| subject.texts("Topics").iter().map(|arn| topic(arn)).collect(),
        live: |subject, answers| {
            let policies: Vec<Value> = answers.all(&TOPIC).iter().map(|answer| at(answer, "Attributes.Policy")).collect();
            let with = subject.texts("Topics").into_iter().zip(&policies).filter(|(_, policy)| !policy.is_null());
            Live::default().set("Topics", with.map(|(arn, _)| json!(arn)).collect()).set("PolicyDocument", worst(subject, policies))
        },
        rules: &[("PolicyDocument", Rule::Policy)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::SNS::Subscription",
        asks: |subject| vec![SUBSCRIPTION.ask(json!({ "SubscriptionArn": subject.id }))],
        live: |_, answers| {
            let all = answers.part(&SUBSCRIPTION, "Attributes");
            let same = [
                "DeliveryPolicy",
                "Endpoint",
                "FilterPolicy",
                "FilterPolicyScope",
                "Protocol",
                "RawMessageDelivery",
                "RedrivePolicy",
                "SubscriptionRoleArn",
                "TopicArn",
            ];
            Live::default().same(&all, &same)
        },
        rules: &[("FilterPolicy", Rule::Json), ("Region", Rule::WriteOnly)],
        ..PLAIN
    },
];

/// All attributes at once: a topic and its policy share the question.
fn topic(arn: &str) -> Ask {
    TOPIC.ask(json!({ "TopicArn": arn }))
}
