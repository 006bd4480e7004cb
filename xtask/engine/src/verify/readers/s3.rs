//! S3: one question per setting, and only for settings that are declared.

use serde_json::{Map, Value, json};

use super::prelude::*;

static S3: Service = Service::new("s3", Protocol::RestXml);

const VERSIONING: Action = S3.action("GetBucketVersioning", "/{Bucket}?versioning");
const ENCRYPTION: Action = S3.action("GetBucketEncryption", "/{Bucket}?encryption");
const PUBLIC_ACCESS: Action = S3.action("GetPublicAccessBlock", "/{Bucket}?publicAccessBlock");
const OWNERSHIP: Action = S3.action("GetBucketOwnershipControls", "/{Bucket}?ownershipControls");
const LIFECYCLE: Action = S3.action("GetBucketLifecycleConfiguration", "/{Bucket}?lifecycle");
const NOTIFICATION: Action = S3.action("GetBucketNotificationConfiguration", "/{Bucket}?notification");
const CORS: Action = S3.action("GetBucketCors", "/{Bucket}?cors");
const LOGGING: Action = S3.action("GetBucketLogging", "/{Bucket}?logging");
const OBJECT_LOCK: Action = S3.action("GetObjectLockConfiguration", "/{Bucket}?object-lock");
const TAGGING: Action = S3.action("GetBucketTagging", "/{Bucket}?tagging");
const POLICY: Action = S3.action("GetBucketPolicy", "/{Bucket}?policy");

/// Property → the question that it needs.
const SETTINGS: &[(&str, Action)] = &[
    ("BucketEncryption", ENCRYPTION),
    ("PublicAccessBlockConfiguration", PUBLIC_ACCESS),
    ("OwnershipControls", OWNERSHIP),
    ("LifecycleConfiguration", LIFECYCLE),
    ("NotificationConfiguration", NOTIFICATION),
    ("CorsConfiguration", CORS),
    ("LoggingConfiguration", LOGGING),
    ("ObjectLockConfiguration", OBJECT_LOCK),
    ("Tags", TAGGING),
];

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::S3::Bucket",
        asks: |subject| {
            // The versioning of a bucket can always be asked, so it also tells whether the bucket exists.
            let mut asks = vec![VERSIONING.ask(json!({ "Bucket": subject.id }))];
            let declared = SETTINGS.iter().filter(|(property, _)| subject.declares(property));
            asks.extend(declared.map(|(_, action)| action.ask(json!({ "Bucket": subject.id }))));
            asks
        },
        live: |subject, answers| {
            Live::default()
                .set("BucketName", json!(subject.id))
                .set("VersioningConfiguration", renamed(&answers.get(&VERSIONING), &[]))
                .set("BucketEncryption", encryption(&answers.get(&ENCRYPTION)))
                .set("PublicAccessBlockConfiguration", answers.get(&PUBLIC_ACCESS))
                .set("OwnershipControls", lists(&answers.get(&OWNERSHIP), &[("Rule", "Rules")]))
                .set("LifecycleConfiguration", lifecycle(&answers.get(&LIFECYCLE)))
                .set("NotificationConfiguration", notification(&answers.get(&NOTIFICATION)))
                .set("CorsConfiguration", cors(&answers.get(&CORS)))
                .set("LoggingConfiguration", logging(&answers.part(&LOGGING, "LoggingEnabled")))
                .set("ObjectLockConfiguration", answers.get(&OBJECT_LOCK))
                .set("Tags", answers.part(&TAGGING, "TagSet.Tag"))
        },
        attributes: |name, place| {
            let suffix = if place.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
            vec![
                ("Arn", format!("arn:{}:s3:::{name}", place.partition())),
                ("DomainName", format!("{name}.s3.{suffix}")),
                ("RegionalDomainName", format!("{name}.s3.{}.{suffix}", place.region)),
            ]
        },
        rules: &[
            ("Tags", Rule::Tags),
            ("NotificationConfiguration.QueueConfigurations.Filter.S3Key.Rules.Name", Rule::NoCase),
            ("NotificationConfiguration.LambdaConfigurations.Filter.S3Key.Rules.Name", Rule::NoCase),
            ("NotificationConfiguration.TopicConfigurations.Filter.S3Key.Rules.Name", Rule::NoCase),
            ("CorsConfiguration.CorsRules.AllowedHeaders", Rule::NoCase),
            ("CorsConfiguration.CorsRules.ExposedHeaders", Rule::NoCase),
            // A rule that expires more than it says loses data.
            ("LifecycleConfiguration.Rules", Rule::Exact),
        ],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::S3::BucketPolicy",
        asks: |subject| vec![POLICY.ask(json!({ "Bucket": subject.text("Bucket") }))],
        live: |subject, answers| {
            let policy = answers.get(&POLICY);
            Live::default().set("Bucket", subject.property("Bucket")).set("PolicyDocument", policy)
        },
        rules: &[("PolicyDocument", Rule::Policy)],
        ..PLAIN
    },
];

/// An answer with some of its fields as lists under other names.
fn lists(answer: &Value, names: &[(&str, &str)]) -> Value {
    if answer.is_null() || unknown_reason(answer).is_some() {
        return answer.clone();
    }
    Value::Object(names.iter().map(|(old, new)| ((*new).to_owned(), list(at(answer, old)))).collect())
}

