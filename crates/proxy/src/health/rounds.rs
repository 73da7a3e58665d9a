use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::aim::{Aim, Wanted};
use crate::standing::Standing;

/// Who is checked, and when each is due.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    targets: HashMap<u64, Target>,
    /// Those that are not being checked, by when they are due.
    due: BTreeSet<(Instant, u64)>,
}

/// An endpoint that is checked.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) aim: Arc<Aim>,
    pub(super) standing: Arc<Standing>,
    pub(super) called: Box<str>,
    when: When,
    /// No check of it has ended.
    is_new: bool,
}

#[derive(Debug)]
enum When {
    Due(Instant),
    /// It is being checked since then.
    Begun(Instant),
}

impl Rounds {
    /// Takes those that are wanted now instead of those before. Who stays unchanged keeps its time; who is new, or is to be
    /// checked in another way, is due at once. Gives back those who are checked no more, and whose checks are of no use.
    pub(super) fn follow(&mut self, wanted: Vec<Wanted>, now: Instant) -> Followed {
        let mut followed = Followed::default();
        let serials: HashSet<u64> = wanted.iter().map(|one| one.serial).collect();
        let gone: Vec<u64> = self
            .targets
            .keys()
            .filter(|serial| !serials.contains(serial))
            .copied()
            .collect();
        for serial in gone {
            followed.stale.push(serial);
            followed
                .gone
                .extend(self.remove(serial).map(|target| (serial, target)));
        }
        for one in wanted {
            let known = self.targets.get(&one.serial);
            if known.is_some_and(|target| *target.aim == one.aim) {
                continue;
            }
            let before = self.remove(one.serial);
            if before.is_some() {
                followed.stale.push(one.serial);
            }
            let target = Target {
                aim: Arc::new(one.aim),
                standing: one.standing,
                called: one.called,
                when: When::Due(now),
                is_new: before.is_none_or(|target| target.is_new),
            };
            self.due.insert((now, one.serial));
            self.targets.insert(one.serial, target);
        }
        followed
    }

    fn remove(&mut self, serial: u64) -> Option<Target> {
        let target = self.targets.remove(&serial)?;
        if let When::Due(at) = target.when {
            self.due.remove(&(at, serial));
        }
        Some(target)
    }

    /// The one that has been due for longest; it counts as being checked from here.
    pub(super) fn begin(&mut self, now: Instant) -> Option<(u64, Arc<Aim>)> {
        let (at, serial) = *self.due.first()?;
        if at > now {
            return None;
        }
        self.due.pop_first();
        let target = self.targets.get_mut(&serial)?;
        target.when = When::Begun(now);
        Some((serial, Arc::clone(&target.aim)))
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Its check has ended. `dice` draws the time of the next: after its first one, anywhere within the interval, so that
    /// those who began together part; then a tenth more or less than the interval.
    pub(super) fn end(&mut self, serial: u64, now: Instant, dice: u64) -> Option<&Target> {
        let target = self.targets.get_mut(&serial)?;
        let When::Begun(begun) = target.when else {
            return None;
        };
        let interval = target.aim.health.interval;
        let pause = if target.is_new {
            interval.mul_f64(share(dice))
        } else {
            interval.mul_f64(0.9 + share(dice) / 5.0)
        };
        // Never in the same breath: an interval is 100 ms at least, but a share of it may be nothing.
        let at = (begun + pause).max(now + Duration::from_millis(1));
        target.is_new = false;
        target.when = When::Due(at);
        self.due.insert((at, serial));
        Some(target)
    }

    pub(super) fn serials(&self) -> impl Iterator<Item = u64> {
        self.targets.keys().copied()
    }
}

/// What a change took away.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Those who are checked no more.
    pub(super) gone: Vec<(u64, Target)>,
    /// Those whose check, where one is under way, says nothing any more.
    pub(super) stale: Vec<u64>,
}

/// A number from 0 to 1.
fn share(dice: u64) -> f64 {
    dice as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests;
