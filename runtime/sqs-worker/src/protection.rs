//! Scale-in protection: a machine that is not taken away while it works, and always may be while it does not.
//!
//! ```text
//! start ──▶ open ◀──idle for half a minute── protected ◀──before a job begins── open
//!                                                 │
//!            group refuses: it takes the machine ─┴─▶ leaving: messages are given back, "I still work" until all has ended, "I am done"
//! ```
//!
//! Instances come into the group without protection, so that one whose worker never starts can be ended too.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use telemetry::Log;
use tokio::sync::{Mutex, watch};

use crate::backoff::pause;
use crate::clock::{Clock, Machine};
use crate::notice::Told;
use crate::{Delivery, Notice, Outcome, Work};

/// How long a worker has nothing to do before it may be taken away. Below the minute after which anybody believes that a fleet is idle,
/// and long enough that jobs which come one after the other cost no call each.
const IDLE: Duration = Duration::from_secs(30);
/// How often a group is told that a machine which it takes away still works: three times in the shortest time that the stack's hook has.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How often a group is asked whether a new machine is in service by now.
const GLANCE: Duration = Duration::from_secs(5);
/// How long a job waits for a group that does not answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long no job waits for it after that.
const SILENCE: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often what is said once is tried.
const TRIES: u32 = 3;

/// Why a group did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The machine is none of those that it has in service: not yet, or not any more.
    #[error("the group does not have this machine in service")]
    NotInService,
    /// Anything else; another try may have more luck.
    #[error("the group could not be asked to {action}")]
    Failed {
        /// What it was asked to do.
        action: &'static str,
        /// What came instead.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What the worker asks of the group that its machine is in: Auto Scaling in production, a scripted one in tests.
pub trait Group: Send + Sync + 'static {
    /// Says whether this machine may be taken away when the group gets smaller.
    fn protect(&self, protected: bool) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Says that this machine, which the group takes away, still works. Nothing where the group does not wait for it.
    fn still_works(&self) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Says that nothing is left to do here. Nothing where the group does not wait for it.
    fn is_done(&self) -> impl Future<Output = Result<(), Refusal>> + Send;
}

/// What the group was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Unknown,
    Protected,
    Open,
}

struct State {
    standing: Standing,
    /// Until when no job waits for a group that does not answer.
    silent: Duration,
}

/// The protection of this machine.
pub struct Protection<G, C = Machine> {
    group: G,
    clock: C,
    log: Arc<Log>,
    state: Mutex<State>,
    jobs: watch::Sender<usize>,
    leaving: watch::Sender<bool>,
}

impl<G, C> fmt::Debug for Protection<G, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protection").field("leaving", &*self.leaving.borrow()).finish_non_exhaustive()
    }
}

/// The machine is protected as long as this lives.
#[derive(Debug)]
pub struct Held<'a>(&'a watch::Sender<usize>);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|jobs| *jobs -= 1);
    }
}

/// The group takes the machine away: nothing may begin here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving;

impl<G: Group> Protection<G> {
    /// Of a machine in a group, by the machine's clock.
    pub fn new(group: G, log: Arc<Log>) -> Self {
        Self::with_clock(group, log, Machine::default())
    }
}

impl<G: Group, C: Clock> Protection<G, C> {
    /// The same, by another clock.
    pub fn with_clock(group: G, log: Arc<Log>, clock: C) -> Self {
        let state = Mutex::new(State { standing: Standing::Unknown, silent: Duration::ZERO });
        Self { group, clock, log, state, jobs: watch::Sender::new(0), leaving: watch::Sender::new(false) }
    }

    /// Waits until the group has the machine in service, and takes away the protection that a worker before this one may have left.
    ///
    /// A group that cannot be asked is no reason not to work.
    pub async fn begin(&self) {
        let mut failures = 0;
        loop {
            match self.open().await {
                Ok(()) => return,
                Err(Refusal::NotInService) => self.clock.sleep(GLANCE).await,
                Err(refusal @ Refusal::Failed { .. }) => {
                    failures += 1;
                    if TRIES <= failures {
                        let line = self
                            .log
                            .error("the Auto Scaling group cannot be asked; should it become smaller, it may end a worker in mid-job");
                        return line.because(&refusal).write();
                    }
                    self.clock.sleep(pause(failures, FIRST_PAUSE, LONGEST_PAUSE)).await;
                }
            }
        }
    }

