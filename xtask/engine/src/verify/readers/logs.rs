//! CloudWatch Logs.

use serde_json::{Value, json};

use super::prelude::*;

static LOGS: Service = Service::new("logs", Protocol::Json { version: "1.1", target: "Logs_20140328" });

const GROUPS: Action = LOGS.action("DescribeLogGroups", "/");
const TAGS: Action = LOGS.action("ListTagsForResource", "/");
const FILTERS: Action = LOGS.action("DescribeMetricFilters", "/");
const SUBSCRIPTIONS: Action = LOGS.action("DescribeSubscriptionFilters", "/");
const DATA_PROTECTION: Action = LOGS.action("GetDataProtectionPolicy", "/");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::Logs::LogGroup",
        asks: |subject| {
            // The exact name sorts before all that begin with it, so it is on the first page.
            let mut asks = vec![GROUPS.ask(json!({ "logGroupNamePrefix": subject.id }))];
            let arn = subject.place.arn("logs", &format!("log-group:{}", subject.id));
            asks.extend(subject.declares("Tags").then(|| TAGS.ask(json!({ "resourceArn": arn }))));
            let protects = subject.declares("DataProtectionPolicy");
            asks.extend(protects.then(|| DATA_PROTECTION.ask(json!({ "logGroupIdentifier": subject.id }))));
            asks
        },
        live: |subject, answers| {
            let group = one(&answers.get(&GROUPS), "logGroups", "logGroupName", subject.id);
            let class = Some(at(&group, "logGroupClass")).filter(|class| !class.is_null());
            Live::default()
                .set("LogGroupName", at(&group, "logGroupName"))
                .set("RetentionInDays", at(&group, "retentionInDays"))
                .set("KmsKeyId", at(&group, "kmsKeyId"))
                .set("LogGroupClass", class.unwrap_or_else(|| json!("STANDARD")))
                .set("DataProtectionPolicy", answers.part(&DATA_PROTECTION, "policyDocument"))
                .set("Tags", answers.part(&TAGS, "tags"))
                .unless_gone(&group)
        },
        attributes: |name, place| vec![("Arn", place.arn("logs", &format!("log-group:{name}:*")))],
        rules: &[("Tags", Rule::Tags), ("DataProtectionPolicy", Rule::Json)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Logs::MetricFilter",
        asks: |subject| vec![FILTERS.ask(json!({ "logGroupName": subject.text("LogGroupName"), "filterNamePrefix": subject.id }))],
        live: |subject, answers| {
            let filter = one(&answers.get(&FILTERS), "metricFilters", "filterName", subject.id);
            let transformation = |one: &Value| {
                let mut all = pascal(one, &["Dimensions"]);
                if let Some(dimensions) = all.get_mut("Dimensions") {
                    *dimensions = tags_of_map(dimensions.take());
                }
                all
            };
            Live::default()
                .set("FilterName", at(&filter, "filterName"))
                .set("FilterPattern", at(&filter, "filterPattern"))
                .set("LogGroupName", subject.property("LogGroupName"))
                .set("ApplyOnTransformedLogs", at(&filter, "applyOnTransformedLogs"))
                .set("MetricTransformations", each(at(&filter, "metricTransformations"), transformation))
                .unless_gone(&filter)
        },
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Logs::SubscriptionFilter",
        asks: |subject| {
            vec![SUBSCRIPTIONS.ask(json!({ "logGroupName": subject.text("LogGroupName"), "filterNamePrefix": subject.tail() }))]
        },
        live: |subject, answers| {
            let filter = one(&answers.get(&SUBSCRIPTIONS), "subscriptionFilters", "filterName", subject.tail());
            Live::default()
                .same(&pascal(&filter, &[]), &["DestinationArn", "Distribution", "FilterName", "FilterPattern", "RoleArn"])
                .set("LogGroupName", subject.property("LogGroupName"))
                .unless_gone(&filter)
        },
        ..PLAIN
    },
];
