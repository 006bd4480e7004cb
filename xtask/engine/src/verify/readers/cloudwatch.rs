//! CloudWatch: all alarms are one question.

use serde_json::json;

use super::prelude::*;

static CLOUDWATCH: Service =
    Service::new("cloudwatch", Protocol::Json { version: "1.0", target: "GraniteServiceVersion20100801" }).at("monitoring", "monitoring");

const ALARMS: Action = CLOUDWATCH.action("DescribeAlarms", "/").batched("AlarmNames");
const DASHBOARD: Action = CLOUDWATCH.action("GetDashboard", "/");
const TAGS: Action = CLOUDWATCH.action("ListTagsForResource", "/");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::CloudWatch::Alarm",
        asks: |subject| asks(subject, "MetricAlarm"),
        live: |subject, answers| {
            let alarm = one(&answers.get(&ALARMS), "MetricAlarms", "AlarmName", subject.id);
            let same = [
                "ActionsEnabled",
                "AlarmActions",
                "AlarmDescription",
                "AlarmName",
                "ComparisonOperator",
                "DatapointsToAlarm",
                "Dimensions",
                "EvaluateLowSampleCountPercentile",
                "EvaluationPeriods",
                "ExtendedStatistic",
                "InsufficientDataActions",
                "MetricName",
                "Metrics",
                "Namespace",
                "OKActions",
                "Period",
                "Statistic",
                "Threshold",
                "ThresholdMetricId",
                "TreatMissingData",
                "Unit",
            ];
            Live::default().same(&alarm, &same).set("Tags", answers.part(&TAGS, "Tags")).unless_gone(&alarm)
        },
        attributes: |name, place| vec![("Arn", place.arn("cloudwatch", &format!("alarm:{name}")))],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::CloudWatch::CompositeAlarm",
        asks: |subject| asks(subject, "CompositeAlarm"),
        live: |subject, answers| {
            let alarm = one(&answers.get(&ALARMS), "CompositeAlarms", "AlarmName", subject.id);
            let same = [
                "ActionsEnabled",
                "ActionsSuppressor",
                "ActionsSuppressorExtensionPeriod",
                "ActionsSuppressorWaitPeriod",
                "AlarmActions",
                "AlarmDescription",
                "AlarmName",
                "AlarmRule",
                "InsufficientDataActions",
                "OKActions",
            ];
            Live::default().same(&alarm, &same).set("Tags", answers.part(&TAGS, "Tags")).unless_gone(&alarm)
        },
        attributes: |name, place| vec![("Arn", place.arn("cloudwatch", &format!("alarm:{name}")))],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::CloudWatch::Dashboard",
        asks: |subject| vec![DASHBOARD.ask(json!({ "DashboardName": subject.id }))],
        live: |_, answers| Live::default().same(&answers.get(&DASHBOARD), &["DashboardName", "DashboardBody"]),
        rules: &[("DashboardBody", Rule::Json)],
        ..PLAIN
    },
];

fn asks(subject: &Subject<'_>, kind: &str) -> Vec<Ask> {
    let mut asks = vec![ALARMS.ask(json!({ "AlarmNames": [subject.id], "AlarmTypes": [kind], "MaxRecords": 100 }))];
    let arn = subject.place.arn("cloudwatch", &format!("alarm:{}", subject.id));
    asks.extend(subject.declares("Tags").then(|| TAGS.ask(json!({ "ResourceARN": arn }))));
    asks
}