    /// Protects the machine before something begins, and until what is returned is dropped. No call where it is protected already.
    ///
    /// # Errors
    ///
    /// When the group takes the machine away already.
    pub async fn hold(&self) -> Result<Held<'_>, Leaving> {
        self.jobs.send_modify(|jobs| *jobs += 1);
        let held = Held(&self.jobs);
        let mut state = self.state.lock().await;
        let until = self.clock.now() + PATIENCE;
        let mut failures = 0;
        loop {
            if *self.leaving.borrow() {
                return Err(Leaving);
            }
            if state.standing == Standing::Protected || self.clock.now() < state.silent {
                return Ok(held);
            }
            // A call that is dropped on its way may have been heard.
            state.standing = Standing::Unknown;
            match self.group.protect(true).await {
                Ok(()) => state.standing = Standing::Protected,
                Err(Refusal::NotInService) => self.leave(),
                Err(refusal @ Refusal::Failed { .. }) => {
                    let now = self.clock.now();
                    if until <= now {
                        state.silent = now + SILENCE;
                        let line =
                            self.log.error("the machine cannot be protected from scale-in; jobs begin all the same and may be interrupted");
                        line.because(&refusal).write();
                    } else {
                        self.clock.sleep_until((now + pause(failures, FIRST_PAUSE, LONGEST_PAUSE)).min(until)).await;
                        failures += 1;
                    }
                }
            }
        }
    }

    /// Takes the protection away when there has been nothing to do for a while, and tells a group that takes the machine away that it
    /// still works. Never ends; what it does ends when it is dropped.
    pub async fn keep(&self) -> Infallible {
        tokio::join!(self.open_when_idle(), self.still_work());
        pending().await
    }

    async fn open_when_idle(&self) {
        let mut jobs = self.jobs.subscribe();
        // The sender lives as long as this does, so that nobody waits in vain.
        while jobs.wait_for(|jobs| *jobs == 0).await.is_ok() {
            let begun = tokio::select! {
                begun = jobs.wait_for(|jobs| 0 < *jobs) => begun.is_ok(),
                () = self.clock.sleep(IDLE) => false,
            };
            if begun {
                continue;
            }
            match self.open().await {
                Ok(()) => {}
                Err(Refusal::NotInService) => self.leave(),
                Err(refusal @ Refusal::Failed { .. }) => {
                    let line = self.log.error("the protection from scale-in cannot be taken away; the machine costs money until it can");
                    line.because(&refusal).write();
                    continue;
                }
            }
            drop(jobs.wait_for(|jobs| 0 < *jobs).await);
        }
    }

    async fn still_work(&self) {
        let mut leaving = self.leaving.subscribe();
        if leaving.wait_for(|leaving| *leaving).await.is_err() {
            return;
        }
        loop {
            if let Err(refusal) = self.group.still_works().await {
                self.log.warn("the Auto Scaling group could not be told that jobs are still in work").because(&refusal).write();
            }
            self.clock.sleep(HEARTBEAT).await;
        }
    }

    /// The last word: to a group that waits, that nothing is left to do; to any other, that the machine may be taken away.
    pub async fn end(&self, told: Told) {
        for failures in 0..TRIES {
            let said = if told.waits { self.group.is_done().await } else { self.open().await };
            match said {
                Ok(()) | Err(Refusal::NotInService) => return,
                Err(refusal @ Refusal::Failed { .. }) => {
                    self.log.warn("the Auto Scaling group could not be told that the worker has ended").because(&refusal).write();
                    self.clock.sleep(pause(failures, FIRST_PAUSE, LONGEST_PAUSE)).await;
                }
            }
        }
    }

    /// The group takes the machine away, as somebody else has heard.
    fn leave(&self) {
        self.leaving.send_if_modified(|leaving| !std::mem::replace(leaving, true));
    }

    /// Lets the group take the machine away, unless something is in work. No call where it may already.
    async fn open(&self) -> Result<(), Refusal> {
        // Whoever begins something counts itself first and then waits here, so nothing begins between the look and the call.
        let mut state = self.state.lock().await;
        if 0 < *self.jobs.borrow() || state.standing == Standing::Open {
            return Ok(());
        }
        state.standing = Standing::Unknown;
        self.group.protect(false).await?;
        state.standing = Standing::Open;
        Ok(())
    }
}

/// Work that begins only once the machine is protected; all of it on a machine that is in no group.
#[derive(Debug)]
pub struct Guarded<W, G, C = Machine> {
    work: W,
    protection: Option<Arc<Protection<G, C>>>,
}

impl<W, G, C> Guarded<W, G, C> {
    /// Some work, and the protection of the machine that it is done on.
    pub fn new(work: W, protection: Option<Arc<Protection<G, C>>>) -> Self {
        Self { work, protection }
    }
}

impl<W: Work, G: Group, C: Clock> Work for Guarded<W, G, C> {
    async fn run(&self, delivery: Delivery) -> Outcome {
        let Some(protection) = &self.protection else { return self.work.run(delivery).await };
        match protection.hold().await {
            Ok(_held) => self.work.run(delivery).await,
            Err(Leaving) => Outcome::GiveBack,
        }
    }
}

/// Somebody who tells that the group takes the machine away, or the group itself by its refusal, whichever comes first.
#[derive(Debug)]
pub struct Watched<N, G, C = Machine> {
    notice: N,
    protection: Arc<Protection<G, C>>,
    told: bool,
}

impl<N, G, C> Watched<N, G, C> {
    /// Somebody who tells of the machine that this protects.
    pub fn new(notice: N, protection: Arc<Protection<G, C>>) -> Self {
        Self { notice, protection, told: false }
    }
}

impl<N: Notice, G: Group, C: Clock> Notice for Watched<N, G, C> {
    async fn told(&mut self) -> Told {
        let Self { notice, protection, told: before } = self;
        let mut leaving = protection.leaving.subscribe();
        let told = tokio::select! {
            biased;
            _ = leaving.wait_for(|leaving| *leaving), if !*before => Told::waits("the Auto Scaling group takes the machine away"),
            told = notice.told() => told,
        };
        if told.waits {
            *before = true;
            protection.leave();
        }
        told
    }
}
