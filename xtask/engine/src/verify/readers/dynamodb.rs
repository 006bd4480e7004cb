//! DynamoDB.

use serde_json::{Value, json};

use super::prelude::*;

static DYNAMODB: Service = Service::new("dynamodb", Protocol::Json { version: "1.0", target: "DynamoDB_20120810" });

const TABLE: Action = DYNAMODB.action("DescribeTable", "/");
const BACKUPS: Action = DYNAMODB.action("DescribeContinuousBackups", "/");
const EXPIRY: Action = DYNAMODB.action("DescribeTimeToLive", "/");
const TAGS: Action = DYNAMODB.action("ListTagsOfResource", "/");
const INSIGHTS: Action = DYNAMODB.action("DescribeContributorInsights", "/");

pub(super) const READERS: &[Reader] = &[Reader {
    resource_type: "AWS::DynamoDB::Table",
    asks: |subject| {
        let table = json!({ "TableName": subject.id });
        let mut asks = vec![TABLE.ask(table.clone())];
        let settings = [
            ("PointInTimeRecoverySpecification", BACKUPS),
            ("TimeToLiveSpecification", EXPIRY),
            ("ContributorInsightsSpecification", INSIGHTS),
        ];
        let declared = settings.into_iter().filter(|(property, _)| subject.declares(property));
        asks.extend(declared.map(|(_, action)| action.ask(table.clone())));
        let arn = subject.place.arn("dynamodb", &format!("table/{}", subject.id));
        asks.extend(subject.declares("Tags").then(|| TAGS.ask(json!({ "ResourceArn": arn }))));
        asks
    },
    live: |subject, answers| {
        let table = answers.part(&TABLE, "Table");
        // AWS leaves the mode out for tables that never had another than this.
        let billing = Some(at(&table, "BillingModeSummary.BillingMode")).filter(|mode| !mode.is_null());
        let class = Some(at(&table, "TableClassSummary.TableClass")).filter(|class| !class.is_null());
        let backups = answers.part(&BACKUPS, "ContinuousBackupsDescription.PointInTimeRecoveryDescription");
        let expiry = answers.part(&EXPIRY, "TimeToLiveDescription");
        let insights = answers.part(&INSIGHTS, "ContributorInsightsStatus");
        Live::default()
            .same(
                &table,
                &[
                    "AttributeDefinitions",
                    "DeletionProtectionEnabled",
                    "KeySchema",
                    "OnDemandThroughput",
                    "ProvisionedThroughput",
                    "TableName",
                ],
            )
            .set("GlobalSecondaryIndexes", list(at(&table, "GlobalSecondaryIndexes")))
            .set("LocalSecondaryIndexes", list(at(&table, "LocalSecondaryIndexes")))
            .set("BillingMode", billing.unwrap_or_else(|| json!("PROVISIONED")))
            .set("TableClass", class.unwrap_or_else(|| json!("STANDARD")))
            .set("StreamSpecification", at(&table, "StreamSpecification"))
            .set("SSESpecification", encryption(&at(&table, "SSEDescription")))
            .set(
                "PointInTimeRecoverySpecification",
                json!({
                    "PointInTimeRecoveryEnabled": enabled(&at(&backups, "PointInTimeRecoveryStatus")),
                    "RecoveryPeriodInDays": at(&backups, "RecoveryPeriodInDays"),
                }),
            )
            .set("TimeToLiveSpecification", time_to_live(subject, &expiry))
            .set("ContributorInsightsSpecification", json!({ "Enabled": enabled(&insights) }))
            .set("Tags", answers.part(&TAGS, "Tags"))
            .attribute("Arn", at(&table, "TableArn"))
            .attribute("StreamArn", at(&table, "LatestStreamArn"))
    },
    attributes: |name, place| vec![("Arn", place.arn("dynamodb", &format!("table/{name}")))],
    rules: &[("Tags", Rule::Tags), ("KeySchema", Rule::Ordered)],
    ..PLAIN
}];

fn encryption(description: &Value) -> Value {
    if unknown_reason(description).is_some() {
        return description.clone();
    }
    json!({
        "SSEEnabled": enabled(&at(description, "Status")),
        "SSEType": at(description, "SSEType"),
        "KMSMasterKeyId": at(description, "KMSMasterKeyArn"),
    })
}

/// AWS forgets the attribute of a time to live that is off.
fn time_to_live(subject: &Subject<'_>, expiry: &Value) -> Value {
    let on = enabled(&at(expiry, "TimeToLiveStatus"));
    let attribute = if on == json!(false) && subject.text("TimeToLiveSpecification.Enabled") == "false" {
        subject.property("TimeToLiveSpecification.AttributeName")
    } else {
        at(expiry, "AttributeName")
    };
    json!({ "Enabled": on, "AttributeName": attribute })
}

/// `ENABLED`, or on its way there; what is not known stays so.
fn enabled(status: &Value) -> Value {
    match text(status) {
        Some(status) => json!(matches!(status.as_str(), "ENABLED" | "ENABLING" | "UPDATING")),
        None if status.is_null() => json!(false),
        None => status.clone(),
    }
}
