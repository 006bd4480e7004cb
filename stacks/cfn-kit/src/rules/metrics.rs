//! Metrics that alarms watch: which there are, and which there are not.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::texts::{meant, names};
use super::view::{Res, View};
use super::{Broken, Rule};
use crate::facts;
use crate::finding::Severity;

/// A metric that does not exist.
pub(super) const ALARM_UNKNOWN_METRIC: Rule = Rule {
    id: "alarm-unknown-metric",
    severity: Severity::Error,
    title: "an alarm watches a metric that its AWS service sends",
    why: "CloudWatch takes any name; an alarm on a metric that nobody sends stays in `INSUFFICIENT_DATA` and never tells anybody",
    check: alarm_unknown_metric,
};

/// Messages sent to a dead-letter queue, which are none.
pub(super) const ALARM_DEAD_LETTERS_SENT: Rule = Rule {
    id: "alarm-dead-letters-sent",
    severity: Severity::Error,
    title: "an alarm on dead letters counts messages that are visible",
    why: "a message that SQS itself moves to a dead-letter queue is never counted by `NumberOfMessagesSent`",
    check: alarm_dead_letters_sent,
};

/// One service's metrics.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) namespace: &'static str,
    /// The resource types whose facts have its metrics.
    types: &'static [&'static str],
    /// Metrics that the facts lack.
    extra: &'static [&'static str],
    /// Dimensions that the facts lack.
    extra_dimensions: &'static [&'static str],
    /// Whether facts and extras together are all that there are.
    pub(super) whole: bool,
    /// The dimension without which nothing is kept.
    pub(super) needs: Option<&'static str>,
}

impl Service {
    fn facts(&self) -> impl Iterator<Item = &'static facts::Metric> {
        self.types
            .iter()
            .filter_map(|name| facts::of(name))
            .flat_map(|facts| &facts.metrics)
            .filter(|metric| metric.namespace == self.namespace)
    }

    fn metrics(&self) -> BTreeSet<&'static str> {
        self.facts().map(|metric| metric.name.as_ref()).chain(self.extra.iter().copied()).collect()
    }

    pub(super) fn dimensions(&self) -> BTreeSet<&'static str> {
        let known = self.facts().flat_map(|metric| metric.dimensions.iter().flatten()).map(AsRef::as_ref);
        known.chain(self.extra_dimensions.iter().copied()).collect()
    }
}

