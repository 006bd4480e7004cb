//! Metrics that alarms watch: which there are, and which there are not.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::services::{SERVICES, service};
use super::texts::{meant, names};
use super::view::{Res, View};
use super::{Broken, Rule};
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
        if service.metrics().any(|known| known == name) {
            continue;
        }
        let meant = meant(name, service.metrics());
        let owner = SERVICES.iter().find(|other| other.namespace != service.namespace && other.metrics().any(|known| known == name));
        // Services get new metrics; where not all are known, only what is another's or nearly a known one is judged.
        let hint = match (meant, owner) {
            (Some(meant), _) => format!("write `{meant}`"),
            (None, Some(owner)) => format!("`{name}` is a metric of `{}`", owner.namespace),
            (None, None) if service.whole => format!("take one of {}", names(service.metrics().collect::<BTreeSet<_>>())),
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
