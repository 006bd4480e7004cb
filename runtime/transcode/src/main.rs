//! Wires the transcoder to Lambda and S3.

use std::process::ExitCode;

use aws_config::BehaviorVersion;
use contract::{images::TranscodeConfig, metrics};
use lambda_events::Batch;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use telemetry::Log;
use transcode::{Transcoder, store::S3Store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let function_name = std::env::var(metrics::FUNCTION_NAME_VARIABLE).unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
    let log = Log::stdout(&function_name);
    let config = match TranscodeConfig::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(problems) => {
            // A function that cannot work must not start: every message would fail, and only the first few would be looked at.
            log.error("the function is configured wrongly").because(&problems).write();
            return ExitCode::FAILURE;
        }
    };
    let aws = aws_config::defaults(BehaviorVersion::latest()).load().await;
    let transcoder = Transcoder::new(S3Store::new(aws_sdk_s3::Client::new(&aws)), config, log);
    let transcoder = &transcoder;
    let handler = service_fn(async |event: LambdaEvent<Batch>| Ok::<_, Error>(transcoder.handle(&event.payload).await));
    match lambda_runtime::run(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Log::stdout(&function_name).error("the Lambda runtime could not be reached").because(error.as_ref()).write();
            ExitCode::FAILURE
        }
    }
}
