//! A worker from its configuration to its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::BehaviorVersion;
use contract::worker::WorkerConfig;
use inference::Engine;
use sqs_worker::notice::Signals;
use sqs_worker::sqs::Sqs;
use sqs_worker::{Notice, Settings, Worker};
use telemetry::Log;
use tokio::sync::watch;

use crate::generate::{Generating, Limits};
use crate::machine::Machine;
use crate::model::{self, Source};
use crate::presence::Presence;
use crate::records::Records;

/// What stands where a setting does not apply.
const NONE: &str = "none";

/// How long a job may take beyond its limit to write its end, before its message counts as failed.
const GRACE: Duration = Duration::from_secs(60);

/// Why a worker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system does not let it listen to signals.
    #[error("the worker cannot listen to signals")]
    Signals(#[source] std::io::Error),
    /// There is no model.
    #[error("the model could not be made ready")]
    Model(#[from] model::Error),
    /// The engine does not start.
    #[error("the engine `{engine}` does not start")]
    Engine {
        /// Which one.
        engine: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Makes model and engine ready, takes jobs until it is told to end, and ends in good order.
///
/// # Errors
///
/// When it cannot start; a job that fails is no error.
pub async fn run<E>(config: WorkerConfig, log: Arc<Log>, engine: E) -> Result<(), Error>
where
    E: AsyncFnOnce(&WorkerConfig, Option<PathBuf>) -> Result<Arc<dyn Engine>, Box<dyn std::error::Error + Send + Sync>>,
{
    let signals = Signals::listen().map_err(Error::Signals)?;
    let aws = aws_config::defaults(BehaviorVersion::latest()).load().await;
    let Machine { worker, instance_type, imds } = Machine::find().await;
    let mut notice = (signals, imds);
    let table = aws_sdk_dynamodb::Client::new(&aws);
    let instance_type = instance_type.as_deref();
    let presence = Presence::new(table.clone(), &config.fleet_table, &worker, instance_type, Arc::clone(&log));

    let idle = watch::Sender::new(0);
    let loading = async {
        let model = model_of(&config, &aws_sdk_s3::Client::new(&aws)).await?;
        let started = engine(&config, model).await;
        started.map_err(|source| Error::Engine { engine: config.engine.clone(), source })
    };
    let engine = tokio::select! {
        engine = presence.during(idle.subscribe(), loading) => engine,
        reason = notice.told() => {
            log.info("the worker was told to end before it had begun").field(contract::logs::REASON, reason).write();
            presence.end().await;
            return Ok(());
        }
    };
    let engine = match engine {
        Ok(engine) => engine,
        Err(error) => {
            presence.end().await;
            return Err(error);
        }
    };

    let slots = engine.slots().min(config.slots as usize);
    let records = Records::new(table, &config.jobs_table, &worker, instance_type, config.record_days);
    let limits = Limits { model: config.model.clone(), longest: seconds(config.max_job_seconds) };
    let work = Generating::new(engine, records, limits, &worker, Arc::clone(&log));
    let queue = Sqs::new(aws_sdk_sqs::Client::new(&aws), &config.job_queue_url, &config.dead_letter_queue_url);
    let taking = Worker::new(queue, work, settings(&config, slots), Arc::clone(&log));
    log.info("the worker takes jobs").field(contract::logs::WORKER, &worker).write();
    let reason = presence.during(taking.busy(), taking.run(notice)).await;
    presence.end().await;
    log.info("the worker has ended").field(contract::logs::WORKER, &worker).field(contract::logs::REASON, reason).write();
    Ok(())
}

/// How the settings of the environment are those of the consumer.
fn settings(config: &WorkerConfig, slots: usize) -> Settings {
    let usual = Settings::new(slots, seconds(config.visibility_timeout_seconds), config.tries);
    Settings { longest: seconds(config.max_job_seconds) + GRACE, drain: seconds(config.drain_seconds), ..usual }
}

async fn model_of(config: &WorkerConfig, client: &aws_sdk_s3::Client) -> Result<Option<PathBuf>, Error> {
    if config.model_key == NONE {
        return Ok(None);
    }
    let source = Source { bucket: &config.model_bucket, key: &config.model_key, sha256: &config.model_sha256 };
    Ok(Some(model::fetch(client, source, Path::new(&config.model_folder)).await?))
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}
