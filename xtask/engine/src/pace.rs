//! How often a cloud is asked, and for how long its silence is borne: every bound, with its reason.

use std::hash::BuildHasher;
use std::time::Duration;

/// The first pause between two looks at a stack; a local cloud is done within it.
const SHORTEST_LOOK: Duration = Duration::from_millis(50);
/// The longest pause between two looks: DescribeStackEvents is throttled per account, and nobody reads faster than this.
const LONGEST_LOOK: Duration = Duration::from_secs(3);
/// After so long without an event the stack itself is asked, in case its last event never shows.
const SILENCE: Duration = Duration::from_secs(15);
/// How often the events are read on after the stack itself is at rest and its last event has not shown.
pub(crate) const LATE_LOOKS: u32 = 2;
/// How long a second Ctrl-C is waited for after the first: long enough to read what it would do.
pub(crate) const SECOND_THOUGHT: Duration = Duration::from_secs(5);

/// The first pause after a call that failed for a passing reason. The SDK has tried five times within a few seconds before that.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);
/// The longest pause: a laptop that finds its network again goes on soon after.
const LONGEST_RETRY: Duration = Duration::from_secs(20);
/// How long a passing failure may last in all. A laptop changes trains in that time; an outage of AWS does not pass in it.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// The pauses between looks at something that moves: short while it moves, longer while it does not.
#[derive(Debug)]
pub(crate) struct Looks {
    pause: Duration,
    silent: Duration,
}

impl Looks {
    /// Before the first look.
    pub(crate) fn new() -> Self {
        Self { pause: SHORTEST_LOOK, silent: Duration::ZERO }
    }

    /// The pause that follows a look; `moved` when it found something new.
    pub(crate) fn next(&mut self, moved: bool) -> Duration {
        if moved {
            self.pause = SHORTEST_LOOK.max(self.pause / 2);
            self.silent = Duration::ZERO;
        } else {
            self.pause = LONGEST_LOOK.min(self.pause.saturating_mul(2));
            self.silent = self.silent.saturating_add(self.pause);
        }
        self.pause
    }

    /// Whether nothing has moved for so long that something else has to be asked. True once per silence.
    pub(crate) fn is_silent(&mut self) -> bool {
        let silent = self.silent >= SILENCE;
        if silent {
            self.silent = Duration::ZERO;
        }
        silent
    }
}

/// The pauses between tries of a call that fails for a passing reason.
///
/// Time is counted in pauses, not by a clock: a laptop that slept for an hour has not been patient for an hour.
#[derive(Debug)]
pub(crate) struct Retries {
    pause: Duration,
    waited: Duration,
    chance: std::hash::RandomState,
    tries: u32,
}

impl Retries {
    /// Before the first try.
    pub(crate) fn new() -> Self {
        Self { pause: SHORTEST_RETRY, waited: Duration::ZERO, chance: std::hash::RandomState::new(), tries: 0 }
    }

    /// The pause before the next try; none when patience is at its end.
    ///
    /// Half of it is left to chance, so that stacks which were throttled together do not come back together.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        if self.waited >= PATIENCE {
            return None;
        }
        self.tries = self.tries.saturating_add(1);
        let half = self.pause / 2;
        let share = u32::try_from(self.chance.hash_one(self.tries) % 1_000).unwrap_or_default();
        let pause = half.saturating_add(half.saturating_mul(share) / 1_000);
        self.waited = self.waited.saturating_add(pause);
        self.pause = LONGEST_RETRY.min(self.pause.saturating_mul(2));
        Some(pause)
    }

    /// Whether this is the first failure in a row.
    pub(crate) fn is_first(&self) -> bool {
        self.tries == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_that_moves_is_looked_at_more_often() {
        let mut looks = Looks::new();

        let still: Vec<_> = (0..10).map(|_| looks.next(false)).collect();
        let moving: Vec<_> = (0..10).map(|_| looks.next(true)).collect();

        assert!(still.is_sorted() && still.last() == Some(&LONGEST_LOOK), "an idle stack would be asked all the time: {still:?}");
        assert_eq!(moving.last(), Some(&SHORTEST_LOOK), "events would come late while things happen: {moving:?}");
    }

    #[test]
    fn patience_ends() {
        let mut retries = Retries::new();

        let pauses: Vec<_> = std::iter::from_fn(|| retries.next()).collect();

        let all: Duration = pauses.iter().sum();
        assert!(PATIENCE <= all && all < PATIENCE + LONGEST_RETRY, "a deploy would hang for ever, or give up at once: {all:?}");
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_RETRY), "{pauses:?}");
    }

    #[test]
    fn two_stacks_that_were_throttled_together_come_back_apart() {
        let pauses = || {
            let mut retries = Retries::new();
            std::iter::from_fn(move || retries.next()).collect::<Vec<_>>()
        };

        assert_ne!(pauses(), pauses(), "they would be throttled together again");
    }
}
