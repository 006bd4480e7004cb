//! The time of day, which tests set.

/// Tells the time.
pub trait Clock {
    /// Milliseconds since 1970.
    fn milliseconds(&self) -> u64;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn milliseconds(&self) -> u64 {
        u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default()
    }
}
