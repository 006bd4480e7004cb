//! The consumer: a message for each free slot, a lane for each group, and an orderly end.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use contract::logs;
use telemetry::Log;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::backoff::pause;
use crate::clock::{Clock, Machine};
use crate::lanes::Lanes;
use crate::lease::{Ended, Lease};
use crate::notice::Told;
use crate::settle::Settling;
use crate::{Delivery, Message, Notice, Outcome, Queue, Settings, Work};

/// How long to wait at most before a queue that cannot be reached is asked again.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// How long giving messages back may take once the time to drain is over.
const LAST_CALLS: Duration = Duration::from_secs(10);

/// How far the worker is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// It takes messages.
    Taking,
    /// It takes none, and ends what it began.
    Draining,
    /// It gives back what it has not ended.
    Leaving,
}

/// A consumer of a FIFO queue.
pub struct Worker<Q, W, C = Machine> {
    shared: Arc<Shared<Q, W, C>>,
}

struct Shared<Q, W, C> {
    queue: Q,
    work: Arc<W>,
    clock: C,
    settings: Settings,
    log: Arc<Log>,
    lanes: Lanes,
    busy: watch::Sender<usize>,
}

impl<Q, W, C> fmt::Debug for Worker<Q, W, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl<Q: Queue, W: Work> Worker<Q, W> {
    /// A worker by the machine's clock.
    pub fn new(queue: Q, work: W, settings: Settings, log: Arc<Log>) -> Self {
        Self::with_clock(queue, work, settings, log, Machine::default())
    }
}

