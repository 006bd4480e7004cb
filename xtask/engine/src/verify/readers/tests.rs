//! Readers against answers as the services give them (shapes from AWS's API references): what is declared is found in them.

mod machines;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::*;
use crate::cloud::{Ask, CloudError, ErrorKind};
use crate::verify::compare::{self, Compared};
use crate::verify::granted::Granted;
use crate::verify::reader::{Answers, Live};
use crate::verify::resolve::Place;

fn place() -> Place {
    Place {
        account: "111111111111".to_owned(),
        region: "eu-central-1".to_owned(),
        stack_name: "s".to_owned(),
        stack_id: "arn:s".to_owned(),
    }
}

type Answered = (&'static str, Value);

/// What a reader makes of answers; an operation without one is answered with "not found".
fn read(kind: &str, id: &str, declared: &Value, answers: &[Answered]) -> (Live, Vec<Ask>) {
    let reader = find(kind).unwrap_or_else(|| panic!("{kind} is not read back"));
    let declared: Map<String, Value> = declared.as_object().unwrap().clone();
    let (place, template) = (place(), json!({}));
    let subject = Subject { id, declared: &declared, template: &template, place: &place, granted: &Granted::default() };
    let mut asks = (reader.asks)(&subject);
    let mut known = BTreeMap::new();
    let answer = |asks: &[Ask], known: &mut BTreeMap<String, Result<Value, CloudError>>| {
        for ask in asks {
            let operation = ask.action.operation();
            assert!(ask.action.service_id().is_some(), "{:?}: an endpoint for this service alone would be overlooked", ask.action);
            let gone = CloudError { service: "x", operation, code: None, message: "gone".to_owned(), kind: ErrorKind::NotFound };
            let found = answers.iter().find(|(known, _)| *known == operation).map(|(_, answer)| answer.clone());
            known.insert(ask.key(), found.ok_or(gone));
        }
    };
    answer(&asks, &mut known);
    let more = (reader.then)(&subject, &Answers { asks: &asks, known: &known });
    answer(&more, &mut known);
    asks.extend(more);
    let answers = Answers { asks: &asks, known: &known };
    let mut live = (reader.live)(&subject, &answers);
    live.gone |= answers.gone();
    (live, asks)
}

fn compared(kind: &str, id: &str, declared: &Value, answers: &[Answered]) -> Compared {
    let (live, _) = read(kind, id, declared, answers);
    assert!(!live.gone, "{kind} would be called missing");
    compare::properties(declared.as_object().unwrap(), &live.properties, find(kind).unwrap().rules)
}

/// Everything declared is found as it is, every value of it; and with any property changed, that property differs.
fn agrees(kind: &str, id: &str, declared: Value, answers: &[Answered]) {
    let found = compared(kind, id, &declared, answers);
    assert_eq!(found.differences, [], "{kind}");
    assert_eq!(found.not_compared, [], "{kind}");
    for (name, value) in declared.as_object().unwrap() {
        let mut other = declared.clone();
        other[name] = changed(value);
        let (live, _) = read(kind, id, &declared, answers);
        let found = compare::properties(other.as_object().unwrap(), &live.properties, find(kind).unwrap().rules);
        let paths: Vec<_> = found.differences.iter().map(|difference| difference.path.as_str()).collect();
        assert!(paths.iter().any(|path| path.starts_with(name.as_str())), "{kind}: a wrong {name} would go unnoticed: {paths:?}");
    }
}

/// The value with something else in its first leaf.
fn changed(value: &Value) -> Value {
    match value {
        Value::Bool(yes) => json!(!yes),
        Value::Number(number) => json!(number.as_f64().unwrap() + 1.0),
        Value::String(text) if text.starts_with('{') => json!("{\"other\":1}"),
        Value::String(text) => json!(format!("{text}x")),
        Value::Array(items) => {
            let mut items = items.clone();
            if let Some(first) = items.first_mut() {
                *first = changed(first);
            }
            Value::Array(items)
        }
        Value::Object(fields) => {
            let mut fields = fields.clone();
            if let Some((_, first)) = fields.iter_mut().next_back() {
                *first = changed(first);
            }
            Value::Object(fields)
        }
        Value::Null => json!(1),
    }
}

const QUEUE: &str = "https://sqs.eu-central-1.amazonaws.com/111111111111/jobs.fifo";

#[test]
fn a_queue_and_its_policy() {
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*",
        "Resource": "q", "Condition": { "Bool": { "aws:SecureTransport": "false" } } }] });
    let attributes = json!({ "Attributes": {
        "QueueArn": "arn:aws:sqs:eu-central-1:111111111111:jobs.fifo", "VisibilityTimeout": "120", "FifoQueue": "true", "DelaySeconds": "0",
        "ContentBasedDeduplication": "false", "SqsManagedSseEnabled": "true", "Policy": policy.to_string(),
        "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn:d\",\"maxReceiveCount\":3}",
    } });
    let answers = [("GetQueueAttributes", attributes), ("ListQueueTags", json!({ "Tags": { "a": "b", "aws:x": "y" } }))];

    let declared = json!({
        "QueueName": "jobs.fifo", "VisibilityTimeout": 120, "FifoQueue": true, "ContentBasedDeduplication": false, "DelaySeconds": 0,
        "SqsManagedSseEnabled": true, "RedrivePolicy": { "deadLetterTargetArn": "arn:d", "maxReceiveCount": 3 },
        "Tags": [{ "Key": "a", "Value": "b" }],
    });
    agrees("AWS::SQS::Queue", QUEUE, declared, &answers);
    agrees("AWS::SQS::QueuePolicy", "p", json!({ "Queues": [QUEUE], "PolicyDocument": policy }), &answers);
}

