//! Whether everything came as it was asked for.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use contract::jobs::{JobState, attribute, column};
use contract::logs;
use serde_json::{Value, json};
use testcloud::{Failed, Jobs};

use crate::Asked;

/// What went wrong, and how long the jobs took.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Jobs that have no end, or another one than they should; and dead letters that are not there.
    lost: u64,
    /// Jobs whose end was told twice, and dead letters that are there twice.
    twice: u64,
    /// Jobs that began before the one ended that their user asked for before.
    out_of_order: u64,
    /// Jobs that were begun more than once, which faults may bring about.
    begun_again: u64,
    /// From claim to end, in milliseconds.
    milliseconds: Vec<u64>,
    /// The first things that went wrong.
    examples: Vec<String>,
}

impl Verdict {
    pub(crate) fn to_json(&self) -> Value {
        let mut times = self.milliseconds.clone();
        times.sort_unstable();
        let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
        json!({
            "lost": self.lost, "twice": self.twice, "out_of_order": self.out_of_order, "begun_again": self.begun_again,
            "median_ms": at(0.5), "p99_ms": at(0.99), "examples": self.examples,
        })
    }

    fn example(&mut self, text: impl FnOnce() -> String) {
        if self.examples.len() < 10 {
            self.examples.push(text());
        }
    }
}

type Record = HashMap<String, AttributeValue>;

pub(crate) async fn judge(jobs: &Jobs, asked: &Asked, worker_logs: &[String]) -> Result<Verdict, Failed> {
    let records = records(jobs).await?;
    let mut verdict = Verdict::default();
    for user in &asked.by_user {
        let mut before = 0;
        for job_id in user {
            let record = records.get(job_id.as_str());
            let expected = if asked.poison.contains(job_id) { JobState::Failed } else { JobState::Done };
            let state = record.map_or("", |record| text(record, column::STATE));
            if state != expected.as_str() {
                verdict.lost += 1;
                verdict.example(|| format!("{job_id} is `{state}`, not `{expected}`"));
            }
            let Some(record) = record else { continue };
            let ended = number(record, column::ENDED_AT);
            // What was refused before it began has an end only.
            let started = match number(record, column::STARTED_AT) {
                0 => ended,
                started => started,
            };
            if started < before {
                verdict.out_of_order += 1;
                verdict.example(|| format!("{job_id} began {} ms before the one before it had ended", before - started));
            }
            before = ended;
            verdict.begun_again += u64::from(1 < number(record, column::ATTEMPT));
            if expected == JobState::Done {
                verdict.milliseconds.push(ended.saturating_sub(started));
            }
        }
    }
    told(&mut verdict, worker_logs);
    buried(&mut verdict, asked, jobs).await?;
    Ok(verdict)
}

/// Each end is told by whoever wrote it.
fn told(verdict: &mut Verdict, worker_logs: &[String]) {
    let mut done: BTreeMap<String, u32> = BTreeMap::new();
    // The last line of one that was killed may be half a line.
    for line in worker_logs.iter().flat_map(|log| log.lines()).filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if line[logs::STATE] == JobState::Done.as_str() {
            *done.entry(line[logs::JOB_ID].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    for (job_id, times) in done.into_iter().filter(|(_, times)| 1 < *times) {
        verdict.twice += 1;
        verdict.example(|| format!("{job_id} was done {times} times"));
    }
}

async fn buried(verdict: &mut Verdict, asked: &Asked, jobs: &Jobs) -> Result<(), Failed> {
    let mut dead: BTreeMap<String, u32> = BTreeMap::new();
    for (_, attributes) in jobs.dead_letters().await? {
        *dead.entry(attributes.get(attribute::JOB_ID).cloned().unwrap_or_default()).or_default() += 1;
    }
    for job_id in &asked.poison {
        match dead.remove(job_id.as_str()) {
            None => {
                verdict.lost += 1;
                verdict.example(|| format!("{job_id} has no dead letter"));
            }
            Some(1) => {}
            Some(times) => {
                verdict.twice += 1;
                verdict.example(|| format!("{job_id} has {times} dead letters"));
            }
        }
    }
    for job_id in dead.into_keys() {
        verdict.lost += 1;
        verdict.example(|| format!("{job_id} is a dead letter, and was no poison"));
    }
    Ok(())
}

async fn records(jobs: &Jobs) -> Result<HashMap<String, Record>, Failed> {
    let (mut records, mut from) = (HashMap::new(), None);
    loop {
        let scan = jobs.dynamodb.scan().table_name(jobs.jobs_table).consistent_read(true).set_exclusive_start_key(from);
        let page = scan.send().await?;
        for record in page.items.unwrap_or_default() {
            records.insert(text(&record, column::JOB_ID).to_owned(), record);
        }
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            return Ok(records);
        }
    }
}

fn text<'a>(record: &'a Record, column: &str) -> &'a str {
    record.get(column).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

fn number(record: &Record, column: &str) -> u64 {
    record.get(column).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok()).unwrap_or_default()
}
