//! What the tests share: a cloud in memory whose every call can fail, a clock that stands still, a log that can be read.
#![allow(dead_code, reason = "each test target uses its own part")]

pub(crate) mod cloud;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use cloud::MemoryCloud;
use contract::imagegen::ImagegenConfig;
use contract::jobs::{JobId, JobMessage, PICTURE};
use imagegen::{Imagegen, clock::Clock};
use lambda_events::Batch;
use serde_json::{Value, json};
use telemetry::Lines;

/// When everything happens, in seconds since 1970.
pub(crate) const NOW_SECONDS: u64 = 1_795_000_000;

pub(crate) fn config() -> ImagegenConfig {
    ImagegenConfig {
        jobs_table: "jobs".to_owned(),
        queue_url: "http://127.0.0.1/pictures".to_owned(),
        dead_letter_queue_url: "http://127.0.0.1/dead".to_owned(),
        result_bucket: "pictures".to_owned(),
        model: "stability.stable-image-core-v1:1".to_owned(),
        model_region: "us-west-2".to_owned(),
        family: "stability".to_owned(),
        aspect_ratio: "1:1".to_owned(),
        tries: 3,
        model_seconds: 100,
        lease_seconds: 120,
        record_days: 7,
    }
}

#[derive(Debug, Clone)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn milliseconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The function with all that belongs to it.
pub(crate) struct House {
    pub(crate) function: Imagegen<MemoryCloud, TestClock>,
    pub(crate) clock: TestClock,
    lines: Lines,
}

impl House {
    pub(crate) fn new() -> Self {
        let (lines, clock) = (Lines::default(), TestClock(Arc::new(AtomicU64::new(NOW_SECONDS * 1_000))));
        let function = Imagegen::new(MemoryCloud::default(), clock.clone(), config(), lines.log("imagegen-under-test"));
        Self { function, clock, lines }
    }

    pub(crate) fn cloud(&self) -> &MemoryCloud {
        self.function.cloud()
    }

    /// Makes a job wait, as the front door does.
    pub(crate) fn hand_in(&self, prompt: &str) -> JobMessage<Value> {
        let job = job(self.cloud().jobs(), prompt);
        self.cloud().hand_in(&job);
        job
    }

    /// Delivers these messages in one batch, and tells which shall come again.
    pub(crate) async fn deliver(&self, bodies: &[String]) -> Vec<usize> {
        let records: Vec<_> = bodies
            .iter()
            .enumerate()
            .map(|(number, body)| json!({ "messageId": number.to_string(), "receiptHandle": format!("receipt-{number}"), "body": body, "attributes": {} }))
            .collect();
        let batch: Batch = serde_json::from_value(json!({ "Records": records })).unwrap();
        self.function.handle(&batch).await.ids().map(|id| id.parse().unwrap()).collect()
    }

    /// Delivers one job's message; whether it comes again.
    pub(crate) async fn deliver_one(&self, job: &JobMessage<Value>) -> bool {
        !self.deliver(&[body(job)]).await.is_empty()
    }

    pub(crate) fn log(&self) -> Vec<Value> {
        self.lines.read()
    }

    /// The sum of a metric over all lines.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        self.lines.counted(name)
    }
}

/// What came of it; nothing when the function hangs, and is given up.
pub(crate) async fn given_up<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = Box::pin(work);
    // Each call of the cloud lets others have their turn once; no job makes as many calls as this.
    for _ in 0..100 {
        if let std::task::Poll::Ready(done) = futures_util::poll!(&mut work) {
            return Some(done);
        }
    }
    None
}

pub(crate) fn body(job: &JobMessage<Value>) -> String {
    serde_json::to_string(job).unwrap()
}

fn job(number: usize, prompt: &str) -> JobMessage<Value> {
    let job_id: JobId = format!("01KATX3W7G2M8Z9QCVB4R5N{number:03}").parse().unwrap();
    JobMessage::new(job_id, "ada", PICTURE, NOW_SECONDS - 10, 3_600, json!({ "prompt": prompt }))
}