#[test]
fn a_queue_without_tags_is_one_question() {
    let (_, asks) = read("AWS::SQS::Queue", QUEUE, &json!({ "VisibilityTimeout": 1 }), &[]);

    assert_eq!(asks.len(), 1, "every deploy would ask for tags that nobody declared");
}

#[test]
fn one_of_two_queues_without_its_policy_is_a_difference() {
    let declared = json!({ "Queues": [QUEUE], "PolicyDocument": { "Statement": [] } });

    let found = compared("AWS::SQS::QueuePolicy", "p", &declared, &[("GetQueueAttributes", json!({ "Attributes": {} }))]);

    let paths: Vec<_> = found.differences.iter().map(|difference| difference.path.as_str()).collect();
    assert_eq!(paths, ["Queues", "PolicyDocument"], "a queue would be open to plain HTTP, and nobody would know");
}

#[test]
fn a_topic_its_policy_and_its_subscription() {
    let arn = "arn:aws:sns:eu-central-1:111111111111:alerts";
    let policy = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "cloudwatch.amazonaws.com" }, "Action": "SNS:Publish",
        "Resource": arn }] });
    let topic = json!({ "Attributes": { "DisplayName": "Alerts", "KmsMasterKeyId": "alias/aws/sns", "Policy": policy.to_string() } });
    let subscription = json!({ "Attributes": { "Protocol": "sqs", "Endpoint": "arn:q", "TopicArn": arn, "RawMessageDelivery": "true",
        "FilterPolicy": "{\"a\":[\"b\"]}", "PendingConfirmation": "false" } });
    let answers = [("GetTopicAttributes", topic), ("GetSubscriptionAttributes", subscription)];

    agrees("AWS::SNS::Topic", arn, json!({ "DisplayName": "Alerts", "KmsMasterKeyId": "alias/aws/sns", "TopicName": "alerts" }), &answers);
    agrees("AWS::SNS::TopicPolicy", "p", json!({ "Topics": [arn], "PolicyDocument": policy }), &answers);
    let declared =
        json!({ "Protocol": "sqs", "Endpoint": "arn:q", "TopicArn": arn, "RawMessageDelivery": true, "FilterPolicy": { "a": ["b"] } });
    agrees("AWS::SNS::Subscription", "arn:s", declared, &answers);
}

