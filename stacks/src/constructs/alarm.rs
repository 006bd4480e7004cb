//! Alarms that can fire and that somebody hears.

use cfn_kit::prelude::*;
use cfn_kit::{MetricOf, cloudwatch, sns};
use foundation::environment::Alerts;

/// An alarm on one metric of one resource.
///
/// Missing data is no alarm: SQS and Lambda send nothing while nothing happens. The statistic is the maximum, which for a gauge
/// such as a queue's depth is the only one that neither averages a peak away nor adds up samples.
///
/// Its text ends with its runbook, `docs/runbooks/<its logical ID in kebab case>.md`: whoever is woken by the letter has nothing else.
#[derive(Debug)]
pub struct Alarm<'a, S> {
    metric: MetricOf<S>,
    threshold: u32,
    statistic: Of,
    period_seconds: u32,
    description: Option<(&'static str, &'a Alerts)>,
    actions: Vec<Value<sns::topic::TopicArn, S>>,
}

/// What is made of the values of a period.
#[derive(Debug, Clone, Copy)]
enum Of {
    Greatest,
    Sum,
    Percentile(&'static str),
}

impl<'a, S> Alarm<'a, S> {
    /// An alarm on a resource's own metric, for one event in one minute.
    #[must_use]
    pub fn on(metric: MetricOf<S>) -> Self {
        Self { metric, threshold: 1, statistic: Of::Greatest, period_seconds: 60, description: None, actions: Vec::new() }
    }

    /// Fire at this value and above.
    #[must_use]
    pub fn at_least(self, threshold: u32) -> Self {
        Self { threshold, ..self }
    }

    /// Add up what is counted within so many seconds, for metrics that count events.
    #[must_use]
    pub fn sum_of_seconds(self, period_seconds: u32) -> Self {
        Self { statistic: Of::Sum, period_seconds, ..self }
    }

    /// What 99 of 100 stay below within so many seconds, for metrics that measure a time.
    #[must_use]
    pub fn p99_of_seconds(self, period_seconds: u32) -> Self {
        Self { statistic: Of::Percentile("p99"), period_seconds, ..self }
    }

    /// Say what it means and what to do, to the person whom it wakes; `alerts` knows where the runbook is read.
    #[must_use]
    pub fn describe(self, description: &'static str, alerts: &'a Alerts) -> Self {
        Self { description: Some((description, alerts)), ..self }
    }

    /// Tell a topic, when it fires and when it is over.
    #[must_use]
    pub fn tell(mut self, topic: &Value<sns::topic::TopicArn, S>) -> Self {
        self.actions.push(topic.clone());
        self
    }
}

impl<S> Construct<S> for Alarm<'_, S> {
    type Handle = Handle<cloudwatch::Alarm, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        let description = self.description.map(|(means, alerts)| with_runbook(means, id, alerts));
        let alarm = cloudwatch::Alarm::new();
        let alarm = match self.statistic {
            Of::Greatest => alarm.statistic(cloudwatch::alarm::Statistic::Maximum),
            Of::Sum => alarm.statistic(cloudwatch::alarm::Statistic::Sum),
            Of::Percentile(percentile) => alarm.extended_statistic(percentile),
        };
        template.add(
            id,
            alarm
                .comparison_operator(cloudwatch::alarm::ComparisonOperator::GreaterThanOrEqualToThreshold)
                .evaluation_periods(1)
                .alarm_description(description.unwrap_or_default())
                .namespace(self.metric.namespace)
                .metric_name(self.metric.name)
                .dimensions(self.metric.dimensions)
                .period(i64::from(self.period_seconds))
                .threshold(i64::from(self.threshold))
                .treat_missing_data(cloudwatch::alarm::TreatMissingData::NotBreaching)
                .alarm_actions(self.actions.clone())
                .ok_actions(self.actions),
        )
    }
}

/// The text of an alarm with this logical ID: what it means, and where its runbook is read.
pub(crate) fn with_runbook(means: &str, id: &str, alerts: &Alerts) -> String {
    format!("{means}. Runbook: {}", alerts.runbook(&kebab(id)))
}

/// A logical ID as the name of a file: `OldestJobAlarm` is `oldest-job-alarm`.
fn kebab(id: &str) -> String {
    let mut name = String::new();
    for letter in id.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runbook_is_called_as_its_alarm_in_lower_case() {
        assert_eq!(kebab("OldestJobAlarm"), "oldest-job-alarm", "the letter would name a page that is not there");
    }
}