impl<Q: Queue, W: Work, C: Clock> Worker<Q, W, C> {
    /// A worker by another clock.
    pub fn with_clock(queue: Q, work: W, settings: Settings, log: Arc<Log>, clock: C) -> Self {
        let shared = Shared { queue, work: Arc::new(work), clock, settings, log, lanes: Lanes::default(), busy: watch::Sender::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// How many messages are in work, and each change of it: what protects the machine from scale-in while it is busy, and what tells
    /// others that it is, listens here.
    #[must_use]
    pub fn busy(&self) -> watch::Receiver<usize> {
        self.shared.busy.subscribe()
    }

    /// Takes messages until it is told to end; then ends or gives back what it has, and returns why it ended.
    ///
    /// Jobs under way have `drain` to end. Where whoever tells waits for the worker, they have as long as any job may take, unless
    /// somebody else is in more of a hurry meanwhile.
    ///
    /// One call asks for messages at a time, and only for a slot that is free. The call that is open when the worker is told to end is
    /// waited for, up to the time that draining may take: a message that it may have been handed would else be hidden from everybody.
    pub async fn run(&self, mut notice: impl Notice) -> Told {
        let Shared { clock, settings, log, .. } = &*self.shared;
        let (phase, phases) = watch::channel(Phase::Taking);
        let mut jobs = JoinSet::new();
        let told = self.take(&mut notice, &mut jobs, &phases).await;
        phase.send_replace(Phase::Draining);
        let line = log.info("the worker takes no more messages").field(logs::REASON, told.reason);
        line.number("busy", *self.shared.busy.borrow() as u64).write();
        if told.waits {
            tokio::select! {
                () = ended(&mut jobs, clock, settings.longest.max(settings.drain)) => {}
                reason = hurry(&mut notice) => {
                    log.warn("the machine goes before the worker is done").field(logs::REASON, reason).write();
                    ended(&mut jobs, clock, settings.drain).await;
                }
            }
        } else {
            ended(&mut jobs, clock, settings.drain).await;
        }
        phase.send_replace(Phase::Leaving);
        ended(&mut jobs, clock, LAST_CALLS).await;
        told
    }

    /// Begins a job for each message, until the worker is told to end.
    async fn take(&self, notice: &mut impl Notice, jobs: &mut JoinSet<()>, phases: &watch::Receiver<Phase>) -> Told {
        let Shared { clock, settings, log, .. } = &*self.shared;
        let slots = Arc::new(Semaphore::new(settings.slots));
        let mut told = pin!(notice.told());
        let mut failures = 0;
        loop {
            while jobs.try_join_next().is_some() {}
            let slot = tokio::select! {
                biased;
                told = &mut told => return told,
                Ok(slot) = Arc::clone(&slots).acquire_owned() => slot,
            };
            let shared = Arc::clone(&self.shared);
            let asked = clock.now();
            let mut receiving = Box::pin(async move { shared.queue.receive(shared.settings.wait, shared.settings.visibility).await });
            let received = tokio::select! {
                biased;
                told = &mut told => {
                    let (shared, phases) = (Arc::clone(&self.shared), phases.clone());
                    jobs.spawn(async move {
                        let leaving = phases.clone();
                        tokio::select! {
                            () = reached(leaving, Phase::Leaving) => {}
                            received = receiving => if let Ok(Some(message)) = received {
                                shared.handle(asked, message, slot, phases).await;
                            }
                        }
                    });
                    return told;
                }
                received = &mut receiving => received,
            };
            match received {
                Ok(Some(message)) => {
                    failures = 0;
                    jobs.spawn(Arc::clone(&self.shared).handle(asked, message, slot, phases.clone()));
                }
                Ok(None) => failures = 0,
                Err(refusal) => {
                    log.error("the queue cannot be asked for messages; it will be asked again").because(&refusal).write();
                    tokio::select! {
                        told = &mut told => return told,
                        () = clock.sleep(pause(failures, Duration::from_secs(1), LONGEST_SILENCE)) => {}
                    }
                    failures = failures.saturating_add(1);
                }
            }
        }
    }
}

/// Waits for somebody who does not wait, and gives the reason.
async fn hurry(notice: &mut impl Notice) -> &'static str {
    loop {
        let told = notice.told().await;
        if !told.waits {
            return told.reason;
        }
    }
}

/// Waits until all have ended, but not for ever.
async fn ended(jobs: &mut JoinSet<()>, clock: &impl Clock, patience: Duration) {
    let all = async { while jobs.join_next().await.is_some() {} };
    tokio::select! {
        () = all => {}
        () = clock.sleep(patience) => {}
    }
}

async fn reached(mut phases: watch::Receiver<Phase>, phase: Phase) {
    // The sender outlives all jobs; should it be gone nevertheless, it is high time to leave.
    drop(phases.wait_for(|now| phase <= *now).await);
}

impl<Q: Queue, W: Work, C: Clock> Shared<Q, W, C> {
    /// What was received after it had been asked for at a moment.
    async fn handle(self: Arc<Self>, asked: Duration, message: Message, slot: OwnedSemaphorePermit, phases: watch::Receiver<Phase>) {
        let _busy = Busy::one_more(&self.busy);
        let _slot = slot;
        let mut lease = Lease::new(&self.queue, &self.clock, &self.log, &message, asked, &self.settings);
        let settling = Settling { queue: &self.queue, clock: &self.clock, log: &self.log, settings: &self.settings };

        // What was received but not begun is given back as soon as the worker drains.
        let lane = self.lanes.of(&message.group);
        let _lane = tokio::select! {
            biased;
            () = reached(phases.clone(), Phase::Draining) => return settling.release(&message).await,
            lane = lane.lock() => lane,
            _ended = lease.keep() => return self.lost(&message),
        };

        let work = Arc::clone(&self.work);
        if !lease.holds().await {
            return self.lost(&message);
        }
        let (tries, count) = (self.settings.tries, message.receive_count);
        let delivery = Delivery { message: message.clone(), last_try: tries <= count, spent: tries < count };
        // A task of its own: a panic ends the task and not the worker.
        let mut task = Task(tokio::spawn(async move { work.run(delivery).await }));
        let outcome = tokio::select! {
            biased;
            outcome = task.outcome() => outcome,
            ended = lease.keep() => match (task.cancel().await, ended) {
                (Some(outcome), _) => outcome,
                (None, Ended::Lost) => return self.lost(&message),
                (None, Ended::Overdue) => {
                    self.log.error("a job took longer than any may; it was stopped").field(logs::MESSAGE_ID, &message.id).write();
                    Outcome::Retry
                }
            },
            () = reached(phases.clone(), Phase::Leaving) => match task.cancel().await {
                Some(outcome) => outcome,
                None => return settling.release(&message).await,
            },
        };
        settling.settle(&message, &outcome).await;
    }

    fn lost(&self, message: &Message) {
        self.log.warn("a message is no longer leased to this worker; its work was stopped").field(logs::MESSAGE_ID, &message.id).write();
    }
}

/// Work under way; it is stopped when this is dropped.
struct Task(JoinHandle<Outcome>);

impl Task {
    /// A panic is a try that failed; what it said stands on stderr already.
    async fn outcome(&mut self) -> Outcome {
        (&mut self.0).await.unwrap_or(Outcome::Retry)
    }

    /// Stops it and waits until it has stopped; its outcome when it was faster.
    async fn cancel(&mut self) -> Option<Outcome> {
        self.0.abort();
        match (&mut self.0).await {
            Ok(outcome) => Some(outcome),
            Err(error) if error.is_panic() => Some(Outcome::Retry),
            Err(_) => None,
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One message in work, counted as long as this lives.
struct Busy<'a>(&'a watch::Sender<usize>);

impl<'a> Busy<'a> {
    fn one_more(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
