//! How long a job waits before it comes again.

/// The first pause, in seconds.
const FIRST: u32 = 5;

/// The longest pause, in seconds. SQS hands a message out a thousand times at most, and a job may be wanted for four days: with pauses of
/// at least half of this, a job that only ever waits comes to its own end before SQS gives it up.
const LONGEST: u32 = 900;

/// The pause after so many in a row, in seconds: twice as long each time, and somewhere in its second half, since jobs that were refused
/// together would otherwise come again together.
pub(crate) fn after(times: u32) -> u32 {
    let whole = FIRST.saturating_mul(2_u32.saturating_pow(times)).min(LONGEST);
    whole - fastrand::u32(0..=whole / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ_and_end_at_a_quarter_of_an_hour() {
        for (times, range) in [(0, 3..=5), (1, 5..=10), (4, 40..=80), (8, 450..=900), (400, 450..=900)] {
            let pauses: Vec<_> = (0..200).map(|_| after(times)).collect();

            assert!(pauses.iter().all(|pause| range.contains(pause)), "after {times}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "all would come again at once");
        }
    }

    #[test]
    fn a_job_that_only_waits_is_over_before_sqs_gives_it_up() {
        let shortest: u64 =
            (0..1_000).map(|times| u64::from(FIRST.saturating_mul(2_u32.saturating_pow(times)).min(LONGEST)).div_ceil(2)).sum();

        assert!(5_760 * 60 < shortest, "it would be a dead letter, and nobody would be told that it expired");
    }
}
