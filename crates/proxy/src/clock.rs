//! Coarse time: a counter that one task per worker advances, and deadlines against it.
//!
//! A timer of the runtime per request costs about 1,500 instructions; a deadline costs a store. The price is
//! precision: a deadline is met up to one [`TICK`] late.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use crate::random;

/// The resolution of every limit in time.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// The part of a time by which it is spread.
const SPREAD: u32 = 5;

/// Ticks since the worker started. Wraps after 6 years; comparisons are by wrapping distance.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU32);

/// A number of ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticks(u32);

impl Ticks {
    pub(crate) const NONE: Self = Self(0);

    /// At least the given time: rounded up, and one more for the tick that is already running.
    pub(crate) fn at_least(time: Duration) -> Self {
        let ticks = time.as_millis().div_ceil(TICK.as_millis()) + 1;
        Self(u32::try_from(ticks).unwrap_or(u32::MAX / 4).min(u32::MAX / 4))
    }

    /// So long and up to a fifth more, at random: what many begin to wait for in one instant does not come in one instant.
    pub(crate) fn spread(self) -> Self {
        Self(self.0 + (random::next() % (u64::from(self.0 / SPREAD) + 1)) as u32)
    }

    /// Whether so many ticks went by since a moment.
    pub(crate) fn passed_since(self, moment: u32, now: u32) -> bool {
        now.wrapping_sub(moment) >= self.0
    }
}

impl Clock {
    /// Moves on by one tick.
    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    #[inline]
    pub(crate) fn now(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

/// A moment that may be moved. Only its own worker's thread writes and reads it; it is atomic because futures that hold
/// it must be `Send`.
#[derive(Debug, Default)]
pub(crate) struct Deadline(AtomicU32);

impl Deadline {
    /// So many ticks from now.
    #[inline]
    pub(crate) fn set(&self, clock: &Clock, ticks: Ticks) {
        self.0.store(clock.now().wrapping_add(ticks.0), Relaxed);
    }

    /// Not later than so many ticks from now.
    pub(crate) fn set_earlier(&self, clock: &Clock, ticks: Ticks) {
        let left = self.0.load(Relaxed).wrapping_sub(clock.now());
        if left > ticks.0 {
            self.set(clock, ticks);
        }
    }

    #[inline]
    pub(crate) fn passed(&self, clock: &Clock) -> bool {
        // The distance is taken as signed: up to half the range ahead is the future.
        (clock.now().wrapping_sub(self.0.load(Relaxed)) as i32) >= 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_passes_after_its_time_and_not_before() {
        let (clock, deadline) = (Clock::default(), Deadline::default());
        deadline.set(&clock, Ticks::at_least(TICK * 3));

        let mut waited = 0;
        while !deadline.passed(&clock) {
            clock.advance();
            waited += 1;
        }

        assert_eq!(waited, 4);
    }

    #[test]
    fn a_deadline_works_over_the_wrap_of_the_counter() {
        let (clock, deadline) = (Clock(AtomicU32::new(u32::MAX - 1)), Deadline::default());
        deadline.set(&clock, Ticks::at_least(TICK * 2));

        assert!(!deadline.passed(&clock));
        (0..3).for_each(|_| clock.advance());

        assert!(deadline.passed(&clock));
    }

    #[test]
    fn a_time_that_is_spread_is_never_shorter_and_up_to_a_fifth_longer() {
        let spread: Vec<_> = (0..1000).map(|_| Ticks(100).spread().0).collect();

        assert!(
            spread.iter().all(|ticks| (100..=120).contains(ticks)),
            "{spread:?}"
        );
        assert!([100, 110, 120].iter().all(|ticks| spread.contains(ticks)));
        assert_eq!(Ticks(3).spread().0, 3, "too short to be spread");
    }

    #[test]
    fn an_earlier_limit_only_shortens() {
        let (clock, deadline) = (Clock::default(), Deadline::default());
        deadline.set(&clock, Ticks(10));

        deadline.set_earlier(&clock, Ticks(20));
        (0..10).for_each(|_| clock.advance());

        assert!(deadline.passed(&clock));
    }
}