/// The services that are known well enough to judge.
static SERVICES: &[Service] = &[
    Service {
        namespace: "AWS/SQS",
        types: &["AWS::SQS::Queue"],
        extra: &[
            "ApproximateNumberOfGroupsWithInflightMessages",
            "NumberOfDeduplicatedSentMessages",
            "ApproximateNumberOfNoisyGroups",
            "ApproximateNumberOfMessagesVisibleInQuietGroups",
            "ApproximateNumberOfMessagesNotVisibleInQuietGroups",
            "ApproximateNumberOfMessagesDelayedInQuietGroups",
            "ApproximateAgeOfOldestMessageInQuietGroups",
        ],
        extra_dimensions: &[],
        whole: true,
        needs: Some("QueueName"),
    },
    Service {
        namespace: "AWS/SNS",
        types: &["AWS::SNS::Topic"],
        extra: &[
            "NumberOfNotificationsFilteredOut",
            "NumberOfNotificationsFilteredOut-InvalidAttributes",
            "NumberOfNotificationsFilteredOut-NoMessageAttributes",
            "NumberOfNotificationsFilteredOut-MessageAttributes",
            "NumberOfNotificationsFilteredOut-InvalidMessageBody",
            "NumberOfNotificationsFilteredOut-MessageBody",
            "NumberOfNotificationsRedrivenToDlq",
            "NumberOfNotificationsFailedToRedriveToDlq",
        ],
        extra_dimensions: &["Application", "Platform", "EndpointType", "Protocol"],
        whole: false,
        needs: None,
    },
    Service {
        namespace: "AWS/Lambda",
        types: &["AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Alias"],
        extra: &[
            "OversizedRecordCount",
            "RecursiveInvocationsDropped",
            "OffsetLag",
            "ClaimedAccountConcurrency",
            "AsyncEventsReceived",
            "AsyncEventAge",
            "AsyncEventsDropped",
            "PolledEventCount",
            "FilteredOutEventCount",
            "InvokedEventCount",
            "FailedInvokeEventCount",
            "DroppedEventCount",
            "OnFailureDestinationDeliveredEventCount",
            "DeletedEventCount",
            "ProvisionedPollers",
            "SignatureValidationErrors",
            "UrlRequestCount",
            "Url4xxCount",
            "Url5xxCount",
            "UrlRequestLatency",
        ],
        extra_dimensions: &["EventSourceMappingUUID"],
        whole: false,
        needs: None,
    },
    Service {
        namespace: "AWS/Events",
        types: &["AWS::Events::Rule"],
        extra: &[
            "Events",
            "MatchedEvents",
            "InvocationAttempts",
            "InvocationsCreated",
            "RetryInvocationAttempts",
            "SuccessfulInvocationAttempts",
            "IngestionToInvocationCompleteLatency",
            "IngestionToInvocationStartLatency",
            "IngestionToInvocationSuccessLatency",
            "PutEventsApproximateCallCount",
            "PutEventsApproximateFailedCount",
            "PutEventsApproximateSuccessCount",
            "PutEventsApproximateThrottledCount",
            "PutEventsEntriesCount",
            "PutEventsFailedEntriesCount",
            "PutEventsLatency",
            "PutEventsRequestSize",
            "PutPartnerEventsApproximateCallCount",
            "PutPartnerEventsApproximateFailedCount",
            "PutPartnerEventsApproximateSuccessCount",
            "PutPartnerEventsApproximateThrottledCount",
            "PutPartnerEventsEntriesCount",
            "PutPartnerEventsFailedEntriesCount",
            "PutPartnerEventsLatency",
        ],
        extra_dimensions: &["EventBusName", "EventSourceName"],
        whole: false,
        needs: None,
    },
    Service {
        namespace: "AWS/DynamoDB",
        types: &["AWS::DynamoDB::Table"],
        extra: &["ThrottledPutRecordCount", "ReadMaxOnDemandThroughputThrottleEvents", "WriteMaxOnDemandThroughputThrottleEvents"],
        extra_dimensions: &["OperationType", "Verb", "Source"],
        whole: false,
        needs: None,
    },
    Service {
        namespace: "AWS/Kinesis",
        types: &["AWS::Kinesis::Stream"],
        extra: &[
            "IteratorAgeMilliseconds",
            "OutgoingBytes",
            "OutgoingRecords",
            "PutRecord.Bytes",
            "PutRecord.Latency",
            "PutRecords.Latency",
            "PutRecords.Records",
            "PutRecords.TotalRecords",
            "PutRecords.SuccessfulRecords",
            "PutRecords.FailedRecords",
            "PutRecords.ThrottledRecords",
        ],
        extra_dimensions: &["ShardId", "ConsumerName", "StreamId"],
        whole: false,
        needs: None,
    },
    Service {
        namespace: "AWS/States",
        types: &["AWS::StepFunctions::StateMachine"],
        extra: &["ExecutionsRedriven", "RedrivenExecutionsSucceeded", "RedrivenExecutionsFailed"],
        extra_dimensions: &["ActivityArn", "LambdaFunctionArn", "ServiceIntegrationResourceArn", "APIName", "ServiceMetric"],
        whole: false,
        needs: None,
    },
    Service {
        namespace: "AWS/ApiGateway",
        types: &["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"],
        extra: &[],
        extra_dimensions: &["DomainName"],
        whole: false,
        needs: None,
    },
    Service {
        namespace: "AWS/Logs",
        types: &["AWS::Logs::LogGroup"],
        extra: &[],
        extra_dimensions: &["DestinationType", "FilterName", "PolicyLevel", "Type", "Service", "Resource", "Class"],
        whole: false,
        needs: None,
    },
    Service {
        namespace: "AWS/ECS",
        types: &["AWS::ECS::Service", "AWS::ECS::Cluster"],
        extra: &[],
        extra_dimensions: &["DiscoveryName", "TargetDiscoveryName", "CapacityProviderName"],
        whole: false,
        needs: None,
    },
    Service {
        namespace: "AWS/EC2",
        types: &["AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup"],
        extra: &["StatusCheckFailed_AttachedEBS", "MetadataNoTokenRejected"],
        extra_dimensions: &[],
        whole: false,
        needs: None,
    },
];

/// What is known about a namespace, if it can be judged.
pub(super) fn service(namespace: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.namespace == namespace)
}

