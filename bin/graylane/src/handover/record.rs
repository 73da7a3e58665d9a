//! What is known of handovers: for the admin port, and for `grayctl switch status`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use graylane_handover::Outcome;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::start::Before;

/// Where this process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Another process serves; this one gets ready.
    Taking,
    /// This process serves, watched by the one before.
    OnProbation,
    /// It serves, and is alone responsible.
    Serving,
    /// The next process gets ready; this one serves.
    Giving,
    /// The next process serves, watched by this one.
    Watching,
    /// It is on its way out.
    Draining,
}

impl Phase {
    pub(crate) const ALL: [Self; 6] = [
        Self::Taking,
        Self::OnProbation,
        Self::Serving,
        Self::Giving,
        Self::Watching,
        Self::Draining,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Taking => "taking-over",
            Self::OnProbation => "on-probation",
            Self::Serving => "serving",
            Self::Giving => "handing-over",
            Self::Watching => "watching",
            Self::Draining => "draining",
        }
    }
}

/// The same, shared between those who write it and the pages.
#[derive(Debug)]
pub(crate) struct Record {
    known: Mutex<Known>,
    phases: watch::Sender<Phase>,
}

#[derive(Debug)]
struct Known {
    since: SystemTime,
    /// How many processes served here, this one included.
    generation: u64,
    /// The process that this one took over from.
    before: Option<u32>,
    /// That one, as long as it drains.
    leaving: Option<u32>,
    /// The other side of the handover under way.
    other: Option<u32>,
    /// How the last handover ended that this process gave.
    last: Option<Value>,
    /// How many ended so.
    committed: u64,
    failed: u64,
    returned: u64,
}

impl Record {
    /// Of a process that begins, beside the one before where there is one.
    pub(crate) fn new(before: Option<&Before>) -> Self {
        let pid = before.map(|before| before.pid);
        Self {
            known: Mutex::new(Known {
                since: SystemTime::now(),
                generation: before.map_or(0, |before| before.generation).saturating_add(1),
                before: pid,
                leaving: pid,
                other: pid,
                last: None,
                committed: 0,
                failed: 0,
                returned: 0,
            }),
            phases: watch::Sender::new(match before {
                None => Phase::Serving,
                Some(_) => Phase::Taking,
            }),
        }
    }

    /// From now on it stands there, with that process on the other side. Nobody comes back from the way out.
    pub(crate) fn enter(&self, phase: Phase, other: Option<u32>) {
        let known = self.known();
        if self.phase() != Phase::Draining {
            self.go(known, phase, other);
        }
    }

    /// The same where it stands at `from` still, and whether it does: of two who leave it at once, one does. `first` is done
    /// before anybody can see it.
    pub(crate) fn enter_from(
        &self,
        from: Phase,
        phase: Phase,
        other: Option<u32>,
        first: impl FnOnce(),
    ) -> bool {
        let known = self.known();
        let stands = self.phase() == from;
        if stands {
            first();
            self.go(known, phase, other);
        }
        stands
    }

    fn go(&self, mut known: MutexGuard<'_, Known>, phase: Phase, other: Option<u32>) {
        known.other = other;
        known.since = SystemTime::now();
        self.phases.send_replace(phase);
    }

    /// Does this where that process is on the other side, and no other one can come to be there meanwhile.
    pub(crate) fn while_with(&self, other: u32, work: impl FnOnce()) {
        let known = self.known();
        if known.other == Some(other) {
            work();
        }
    }

    /// Whether a handover to that process is under way, or drains.
    pub(crate) fn is_busy_with(&self, pid: u32) -> bool {
        let known = self.known();
        self.phase() == Phase::Draining || known.other == Some(pid)
    }

    /// Where it stands, to be waited for.
    pub(crate) fn phases(&self) -> watch::Receiver<Phase> {
        self.phases.subscribe()
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phases.borrow()
    }

    /// The process before is gone.
    pub(crate) fn left(&self) {
        self.known().leaving = None;
    }

    pub(crate) fn generation(&self) -> u64 {
        self.known().generation
    }

    /// A handover that this process gave has ended.
    pub(crate) fn ended(&self, outcome: &Outcome) {
        use graylane_handover::Fate;
        let mut known = self.known();
        match outcome.fate {
            Fate::Committed | Fate::Lossy => known.committed += 1,
            Fate::Returned => known.returned += 1,
            _ => known.failed += 1,
        }
        known.last = serde_json::to_value(outcome).ok();
    }

    /// What is known of that handover since, unless another one has ended meanwhile.
    pub(crate) fn amend(&self, outcome: &Outcome) {
        let mut known = self.known();
        let last = known.last.as_ref().and_then(|last| last["new"].as_u64());
        if last == outcome.new.map(u64::from) {
            known.last = serde_json::to_value(outcome).ok();
        }
    }

    /// Handovers by how they ended.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 3] {
        let known = self.known();
        [
            ("committed", known.committed),
            ("failed", known.failed),
            ("returned", known.returned),
        ]
    }

    pub(crate) fn json(&self) -> Value {
        let known = self.known();
        json!({
            "pid": std::process::id(),
            "generation": known.generation,
            "state": self.phase().as_str(),
            "since": humantime::format_rfc3339_millis(known.since).to_string(),
            "with": known.other,
            "taken_over_from": known.before,
            "still_draining": known.leaving,
            "last": known.last,
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // No code under it panics half way.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_that_leave_a_phase_at_once_one_does() {
        let record = Record::new(None);
        let mut done = Vec::new();
        let mut seen = None;

        let gives = record.enter_from(Phase::Serving, Phase::Giving, Some(7), || {
            seen = Some(record.phase());
            done.push("gives");
        });
        let ends = record.enter_from(Phase::Serving, Phase::Draining, None, || done.push("ends"));

        assert!(gives && !ends);
        assert_eq!((done, seen), (vec!["gives"], Some(Phase::Serving)));
        assert_eq!((record.phase(), record.is_busy_with(7)), (Phase::Giving, true));
    }

    #[test]
    fn what_becomes_known_of_a_handover_is_not_said_of_another() {
        let record = Record::new(None);
        let outcome = |new, ledger| Outcome {
            fate: graylane_handover::Fate::Returned,
            reason: None,
            old: None,
            new: Some(new),
            unclaimed: Vec::new(),
            held: None,
            ledger,
        };
        record.ended(&outcome(7, None));

        record.amend(&outcome(8, Some(json!({ "cut": 8 }))));
        let other = record.json()["last"]["ledger"].clone();
        record.amend(&outcome(7, Some(json!({ "cut": 7 }))));

        assert_eq!(other, Value::Null);
        assert_eq!(record.json()["last"]["ledger"], json!({ "cut": 7 }));
        assert_eq!(record.counts()[2], ("returned", 1));
    }

    #[test]
    fn nobody_comes_back_from_the_way_out() {
        let record = Record::new(None);
        record.enter(Phase::Draining, None);

        record.enter(Phase::Serving, None);
        let gives = record.enter_from(Phase::Serving, Phase::Giving, Some(7), || ());

        assert_eq!((record.phase(), gives), (Phase::Draining, false));
    }

    #[test]
    fn what_concerns_one_process_is_not_done_with_another() {
        let record = Record::new(None);
        let mut done = Vec::new();

        record.enter(Phase::Giving, Some(7));
        record.while_with(8, || done.push(8));
        record.while_with(7, || done.push(7));
        record.enter(Phase::Serving, None);
        record.while_with(7, || done.push(7));

        assert_eq!(done, [7]);
        assert!(!record.is_busy_with(7));
    }
}
