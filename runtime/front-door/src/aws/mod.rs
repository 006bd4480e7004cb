//! The cloud as AWS has it: DynamoDB, SQS, links to S3, and the user pool's keys.

mod fleet;
mod item;
mod jobs;
mod links;
mod pool;
mod queues;
mod rates;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::result::SdkError;
use contract::front_door::FrontDoorConfig;

use crate::cloud::StoreError;

pub use pool::UserPool;

/// The tables and the queues of one environment.
#[derive(Debug)]
pub struct Aws {
    dynamo: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    config: SdkConfig,
    jobs_table: String,
    rate_table: String,
    fleet_table: String,
    job_queue_url: String,
    picture_queue_url: String,
    ops_queue_url: String,
}

impl Aws {
    /// Clients for what the configuration names. Nothing is called yet.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: &FrontDoorConfig) -> Self {
        Self {
            dynamo: aws_sdk_dynamodb::Client::new(aws),
            sqs: aws_sdk_sqs::Client::new(aws),
            config: aws.clone(),
            jobs_table: config.jobs_table.clone(),
            rate_table: config.rate_table.clone(),
            fleet_table: config.fleet_table.clone(),
            job_queue_url: config.job_queue_url.clone(),
            picture_queue_url: config.picture_queue_url.clone(),
            ops_queue_url: config.ops_queue_url.clone(),
        }
    }
}

/// An error of a call, whichever.
fn failed<E, R>(doing: &'static str) -> impl FnOnce(SdkError<E, R>) -> StoreError
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    move |error| StoreError::new(doing, error)
}
