//! What this process has served: for the next one to be compared with, and for its own signs of life.

use graylane_pipeline::LaneId;

use super::{House, locked};

/// How many looks at the counters are kept, one a second.
const LOOKS: usize = 60;
/// Lanes that are named in a sign of life. Where so many are down, one more makes no difference.
const MOST_DOWN: usize = 64;

impl House {
    /// Exchanges, and those of them that ended with a 5xx.
    pub(in crate::handover) fn counts(&self) -> (u64, u64) {
        let Some(shared) = self.parts.shared() else {
            return (0, 0);
        };
        let current = shared.current();
        let lanes = current.snapshot().topology().lanes.len() as u32;
        let totals = (0..lanes).map(|lane| current.totals(LaneId(lane)));
        totals.fold((0, 0), |(exchanges, errors), lane| {
            (exchanges + lane.exchanges, errors + lane.errors)
        })
    }

    /// Keeps in mind what is counted now.
    pub(in crate::handover) fn look(&self) {
        let counts = self.counts();
        let mut seen = locked(&self.seen);
        if seen.len() == LOOKS {
            seen.pop_front();
        }
        seen.push_back(counts);
    }

    /// Exchanges and errors of the last minute: what the next process is compared with.
    pub(in crate::handover) fn lately(&self) -> (u64, u64) {
        let now = self.counts();
        let then = locked(&self.seen).front().copied().unwrap_or_default();
        (now.0.saturating_sub(then.0), now.1.saturating_sub(then.1))
    }

    /// The lanes that have endpoints, of which none is healthy.
    pub(in crate::handover) fn lanes_down(&self) -> Vec<String> {
        let Some(shared) = self.parts.shared() else {
            return Vec::new();
        };
        let current = shared.current();
        let lane = |id| current.snapshot().topology().lane(id).to_string();
        current.lanes_down().take(MOST_DOWN).map(lane).collect()
    }

    /// Those of another process's lanes that are down there and not here. One that is not known here is nothing to compare.
    pub(in crate::handover) fn lacking(&self, down: &[String]) -> Vec<String> {
        if down.is_empty() {
            return Vec::new();
        }
        let Some(shared) = self.parts.shared() else {
            return Vec::new();
        };
        let current = shared.current();
        let here: Vec<_> = current.lanes_down().collect();
        let lanes = (0..).zip(&current.snapshot().topology().lanes);
        let up = lanes.filter(|&(number, _)| !here.contains(&LaneId(number)));
        up.map(|(_, lane)| lane.to_string())
            .filter(|lane| down.contains(lane))
            .collect()
    }
}
