//! When an alarm fires, and over how long a time it looks.

use serde_json::Value as Json;

use super::metrics::{Watched, watched};
use super::queues::redriven_to;
use super::services::service;
use super::view::{Res, View};
use super::{Broken, Rule};
use crate::finding::Severity;

/// An alarm that cannot fire.
pub(super) const ALARM_NEVER_FIRES: Rule = Rule {
    id: "alarm-never-fires",
    severity: Severity::Error,
    title: "the threshold of an alarm can be crossed by the first event",
    why: "an alarm that cannot fire looks exactly like one that had no reason to",
    check: alarm_never_fires,
};

/// A period or a span that CloudWatch refuses.
pub(super) const ALARM_WINDOW: Rule = Rule {
    id: "alarm-window",
    severity: Severity::Error,
    title: "an alarm looks over a span that CloudWatch allows",
    why: "CloudWatch refuses the alarm in the middle of the deploy: periods are 10, 20, 30 or a multiple of 60 seconds, and all periods together \
          at most a day, or seven where one period is an hour or more",
    check: alarm_window,
};

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// Metrics that never exceed a number, whatever is taken of them but their sum or count.
const MAXIMA: &[(&str, &str, f64)] = &[
    ("AWS/EC2", "CPUUtilization", 100.0),
    ("AWS/EC2", "StatusCheckFailed", 1.0),
    ("AWS/EC2", "StatusCheckFailed_Instance", 1.0),
    ("AWS/EC2", "StatusCheckFailed_System", 1.0),
    ("AWS/RDS", "CPUUtilization", 100.0),
    ("AWS/DocDB", "CPUUtilization", 100.0),
    ("AWS/Neptune", "CPUUtilization", 100.0),
    ("AWS/ElastiCache", "CPUUtilization", 100.0),
    ("AWS/ElastiCache", "EngineCPUUtilization", 100.0),
    ("AWS/Redshift", "CPUUtilization", 100.0),
    ("AWS/Redshift", "PercentageDiskSpaceUsed", 100.0),
    ("AWS/EFS", "PercentIOLimit", 100.0),
    // One value of 0 or 1 for each invocation.
    ("AWS/Lambda", "Errors", 1.0),
];

fn alarm_never_fires(view: &View<'_>, broken: &mut Broken<'_>) {
    for alarm in view.of_type("AWS::CloudWatch::Alarm") {
        let count = |property: &str| alarm.get(property).and_then(|value| view.number(value));
        if let (Some(needed), Some(looked_at)) = (count("DatapointsToAlarm"), count("EvaluationPeriods"))
            && needed > looked_at
        {
            broken.at(
                &alarm.path("DatapointsToAlarm"),
                format!("`{}` needs {needed} bad periods and looks at {looked_at}", alarm.id),
                format!("need at most {looked_at}, or raise `EvaluationPeriods`"),
            );
        }
    }
    for watched in watched(view).iter().filter(|watched| watched.place.is_empty()) {
        threshold(view, watched, broken);
    }
}

fn threshold<'a>(view: &View<'a>, watched: &Watched<'a>, broken: &mut Broken<'_>) {
    let alarm = watched.alarm;
    let text = |property: &str| alarm.get(property).and_then(|value| view.text(value));
    let Some(threshold) = alarm.get("Threshold").and_then(|value| view.number(value)) else { return };
    let (Some(operator), Some(name)) = (text("ComparisonOperator"), watched.name.as_deref()) else { return };
    let path = alarm.path("Threshold");
    let above = match operator.as_ref() {
        "GreaterThanThreshold" => true,
        "GreaterThanOrEqualToThreshold" => false,
        _ => return below_zero(view, watched, threshold, broken),
    };
    let sign = if above { ">" } else { ">=" };
    let statistic = text("Statistic").or_else(|| text("ExtendedStatistic")).unwrap_or_default();
    let bounded = matches!(statistic.as_ref(), "Average" | "Maximum" | "Minimum") || statistic.starts_with('p');
    let most = MAXIMA.iter().find(|(namespace, metric, _)| *namespace == watched.namespace && *metric == name).map(|(.., most)| *most);
    if let Some(most) = most.filter(|most| bounded && (threshold > *most || above && threshold >= *most)) {
        broken.at(
            &path,
            format!("the `{statistic}` of `{name}` is never {sign} {threshold}: it is at most {most}"),
            if name == "Errors" { "count with `Sum`".to_owned() } else { format!("set a threshold below {most}") },
        );
        return;
    }
    // `> 1` for "one or more": the usual slip, and the first lost job is not told.
    let counted = watched.namespace == "AWS/SQS" && name == "ApproximateNumberOfMessagesVisible";
    let queue = watched.dimension(view, "QueueName").and_then(|(_, value)| view.target_of(value, "AWS::SQS::Queue"));
    if let Some(queue) = queue.filter(|queue| counted && above && (1.0..2.0).contains(&threshold) && redriven_to(view, queue.id)) {
        broken.at(
            &path,
            format!("`{}` is silent about the first message in `{}`: it waits for more than {threshold}", alarm.id, queue.id),
            "write `GreaterThanOrEqualToThreshold`, or a threshold of 0",
        );
    }
}

