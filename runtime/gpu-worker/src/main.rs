//! Reads the configuration, and works until it is told to end.

use std::process::ExitCode;
use std::sync::Arc;

use contract::metrics;
use contract::worker::WorkerConfig;
use telemetry::Log;

#[tokio::main]
async fn main() -> ExitCode {
    // The dimension of all metrics: the stack gives it a name that no other environment has.
    let name = std::env::var(metrics::FUNCTION_NAME_VARIABLE).unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
    let log = Arc::new(Log::stdout(&name));
    let config = match WorkerConfig::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(problems) => {
            log.error("the worker is configured wrongly").because(&problems).write();
            return ExitCode::FAILURE;
        }
    };
    match gpu_worker::run(config, Arc::clone(&log), gpu_worker::choose).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.error("the worker cannot start").because(&error).write();
            ExitCode::FAILURE
        }
    }
}
