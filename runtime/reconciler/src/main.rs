//! Wires the reconciler to Lambda and AWS.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::BehaviorVersion;
use contract::{fleet::ReconcilerConfig, metrics};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use reconciler::{Reconciler, aws::Aws, event::Call};
use telemetry::Log;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let function_name = std::env::var(metrics::FUNCTION_NAME_VARIABLE).unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
    let log = Log::stdout(&function_name);
    let config = match ReconcilerConfig::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(problems) => {
            log.error("the function is configured wrongly").because(&problems).write();
            return ExitCode::FAILURE;
        }
    };
    let aws = aws_config::defaults(BehaviorVersion::latest()).load().await;
    let reconciler = Reconciler::new(Aws::new(&aws, &config), config, log);
    let reconciler = &reconciler;
    let handler = service_fn(async |event: LambdaEvent<Call>| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
        reconciler.handle(&event.payload, now).await.map_err(Error::from)
    });
    match lambda_runtime::run(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Log::stdout(&function_name).error("the Lambda runtime could not be reached").because(error.as_ref()).write();
            ExitCode::FAILURE
        }
    }
}
