//! What time it is: the machine's clock, or a test's.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time of day.
///
/// Ages are taken from it too: the monotonic clock of a function stands still while its machine is frozen between two requests.
pub trait Clock {
    /// Milliseconds since 1970.
    fn milliseconds(&self) -> u64;

    /// Seconds since 1970.
    fn seconds(&self) -> u64 {
        self.milliseconds() / 1_000
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn milliseconds(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