/// One metric that an alarm watches.
#[derive(Debug, Clone)]
pub(super) struct Watched<'a> {
    pub(super) alarm: Res<'a>,
    /// Where `Namespace`, `MetricName` and `Dimensions` stand, from the alarm's properties; empty for the alarm itself.
    pub(super) place: String,
    pub(super) namespace: Cow<'a, str>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) dimensions: Option<&'a Json>,
    /// Whether the metric is another account's.
    pub(super) elsewhere: bool,
}

impl<'a> Watched<'a> {
    pub(super) fn path(&self, property: &str) -> String {
        let separator = if self.place.is_empty() { "" } else { "/" };
        self.alarm.path(&format!("{}{separator}{property}", self.place))
    }

    /// The value of a dimension, with its index.
    pub(super) fn dimension(&self, view: &View<'a>, name: &str) -> Option<(usize, &'a Json)> {
        let items = self.dimensions?.as_array()?.iter().enumerate();
        let named = items.filter(|(_, item)| item.get("Name").and_then(|known| view.text(known)).is_some_and(|known| known == name));
        named.filter_map(|(index, item)| item.get("Value").map(|value| (index, value))).next()
    }
}

/// The metrics of all alarms, with those of metric math, as far as their namespace is spelled out.
pub(super) fn watched<'a>(view: &View<'a>) -> Vec<Watched<'a>> {
    let mut found = Vec::new();
    for alarm in view.of_type("AWS::CloudWatch::Alarm") {
        let mut add = |place: String, elsewhere: bool| {
            let at = |property: &str| if place.is_empty() { alarm.get(property) } else { alarm.get(&format!("{place}/{property}")) };
            if let Some(namespace) = at("Namespace").and_then(|value| view.text(value)) {
                let name = at("MetricName").and_then(|value| view.text(value));
                let dimensions = at("Dimensions");
                found.push(Watched { alarm, place, namespace, name, dimensions, elsewhere });
            }
        };
        add(String::new(), false);
        for (index, entry) in alarm.list("Metrics").iter().enumerate() {
            add(format!("Metrics/{index}/MetricStat/Metric"), entry.get("AccountId").is_some());
        }
    }
    found
}

fn alarm_unknown_metric(view: &View<'_>, broken: &mut Broken<'_>) {
    for watched in watched(view) {
        let (Some(service), Some(name)) = (service(&watched.namespace), watched.name.as_deref()) else { continue };
        let known = service.metrics();
        if known.contains(name) {
            continue;
        }
        let meant = meant(name, known.iter().copied());
        let owner = SERVICES.iter().find(|other| other.namespace != service.namespace && other.metrics().contains(name));
        // Services get new metrics; where not all are known, only what is another's or nearly a known one is judged.
        let hint = match (meant, owner) {
            (Some(meant), _) => format!("write `{meant}`"),
            (None, Some(owner)) => format!("`{name}` is a metric of `{}`", owner.namespace),
            (None, None) if service.whole => format!("take one of {}", names(known.iter().copied())),
            (None, None) => continue,
        };
        broken.at(&watched.path("MetricName"), format!("`{}` has no metric `{name}`", service.namespace), hint);
    }
}

fn alarm_dead_letters_sent(view: &View<'_>, broken: &mut Broken<'_>) {
    for watched in watched(view) {
        if watched.namespace != "AWS/SQS" || watched.name.as_deref() != Some("NumberOfMessagesSent") {
            continue;
        }
        let queue = watched.dimension(view, "QueueName").and_then(|(_, value)| view.target_of(value, "AWS::SQS::Queue"));
        if let Some(queue) = queue.filter(|queue| only_redriven_to(view, queue.id)) {
            broken.at(
                &watched.path("MetricName"),
                format!("`NumberOfMessagesSent` of `{}` does not count what is moved there", queue.id),
                "watch `ApproximateNumberOfMessagesVisible` with `Maximum`",
            );
        }
    }
}

/// Whether SQS moves messages to a queue and nothing else in the template could send to it, such as a function's failures.
fn only_redriven_to(view: &View<'_>, id: &str) -> bool {
    let mut redriven = false;
    for resource in view.all() {
        let Some(properties) = view.template.get("Resources").and_then(|all| all.get(resource.id)?.get("Properties")) else { continue };
        if !view.mentions(properties).contains(&id) {
            continue;
        }
        match resource.kind {
            "AWS::SQS::Queue" => redriven = true,
            "AWS::CloudWatch::Alarm" | "AWS::SQS::QueuePolicy" | "AWS::CloudWatch::Dashboard" => {}
            _ => return false,
        }
    }
    redriven
}