#[test]
fn a_bucket_with_every_setting() {
    let answers = [
        ("GetBucketVersioning", json!({ "Status": "Enabled" })),
        (
            "GetBucketEncryption",
            json!({ "Rule": { "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" }, "BucketKeyEnabled": "false" } }),
        ),
        ("GetPublicAccessBlock", json!({ "BlockPublicAcls": "true", "BlockPublicPolicy": "true" })),
        ("GetBucketOwnershipControls", json!({ "Rule": { "ObjectOwnership": "BucketOwnerEnforced" } })),
        (
            "GetBucketLifecycleConfiguration",
            json!({ "Rule": [
                { "ID": "Uploads", "Status": "Enabled", "Filter": "", "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": "3" } },
                { "ID": "Old", "Status": "Enabled", "Filter": { "Prefix": "in/" }, "Expiration": { "Days": "14" },
                    "NoncurrentVersionExpiration": { "NoncurrentDays": "7" }, "Transition": { "Days": "30", "StorageClass": "GLACIER" } },
            ] }),
        ),
        (
            "GetBucketNotificationConfiguration",
            json!({ "QueueConfiguration": { "Id": "x", "Queue": "arn:q", "Event": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                "Filter": { "S3Key": { "FilterRule": { "Name": "Prefix", "Value": "in/" } } } }, "EventBridgeConfiguration": "" }),
        ),
        (
            "GetBucketCors",
            json!({ "CORSRule": { "AllowedMethod": ["GET", "PUT"], "AllowedOrigin": "*", "AllowedHeader": "authorization", "MaxAgeSeconds": "60" } }),
        ),
        ("GetBucketLogging", json!({ "LoggingEnabled": { "TargetBucket": "logs", "TargetPrefix": "s3/" } })),
        ("GetBucketTagging", json!({ "TagSet": { "Tag": [{ "Key": "a", "Value": "b" }, { "Key": "aws:c", "Value": "d" }] } })),
    ];
    let rule = json!({ "S3Key": { "Rules": [{ "Name": "prefix", "Value": "in/" }] } });
    let declared = json!({
        "VersioningConfiguration": { "Status": "Enabled" },
        "BucketEncryption": { "ServerSideEncryptionConfiguration": [{ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }] },
        "PublicAccessBlockConfiguration": { "BlockPublicAcls": true, "BlockPublicPolicy": true },
        "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
        "LifecycleConfiguration": { "Rules": [
            { "Id": "Uploads", "Status": "Enabled", "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 3 } },
            { "Id": "Old", "Status": "Enabled", "Prefix": "in/", "ExpirationInDays": 14, "NoncurrentVersionExpiration": { "NoncurrentDays": 7 },
                "Transitions": [{ "TransitionInDays": 30, "StorageClass": "GLACIER" }] },
        ] },
        "NotificationConfiguration": { "EventBridgeConfiguration": { "EventBridgeEnabled": true }, "QueueConfigurations": [
            { "Event": "s3:ObjectRemoved:*", "Queue": "arn:q", "Filter": rule }, { "Event": "s3:ObjectCreated:*", "Queue": "arn:q", "Filter": rule }] },
        "CorsConfiguration": { "CorsRules": [
            { "AllowedMethods": ["PUT", "GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["Authorization"], "MaxAge": 60 }] },
        "LoggingConfiguration": { "DestinationBucketName": "logs", "LogFilePrefix": "s3/" },
        "Tags": [{ "Key": "a", "Value": "b" }],
    });

    agrees("AWS::S3::Bucket", "b", declared, &answers);
}

#[test]
fn a_bucket_rule_that_expires_more_than_it_says_is_a_difference() {
    let rule = |more: Value| ("GetBucketLifecycleConfiguration", json!({ "Rule": { "ID": "r", "Status": "Enabled", "Expiration": more } }));
    let declared = json!({ "LifecycleConfiguration": { "Rules": [{ "Id": "r", "Status": "Enabled" }] } });

    let found = compared("AWS::S3::Bucket", "b", &declared, &[("GetBucketVersioning", json!({})), rule(json!({ "Days": "1" }))]);

    assert_eq!(found.differences[0].path, "LifecycleConfiguration.Rules[r].ExpirationInDays", "data would be lost within a day");
}

#[test]
fn a_bucket_that_is_gone_and_one_without_a_policy_are_told() {
    let (live, _) = read("AWS::S3::Bucket", "b", &json!({}), &[]);
    assert!(live.gone);
    let (live, _) = read("AWS::S3::BucketPolicy", "p", &json!({ "Bucket": "b" }), &[]);
    assert!(live.gone, "a bucket would be open to plain HTTP, and nobody would know");
}

#[test]
fn a_function_runs_the_code_that_was_built() {
    let configuration = json!({
        "FunctionArn": "arn:aws:lambda:eu-central-1:111111111111:function:f", "MemorySize": 1536, "Timeout": 120, "Runtime": "provided.al2023",
        "Handler": "bootstrap", "Role": "arn:r", "Architectures": ["x86_64"], "Environment": { "Variables": { "A": "1" } },
        "CodeSha256": "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=", "LoggingConfig": { "LogFormat": "Text", "LogGroup": "g" },
        "TracingConfig": { "Mode": "PassThrough" }, "Layers": [{ "Arn": "arn:l1", "CodeSize": 1 }, { "Arn": "arn:l2", "CodeSize": 1 }],
    });
    let answers = [
        ("GetFunctionConfiguration", configuration),
        ("GetFunctionConcurrency", json!({ "ReservedConcurrentExecutions": 5 })),
        ("ListTags", json!({ "Tags": { "a": "b" } })),
    ];
    let key = format!("artifacts/transcode/{}.zip", "ab".repeat(32));

    let declared = json!({
        "MemorySize": 1536, "Timeout": 120, "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": "arn:r", "Architectures": ["x86_64"],
        "Environment": { "Variables": { "A": 1 } }, "LoggingConfig": { "LogGroup": "g" }, "ReservedConcurrentExecutions": 5,
        "Layers": ["arn:l1", "arn:l2"], "Tags": [{ "Key": "a", "Value": "b" }], "Code": { "S3Key": key },
    });
    agrees("AWS::Lambda::Function", "f", declared, &answers);
    let other = json!({ "Code": { "S3Bucket": "b", "S3Key": format!("artifacts/transcode/{}.zip", "cd".repeat(32)) } });
    let found = compared("AWS::Lambda::Function", "f", &other, &answers);
    assert_eq!(found.differences[0].path, "Code.S3Key", "old code would run, and everybody would believe in the new");
    assert_eq!(found.not_compared[0].path, "Code.S3Bucket");
    let added = json!({ "Environment": { "Variables": {} } });
    assert_eq!(compared("AWS::Lambda::Function", "f", &added, &answers).differences[0].path, "Environment.Variables.A");
}

#[test]
fn a_function_without_reserved_concurrency_is_not_one_that_may_never_run() {
    let answers = [("GetFunctionConfiguration", json!({})), ("GetFunctionConcurrency", json!({}))];

    let found = compared("AWS::Lambda::Function", "f", &json!({ "ReservedConcurrentExecutions": 0 }), &answers);

    assert_eq!(found.differences.len(), 1, "a function that was stopped on purpose would run");
}

#[test]
fn an_event_source_mapping_and_a_permission() {
    let function = "arn:aws:lambda:eu-central-1:111111111111:function:f";
    let mapping = json!({ "UUID": "u", "BatchSize": 5, "EventSourceArn": "arn:q", "FunctionArn": function, "State": "Enabled",
        "FunctionResponseTypes": ["ReportBatchItemFailures"], "ScalingConfig": { "MaximumConcurrency": 5 } });
    let statement = json!({ "Sid": "stack-Allow-1", "Effect": "Allow", "Principal": { "Service": "apigateway.amazonaws.com" },
        "Action": "lambda:InvokeFunction", "Resource": function,
        "Condition": { "ArnLike": { "AWS:SourceArn": "arn:api" }, "StringEquals": { "AWS:SourceAccount": "111111111111" } } });
    let policy = json!({ "Policy": json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string(), "RevisionId": "r" });
    let answers = [("GetEventSourceMapping", mapping), ("GetPolicy", policy)];

    let declared = json!({ "FunctionName": "f", "EventSourceArn": "arn:q", "BatchSize": 5, "Enabled": true,
        "FunctionResponseTypes": ["ReportBatchItemFailures"], "ScalingConfig": { "MaximumConcurrency": 5 } });
    agrees("AWS::Lambda::EventSourceMapping", "u", declared, &answers);
    let declared = json!({ "FunctionName": function, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
        "SourceArn": "arn:api", "SourceAccount": "111111111111" });
    agrees("AWS::Lambda::Permission", "stack-Allow-1", declared, &answers);
    assert!(read("AWS::Lambda::Permission", "another", &json!({}), &answers).0.gone, "the API could not call its function");
}

#[test]
fn a_table() {
    let answers = [
        (
            "DescribeTable",
            json!({ "Table": {
                "KeySchema": [{ "AttributeName": "job_id", "KeyType": "HASH" }],
                "AttributeDefinitions": [{ "AttributeName": "job_id", "AttributeType": "S" }],
                "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" }, "DeletionProtectionEnabled": true,
                "SSEDescription": { "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:k" },
                "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
            } }),
        ),
        (
            "DescribeContinuousBackups",
            json!({ "ContinuousBackupsDescription": { "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35 } } }),
        ),
        ("DescribeTimeToLive", json!({ "TimeToLiveDescription": { "TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at" } })),
        ("ListTagsOfResource", json!({ "Tags": [{ "Key": "a", "Value": "b" }] })),
    ];

    let declared = json!({
        "KeySchema": [{ "AttributeName": "job_id", "KeyType": "HASH" }], "BillingMode": "PAY_PER_REQUEST", "TableClass": "STANDARD",
        "AttributeDefinitions": [{ "AttributeName": "job_id", "AttributeType": "S" }], "DeletionProtectionEnabled": true,
        "SSESpecification": { "SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": "arn:k" },
        "StreamSpecification": { "StreamViewType": "NEW_IMAGE" }, "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true },
        "TimeToLiveSpecification": { "Enabled": true, "AttributeName": "expires_at" }, "Tags": [{ "Key": "a", "Value": "b" }],
    });
    agrees("AWS::DynamoDB::Table", "t", declared, &answers);
    let off = [
        ("DescribeTable", json!({ "Table": {} })),
        ("DescribeTimeToLive", json!({ "TimeToLiveDescription": { "TimeToLiveStatus": "DISABLED" } })),
    ];
    let declared = json!({ "TimeToLiveSpecification": { "Enabled": false, "AttributeName": "expires_at" } });
    assert_eq!(compared("AWS::DynamoDB::Table", "t", &declared, &off).differences, []);
}

#[test]
fn alarms_dashboards_log_groups_and_metric_filters() {
    let alarm = json!({ "AlarmName": "a", "ActionsEnabled": "true", "AlarmActions": ["arn:t"], "OKActions": "", "MetricName": "m",
        "Namespace": "AWS/SQS", "Statistic": "Maximum", "Dimensions": [{ "Name": "QueueName", "Value": "q" }], "Period": "60",
        "EvaluationPeriods": "1", "Threshold": "1.0", "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching" });
    let group = json!({ "logGroups": [{ "logGroupName": "g-longer", "retentionInDays": 1 },
        { "logGroupName": "g", "retentionInDays": 14, "kmsKeyId": "arn:k" }] });
    let filter = json!({ "metricFilters": [{ "filterName": "f", "filterPattern": "{ $.level = 50 }", "metricTransformations": [
        { "metricName": "Errors", "metricNamespace": "N", "metricValue": "1", "defaultValue": 0.0, "dimensions": { "Route": "$.route" } }] }] });
    let answers = [
        ("DescribeAlarms", json!({ "MetricAlarms": [alarm] })),
        ("GetDashboard", json!({ "DashboardBody": "{\"widgets\":[]}", "DashboardName": "d" })),
        ("DescribeLogGroups", group),
        ("DescribeMetricFilters", filter),
    ];

    let declared = json!({ "ActionsEnabled": true, "AlarmActions": ["arn:t"], "MetricName": "m", "Namespace": "AWS/SQS", "Statistic": "Maximum",
        "Dimensions": [{ "Name": "QueueName", "Value": "q" }], "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching" });
    agrees("AWS::CloudWatch::Alarm", "a", declared, &answers);
    agrees("AWS::CloudWatch::Dashboard", "d", json!({ "DashboardBody": "{ \"widgets\": [] }" }), &answers);
    agrees("AWS::Logs::LogGroup", "g", json!({ "RetentionInDays": 14, "KmsKeyId": "arn:k" }), &answers);
    let declared = json!({ "LogGroupName": "g", "FilterPattern": "{ $.level = 50 }", "MetricTransformations": [{ "MetricName": "Errors",
        "MetricNamespace": "N", "MetricValue": "1", "DefaultValue": 0, "Dimensions": [{ "Key": "Route", "Value": "$.route" }] }] });
    agrees("AWS::Logs::MetricFilter", "f", declared, &answers);
    assert!(read("AWS::CloudWatch::Alarm", "deleted", &json!({}), &answers).0.gone, "nobody would be called at night");
}

#[test]
fn keys_and_roles() {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" },
        "Action": "sts:AssumeRole" }] });
    let allow = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }] });
    // As IAM gives documents: encoded as in URLs.
    let encoded = |document: &Value| -> Value {
        document.to_string().replace('%', "%25").replace('{', "%7B").replace('}', "%7D").replace('"', "%22").replace(':', "%3A").into()
    };
    let key =
        json!({ "KeyMetadata": { "KeyId": "k", "Arn": "arn:k", "Enabled": true, "Description": "d", "KeySpec": "SYMMETRIC_DEFAULT" } });
    let role = json!({ "Role": { "RoleName": "r", "Path": "/", "Arn": "arn:r", "MaxSessionDuration": "3600",
        "AssumeRolePolicyDocument": encoded(&trust), "PermissionsBoundary": { "PermissionsBoundaryArn": "arn:b" } } });
    let answers = [
        ("DescribeKey", key),
        ("GetKeyPolicy", json!({ "Policy": allow.to_string() })),
        ("GetKeyRotationStatus", json!({ "KeyRotationEnabled": true })),
        ("GetRole", role),
        ("ListRolePolicies", json!({ "PolicyNames": ["Granted"] })),
        ("GetRolePolicy", json!({ "PolicyName": "Granted", "PolicyDocument": encoded(&allow) })),
        ("ListAttachedRolePolicies", json!({ "AttachedPolicies": [{ "PolicyName": "p", "PolicyArn": "arn:p" }] })),
        ("GetPolicy", json!({ "Policy": { "PolicyName": "m", "DefaultVersionId": "v2", "Path": "/", "Description": "d" } })),
        ("GetPolicyVersion", json!({ "PolicyVersion": { "Document": encoded(&allow), "VersionId": "v2" } })),
        ("GetInstanceProfile", json!({ "InstanceProfile": { "Roles": [{ "RoleName": "r" }] } })),
        ("GetOpenIDConnectProvider", json!({ "Url": "token.example.com", "ClientIDList": ["sts"], "ThumbprintList": ["ab"] })),
    ];

    agrees("AWS::KMS::Key", "k", json!({ "Description": "d", "Enabled": true, "EnableKeyRotation": true, "KeyPolicy": allow }), &answers);
    agrees("AWS::KMS::Alias", "alias/a", json!({ "AliasName": "alias/a", "TargetKeyId": "k" }), &answers);
    let declared = json!({ "AssumeRolePolicyDocument": trust, "PermissionsBoundary": "arn:b", "MaxSessionDuration": 3600,
        "Policies": [{ "PolicyName": "Granted", "PolicyDocument": allow }], "ManagedPolicyArns": ["arn:p"] });
    agrees("AWS::IAM::Role", "r", declared, &answers);
    agrees("AWS::IAM::Policy", "x", json!({ "PolicyName": "Granted", "Roles": ["r"], "PolicyDocument": allow }), &answers);
    agrees("AWS::IAM::ManagedPolicy", "arn:m", json!({ "Description": "d", "PolicyDocument": allow }), &answers);
    agrees("AWS::IAM::InstanceProfile", "i", json!({ "Roles": ["r"] }), &answers);
    let declared = json!({ "Url": "https://token.example.com", "ClientIdList": ["sts"], "ThumbprintList": ["AB"] });
    agrees("AWS::IAM::OIDCProvider", "arn:o", declared, &answers);
    let secretly = json!({ "Policies": [] });
    let found = compared("AWS::IAM::Role", "r", &secretly, &answers);
    assert_eq!(found.differences[0].path, "Policies", "a policy that was added by hand would go unnoticed");
}

