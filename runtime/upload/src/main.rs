//! Wires the service to S3, to the table of requests and to the user pool, behind Lambda or as a server of its own.

use std::{process::ExitCode, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};
use caller::{aws::UserPool, clock::SystemClock, event::Event};
use contract::{metrics, upload::UploadConfig};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use telemetry::Log;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::LocalSet,
};
use upload::{
    Uploads,
    server::{Patience, serve},
    store::S3,
};

/// A part of 8 MiB takes a second or two; what takes longer is a connection that ended while the function was frozen: try another.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);
const CALL_TIMEOUT: Duration = Duration::from_secs(25);

type Service = Uploads<S3, UserPool, SystemClock>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let name = std::env::var(metrics::FUNCTION_NAME_VARIABLE).unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
    let log = Log::stdout(&name);
    let config = match UploadConfig::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(problems) => {
            // What cannot work must not start: whoever deploys it sees that at once, and no user does.
            log.error("the service is configured wrongly").because(&problems).write();
            return ExitCode::FAILURE;
        }
    };
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(CALL_TIMEOUT).build();
    let aws = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    let service = service(&config, &aws, log);
    let (ran, doing) = if config.mode == "stream" {
        (listen(&config, service).await, "the server could not begin")
    } else {
        (function(&service).await, "the Lambda runtime could not be reached")
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Log::stdout(&name).error(doing).because(error.as_ref()).write();
            ExitCode::FAILURE
        }
    }
}

fn service(config: &UploadConfig, aws: &SdkConfig, log: Log) -> Service {
    Uploads::new(config.clone(), S3::new(aws, config), UserPool::new(&config.jwks_url, aws), SystemClock, log)
}

async fn function(service: &Service) -> Result<(), Error> {
    let handler = service_fn(async |event: LambdaEvent<Event>| Ok::<_, Error>(service.handle(event.payload).await));
    // The keys come while Lambda is told that the function is ready, and while it waits for its first request.
    let (ran, ()) = tokio::join!(lambda_runtime::run(handler), service.warm());
    ran
}

async fn listen(config: &UploadConfig, service: Service) -> Result<(), Error> {
    // Before anybody is let in: an orchestrator that tells the server to end must not find it deaf.
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(&config.listen).await?;
    service.warm().await;
    let ends = async move {
        terminate.recv().await;
    };
    LocalSet::new().run_until(serve(service, listener, Patience::of(config), ends)).await;
    Ok(())
}
