//! What this process has served: for the next one to be compared with, and for its own signs of life.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use graylane_config::Health;
use graylane_handover::{Down, Lacking, Served};
use graylane_pipeline::LaneId;

use super::{House, locked};

/// How many looks at the counters are kept, one a second.
const LOOKS: usize = 60;
/// Lanes that are named in a sign of life, which must find room in one message.
const MOST_DOWN: usize = 2000;

impl House {
    /// What was served so far.
    pub(in crate::handover) fn counts(&self) -> Served {
        let Some(shared) = self.parts.shared() else {
            return Served::default();
        };
        let current = shared.current();
        let lanes = current.snapshot().topology().lanes.len() as u32;
        let totals = (0..lanes).map(|lane| current.totals(LaneId(lane)));
        let none = Served {
            refused: shared.counters().refused(),
            ..Served::default()
        };
        totals.fold(none, |sum, lane| Served {
            exchanges: sum.exchanges + lane.exchanges,
            errors: sum.errors + lane.errors,
            ..sum
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

    /// What was served in the last minute: the next process is compared with it.
    pub(in crate::handover) fn lately(&self) -> Served {
        let then = locked(&self.seen).front().copied().unwrap_or_default();
        self.counts().since(then)
    }

    /// The lanes for which checks find no healthy endpoint.
    pub(in crate::handover) fn lanes_down(&self) -> Vec<Down> {
        let Some(shared) = self.parts.shared() else {
            return Vec::new();
        };
        let current = shared.current();
        let snapshot = current.snapshot();
        let down = current.lanes_down().filter_map(|id| {
            let settles = settles(snapshot.lane(id).health.as_ref()?);
            Some(Down {
                lane: snapshot.topology().lane(id).to_string(),
                settles_millis: u64::try_from(settles.as_millis()).unwrap_or(u64::MAX),
            })
        });
        down.take(MOST_DOWN).collect()
    }

    /// Those of another process's lanes that are down there and not here. One that is not checked here, or not known, is
    /// nothing to compare.
    pub(in crate::handover) fn lacking(&self, down: &[Down]) -> Vec<Lacking> {
        let Some(shared) = self.parts.shared().filter(|_| !down.is_empty()) else {
            return Vec::new();
        };
        let there: HashMap<_, _> = down
            .iter()
            .map(|one| (&*one.lane, Duration::from_millis(one.settles_millis)))
            .collect();
        let current = shared.current();
        let snapshot = current.snapshot();
        let here: HashSet<_> = current.lanes_down().collect();
        let lanes = (0..).map(LaneId).zip(&snapshot.topology().lanes);
        let up = lanes.filter(|(id, _)| !here.contains(id));
        up.filter_map(|(id, info)| {
            let lane = info.to_string();
            let theirs = *there.get(&*lane)?;
            let ours = settles(snapshot.lane(id).health.as_ref()?);
            Some(Lacking {
                lane,
                settles: theirs.max(ours),
            })
        })
        .collect()
    }
}

/// Checks are up to a tenth further apart than they are to be, and a check that takes longer than that is followed by the
/// next at once. A second more: threads are held up now and then.
fn settles(checks: &Health) -> Duration {
    let apart = checks.interval.max(checks.timeout).mul_f64(1.1);
    apart * checks.fails.max(checks.passes) + checks.timeout + Duration::from_secs(1)
}

#[cfg(test)]
mod tests {
    use graylane_config::HealthQuestion;

    use super::*;

    #[test]
    fn checks_that_may_take_longer_than_they_are_apart_settle_later() {
        let checks = |timeout| Health {
            question: HealthQuestion::Tcp,
            port: None,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(timeout),
            fails: 3,
            passes: 2,
        };

        assert_eq!(settles(&checks(1)), Duration::from_secs(33 + 1 + 1));
        assert_eq!(settles(&checks(20)), Duration::from_secs(66 + 20 + 1));
    }
}
