//! How many endpoints of a lane may be out of use at one time.
//!
//! An endpoint takes a slot before it opens and gives it back after it has closed; half-open it keeps it. So the slots
//! in use are never fewer than the endpoints out of use, whatever the threads do.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// The slots of one lane.
#[derive(Debug)]
pub(crate) struct Slots {
    limit: u32,
    used: AtomicU32,
}

impl Slots {
    /// For so many endpoints: that percentage of them, rounded down, and never the last one.
    pub(crate) fn new(endpoints: u32, max_ejected: u32) -> Self {
        let share = u64::from(endpoints) * u64::from(max_ejected) / 100;
        // At most 100 % of a u32, so the cast cannot truncate.
        let limit = (share as u32).min(endpoints.saturating_sub(1));
        Self {
            limit,
            used: AtomicU32::new(0),
        }
    }

    /// Takes a slot, where one is free. Acquire: who takes a slot sees the endpoint closed that gave it back.
    pub(crate) fn take(&self) -> bool {
        self.used
            .try_update(AcqRel, Acquire, |used| (used < self.limit).then_some(used + 1))
            .is_ok()
    }

    /// Gives a taken slot back.
    pub(crate) fn give_back(&self) {
        self.used.fetch_sub(1, AcqRel);
    }

    /// How many are taken.
    pub(crate) fn used(&self) -> u32 {
        self.used.load(Relaxed)
    }

    /// How many there are.
    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_rounded_down_and_spares_one_endpoint() {
        for (endpoints, percent, limit) in [
            (0, 100, 0),
            (1, 100, 0),
            (1, 50, 0),
            (2, 50, 1),
            (3, 50, 1),
            (2, 100, 1),
            (10, 19, 1),
            (10, 0, 0),
        ] {
            assert_eq!(
                Slots::new(endpoints, percent).limit(),
                limit,
                "{percent} % of {endpoints}"
            );
        }
    }
}