fn encryption(answer: &Value) -> Value {
    let mut all = lists(answer, &[("Rule", "ServerSideEncryptionConfiguration")]);
    if let Some(rules) = all.get_mut("ServerSideEncryptionConfiguration") {
        let by_default = |rule: &Value| renamed(rule, &[("ApplyServerSideEncryptionByDefault", "ServerSideEncryptionByDefault")]);
        *rules = each(rules.take(), by_default);
    }
    all
}

fn logging(answer: &Value) -> Value {
    renamed(answer, &[("TargetBucket", "DestinationBucketName"), ("TargetPrefix", "LogFilePrefix")])
}

fn cors(answer: &Value) -> Value {
    let mut all = lists(answer, &[("CORSRule", "CorsRules")]);
    if let Some(rules) = all.get_mut("CorsRules") {
        *rules = each(rules.take(), |rule| {
            let mut cors = lists(
                rule,
                &[
                    ("AllowedMethod", "AllowedMethods"),
                    ("AllowedOrigin", "AllowedOrigins"),
                    ("AllowedHeader", "AllowedHeaders"),
                    ("ExposeHeader", "ExposedHeaders"),
                ],
            );
            if let Some(fields) = cors.as_object_mut() {
                fields.insert("MaxAge".to_owned(), at(rule, "MaxAgeSeconds"));
                fields.insert("Id".to_owned(), at(rule, "ID"));
            }
            cors
        });
    }
    all
}

fn lifecycle(answer: &Value) -> Value {
    let mut all = lists(answer, &[("Rule", "Rules")]);
    if let Some(rules) = all.get_mut("Rules") {
        *rules = each(rules.take(), lifecycle_rule);
    }
    all
}

/// A rule as CloudFormation writes it: days beside the rule, filters taken apart.
fn lifecycle_rule(rule: &Value) -> Value {
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            all.insert(name.to_owned(), value);
        }
    };
    put("Id", at(rule, "ID"));
    put("Status", at(rule, "Status"));
    let prefixes = ["Prefix", "Filter.Prefix", "Filter.And.Prefix"].map(|path| at(rule, path));
    // No prefix is every prefix.
    let prefix = prefixes.into_iter().find(|prefix| text(prefix).is_some_and(|prefix| !prefix.is_empty()));
    put("Prefix", prefix.unwrap_or_default());
    put("ExpirationInDays", at(rule, "Expiration.Days"));
    put("ExpirationDate", at(rule, "Expiration.Date"));
    put("ExpiredObjectDeleteMarker", at(rule, "Expiration.ExpiredObjectDeleteMarker"));
    put("NoncurrentVersionExpiration", at(rule, "NoncurrentVersionExpiration"));
    put("AbortIncompleteMultipartUpload", at(rule, "AbortIncompleteMultipartUpload"));
    for size in ["ObjectSizeGreaterThan", "ObjectSizeLessThan"] {
        let found = [format!("Filter.{size}"), format!("Filter.And.{size}")].map(|path| at(rule, &path));
        put(size, found.into_iter().find(|found| !found.is_null()).unwrap_or_default());
    }
    let tags = ["Filter.Tag", "Filter.And.Tag"].map(|path| at(rule, path)).into_iter().find(|tags| !tags.is_null());
    put("TagFilters", tags.map(list).unwrap_or_default());
    let days = [("Days", "TransitionInDays"), ("Date", "TransitionDate"), ("NoncurrentDays", "TransitionInDays")];
    for (old, new) in [("Transition", "Transitions"), ("NoncurrentVersionTransition", "NoncurrentVersionTransitions")] {
        let transitions = at(rule, old);
        if !transitions.is_null() {
            put(new, each(transitions, |transition| renamed(transition, &days)));
        }
    }
    Value::Object(all)
}

fn notification(answer: &Value) -> Value {
    if answer.is_null() || unknown_reason(answer).is_some() {
        return answer.clone();
    }
    let kinds = [
        ("QueueConfiguration", "QueueConfigurations", "Queue", "Queue"),
        ("TopicConfiguration", "TopicConfigurations", "Topic", "Topic"),
        ("CloudFunctionConfiguration", "LambdaConfigurations", "CloudFunction", "Function"),
    ];
    let mut all = Map::new();
    for (old, new, old_target, target) in kinds {
        let entries = list(at(answer, old));
        // CloudFormation writes one entry for each event.
        let single = |entry: &Value| -> Vec<Value> {
            let rules = each(list(at(entry, "Filter.S3Key.FilterRule")), Value::clone);
            let filter = if items(&rules).is_empty() { Value::Null } else { json!({ "S3Key": { "Rules": rules } }) };
            let events = list(at(entry, "Event"));
            items(&events).iter().map(|event| json!({ "Event": event, target: at(entry, old_target), "Filter": filter })).collect()
        };
        all.insert(new.to_owned(), items(&entries).iter().flat_map(single).collect());
    }
    let bridge = answer.get("EventBridgeConfiguration").is_some();
    all.insert("EventBridgeConfiguration".to_owned(), json!({ "EventBridgeEnabled": bridge }));
    Value::Object(all)
}
