use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use graylane_config::Health;
use tokio::sync::{Notify, watch};

use super::finding::Finding;
use super::tally::Tally;
use crate::standing::Standing;

/// What is known of the endpoints that are checked.
#[derive(Debug, Default)]
pub struct Records {
    by_seat: Mutex<HashMap<u64, Record>>,
    progress: watch::Sender<Progress>,
    /// Told when another generation is in use.
    pub(super) replaced: Notify,
}

/// Of one endpoint.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub(super) tally: Tally,
    /// The last finding, and when that was.
    pub(super) last: Option<(Finding, SystemTime)>,
    /// When it last became healthy, or unhealthy.
    pub(super) since: Option<SystemTime>,
    /// By [`Finding::index`].
    pub(super) counts: [u64; Finding::LABELS.len()],
}

/// How far the checks are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The generation whose endpoints are checked; 0: none.
    pub(super) generation: u64,
    /// Its endpoints that no check has ended of.
    pub(super) unchecked: usize,
}

/// What a finding changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) healthy: bool,
    /// It is the first finding of all.
    pub(super) is_first: bool,
}

impl Records {
    /// Tells that another generation is in use.
    pub(crate) fn replaced(&self) {
        self.replaced.notify_one();
    }

    /// Forgets who is checked no more, and waits for first findings of the others.
    pub(super) fn follow(&self, generation: u64, serials: impl Iterator<Item = u64>) {
        let unchecked = {
            let mut all = self.lock();
            let mut before = std::mem::take(&mut *all);
            all.extend(serials.map(|serial| (serial, before.remove(&serial).unwrap_or_default())));
            all.values().filter(|record| !record.tally.is_checked()).count()
        };
        self.progress.send_replace(Progress {
            generation,
            unchecked,
        });
    }

    /// Notes a finding, and how the endpoint stands by it. Only then whoever waits for a first round is told.
    pub(super) fn note(
        &self,
        serial: u64,
        finding: Finding,
        health: &Health,
        standing: &Standing,
    ) -> Option<Change> {
        let now = SystemTime::now();
        let (healthy, is_first) = {
            let mut all = self.lock();
            let record = all.get_mut(&serial)?;
            let is_first = !record.tally.is_checked();
            record.counts[finding.index()] += 1;
            let healthy = record.tally.note(finding.passed(), health.fails, health.passes);
            record.last = Some((finding, now));
            if healthy.is_some() {
                record.since = Some(now);
            }
            (healthy, is_first)
        };
        if let Some(healthy) = healthy {
            standing.found(healthy);
        }
        if is_first {
            self.progress
                .send_modify(|progress| progress.unchecked = progress.unchecked.saturating_sub(1));
        }
        Some(Change {
            healthy: healthy?,
            is_first,
        })
    }

    /// Of the endpoint at a seat of that serial; `None` where it is not checked.
    pub(super) fn of(&self, serial: u64) -> Option<Record> {
        self.lock().get(&serial).cloned()
    }

    /// Waits until each endpoint of that generation, or of a later one, was checked once.
    pub(crate) async fn first_round(&self, generation: u64) {
        let mut progress = self.progress.subscribe();
        let is_done = |at: &Progress| at.generation >= generation && at.unchecked == 0;
        // The sender lives in `self`.
        let _ = progress.wait_for(is_done).await;
    }

    /// It is held for a look or a note, and no code under it panics half way.
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Record>> {
        self.by_seat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
