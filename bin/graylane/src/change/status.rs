//! How the last changes went: what `/readyz` and `/metrics` say of them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Where a change came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// The start of the process.
    Start,
    /// SIGHUP.
    Signal,
    /// A file with other content.
    File,
    /// The admin port.
    Admin,
}

impl Trigger {
    pub(crate) const ALL: [Self; 4] = [Self::Start, Self::Signal, Self::File, Self::Admin];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Signal => "signal",
            Self::File => "file",
            Self::Admin => "admin",
        }
    }
}

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is in use.
    Accepted,
    /// Nothing differs from what is in use.
    Unchanged,
    /// The one before stays in use.
    Rejected,
}

impl Ending {
    pub(crate) const ALL: [Self; 3] = [Self::Accepted, Self::Unchanged, Self::Rejected];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
        }
    }
}

/// A change that was refused, and nothing good came after it.
#[derive(Debug, Clone)]
pub(crate) struct Rejection {
    pub(crate) at: SystemTime,
    pub(crate) trigger: Trigger,
    pub(crate) reason: String,
}

/// What is known of the changes so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// By [`Trigger`] and [`Ending`].
    pub(crate) counts: [[u64; Ending::ALL.len()]; Trigger::ALL.len()],
    /// The last change, where it was refused.
    pub(crate) rejected: Option<Rejection>,
    /// How long the last one took that was accepted.
    pub(crate) took: Option<Duration>,
}

/// The same, shared between the engine that writes it and the pages that read it.
#[derive(Debug, Default)]
pub(crate) struct Status(Mutex<Known>);

impl Status {
    /// A change ended; `reason` tells why it was refused.
    pub(crate) fn note(&self, trigger: Trigger, ending: Ending, reason: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.counts[trigger as usize][ending as usize] += 1;
        known.rejected = (ending == Ending::Rejected).then(|| Rejection {
            at: SystemTime::now(),
            trigger,
            reason: reason.to_owned(),
        });
    }

    /// A change took so long, from the order to its use.
    pub(crate) fn took(&self, time: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).took = Some(time);
    }

    pub(crate) fn known(&self) -> Known {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
