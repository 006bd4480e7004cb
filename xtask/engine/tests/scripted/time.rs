//! Time that costs nothing: when everybody waits, it is later at once.

use super::*;

/// The clock, and who waits for which moment.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    now: Cell<Duration>,
    sleepers: RefCell<Vec<(u64, Duration)>>,
    next: Cell<u64>,
}

/// A pause that is over, or that nobody waits for any more.
struct Sleeper<'c>(&'c Clock, u64);

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.0.sleepers.borrow_mut().retain(|(id, _)| *id != self.1);
    }
}

impl ScriptedCloud {
    /// How much time has passed.
    pub(crate) fn now(&self) -> Duration {
        self.clock.now.get()
    }

    /// Let time pass while nobody is at work.
    pub(crate) fn later(&self, time: Duration) {
        self.clock.now.set(self.now() + time);
    }

    /// Wait for a moment. Others get their turn before it comes.
    pub(crate) async fn sleep(&self, time: Duration) {
        let clock = &self.clock;
        let until = clock.now.get() + time;
        clock.next.set(clock.next.get() + 1);
        let sleeper = Sleeper(clock, clock.next.get());
        clock.sleepers.borrow_mut().push((sleeper.1, until));
        loop {
            tokio::task::yield_now().await;
            let first = clock.sleepers.borrow().iter().map(|(_, until)| *until).min();
            if until <= clock.now.get() {
                return;
            }
            if first == Some(until) {
                clock.now.set(until);
                return;
            }
        }
    }
}
