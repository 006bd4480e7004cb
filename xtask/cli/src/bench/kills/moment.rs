//! Random moments that can be had again.

use std::time::Duration;

/// Numbers that look random, and are the same for the same seed (`SplitMix64`, by Steele, Lea and Flood).
#[derive(Debug, Clone)]
pub(super) struct Moments(u64);

impl Moments {
    pub(super) const fn of_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// Any moment of such a time, each as likely as any other.
    pub(super) fn within(&mut self, time: Duration) -> Duration {
        // The 53 bits that a float can hold.
        let share = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        time.mul_f64(share)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_moments() {
        let moments = |seed| {
            let mut moments = Moments::of_seed(seed);
            [(); 5].map(|()| moments.within(Duration::from_secs(4)))
        };

        assert_eq!(moments(7), moments(7), "a failure could not be had again");
        assert_ne!(moments(7), moments(8));
    }

    #[test]
    fn moments_are_spread_over_the_whole_time() {
        let mut moments = Moments::of_seed(1);
        let mut quarters = [0; 4];

        for _ in 0..4_000 {
            let moment = moments.within(Duration::from_secs(4));
            assert!(moment < Duration::from_secs(4));
            quarters[usize::try_from(moment.as_secs()).unwrap()] += 1;
        }

        assert!(quarters.iter().all(|count| (900..1_100).contains(count)), "one part would never be hit: {quarters:?}");
    }
}
