//! What was served, over all configurations of the process.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::reason::{COUNT, Reason};

/// How often something happened, by reason. A mock that stays keeps it.
#[derive(Debug)]
pub(crate) struct Counts([AtomicU64; COUNT]);

impl Default for Counts {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; COUNT])
    }
}

impl Counts {
    pub(crate) fn add(&self, reason: Reason) {
        self.0[reason.index()].fetch_add(1, Relaxed);
    }

    /// What happened at all.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Reason, u64)> {
        let all = Reason::all().map(|reason| (reason, self.0[reason.index()].load(Relaxed)));
        all.filter(|(_, count)| *count > 0)
    }
}

/// What concerns all mocks.
#[derive(Debug)]
pub(crate) struct Tally {
    began: Instant,
    /// When a mock was served last, in milliseconds after the beginning, and one more; 0 where none was.
    last: AtomicU64,
    /// Failures for which there was no mock.
    pub(crate) missed: Counts,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            last: AtomicU64::new(0),
            missed: Counts::default(),
        }
    }

    pub(crate) fn served(&self, now: Instant) {
        self.last.fetch_max(self.millis(now) + 1, Relaxed);
    }

    /// How long ago that was.
    pub(crate) fn since(&self, now: Instant) -> Option<Duration> {
        let last = self.last.load(Relaxed).checked_sub(1)?;
        Some(Duration::from_millis(self.millis(now).saturating_sub(last)))
    }

    fn millis(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_millis() as u64
    }
}
