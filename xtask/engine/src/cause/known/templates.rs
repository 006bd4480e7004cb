//! What a service does not accept in a template, or does not change.

use super::Known;

const UNDEFINED: &str = "the template refers to a logical ID or parameter that it does not have";
const FIXED: &str = "Cognito settles that when the pool is made: take the change back, or make another pool (its users do not come along)";

pub(super) const KNOWN: &[Known] = &[
    (
        &["circular dependency"],
        "resources wait for each other: give one of them a name of its own instead of a reference, or move the wire into a resource apart (policy, permission)",
    ),
    (&["references undefined resource"], UNDEFINED),
    (&["unresolved resource dependencies"], UNDEFINED),
    (&["extraneous key"], "the type has no such property at the path that AWS names: mind the upper and lower case, and the place"),
    (
        &["update to resource type", "is not supported"],
        "the type cannot be updated: change its logical ID, so that another is made and this one deleted with what it holds",
    ),
    (
        &["aws::lambda::function", "is not updatable with parameters provided"],
        "on a function that is being created this is mostly reserved concurrency beyond the account's quota: reserve less, or ask for more",
    ),
    (
        &["is not updatable with parameters provided"],
        "what changed cannot be updated: take it back, or change the logical ID, so that another is made and this one deleted",
    ),
    // DynamoDB.
    (&["cannot perform more than one gsi"], "DynamoDB makes or deletes one index per update: deploy them one after the other"),
    (
        &["cannot update gsi's properties"],
        "an index's keys and projection never change: add one of another name, and delete the old one in a deploy of its own",
    ),
    (
        &["exceeds per-table limit"],
        "the table has more indexes than DynamoDB allows (5 local ones, and 20 global ones unless the quota is raised): drop or merge some",
    ),
    (&["some attributedefinitions are not used"], "the table defines an attribute that neither its keys nor an index use: leave it out"),
    // Queues, topics, events, logs.
    (
        &["unable to validate the following destination configurations"],
        "the queue's or topic's policy, or the function's permission, must let the bucket in before the notification is made: a DependsOn on it",
    ),
    (&["queue visibility timeout", "less than function timeout"], "the queue must hide a message at least as long as the function may run"),
    (
        &["dead-letter queue must be same type of queue"],
        "a FIFO queue's dead letters go to a FIFO queue, and a standard queue's to a standard one: make both of one kind",
    ),
    (
        &["subscriptionarn", "an arn must have at least 6 elements"],
        "a subscription that nobody confirmed has no ARN yet: follow the link in AWS's letter, or wait, for SNS drops it by itself after 48 hours",
    ),
    (
        &["could not deliver test message to specified"],
        "the stream is not ready, or the role for it may not write to it: a DependsOn on the stream and on the role's policy, then deploy again",
    ),
    // Edges.
    (
        &["scope is not valid", "scope_value"],
        "a web ACL for CloudFront lives in us-east-1 with scope CLOUDFRONT; every other one has scope REGIONAL",
    ),
    (&["ssl certificate doesn't exist", "us-east-1"], "CloudFront takes certificates from us-east-1 only, and only those that are issued"),
    (
        &["certificate", "must have a fully-qualified domain name"],
        "the certificate is mostly not issued yet, or has a key that the load balancer does not take: look at its validation in ACM",
    ),
    (
        &["certificate is in failed status"],
        "ACM gave up on the certificate: mostly its domain has no public zone, or CAA records that do not name amazon.com",
    ),
    (&["rest api doesn't contain any methods"], "the deployment is made before the methods: it needs a DependsOn on them"),
    (
        &["does not have an associated load balancer"],
        "the service is made before the listener that uses its target group: a DependsOn on the listener",
    ),
    (
        &["multiple subnets in the same availability zone"],
        "a load balancer takes one subnet per Availability Zone: give it subnets of different zones",
    ),
    (
        &["enabling private dns requires both enablednssupport and enablednshostnames"],
        "private DNS for an endpoint needs a network with EnableDnsSupport and EnableDnsHostnames: set both on the VPC",
    ),
    // Cognito.
    (&["existing schema attributes cannot be modified or deleted"], FIXED),
    (&["updates are not allowed for property"], FIXED),
    (
        &["custom domain is not a valid subdomain"],
        "Cognito wants an A record at the parent of the domain before it makes the domain: any address will do",
    ),
];

