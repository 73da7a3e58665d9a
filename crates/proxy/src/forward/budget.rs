//! How many retries a lane may have: a share of its exchanges, so that an ill lane is not asked more often by much than a
//! healthy one.

use crate::clock::TICK;

/// One retry, in the steps that shares are counted in.
const ONE: u32 = 100_000;
/// What a worker has to begin with, and gets back by and by where there is little traffic, one each [`SECOND`].
const RESERVE: u32 = 5 * ONE;
/// What may be saved up: after hours without a failure the share is still a share.
const MOST: u32 = 50 * ONE;
const SECOND: u32 = (1_000 / TICK.as_millis()) as u32;

/// What one lane has left at one worker.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u32,
    /// Up to which moment of the worker's clock the reserve was filled.
    filled: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: RESERVE,
            filled: 0,
        }
    }
}

impl Budget {
    /// An exchange begins: this share of a retry is earned by it, in steps of 0.001 %.
    #[inline]
    pub(crate) fn earn(&mut self, share: u32) {
        self.left = (self.left + share).min(MOST);
    }

    /// Takes a retry, where there is one.
    pub(crate) fn take(&mut self, now: u32) -> bool {
        let passed = now.wrapping_sub(self.filled) / SECOND;
        self.filled = self.filled.wrapping_add(passed.wrapping_mul(SECOND));
        if self.left < RESERVE {
            self.left = passed.saturating_mul(ONE).saturating_add(self.left).min(RESERVE);
        }
        let left = self.left.checked_sub(ONE);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn little_traffic_can_retry_and_comes_back_to_that() {
        let mut budget = Budget::default();

        let at_once = (0..100).filter(|_| budget.take(0)).count();
        let after_two_seconds = (0..100).filter(|_| budget.take(2 * SECOND)).count();
        let after_an_hour = (0..100).filter(|_| budget.take(3_600 * SECOND)).count();

        assert_eq!((at_once, after_two_seconds, after_an_hour), (5, 2, 5));
    }

    proptest! {
        #[test]
        fn retries_are_at_most_the_share_and_the_reserve(
            share in 0_u32..=100_000,
            steps in proptest::collection::vec((any::<bool>(), 0_u32..3), 1..2_000),
        ) {
            let mut budget = Budget::default();
            let (mut now, mut earned, mut taken) = (0, 0_u64, 0_u64);

            for (fails, ticks) in steps {
                now += ticks;
                budget.earn(share);
                earned += u64::from(share);
                taken += u64::from(fails && budget.take(now));
            }

            let reserve = u64::from(RESERVE) + u64::from(now / SECOND) * u64::from(ONE);
            prop_assert!(taken * u64::from(ONE) <= earned + reserve);
        }

        #[test]
        fn a_lane_that_stays_within_its_share_is_never_refused(every in 1_u32..50) {
            let share = ONE.div_ceil(every);
            let mut budget = Budget::default();

            for exchange in 0..5_000 {
                budget.earn(share);
                prop_assert!(exchange % every != 0 || budget.take(0));
            }
        }
    }
}
