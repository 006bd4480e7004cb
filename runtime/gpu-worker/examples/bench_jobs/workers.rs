//! Worker processes, and what happens to them.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use contract::worker::WorkerConfig;
use testcloud::{Failed, Jobs, Tenant};

use crate::{TRIES, VISIBILITY};

/// Jobs at once in each worker.
pub(crate) const SLOTS: u32 = 8;
/// The kernel counts CPU in hundredths of a second (`USER_HZ` in proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;

/// How often what happened.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) kills: u32,
    pub(crate) freezes: u32,
    pub(crate) endings: u32,
    next: Option<Instant>,
}

/// Some workers; one that has ended is followed by another. All are killed when this is dropped.
pub(crate) struct Fleet {
    variables: Vec<(&'static str, String)>,
    folder: tempfile::TempDir,
    workers: Vec<Worker>,
    logs: Vec<PathBuf>,
}

struct Worker {
    child: Child,
    /// Until when it is frozen.
    frozen: Option<Instant>,
    ending: bool,
}

impl Fleet {
    pub(crate) fn start(tenant: &Tenant, jobs: &Jobs, number: usize) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let config = WorkerConfig {
            job_queue_url: jobs.queue_url.clone(),
            dead_letter_queue_url: jobs.dead_letter_queue_url.clone(),
            jobs_table: jobs.jobs_table.to_owned(),
            fleet_table: jobs.fleet_table.to_owned(),
            model_bucket: "none".to_owned(),
            engine: "http".to_owned(),
            engine_url: "none".to_owned(),
            engine_key_file: "none".to_owned(),
            model: "tiny".to_owned(),
            model_key: "none".to_owned(),
            model_sha256: "none".to_owned(),
            model_folder: folder.path().display().to_string(),
            slots: SLOTS,
            context_tokens: 128,
            gpu_layers: 0,
            visibility_timeout_seconds: u32::try_from(VISIBILITY.as_secs())?,
            max_job_seconds: 60,
            tries: TRIES,
            drain_seconds: 5,
            record_days: 1,
        };
        let variables = tenant.variables().into_iter().chain(config.variables()).collect();
        let mut fleet = Self { variables, folder, workers: Vec::new(), logs: Vec::new() };
        for _ in 0..number {
            let worker = fleet.worker()?;
            fleet.workers.push(worker);
        }
        Ok(fleet)
    }

    fn worker(&mut self) -> Result<Worker, Failed> {
        let log = self.folder.path().join(format!("worker-{}", self.logs.len()));
        let program = std::env::current_exe()?.with_file_name("scripted");
        let mut command = Command::new(program);
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        let child = testcloud::leash(&mut command).stdout(File::create(&log)?).spawn()?;
        self.logs.push(log);
        Ok(Worker { child, frozen: None, ending: false })
    }

    /// Something happens to one of the workers, about each second and a half.
    pub(crate) fn disturb(&mut self, faults: &mut Faults) -> Result<(), Failed> {
        let next = *faults.next.get_or_insert_with(|| Instant::now() + Duration::from_secs(1));
        if Instant::now() < next {
            return Ok(());
        }
        faults.next = Some(Instant::now() + Duration::from_millis(fastrand::u64(500..2_500)));
        let number = self.workers.len();
        let Some(worker) = self.workers.get_mut(fastrand::usize(..number)) else { return Ok(()) };
        match fastrand::u8(..3) {
            0 => {
                worker.child.kill()?;
                faults.kills += 1;
            }
            // Longer than its leases last.
            1 if worker.frozen.is_none() => {
                signal(&worker.child, "STOP")?;
                worker.frozen = Some(Instant::now() + VISIBILITY + Duration::from_secs(1));
                faults.freezes += 1;
            }
            _ if worker.frozen.is_none() && !worker.ending => {
                signal(&worker.child, "TERM")?;
                worker.ending = true;
                faults.endings += 1;
            }
            _ => {}
        }
        Ok(())
    }

    /// Wakes up those that were frozen long enough, and replaces those that have ended.
    pub(crate) fn tend(&mut self) -> Result<(), Failed> {
        for place in 0..self.workers.len() {
            let Some(worker) = self.workers.get_mut(place) else { continue };
            if worker.frozen.is_some_and(|until| until <= Instant::now()) {
                worker.frozen = None;
                signal(&worker.child, "CONT")?;
            }
            if worker.child.try_wait()?.is_some() {
                let next = self.worker()?;
                if let Some(place) = self.workers.get_mut(place) {
                    *place = next;
                }
            }
        }
        Ok(())
    }

    /// What the workers that run now have taken so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.workers.iter().filter_map(|worker| cpu_seconds(worker.child.id())).sum()
    }

    /// Ends all of them, and gives what they wrote.
    pub(crate) fn end(mut self) -> Result<Vec<String>, Failed> {
        for worker in &mut self.workers {
            worker.child.kill()?;
            worker.child.wait()?;
        }
        self.logs.iter().map(|log| Ok(fs::read_to_string(log)?)).collect()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            drop(worker.child.kill());
            drop(worker.child.wait());
        }
    }
}

fn signal(child: &Child, name: &str) -> Result<(), Failed> {
    // The shell has `kill` built in; one that has just ended is no mistake.
    Command::new("sh").args(["-c", r#"kill -s "$1" "$2""#, "sh", name, &child.id().to_string()]).stderr(Stdio::null()).status()?;
    Ok(())
}

/// Fields 14 and 15 of `/proc/<pid>/stat`, counted from behind the program's name.
fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS_PER_SECOND)
}