/// AWS's own words for each pair, as public reports hold them → words of the advice.
#[cfg(test)]
pub(super) const TEXTS: &[(&str, &str)] = &[
    ("Circular dependency between resources: [Uploads, UploadsPolicy]", "wait for each other"),
    ("Template error: instance of Fn::GetAtt references undefined resource JobQueue", "logical ID"),
    ("Template format error: Unresolved resource dependencies [JobQueue] in the Resources block of the template", "logical ID"),
    (
        "Resource template validation failed for resource Worker as the template has invalid properties. Please refer to the resource documentation to fix the template. Properties validation failed for resource Worker with message: #/ContainerDefinitions/0/LinuxParameters: extraneous key [initProcessEnabled] is not permitted",
        "no such property",
    ),
    ("Update to resource type AWS::EC2::Volume is not supported.", "cannot be updated"),
    ("Resource of type 'AWS::S3Outposts::Bucket' with identifier 'bucket-1' is not updatable with parameters provided.", "take it back"),
    (
        "Resource of type 'AWS::Lambda::Function' with identifier 'Migration' is not updatable with parameters provided.\" (HandlerErrorCode: NotUpdatable)",
        "reserved concurrency",
    ),
    ("Cannot perform more than one GSI creation or deletion in a single update", "one after the other"),
    (
        "Cannot update GSI's properties other than Provisioned Throughput and Contributor Insights Specification. You can create a new GSI with a different name.",
        "another name",
    ),
    ("One or more parameter values were invalid: Number of LocalSecondaryIndexes exceeds per-table limit of 5", "more indexes"),
    ("Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20", "more indexes"),
    (
        "One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [my-string, my-int, my-hash], keys used: [my-hash, my-string] (Service: AmazonDynamoDBv2; Status Code: 400",
        "leave it out",
    ),
    ("Unable to validate the following destination configurations.", "DependsOn"),
    ("Queue visibility timeout: 180 seconds is less than Function timeout: 900 seconds", "hide a message"),
    (
        "Value {\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:111111111111:dead\",\"maxReceiveCount\":\"15\"} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source.",
        "of one kind",
    ),
    ("Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1", "confirmed"),
    (
        "Resource handler returned message: \"Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state. (Service: CloudWatchLogs, Status Code: 400, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: InternalFailure)",
        "stream is not ready",
    ),
    (
        "Resource handler returned message: \"Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT (Service: Wafv2, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)\"",
        "us-east-1",
    ),
    (
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.",
        "us-east-1",
    ),
    (
        "The certificate 'arn:aws:acm:eu-central-1:111111111111:certificate/1' must have a fully-qualified domain name, a supported signature, and a supported key size.",
        "not issued yet",
    ),
    ("DNS Record Set is not available. Certificate is in FAILED status.", "CAA"),
    ("The REST API doesn't contain any methods", "before the methods"),
    (
        "The target group with targetGroupArn arn:aws:elasticloadbalancing:us-west-2:111111111111:targetgroup/web/1 does not have an associated load balancer.",
        "listener",
    ),
    (
        "Resource handler returned message: \"A load balancer cannot be attached to multiple subnets in the same Availability Zone (Service: ElasticLoadBalancingV2, Status Code: 400, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
        "different zones",
    ),
    (
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for vpc-0123456789abcdef0 (Service: Ec2, Status Code:400, Request ID: 1)",
        "EnableDnsHostnames",
    ),
    ("Invalid request provided: Existing schema attributes cannot be modified or deleted.", "another pool"),
    (
        "Resource handler returned message: \"Invalid request provided: Updates are not allowed for property - AliasAttributes.\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)",
        "another pool",
    ),
    (
        "Custom domain is not a valid subdomain: Was not able to resolve a DNS A record for the parent domain or domain parent is a top-level domain. (Service: AWSCognitoIdentityProviderService; Status Code: 400",
        "A record",
    ),
];
