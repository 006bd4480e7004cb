//! Alarms that can fire and that somebody hears.

use cfn_kit::prelude::*;
use cfn_kit::{MetricOf, cloudwatch, sns};

/// An alarm on one metric of one resource.
///
/// Missing data is no alarm: SQS and Lambda send nothing while nothing happens. The statistic is the maximum, which for a gauge
/// such as a queue's depth is the only one that neither averages a peak away nor adds up samples.
#[derive(Debug)]
pub struct Alarm<S> {
    metric: MetricOf<S>,
    threshold: u32,
    statistic: Of,
    period_seconds: u32,
    description: &'static str,
    actions: Vec<Value<sns::topic::TopicArn, S>>,
}

/// What is made of the values of a period.
#[derive(Debug, Clone, Copy)]
enum Of {
    Greatest,
    Sum,
    Percentile(&'static str),
}

impl<S> Alarm<S> {
    /// An alarm on a resource's own metric, for one event in one minute.
    #[must_use]
    pub fn on(metric: MetricOf<S>) -> Self {
        Self { metric, threshold: 1, statistic: Of::Greatest, period_seconds: 60, description: "", actions: Vec::new() }
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

    /// Say what it means and what to do, to the person whom it wakes.
    #[must_use]
    pub fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Tell a topic, when it fires and when it is over.
    #[must_use]
    pub fn tell(mut self, topic: &Value<sns::topic::TopicArn, S>) -> Self {
        self.actions.push(topic.clone());
        self
    }
}

impl<S> Construct<S> for Alarm<S> {
    type Handle = Handle<cloudwatch::Alarm, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
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
                .alarm_description(self.description)
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
