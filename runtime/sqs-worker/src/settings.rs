//! How a worker goes about it.

use std::time::Duration;

/// SQS hides no message for longer than this, counted from its delivery, however often it is asked to.
pub(crate) const LONGEST_HIDDEN: Duration = Duration::from_secs(12 * 60 * 60);

/// How a worker goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Jobs at once.
    pub slots: usize,
    /// How long one call waits for a message; 20 seconds is SQS's most, and makes the fewest calls.
    pub wait: Duration,
    /// For how long a message is hidden from others; renewed each third of it.
    pub visibility: Duration,
    /// How long one delivery may be worked at; then it counts as a try that failed. SQS itself allows twelve hours.
    pub longest: Duration,
    /// How often a message is tried. The queue hands it out [`SPARE_DELIVERIES`](contract::jobs::SPARE_DELIVERIES) times more before it
    /// moves it to its dead-letter queue by itself.
    pub tries: u32,
    /// How long a second try waits at most; each further try twice as long.
    pub first_pause: Duration,
    /// How long any try waits at most. The message's group waits with it.
    pub longest_pause: Duration,
    /// How long jobs may go on once the worker was told to end.
    pub drain: Duration,
}

impl Settings {
    /// The usual ones, for a queue with this visibility timeout and so many tries.
    #[must_use]
    pub fn new(slots: usize, visibility: Duration, tries: u32) -> Self {
        Self {
            slots: slots.max(1),
            wait: Duration::from_secs(20),
            visibility: visibility.max(Duration::from_secs(1)),
            longest: LONGEST_HIDDEN,
            tries,
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(300),
            drain: Duration::from_secs(60),
        }
    }
}
