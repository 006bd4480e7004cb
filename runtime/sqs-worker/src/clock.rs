//! What the worker waits by: the machine's clock, or one that a test holds in its hand.

use std::time::{Duration, Instant};

/// A clock that only goes forward. Every wait of the worker is one of its waits, so that hours of heartbeats pass in a test at once.
pub trait Clock: Clone + Send + Sync + 'static {
    /// How long the clock has been going.
    fn now(&self) -> Duration;

    /// Waits until it has been going for so long; not at all when it has.
    fn sleep_until(&self, moment: Duration) -> impl Future<Output = ()> + Send;

    /// Waits for a while.
    fn sleep(&self, pause: Duration) -> impl Future<Output = ()> + Send {
        self.sleep_until(self.now() + pause)
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    started: Instant,
}

impl Default for Machine {
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for Machine {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep_until(&self, moment: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep_until((self.started + moment).into())
    }
}
