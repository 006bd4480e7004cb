//! What wakes somebody, and what that person looks at.

use cfn_kit::cloudwatch::alarm::{ComparisonOperator, Dimension, Statistic, TreatMissingData};
use cfn_kit::prelude::*;
use cfn_kit::{MetricOf, cloudwatch, lambda, sqs, sub_raw};
use serde_json::{Value as Json, json};

use super::Site;
use super::queue::Jobs;

pub(crate) fn watch<S>(site: &mut Site<'_, S>, jobs: &Jobs<S>, functions: &[(&str, &Handle<lambda::Function, S>)]) {
    use sqs::queue::Metric::{ApproximateAgeOfOldestMessage, ApproximateNumberOfMessagesVisible};

    let dead = alarm(site, "dlq-not-empty", jobs.dead_letters.metric(ApproximateNumberOfMessagesVisible), Statistic::Maximum, 60);
    site.add("DlqAlarm", dead.threshold(1).alarm_actions([&jobs.alerts]).ok_actions([&jobs.alerts]));
    let oldest = alarm(site, "oldest-message", jobs.queue.metric(ApproximateAgeOfOldestMessage), Statistic::Maximum, 60)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .evaluation_periods(5)
        .threshold(site.config.oldest_seconds)
        .alarm_actions([&jobs.alerts]);
    site.add("OldestMessageAlarm", oldest);
    for (id, function) in functions {
        let name = format!("{}-errors", id.to_lowercase());
        let errors = alarm(site, &name, function.metric(lambda::function::Metric::Errors), Statistic::Sum, 300);
        site.add(&format!("{id}ErrorsAlarm"), errors.threshold(1).alarm_actions([&jobs.alerts]));
    }
    let functions: Vec<_> = functions.iter().map(|(_, function)| function.logical_id()).collect();
    let dashboard = cloudwatch::Dashboard::new(sub_raw(&dashboard(jobs, &functions).to_string())).dashboard_name(site.name());
    site.add("Dashboard", dashboard);
}

/// An alarm on one metric, at a threshold and above, in one period.
fn alarm<S>(site: &Site<'_, S>, name: &str, metric: MetricOf<S>, statistic: Statistic, period: u32) -> cloudwatch::Alarm<S> {
    let dimensions: Vec<_> = metric.dimensions.into_iter().map(|(name, value)| Dimension::new(name, value)).collect();
    cloudwatch::Alarm::new()
        .alarm_name(site.named(name))
        .namespace(metric.namespace)
        .metric_name(metric.name)
        .dimensions(dimensions)
        .statistic(statistic)
        .period(period)
        .evaluation_periods(1)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data(TreatMissingData::NotBreaching)
}

/// The dashboard's body, with placeholders of `Fn::Sub` in it.
fn dashboard<S>(jobs: &Jobs<S>, functions: &[&str]) -> Json {
    let queue = |handle: &Handle<sqs::Queue, S>, metric: &str| json!(["AWS/SQS", metric, "QueueName", format!("${{{}.QueueName}}", handle.logical_id()), { "stat": "Maximum" }]);
    let depth = [&jobs.queue, &jobs.dead_letters].map(|handle| queue(handle, "ApproximateNumberOfMessagesVisible"));
    let age = [queue(&jobs.queue, "ApproximateAgeOfOldestMessage")];
    let errors = functions.iter().map(|id| json!(["AWS/Lambda", "Errors", "FunctionName", format!("${{{id}}}"), { "stat": "Sum" }]));
    json!({ "widgets": [
        widget("Queue depth", [0, 0, 12], depth.into()),
        widget("Oldest message", [12, 0, 12], age.into()),
        widget("Lambda errors", [0, 6, 24], errors.collect()),
    ] })
}

fn widget(title: &str, [x, y, width]: [u32; 3], metrics: Vec<Json>) -> Json {
    let properties = json!({ "view": "timeSeries", "title": title, "region": "${AWS::Region}", "metrics": metrics, "yAxis": {} });
    json!({ "type": "metric", "width": width, "height": 6, "x": x, "y": y, "properties": properties })
}
