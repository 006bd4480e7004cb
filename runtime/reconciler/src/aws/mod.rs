//! The cloud that is AWS, or whatever answers at the configured endpoint.

mod fleet_table;
mod group;
mod job_queue;
mod jobs_table;
mod machines;

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_dynamodb::types::AttributeValue;
use contract::fleet::ReconcilerConfig;

use crate::cloud::CloudError;

/// Clients for the services that the reconciler talks to, and the names of what it talks about.
#[derive(Debug, Clone)]
pub struct Aws {
    sqs: aws_sdk_sqs::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    autoscaling: aws_sdk_autoscaling::Client,
    sfn: aws_sdk_sfn::Client,
    job_queue_url: String,
    picture_queue_url: String,
    jobs_table: String,
    fleet_table: String,
    target: String,
}

impl Aws {
    /// Clients with the connections and credentials of a configuration. Nothing is sent yet.
    #[must_use]
    pub fn new(aws: &aws_config::SdkConfig, config: &ReconcilerConfig) -> Self {
        Self {
            sqs: aws_sdk_sqs::Client::new(aws),
            dynamodb: aws_sdk_dynamodb::Client::new(aws),
            autoscaling: aws_sdk_autoscaling::Client::new(aws),
            sfn: aws_sdk_sfn::Client::new(aws),
            job_queue_url: config.job_queue_url.clone(),
            picture_queue_url: config.picture_queue_url.clone(),
            jobs_table: config.jobs_table.clone(),
            fleet_table: config.fleet_table.clone(),
            target: config.target.clone(),
        }
    }
}

/// An item of a table.
type Item = HashMap<String, AttributeValue>;

/// What went wrong while something was being done.
fn failed<E: Into<Box<dyn Error + Send + Sync>>>(doing: impl Into<String>) -> impl FnOnce(E) -> CloudError {
    move |error| CloudError { doing: doing.into(), source: error.into() }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn text_of<'a>(item: &'a Item, column: &str) -> Option<&'a str> {
    item.get(column)?.as_s().ok().map(String::as_str)
}

fn number_of(item: &Item, column: &str) -> Option<u64> {
    item.get(column)?.as_n().ok()?.parse().ok()
}

/// A word of the table as the type that knows it; none for a word that it does not know.
fn word_of<T: serde::de::DeserializeOwned>(item: &Item, column: &str) -> Option<T> {
    serde_json::from_value(text_of(item, column)?.into()).ok()
}
