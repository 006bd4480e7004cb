//! Wires the function to Lambda, DynamoDB, S3, SQS and the model.

use std::{process::ExitCode, time::Duration};

use aws_config::{BehaviorVersion, timeout::TimeoutConfig};
use contract::{imagegen::ImagegenConfig, metrics};
use imagegen::{Imagegen, aws::Aws, clock::SystemClock};
use lambda_events::Batch;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use telemetry::Log;

/// The variable in which Lambda tells a function what no other call of it is told at the same time.
const LOG_STREAM_VARIABLE: &str = "AWS_LAMBDA_LOG_STREAM_NAME";

/// All but the model answer in milliseconds; a picture of some megabytes is with S3 in a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const CALL_TIMEOUT: Duration = Duration::from_secs(8);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let function_name = std::env::var(metrics::FUNCTION_NAME_VARIABLE).unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
    let log = Log::stdout(&function_name);
    let config = match ImagegenConfig::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(problems) => {
            // A function that cannot work must not start: every message would fail, and only the first few would be looked at.
            log.error("the function is configured wrongly").because(&problems).write();
            return ExitCode::FAILURE;
        }
    };
    let worker = std::env::var(LOG_STREAM_VARIABLE).unwrap_or_else(|_| function_name.clone());
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(CALL_TIMEOUT).build();
    let aws = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    let imagegen = Imagegen::new(Aws::new(&aws, &config, &worker), SystemClock, config, log);
    let imagegen = &imagegen;
    let handler = service_fn(async |event: LambdaEvent<Batch>| Ok::<_, Error>(imagegen.handle(&event.payload).await));
    match lambda_runtime::run(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Log::stdout(&function_name).error("the Lambda runtime could not be reached").because(error.as_ref()).write();
            ExitCode::FAILURE
        }
    }
}
