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

    /// From now on it stands there, with that process on the other side.
    pub(crate) fn enter(&self, phase: Phase, other: Option<u32>) {
        let mut known = self.known();
        known.other = other;
        known.since = SystemTime::now();
        self.phases.send_replace(phase);
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
