//! A job platform in a tenant of the local cloud, and workers that are processes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use contract::jobs::{GENERATE, Generate, JobId, JobMessage, Turn, column};
use contract::worker::WorkerConfig;
use serde_json::{Value, json};
use testcloud::{Cloud, Jobs, Tenant};

/// Long enough for a machine with much else to do, and a third of it is a heartbeat.
pub(crate) const VISIBILITY: Duration = Duration::from_secs(6);
pub(crate) const TRIES: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Platform {
    pub(crate) tenant: Tenant,
    pub(crate) jobs: Jobs,
    folder: tempfile::TempDir,
}

pub(crate) async fn platform() -> Platform {
    let tenant = Cloud::shared().unwrap().tenant();
    let jobs = Jobs::make(&tenant.config().await, VISIBILITY, TRIES).await.unwrap();
    Platform { tenant, jobs, folder: tempfile::tempdir().unwrap() }
}

/// A job of a user, whose prompt is the script of the engine.
pub(crate) fn job(user: &str, script: &Value) -> JobMessage<Generate> {
    let messages = vec![Turn { role: "user".to_owned(), content: script.to_string() }];
    let parameters = Generate { model: "tiny".to_owned(), messages, max_tokens: 100, temperature: 0.7, top_p: 0.95, seed: None };
    JobMessage::new(ulid::Ulid::generate().to_string().parse().unwrap(), user, GENERATE, now(), 3_600, parameters)
}

pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A script that takes so many seconds, a token each tenth of one.
pub(crate) fn lasting(seconds: u64) -> Value {
    json!({"tokens": seconds * 10, "each_ms": 100})
}

impl Platform {
    pub(crate) async fn enqueue(&self, user: &str, script: &Value) -> JobId {
        let job = job(user, script);
        self.jobs.enqueue(&job).await.unwrap();
        job.job_id
    }

    pub(crate) fn config(&self) -> WorkerConfig {
        WorkerConfig {
            job_queue_url: self.jobs.queue_url.clone(),
            dead_letter_queue_url: self.jobs.dead_letter_queue_url.clone(),
            jobs_table: self.jobs.jobs_table.to_owned(),
            fleet_table: self.jobs.fleet_table.to_owned(),
            model_bucket: "models".to_owned(),
            engine: "http".to_owned(),
            engine_url: "none".to_owned(),
            engine_key_file: "none".to_owned(),
            model: "tiny".to_owned(),
            model_key: "none".to_owned(),
            model_sha256: "none".to_owned(),
            model_folder: self.folder.path().display().to_string(),
            slots: 2,
            context_tokens: 128,
            gpu_layers: 0,
            visibility_timeout_seconds: 6,
            max_job_seconds: 60,
            tries: TRIES,
            drain_seconds: 30,
            record_days: 1,
        }
    }

    /// A worker that is a process of its own.
    pub(crate) fn start(&self, name: &str) -> Process {
        self.start_with(name, self.config())
    }

    pub(crate) fn start_with(&self, name: &str, config: WorkerConfig) -> Process {
        self.start_on(name, config, &[])
    }

    /// One that finds these variables on its machine too.
    pub(crate) fn start_on(&self, name: &str, config: WorkerConfig, machine: &[(&str, String)]) -> Process {
        let log = self.folder.path().join(name);
        let mut command = Command::new(program());
        let child = testcloud::leash(command.env_clear())
            .envs(self.tenant.variables())
            .envs(config.variables())
            .envs(machine.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Process { child, log }
    }

    /// Waits until a job's record is so.
    pub(crate) async fn until(&self, job: &JobId, what: &str, holds: impl Fn(&Record) -> bool) -> Record {
        let started = Instant::now();
        loop {
            let record = Record(self.jobs.record(job).await.unwrap());
            if holds(&record) {
                return record;
            }
            assert!(started.elapsed() < PATIENCE, "waited in vain until {what}: {record:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn until_state(&self, job: &JobId, state: &str) -> Record {
        self.until(job, state, |record| record.text(column::STATE) == state).await
    }

    /// Waits until nothing is left in the job queue.
    pub(crate) async fn until_empty(&self) {
        let started = Instant::now();
        while self.jobs.left().await.unwrap() != (0, 0) {
            assert!(started.elapsed() < PATIENCE, "messages stay in the queue");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The worker with the scripted engine, which cargo builds beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples/scripted")
}

#[derive(Debug)]
pub(crate) struct Record(BTreeMap<String, AttributeValue>);

impl Record {
    pub(crate) fn text(&self, column: &str) -> &str {
        self.0.get(column).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
    }

    pub(crate) fn number(&self, column: &str) -> u64 {
        self.0.get(column).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok()).unwrap_or_default()
    }
}

/// A worker; it is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Its identity in records.
    pub(crate) fn worker(&self) -> String {
        format!("process-{}", self.child.id())
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", r#"kill -s "$1" "$2""#, "sh", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until it has ended, and gives its exit code.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(started.elapsed() < PATIENCE, "the worker does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How many of its lines say this of a job.
    pub(crate) fn lines(&self, name: &str, value: &str) -> usize {
        let text = fs::read_to_string(&self.log).unwrap();
        text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(|line| line[name] == value).count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
