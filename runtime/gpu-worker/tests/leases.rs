//! A worker in this process whose calls to the queue fail: what only shows when it dies between two of them.
#![cfg(test)]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod common;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use common::{Platform, TRIES, VISIBILITY, lasting, platform};
use contract::jobs::{Finish, column};
use gpu_worker::{Generating, Limits, Records};
use inference::{Engine, Generation, Piece, Prompt};
use sqs_worker::sqs::Sqs;
use sqs_worker::{Message, Notice, Queue, Refusal, Settings, Told, Worker};
use telemetry::Log;
use tokio::sync::mpsc;

/// Answers `done` after a while.
struct Slow(Duration);

impl Engine for Slow {
    fn slots(&self) -> usize {
        1
    }

    fn start(&self, _: Prompt) -> Generation {
        let (sender, pieces) = mpsc::channel(4);
        let pause = self.0;
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            drop(sender.send(Ok(Piece::Text { text: "done".to_owned(), tokens: 1 })).await);
            drop(sender.send(Ok(Piece::End { finish: Finish::Stop, prompt_tokens: 1 })).await);
        });
        Generation { pieces }
    }
}

/// SQS, of which some calls never arrive.
#[derive(Clone)]
struct Faulty {
    sqs: Sqs,
    deletes: bool,
    lost_heartbeats: Arc<AtomicU32>,
}

impl Queue for Faulty {
    async fn receive(&self, wait: Duration, hidden: Duration) -> Result<Option<Message>, Refusal> {
        self.sqs.receive(wait.min(Duration::from_secs(1)), hidden).await
    }

    async fn hide(&self, message: &Message, hidden: Duration) -> Result<(), Refusal> {
        if self.lost_heartbeats.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(Refusal::Failed { action: "hide a message", source: "the network is away".into() });
        }
        self.sqs.hide(message, hidden).await
    }

    async fn delete(&self, message: &Message) -> Result<(), Refusal> {
        if self.deletes { self.sqs.delete(message).await } else { std::future::pending().await }
    }

    async fn bury(&self, message: &Message, reason: &str) -> Result<(), Refusal> {
        self.sqs.bury(message, reason).await
    }
}

struct Never;

impl Notice for Never {
    async fn told(&mut self) -> Told {
        std::future::pending().await
    }
}

async fn work(cloud: &Platform, takes: Duration, deletes: bool, lost_heartbeats: u32) -> tokio::task::JoinHandle<Told> {
    let aws = cloud.tenant.config().await;
    let log = Arc::new(Log::to(Box::new(io::sink()), "test"));
    let sqs = Sqs::new(aws_sdk_sqs::Client::new(&aws), &cloud.jobs.queue_url, &cloud.jobs.dead_letter_queue_url);
    let queue = Faulty { sqs, deletes, lost_heartbeats: Arc::new(AtomicU32::new(lost_heartbeats)) };
    let records = Records::new(aws_sdk_dynamodb::Client::new(&aws), cloud.jobs.jobs_table, "test", None, 1);
    let limits = Limits { model: "tiny".to_owned(), longest: Duration::from_secs(60) };
    let work = Generating::new(Arc::new(Slow(takes)), records, limits, "test", Arc::clone(&log));
    let worker = Worker::new(queue, work, Settings::new(1, VISIBILITY, TRIES), log);
    tokio::spawn(async move { worker.run(Never).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_between_the_record_and_the_delete_has_its_job_done_once() {
    let cloud = platform().await;
    let job = cloud.enqueue("ada", &lasting(0)).await;
    let next = cloud.enqueue("ada", &lasting(0)).await;
    let first = work(&cloud, Duration::ZERO, false, 0).await;
    let done = cloud.until_state(&job, "done").await;

    first.abort();
    let _second = work(&cloud, Duration::ZERO, true, 0).await;

    cloud.until_state(&next, "done").await;
    cloud.until_empty().await;
    let still = cloud.until_state(&job, "done").await;
    assert_eq!((still.number(column::ATTEMPT), still.number(column::ENDED_AT)), (1, done.number(column::ENDED_AT)), "it was done twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_heartbeats_fail_is_stopped_and_done_by_whoever_gets_it_next() {
    let cloud = platform().await;
    let job = cloud.enqueue("ada", &lasting(0)).await;

    // As many as can be tried within one visibility timeout: each third of it, then each twelfth.
    let _worker = work(&cloud, VISIBILITY + Duration::from_secs(3), true, 9).await;

    let record = cloud.until_state(&job, "done").await;
    cloud.until_empty().await;
    assert_eq!((record.number(column::ATTEMPT), record.text(column::TEXT)), (2, "done"));
}
