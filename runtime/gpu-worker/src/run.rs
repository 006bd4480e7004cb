//! A worker from its configuration to its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::BehaviorVersion;
use contract::worker::WorkerConfig;
use inference::Engine;
use sqs_worker::imds::Imds;
use sqs_worker::notice::Signals;
use sqs_worker::protection::Watched;
use sqs_worker::sqs::Sqs;
use sqs_worker::{Guarded, Notice, Protection, Settings, Told, Worker};
use telemetry::Log;
use tokio::sync::watch;

use crate::generate::{Generating, Limits};
use crate::group::{self, AutoScaling};
use crate::machine::Machine;
use crate::model::{self, Source};
use crate::presence::Presence;
use crate::records::Records;

/// What stands where a setting does not apply.
pub(crate) const NONE: &str = "none";

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
    let protection = group::protection(&aws, imds.as_ref(), &log).await;
    let mut notice = (signals, watched(imds, protection.as_ref()));
    let table = aws_sdk_dynamodb::Client::new(&aws);
    let instance_type = instance_type.as_deref();
    let presence = Presence::new(table.clone(), &config.fleet_table, &worker, instance_type, Arc::clone(&log));

    let idle = watch::Sender::new(0);
    let loading = async {
        let model = model_of(&config, &aws_sdk_s3::Client::new(&aws)).await?;
        let started = engine(&config, model).await;
        started.map_err(|source| Error::Engine { engine: config.engine.clone(), source })
    };
    let in_service = async {
        if let Some(protection) = &protection {
            protection.begin().await;
        }
        Ok(())
    };
    let begun = tokio::select! {
        begun = presence.during(idle.subscribe(), async { tokio::try_join!(loading, in_service) }) => begun,
        told = notice.told() => {
            log.info("the worker was told to end before it had begun").field(contract::logs::REASON, told.reason).write();
            presence.end().await;
            last_word(protection.as_deref(), told).await;
            return Ok(());
        }
    };
    let engine = match begun {
        Ok((engine, ())) => engine,
        Err(error) => {
            presence.end().await;
            // What cannot start must not keep the group from ending the machine.
            last_word(protection.as_deref(), Told::soon("the worker cannot start")).await;
            return Err(error);
        }
    };

    let slots = engine.slots().min(config.slots as usize);
    let records = Records::new(table, &config.jobs_table, &worker, instance_type, config.record_days);
    let limits = Limits { model: config.model.clone(), longest: seconds(config.max_job_seconds) };
    let work = Generating::new(engine, records, limits, &worker, Arc::clone(&log));
    let work = Guarded::new(work, protection.clone());
    let queue = Sqs::new(aws_sdk_sqs::Client::new(&aws), &config.job_queue_url, &config.dead_letter_queue_url);
    let taking = Worker::new(queue, work, settings(&config, slots), Arc::clone(&log));
    log.info("the worker takes jobs").field(contract::logs::WORKER, &worker).write();
    let protecting = async {
        match &protection {
            Some(protection) => protection.keep().await,
            None => std::future::pending().await,
        }
    };
    let working = async {
        tokio::select! {
            told = taking.run(notice) => told,
            never = protecting => match never {},
        }
    };
    let told = presence.during(taking.busy(), working).await;
    presence.end().await;
    log.info("the worker has ended").field(contract::logs::WORKER, &worker).field(contract::logs::REASON, told.reason).write();
    // The last of all: the machine may be gone right after it.
    last_word(protection.as_deref(), told).await;
    Ok(())
}

/// Who tells that the machine is about to go.
fn watched(imds: Option<Imds>, protection: Option<&Arc<Protection<AutoScaling>>>) -> Watching {
    match protection {
        Some(protection) => (None, Some(Watched::new(imds, Arc::clone(protection)))),
        None => (imds, None),
    }
}

/// The metadata service, alone or together with the group.
type Watching = (Option<Imds>, Option<Watched<Option<Imds>, AutoScaling>>);

async fn last_word(protection: Option<&Protection<AutoScaling>>, told: Told) {
    if let Some(protection) = protection {
        protection.end(told).await;
    }
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
