//! A clock that stands still, and a FIFO queue that goes by it and fails on command.

mod group;
mod paused;
mod queue;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqs_worker::{Clock, Delivery, Notice, Outcome, Settings, Told, Work, Worker};
use telemetry::Log;

pub(crate) use group::{Answer, Asked, Staged};
pub(crate) use paused::Paused;
pub(crate) use queue::{Call, Fault, Scripted};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Four slots, a visibility timeout of half a minute, three tries.
pub(crate) fn settings() -> Settings {
    Settings::new(4, 30 * SECOND, 3)
}

/// Work that takes a while and then says this.
type Said = Box<dyn Fn(&Delivery) -> (Duration, Outcome) + Send + Sync>;

/// Work by script; it notes what began and what ended, and when.
pub(crate) struct Script {
    clock: Paused,
    said: Said,
    notes: Notes,
}

/// `begun a1` or `done a1`, with the time in seconds.
pub(crate) type Notes = Arc<Mutex<Vec<(u64, String)>>>;

impl Work for Script {
    async fn run(&self, delivery: Delivery) -> Outcome {
        let note = |what: &str| {
            self.notes.lock().unwrap().push((self.clock.now().as_secs(), format!("{what} {}", delivery.message.body)));
        };
        note("begun");
        let (takes, outcome) = (self.said)(&delivery);
        self.clock.sleep(takes).await;
        note("ended");
        outcome
    }
}

/// Tells at a moment of the paused clock.
pub(crate) struct At(pub(crate) Paused, pub(crate) Duration);

impl Notice for At {
    async fn told(&mut self) -> Told {
        self.0.sleep_until(self.1).await;
        Told::soon("the test is over")
    }
}

/// What came of a run.
pub(crate) struct Played {
    pub(crate) notes: Vec<(u64, String)>,
    /// When the worker had ended.
    pub(crate) ended: Duration,
}

impl Played {
    /// The notes without their times.
    pub(crate) fn order(&self) -> Vec<&str> {
        self.notes.iter().map(|(_, note)| note.as_str()).collect()
    }

    /// When this was noted, each time.
    pub(crate) fn times(&self, note: &str) -> Vec<u64> {
        self.notes.iter().filter(|(_, noted)| noted == note).map(|(time, _)| *time).collect()
    }
}

/// Work by script, and where it notes what it does.
pub(crate) fn script(clock: &Paused, said: impl Fn(&Delivery) -> (Duration, Outcome) + Send + Sync + 'static) -> (Script, Notes) {
    let notes = Notes::default();
    (Script { clock: clock.clone(), said: Box::new(said), notes: Arc::clone(&notes) }, notes)
}

/// A log that nobody reads.
pub(crate) fn silent() -> Arc<Log> {
    Arc::new(Log::to(Box::new(io::sink()), "test"))
}

/// Lets a worker work until it is told to end at `told`, and all that follows, in no time.
pub(crate) async fn play(
    queue: &Scripted,
    settings: Settings,
    told: Duration,
    said: impl Fn(&Delivery) -> (Duration, Outcome) + Send + Sync + 'static,
) -> Played {
    let clock = queue.clock();
    let (work, notes) = script(&clock, said);
    let worker = Worker::with_clock(queue.clone(), work, settings, silent(), clock.clone());
    clock.play(worker.run(At(clock.clone(), told))).await;
    assert_eq!(*worker.busy().borrow(), 0, "a worker that has ended would count as busy");
    let notes = notes.lock().unwrap().clone();
    Played { notes, ended: clock.now() }
}