fn below_zero<'a>(view: &View<'a>, watched: &Watched<'a>, threshold: f64, broken: &mut Broken<'_>) {
    let alarm = watched.alarm;
    let text = |property: &str| alarm.get(property).and_then(|value| view.text(value));
    // With missing data as bad data, an impossible threshold watches for silence.
    let missing = alarm.get("TreatMissingData");
    if missing.is_some() && missing.and_then(|value| view.text(value)).is_none_or(|word| word == "breaching") {
        return;
    }
    let (sign, never) = match text("ComparisonOperator").as_deref() {
        Some("LessThanThreshold") => ("<", threshold <= 0.0),
        Some("LessThanOrEqualToThreshold") => ("<=", threshold < 0.0),
        _ => return,
    };
    if let Some(name) = watched.name.as_deref().filter(|_| never && service(&watched.namespace).is_some()) {
        let message = format!("`{name}` is never {sign} {threshold}: it has no values below 0");
        broken.at(&alarm.path("Threshold"), message, "raise the threshold, or turn the comparison round");
    }
}

fn alarm_window(view: &View<'_>, broken: &mut Broken<'_>) {
    for alarm in view.of_type("AWS::CloudWatch::Alarm") {
        let periods = periods(view, alarm);
        for (path, period, is_aws) in &periods {
            let short = [10.0, 20.0, 30.0].contains(period);
            if !short && (*period < MINUTE || period % MINUTE != 0.0) {
                broken.at(path, format!("a period of {period} seconds is none that CloudWatch has"), "take 10, 20, 30 or a multiple of 60");
            } else if short && *is_aws {
                let message = format!("a period of {period} seconds holds no data: AWS's own metrics come once a minute");
                broken.at(path, message, "take 60 or a multiple of it");
            }
        }
        let count = alarm.get("EvaluationPeriods").and_then(|value| view.number(value));
        // Where the parts of a formula have different periods, nobody says which one counts.
        let [(_, period, _), rest @ ..] = periods.as_slice() else { continue };
        let most = if *period < HOUR { DAY } else { 7.0 * DAY };
        let all_alike = rest.iter().all(|(_, other, _)| other == period);
        if let Some(count) = count.filter(|count| all_alike && count * period > most) {
            let message = format!("{count} periods of {period} seconds are {} seconds; at most {most} are allowed", count * period);
            broken.at(&alarm.path("EvaluationPeriods"), message, format!("look at {} periods or fewer", (most / period).floor()));
        }
    }
}

/// The alarm's periods, with their paths and whether AWS itself sends the metric, once a minute at most.
fn periods<'a>(view: &View<'a>, alarm: Res<'a>) -> Vec<(String, f64, bool)> {
    let is_aws = |namespace: Option<&'a Json>| namespace.and_then(|value| view.text(value)).is_some_and(|name| service(&name).is_some());
    let mut found = Vec::new();
    if let Some(period) = alarm.get("Period").and_then(|value| view.number(value)) {
        found.push((alarm.path("Period"), period, is_aws(alarm.get("Namespace"))));
    }
    for index in 0..alarm.list("Metrics").len() {
        let stat = format!("Metrics/{index}/MetricStat");
        if let Some(period) = alarm.get(&format!("{stat}/Period")).and_then(|value| view.number(value)) {
            found.push((alarm.path(&format!("{stat}/Period")), period, is_aws(alarm.get(&format!("{stat}/Metric/Namespace")))));
        }
    }
    found
}