#[test]
fn an_http_api_with_its_throttles() {
    let answers = [
        (
            "GetApi",
            json!({ "apiId": "a", "name": "api", "protocolType": "HTTP", "corsConfiguration": { "allowOrigins": ["*"], "maxAge": 60 } }),
        ),
        (
            "GetStage",
            json!({ "stageName": "$default", "autoDeploy": true,
                "defaultRouteSettings": { "detailedMetricsEnabled": false, "throttlingBurstLimit": 10, "throttlingRateLimit": 5.0 },
                "routeSettings": { "POST /jobs": { "throttlingBurstLimit": 2, "throttlingRateLimit": 1.0 } },
                "accessLogSettings": { "destinationArn": "arn:aws:logs:r:1:log-group:g", "format": "f" } }),
        ),
        ("GetRoute", json!({ "routeKey": "POST /jobs", "authorizationType": "JWT", "authorizerId": "z", "target": "integrations/i" })),
        ("GetIntegration", json!({ "integrationType": "AWS_PROXY", "integrationUri": "arn:f", "payloadFormatVersion": "2.0" })),
        (
            "GetAuthorizer",
            json!({ "name": "jwt", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
                "jwtConfiguration": { "audience": ["c"], "issuer": "https://i" } }),
        ),
    ];

    let declared = json!({ "Name": "api", "ProtocolType": "HTTP", "CorsConfiguration": { "AllowOrigins": ["*"], "MaxAge": 60 } });
    agrees("AWS::ApiGatewayV2::Api", "a", declared, &answers);
    let declared = json!({ "ApiId": "a", "StageName": "$default", "AutoDeploy": true,
        "DefaultRouteSettings": { "ThrottlingBurstLimit": 10, "ThrottlingRateLimit": 5 },
        "RouteSettings": { "POST /jobs": { "ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1 } },
        "AccessLogSettings": { "DestinationArn": "arn:aws:logs:r:1:log-group:g:*", "Format": "f" } });
    let found = compared("AWS::ApiGatewayV2::Stage", "$default", &declared, &answers);
    assert_eq!((found.differences, found.not_compared), (Vec::new(), Vec::new()));
    let unthrottled = [("GetStage", json!({ "stageName": "$default", "autoDeploy": true }))];
    let found = compared("AWS::ApiGatewayV2::Stage", "$default", &declared, &unthrottled);
    let paths: Vec<_> = found.differences.iter().map(|difference| difference.path.as_str()).collect();
    assert!(
        paths.contains(&"DefaultRouteSettings") && paths.contains(&"RouteSettings"),
        "an API without its throttles would pass: {paths:?}"
    );
    let declared = json!({ "RouteKey": "POST /jobs", "AuthorizationType": "JWT", "AuthorizerId": "z", "Target": "integrations/i" });
    agrees("AWS::ApiGatewayV2::Route", "r", declared, &answers);
    let declared = json!({ "IntegrationType": "AWS_PROXY", "IntegrationUri": "arn:f", "PayloadFormatVersion": "2.0" });
    agrees("AWS::ApiGatewayV2::Integration", "i", declared, &answers);
    let declared = json!({ "Name": "jwt", "AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": { "Audience": ["c"], "Issuer": "https://i" } });
    agrees("AWS::ApiGatewayV2::Authorizer", "z", declared, &answers);
}

#[test]
fn a_user_pool_its_client_and_its_group() {
    let answers = [
        (
            "DescribeUserPool",
            json!({ "UserPool": { "Name": "users", "MfaConfiguration": "OFF", "DeletionProtection": "ACTIVE", "UserPoolTags": { "a": "b" },
                "Policies": { "PasswordPolicy": { "MinimumLength": 12, "RequireNumbers": true } } } }),
        ),
        (
            "DescribeUserPoolClient",
            json!({ "UserPoolClient": { "UserPoolId": "p", "ClientName": "web", "ClientSecret": "very secret", "AccessTokenValidity": 5,
                "TokenValidityUnits": { "AccessToken": "minutes" }, "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"] } }),
        ),
        ("GetGroup", json!({ "Group": { "GroupName": "admins", "UserPoolId": "p", "Precedence": 1 } })),
    ];

    let declared = json!({ "UserPoolName": "users", "MfaConfiguration": "OFF", "DeletionProtection": "ACTIVE", "UserPoolTags": { "a": "b" },
        "Policies": { "PasswordPolicy": { "MinimumLength": 12 } } });
    agrees("AWS::Cognito::UserPool", "p", declared, &answers);
    let declared = json!({ "UserPoolId": "p", "ClientName": "web", "AccessTokenValidity": 5, "TokenValidityUnits": { "AccessToken": "minutes" },
        "GenerateSecret": true, "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
    agrees("AWS::Cognito::UserPoolClient", "c", declared.clone(), &answers);
    let (live, _) = read("AWS::Cognito::UserPoolClient", "c", &declared, &answers);
    assert!(!Value::Object(live.properties).to_string().contains("very secret"), "a report would hold the client's secret");
    agrees("AWS::Cognito::UserPoolGroup", "admins", json!({ "GroupName": "admins", "UserPoolId": "p", "Precedence": 1 }), &answers);
}

#[test]
fn rules_schedules_parameters_and_secrets() {
    let target = json!({ "Id": "t", "Arn": "arn:f" });
    let answers = [
        (
            "DescribeRule",
            json!({ "Name": "r", "Arn": "arn:r", "State": "ENABLED", "EventPattern": "{\"source\":[\"a\"]}", "EventBusName": "default" }),
        ),
        ("ListTargetsByRule", json!({ "Targets": [target] })),
        (
            "GetSchedule",
            json!({ "Name": "s", "ScheduleExpression": "rate(1 hour)", "State": "ENABLED", "FlexibleTimeWindow": { "Mode": "OFF" },
                "Target": { "Arn": "arn:f", "RoleArn": "arn:r", "Input": "{}" } }),
        ),
        ("GetParameter", json!({ "Parameter": { "Name": "/a", "Type": "String", "Value": "v" } })),
        ("DescribeSecret", json!({ "Name": "n", "Description": "d", "Tags": [{ "Key": "a", "Value": "b" }] })),
    ];

    agrees("AWS::Events::Rule", "r", json!({ "State": "ENABLED", "EventPattern": { "source": ["a"] }, "Targets": [target] }), &answers);
    let declared = json!({ "ScheduleExpression": "rate(1 hour)", "State": "ENABLED", "FlexibleTimeWindow": { "Mode": "OFF" },
        "Target": { "Arn": "arn:f", "RoleArn": "arn:r" } });
    agrees("AWS::Scheduler::Schedule", "s", declared, &answers);
    agrees("AWS::SSM::Parameter", "/a", json!({ "Name": "/a", "Type": "String", "Value": "v" }), &answers);
    agrees(
        "AWS::SecretsManager::Secret",
        "arn:s",
        json!({ "Name": "n", "Description": "d", "Tags": [{ "Key": "a", "Value": "b" }] }),
        &answers,
    );
    let found = compared("AWS::SecretsManager::Secret", "arn:s", &json!({ "SecretString": "x" }), &answers);
    assert_eq!(found.not_compared[0].reason, "no API gives it back");
}

#[test]
fn a_type_is_read_back_by_one_reader_alone() {
    let mut types: Vec<_> = ALL.iter().copied().flatten().map(|reader| reader.resource_type).collect();
    let all = types.len();

    types.sort_unstable();
    types.dedup();

    assert_eq!(types.len(), all, "two readers could contradict each other");
}
