//! How often the text so far is written down.

use std::time::{Duration, Instant};

/// DynamoDB bills a write by the size of the whole item, so that a text which is written each second costs its length squared.
const BYTES_PER_SECOND: f64 = 16_384.0;

/// When the next step is due: a second after the last one, later the longer the text is.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    next: Instant,
}

impl Steps {
    /// The first step is a second away.
    #[must_use]
    pub fn from(now: Instant) -> Self {
        Self { next: now + Self::pause(0) }
    }

    /// When the next one is due.
    #[must_use]
    pub fn next(&self) -> Instant {
        self.next
    }

    /// A step was taken with so much text.
    pub fn taken(&mut self, now: Instant, bytes: usize) {
        self.next = now + Self::pause(bytes);
    }

    /// How long from one step to the next with so much text.
    #[must_use]
    pub fn pause(bytes: usize) -> Duration {
        Duration::from_secs(1) + Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_down_once_a_second_and_less_often_the_longer_it_is() {
        let now = Instant::now();
        let mut steps = Steps::from(now);
        assert_eq!(steps.next(), now + Duration::from_secs(1));

        steps.taken(now, 16_384);

        assert_eq!(steps.next(), now + Duration::from_secs(2));
    }

    #[test]
    fn what_all_steps_of_a_long_text_cost_stays_small() {
        // 40 tokens a second of 5 bytes, until the text is as long as it may be.
        let (mut seconds, mut kilobytes, mut bytes) = (0.0, 0.0, 0.0);
        while bytes < 300_000.0 {
            seconds += Steps::pause(bytes as usize).as_secs_f64();
            bytes = seconds * 200.0;
            kilobytes += bytes / 1_024.0;
        }

        assert!(kilobytes < 60_000.0, "a write unit is a kilobyte, a million are a dollar and a quarter: {kilobytes}");
    }
}
