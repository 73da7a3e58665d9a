use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use graylane_flags::Reason;

/// What one evaluation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The flag has an answer, for this reason.
    Reason(Reason),
    /// There is no such flag.
    NotFound,
    /// The rule failed.
    ParseError,
    /// The rule named a variant that there is not.
    General,
    /// The rule needed the targeting key.
    TargetingKeyMissing,
}

impl Outcome {
    /// All of them, in the order of their counters.
    pub const ALL: [Self; 9] = [
        Self::Reason(Reason::Static),
        Self::Reason(Reason::Default),
        Self::Reason(Reason::TargetingMatch),
        Self::Reason(Reason::Split),
        Self::Reason(Reason::Disabled),
        Self::NotFound,
        Self::ParseError,
        Self::General,
        Self::TargetingKeyMissing,
    ];

    /// OpenFeature's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reason(reason) => reason.as_str(),
            Self::NotFound => "FLAG_NOT_FOUND",
            Self::ParseError => "PARSE_ERROR",
            Self::General => "GENERAL",
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
        }
    }

    const fn number(self) -> usize {
        match self {
            Self::Reason(Reason::Static) => 0,
            Self::Reason(Reason::Default) => 1,
            Self::Reason(Reason::TargetingMatch) => 2,
            Self::Reason(Reason::Split) => 3,
            Self::Reason(Reason::Disabled) => 4,
            Self::NotFound => 5,
            Self::ParseError => 6,
            Self::General => 7,
            Self::TargetingKeyMissing => 8,
        }
    }
}

/// What a server has done since it started.
#[derive(Debug, Default)]
pub struct Counters {
    evaluations: [AtomicU64; 9],
    pub(crate) single: AtomicU64,
    pub(crate) bulk: AtomicU64,
    pub(crate) not_modified: AtomicU64,
    pub(crate) bad_requests: AtomicU64,
    pub(crate) unauthorized: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) behind: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) streams: AtomicU64,
    pub(crate) events: AtomicU64,
}

/// Evaluations of one bulk request, added up before they are counted.
#[derive(Debug, Default)]
pub(crate) struct Sums([u64; 9]);

impl Sums {
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.0[outcome.number()] += 1;
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Counters {
    pub(crate) fn evaluated(&self, outcome: Outcome) {
        count(&self.evaluations[outcome.number()]);
    }

    pub(crate) fn evaluated_all(&self, sums: &Sums) {
        for (counter, sum) in self.evaluations.iter().zip(sums.0) {
            if sum > 0 {
                counter.fetch_add(sum, Relaxed);
            }
        }
    }

    /// Evaluations that came to this.
    pub fn evaluations(&self, outcome: Outcome) -> u64 {
        self.evaluations[outcome.number()].load(Relaxed)
    }

    /// Requests for one flag that were evaluated.
    pub fn single(&self) -> u64 {
        self.single.load(Relaxed)
    }

    /// Requests for all flags that were evaluated.
    pub fn bulk(&self) -> u64 {
        self.bulk.load(Relaxed)
    }

    /// Of those, the ones answered with 304.
    pub fn not_modified(&self) -> u64 {
        self.not_modified.load(Relaxed)
    }

    /// Requests whose body was no context, or too long.
    pub fn bad_requests(&self) -> u64 {
        self.bad_requests.load(Relaxed)
    }

    /// Requests without a key that is known.
    pub fn unauthorized(&self) -> u64 {
        self.unauthorized.load(Relaxed)
    }

    /// Connections and streams that were refused because there were too many.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Connections that were closed because the client was too slow.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// Bulk requests of clients that had been told of a newer set than this one, by another server.
    pub fn behind(&self) -> u64 {
        self.behind.load(Relaxed)
    }

    /// Connections that are open now.
    pub fn connections_open(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// Event streams that are open now.
    pub fn streams_open(&self) -> u64 {
        self.streams.load(Relaxed)
    }

    /// Changes that event streams were told of.
    pub fn events(&self) -> u64 {
        self.events.load(Relaxed)
    }
}
