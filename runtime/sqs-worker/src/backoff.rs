//! How long to wait before another try.

use std::time::Duration;

/// Twice as long each time, up to a most; then between half of it and all of it, so that what failed together does not come together.
pub(crate) fn pause(before: u32, first: Duration, most: Duration) -> Duration {
    let doubled = 2_u32.checked_pow(before).and_then(|times| first.checked_mul(times));
    let whole = doubled.unwrap_or(most).min(most);
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(2);
    const MOST: Duration = Duration::from_secs(300);

    #[test]
    fn each_pause_is_about_twice_the_one_before_and_none_is_above_the_most() {
        for (before, whole) in [(0, 2), (1, 4), (2, 8), (7, 256), (8, 300), (500, 300)] {
            let whole = Duration::from_secs(whole);

            let pauses: Vec<_> = (0..200).map(|_| pause(before, FIRST, MOST)).collect();

            assert!(pauses.iter().all(|pause| whole / 2 <= *pause && *pause <= whole), "{before}: {pauses:?}");
        }
    }

    #[test]
    fn what_failed_together_does_not_come_together() {
        let mut pauses: Vec<_> = (0..100).map(|_| pause(5, FIRST, MOST).as_millis()).collect();
        pauses.sort_unstable();
        pauses.dedup();

        assert!(50 < pauses.len(), "a broken table would be asked by all workers in the same second again: {pauses:?}");
    }
}
