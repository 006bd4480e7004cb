//! Metrics: their names, and the log line that CloudWatch turns into them (embedded metric format).
//!
//! A line on stdout costs no API call, no permission and no waiting in the request path.

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeStruct},
};

/// Namespace of all our metrics.
pub const NAMESPACE: &str = "Cloudwright";

/// Pictures that were refused for good: counted once each, when they have been moved away.
pub const TRANSCODE_FAILURES: &str = "TranscodeFailures";
/// Pictures whose proxies were written.
pub const TRANSCODED_IMAGES: &str = "TranscodedImages";
/// Time that one picture took, from its event to its last proxy, in milliseconds.
pub const TRANSCODE_MILLISECONDS: &str = "TranscodeMilliseconds";

/// Requests that were answered with 429, by whichever program: counted by [`DIMENSION_RATE_TABLE`].
pub const API_RATE_LIMIT_BREACHES: &str = "ApiRateLimitBreaches";
/// Jobs that a worker brought to an end, whichever.
pub const JOBS_ENDED: &str = "JobsEnded";
/// Jobs that failed for good.
pub const JOBS_FAILED: &str = "JobsFailed";
/// From the moment a job was asked for until a worker began it, in milliseconds.
pub const JOB_WAIT_MILLISECONDS: &str = "JobWaitMilliseconds";
/// How long a worker was busy with a job, in milliseconds.
pub const JOB_MILLISECONDS: &str = "JobMilliseconds";
/// Tokens that a job's answer has.
pub const JOB_TOKENS: &str = "JobTokens";
/// Jobs whose message was sent again, because nobody could be sure that it was sent.
pub const JOBS_SENT_AGAIN: &str = "JobsSentAgain";
/// What the workers' Auto Scaling group tried in vain, such as a launch without capacity.
pub const FLEET_FAILED_ACTIVITIES: &str = "FleetFailedActivities";

/// Times at which an image model had no room for a job, which waits then and is no failure.
pub const MODEL_THROTTLES: &str = "ModelThrottles";
/// Pictures that an image model refused to make.
pub const PICTURES_REFUSED: &str = "PicturesRefused";

/// The usual dimension: the function's name. CloudFormation generates it, so that environments in one account stay apart, and an alarm can refer to it.
pub const DIMENSION_FUNCTION_NAME: &str = "FunctionName";

/// The dimension of what several programs count together: the table that holds the limits which they share. Its name is generated too.
pub const DIMENSION_RATE_TABLE: &str = "RateTable";

/// Environment variable in which Lambda tells a function its own name.
pub const FUNCTION_NAME_VARIABLE: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// What a metric's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Things.
    Count,
    /// Thousandths of a second.
    Milliseconds,
    /// Bytes.
    Bytes,
}

/// The value of a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Property {
    /// Text.
    Text(String),
    /// A number that is searched, not counted: a status, a duration.
    Number(u64),
}

impl From<&str> for Property {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Property {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Property {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// One log line that CloudWatch turns into metrics; further properties stay with it in the log, where they can be searched.
///
/// ```
/// use contract::metrics::{self, EmbeddedMetrics, Unit};
///
/// let line = EmbeddedMetrics::new(1_700_000_000_000, "transcode").metric(metrics::TRANSCODE_FAILURES, Unit::Count, 1.0).property("key", "in/a.png");
/// let line = serde_json::to_value(&line).unwrap();
///
/// assert_eq!(line["TranscodeFailures"], 1.0);
/// assert_eq!(line["FunctionName"], "transcode");
/// assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Cloudwright");
/// assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][0], "FunctionName");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddedMetrics {
    timestamp_milliseconds: u64,
    dimension: (&'static str, String),
    metrics: Vec<(&'static str, Unit, f64)>,
    properties: Vec<(String, Property)>,
}

impl EmbeddedMetrics {
    /// A line of the function of that name, at a time in milliseconds since 1970; CloudWatch drops what is older than two weeks.
    #[must_use]
    pub fn new(timestamp_milliseconds: u64, function_name: &str) -> Self {
        let dimension = (DIMENSION_FUNCTION_NAME, function_name.to_owned());
        Self { timestamp_milliseconds, dimension, metrics: Vec::new(), properties: Vec::new() }
    }

    /// Counts by another dimension than the function's name: what several functions count together.
    #[must_use]
    pub fn per(self, dimension: &'static str, value: &str) -> Self {
        Self { dimension: (dimension, value.to_owned()), ..self }
    }

    /// Adds a metric and its value.
    #[must_use]
    pub fn metric(mut self, name: &'static str, unit: Unit, value: f64) -> Self {
        self.metrics.push((name, unit, value));
        self
    }

    /// Adds a property that is searched in the log and never becomes a metric.
    ///
    /// Keys and reasons belong here, since each value of a dimension is billed.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<Property>) -> Self {
        self.properties.push((name.to_owned(), value.into()));
        self
    }
}

impl Serialize for EmbeddedMetrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("_aws", &Directive(self))?;
        let (dimension, value) = &self.dimension;
        line.serialize_entry(dimension, value)?;
        for (name, _, value) in &self.metrics {
            line.serialize_entry(name, value)?;
        }
        for (name, value) in &self.properties {
            line.serialize_entry(name, value)?;
        }
        line.end()
    }
}

/// The part that tells CloudWatch which fields of the line are metrics, and which one is their dimension.
struct Directive<'a>(&'a EmbeddedMetrics);

impl Serialize for Directive<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Definition {
            name: &'static str,
            unit: Unit,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Set {
            namespace: &'static str,
            dimensions: [[&'static str; 1]; 1],
            metrics: Vec<Definition>,
        }
        let metrics = self.0.metrics.iter().map(|&(name, unit, _)| Definition { name, unit }).collect();
        let mut directive = serializer.serialize_struct("Directive", 2)?;
        directive.serialize_field("Timestamp", &self.0.timestamp_milliseconds)?;
        directive.serialize_field("CloudWatchMetrics", &[Set { namespace: NAMESPACE, dimensions: [[self.0.dimension.0]], metrics }])?;
        directive.end()
    }
}
