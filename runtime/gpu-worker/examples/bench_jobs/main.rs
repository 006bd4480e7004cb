//! Thousands of jobs through real workers that are killed, frozen and told to end: nothing lost, nothing twice, nothing out of order.
//!
//! `bench_jobs JOBS SEED` starts a local cloud of its own and writes one JSON object with the figures; `cargo xtask bench jobs` runs it.
//! However it ends, its workers and its local cloud end with it.

mod judge;
mod workers;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::jobs::{GENERATE, Generate, JobId, JobMessage, Turn};
use serde_json::{Value, json};
use testcloud::{Cloud, Failed, Jobs};

use crate::judge::Verdict;
use crate::workers::{Faults, Fleet};

/// How many users ask, and so how many groups there are.
const USERS: usize = 200;
/// One job of so many can never be done.
const POISON: usize = 100;
/// How many jobs wait at most: the local cloud looks through all of them for each that it hands out.
const BACKLOG: u64 = 600;
/// How many ask at once.
const SENDERS: usize = 8;
/// Undisturbed first, to know what faults cost.
const UNDISTURBED: usize = 1_000;
pub(crate) const VISIBILITY: Duration = Duration::from_secs(6);
/// Every kill is a try that is used up; a job that happens to be killed three times is no poison.
pub(crate) const TRIES: u32 = 50;
const WORKERS: usize = 3;
/// How long nothing may happen before it counts as a job that is lost.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was asked for, in the order in which each user asked.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) by_user: Vec<Vec<JobId>>,
    pub(crate) poison: BTreeSet<JobId>,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    testcloud::end_with_parent()?;
    let mut arguments = std::env::args().skip(1);
    let jobs: usize = arguments.next().ok_or("how many jobs?")?.parse()?;
    fastrand::seed(arguments.next().ok_or("which seed?")?.parse()?);
    let cloud = Cloud::start()?;

    let (undisturbed, quiet) = run(&cloud, jobs.min(UNDISTURBED), false).await?;
    let (disturbed, verdict) = run(&cloud, jobs, true).await?;

    let answer = json!({"undisturbed": undisturbed, "disturbed": disturbed, "quiet": quiet.to_json(), "verdict": verdict.to_json()});
    writeln!(io::stdout(), "{answer}")?;
    Ok(())
}

/// So many jobs in an account of their own.
async fn run(cloud: &Cloud, number: usize, disturb: bool) -> Result<(Value, Verdict), Failed> {
    let tenant = cloud.tenant();
    let jobs = Arc::new(Jobs::make(&tenant.config().await, VISIBILITY, TRIES).await?);
    let mut fleet = Fleet::start(&tenant, &jobs, WORKERS)?;
    let began = Instant::now();

    let sending = tokio::spawn(send(Arc::clone(&jobs), number));
    let mut faults = Faults::default();
    let (mut last, mut changed) = ((0, 0), Instant::now());
    while !sending.is_finished() || last != (0, 0) || changed.elapsed() < Duration::from_millis(100) {
        if disturb && !(sending.is_finished() && last.0 == 0) {
            fleet.disturb(&mut faults)?;
        }
        fleet.tend()?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let left = jobs.left().await?;
        if left != last {
            (last, changed) = (left, Instant::now());
        } else if PATIENCE < changed.elapsed() {
            return Err(format!("{last:?} messages wait and are hidden, and nothing happens").into());
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let asked = sending.await??;
    let cpu_seconds = fleet.cpu_seconds();
    let logs = fleet.end()?;

    let verdict = judge::judge(&jobs, &asked, &logs).await?;
    let run = json!({
        "jobs": number, "seconds": seconds, "workers": WORKERS, "slots": workers::SLOTS, "worker_cpu_seconds": cpu_seconds,
        "kills": faults.kills, "freezes": faults.freezes, "endings": faults.endings,
    });
    Ok((run, verdict))
}

/// Asks for all jobs. Those of one user are asked for one after the other, those of different users beside each other.
async fn send(jobs: Arc<Jobs>, number: usize) -> Result<Asked, Failed> {
    let mut senders = Vec::new();
    for sender in 0..SENDERS {
        let jobs = Arc::clone(&jobs);
        senders.push(tokio::spawn(async move {
            let mut sent = Vec::new();
            for place in (0..number).filter(|place| place % USERS % SENDERS == sender) {
                // One question for a handful of jobs: the questions are answered by the same cloud.
                while sent.len().is_multiple_of(16) && BACKLOG < jobs.left().await?.0 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                let job = job(place)?;
                jobs.enqueue(&job).await?;
                sent.push((place, job.job_id));
            }
            Ok::<_, Failed>(sent)
        }));
    }
    let mut asked = Asked { by_user: vec![Vec::new(); USERS], ..Asked::default() };
    for sender in senders {
        for (place, job_id) in sender.await?? {
            if is_poison(place) {
                asked.poison.insert(job_id.clone());
            }
            if let Some(user) = asked.by_user.get_mut(place % USERS) {
                user.push(job_id);
            }
        }
    }
    Ok(asked)
}

/// Spread over all users.
fn is_poison(place: usize) -> bool {
    (place / USERS + place).is_multiple_of(POISON)
}

fn job(place: usize) -> Result<JobMessage<Generate>, Failed> {
    let (task, script) = match (is_poison(place), place.is_multiple_of(2)) {
        (false, _) => (GENERATE, json!({"tokens": 1})),
        (true, true) => (GENERATE, json!({"fails": "refused"})),
        (true, false) => ("no-such-task", json!({})),
    };
    let messages = vec![Turn { role: "user".to_owned(), content: script.to_string() }];
    let parameters = Generate { model: "tiny".to_owned(), messages, max_tokens: 10, temperature: 0.0, top_p: 1.0, seed: None };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let job_id: JobId = ulid::Ulid::generate().to_string().parse()?;
    Ok(JobMessage::new(job_id, &format!("user-{}", place % USERS), task, now, 86_400, parameters))
}
