//! The metrics of AWS's services, as far as they are known well enough to judge.
//!
//! The facts about resource types have most of them; what services have sent since, or keep by other things than one resource, stands here.

use crate::facts;

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
        self.types.iter().filter_map(|name| facts::metrics(name)).flatten().filter(|metric| metric.namespace == self.namespace)
    }

    /// The names of all metrics, some more than once.
    pub(super) fn metrics(&self) -> impl Iterator<Item = &'static str> {
        self.facts().map(|metric| metric.name.as_ref()).chain(self.extra.iter().copied())
    }

    /// The names of all dimensions, some more than once.
    pub(super) fn dimensions(&self) -> impl Iterator<Item = &'static str> {
        let known = self.facts().flat_map(|metric| metric.dimensions.iter().flatten()).map(AsRef::as_ref);
        known.chain(self.extra_dimensions.iter().copied())
    }
}

/// The services that are known well enough to judge.
pub(super) static SERVICES: &[Service] = &[
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
