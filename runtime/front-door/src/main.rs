//! Wires the front door to Lambda, DynamoDB, SQS and the user pool.

use std::{process::ExitCode, time::Duration};

use aws_config::{BehaviorVersion, timeout::TimeoutConfig};
use contract::{front_door::FrontDoorConfig, metrics};
use front_door::{
    Door,
    aws::{Aws, UserPool},
    clock::SystemClock,
    event::Event,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use telemetry::Log;

/// DynamoDB and SQS answer in milliseconds. What takes longer is a connection that ended while the function was frozen: try another.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);
const CALL_TIMEOUT: Duration = Duration::from_secs(4);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let function_name = std::env::var(metrics::FUNCTION_NAME_VARIABLE).unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
    let log = Log::stdout(&function_name);
    let config = match FrontDoorConfig::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(problems) => {
            // A function that cannot work must not start: whoever deploys it sees that at once, and no user does.
            log.error("the function is configured wrongly").because(&problems).write();
            return ExitCode::FAILURE;
        }
    };
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(CALL_TIMEOUT).build();
    let aws = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    let keys = UserPool::new(&config.jwks_url, &aws);
    let door = Door::new(config.clone(), Aws::new(&aws, &config), keys, SystemClock, log);
    let door = &door;
    let handler = service_fn(async |event: LambdaEvent<Event>| Ok::<_, Error>(door.handle(event.payload).await));
    // The keys come while Lambda is told that the function is ready, and while it waits for its first request.
    let (ran, ()) = tokio::join!(lambda_runtime::run(handler), door.warm());
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Log::stdout(&function_name).error("the Lambda runtime could not be reached").because(error.as_ref()).write();
            ExitCode::FAILURE
        }
    }
}
