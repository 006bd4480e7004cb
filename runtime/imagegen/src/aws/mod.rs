//! The cloud as AWS has it: DynamoDB, S3, SQS, and the model in Bedrock.

mod bedrock;
mod pictures;
mod queue;
mod records;

use std::error::Error;

use aws_config::SdkConfig;
use contract::imagegen::ImagegenConfig;

use crate::cloud::CloudError;

pub use bedrock::Bedrock;

/// Clients for what the configuration names, and the names of what they are asked for.
#[derive(Debug)]
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    model: Bedrock,
    jobs_table: String,
    queue_url: String,
    dead_letter_queue_url: String,
    result_bucket: String,
    worker: String,
    record_days: u32,
}

impl Aws {
    /// Clients with the connections and credentials of a configuration, for a function that calls itself `worker` in records.
    /// Nothing is called yet.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: &ImagegenConfig, worker: &str) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(aws),
            s3: aws_sdk_s3::Client::new(aws),
            sqs: aws_sdk_sqs::Client::new(aws),
            model: Bedrock::new(aws, config),
            jobs_table: config.jobs_table.clone(),
            queue_url: config.queue_url.clone(),
            dead_letter_queue_url: config.dead_letter_queue_url.clone(),
            result_bucket: config.result_bucket.clone(),
            worker: worker.to_owned(),
            record_days: config.record_days,
        }
    }
}

/// What went wrong while something was being done.
fn failed<E: Into<Box<dyn Error + Send + Sync>>>(doing: &'static str) -> impl FnOnce(E) -> CloudError {
    move |error| CloudError::new(doing, error)
}
