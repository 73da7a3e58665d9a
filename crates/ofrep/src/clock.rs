//! Coarse time: a counter that one task advances, so that a limit in time costs a request a store and not a timer.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// The resolution of every limit in time.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Ticks since the server started. It wraps after 6 years; comparisons are by wrapping distance.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU32);

/// A number of ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticks(u32);

impl Clock {
    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn now(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

impl Ticks {
    /// At least the given time: rounded up, and one more for the tick that is already running.
    pub(crate) fn at_least(time: Duration) -> Self {
        let ticks = time.as_millis().div_ceil(TICK.as_millis()) + 1;
        Self(u32::try_from(ticks).unwrap_or(u32::MAX / 4).min(u32::MAX / 4))
    }

    /// Whether so many went by since a moment.
    pub(crate) fn passed_since(self, moment: u32, now: u32) -> bool {
        now.wrapping_sub(moment) >= self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_passes_after_its_ticks_even_over_the_wrap_of_the_counter() {
        let clock = Clock(AtomicU32::new(u32::MAX - 1));
        let start = clock.now();

        let waited = std::iter::repeat_with(|| clock.advance())
            .take_while(|()| !Ticks::at_least(TICK * 3).passed_since(start, clock.now()))
            .count();

        assert_eq!(waited + 1, 4);
    }
}
