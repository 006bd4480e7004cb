//! The cloud as AWS has it: DynamoDB, SQS, links to S3, and the user pool's keys.

mod fleet;
mod jobs;
mod links;
mod queues;

use aws_config::SdkConfig;
use caller::{
    aws::{RateTable, failed, item},
    limits::{RateStore, Window, Written},
};
use contract::front_door::FrontDoorConfig;

use crate::cloud::StoreError;

pub use caller::aws::UserPool;

/// The tables and the queues of one environment.
#[derive(Debug)]
pub struct Aws {
    dynamo: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    config: SdkConfig,
    jobs_table: String,
    rates: RateTable,
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
            rates: RateTable::new(aws, &config.rate_table),
            fleet_table: config.fleet_table.clone(),
            job_queue_url: config.job_queue_url.clone(),
            picture_queue_url: config.picture_queue_url.clone(),
            ops_queue_url: config.ops_queue_url.clone(),
        }
    }
}

impl RateStore for Aws {
    async fn write(&self, user: &str, expected: Option<u64>, window: &Window, expires_at: u64) -> Result<Written, StoreError> {
        self.rates.write(user, expected, window, expires_at).await
    }
}
