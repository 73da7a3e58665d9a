//! The state of one endpoint as one atomic word.
//!
//! Ordering: [`Gate::is_closed`] is relaxed, because nothing is read on the strength of it: an attempt let through on a
//! value a moment old is as good as one that came that moment earlier. Transitions are acquire-release, so that who
//! sees a state also sees the counters that were cleared before it was set.
//!
//! The word carries everything that a transition depends on. Two words that are equal mean the same thing, so a
//! compare-and-exchange cannot be fooled by a state that went away and came back.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// Milliseconds since the breaker's origin.
pub(crate) type Millis = u64;

/// What an endpoint may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// In use.
    Closed,
    /// Out of use until a time.
    Open {
        /// The openings in a row, this one included.
        streak: u8,
        /// When probes may begin.
        until: Millis,
    },
    /// Tried by a few attempts at a time.
    HalfOpen {
        /// The openings in a row that led here.
        streak: u8,
        /// When probes could begin. It is also what tells one half-open time from another: each has a later one.
        since: Millis,
        /// How many probes are on their way.
        probes: u16,
    },
}

/// The lowest two bits are the phase, then 6 bits of streak, 12 of probes, 44 of milliseconds (557 years).
impl State {
    const CLOSED: u64 = 0;
    const HALF_OPEN: u64 = 1;
    const OPEN: u64 = 2;
    /// The longest streak that is remembered; the doubling has long met its limit by then.
    pub(crate) const MAX_STREAK: u8 = (1 << 6) - 1;
    /// The most probes that can be counted.
    pub(crate) const MAX_PROBES: u16 = (1 << 12) - 1;
    const MAX_MILLIS: Millis = (1 << 44) - 1;

    /// When it may be tried, or could be; `None` for one in use.
    pub(crate) fn at(self) -> Option<Millis> {
        match self {
            Self::Closed => None,
            Self::Open { until, .. } => Some(until),
            Self::HalfOpen { since, .. } => Some(since),
        }
    }

    fn pack(self) -> u64 {
        let (phase, streak, probes, at) = match self {
            Self::Closed => return Self::CLOSED,
            Self::HalfOpen {
                streak,
                since,
                probes,
            } => (Self::HALF_OPEN, streak, probes, since),
            Self::Open { streak, until } => (Self::OPEN, streak, 0, until),
        };
        phase
            | u64::from(streak.min(Self::MAX_STREAK)) << 2
            | u64::from(probes.min(Self::MAX_PROBES)) << 8
            | at.min(Self::MAX_MILLIS) << 20
    }

    fn unpack(word: u64) -> Self {
        // Both are masked to fewer bits than their types have, so the casts cannot truncate.
        let streak = (word >> 2) as u8 & Self::MAX_STREAK;
        let probes = (word >> 8) as u16 & Self::MAX_PROBES;
        let at = word >> 20;
        match word & 3 {
            Self::CLOSED => Self::Closed,
            Self::HALF_OPEN => Self::HalfOpen {
                streak,
                since: at,
                probes,
            },
            _ => Self::Open { streak, until: at },
        }
    }
}

/// The state of one endpoint, alone on its cache line: every attempt reads it and it is hardly ever written, so it must
/// not share a line with counters that every attempt writes.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Gate(AtomicU64);

impl Gate {
    /// Whether the endpoint is in use.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.0.load(Relaxed) == State::CLOSED
    }

    /// The state now.
    pub(crate) fn state(&self) -> State {
        State::unpack(self.0.load(Acquire))
    }

    /// Replaces the state by what `next` makes of it; where it makes nothing, the state stays and is the error.
    /// `next` may be called several times.
    pub(crate) fn change(&self, mut next: impl FnMut(State) -> Option<State>) -> Result<State, State> {
        self.0
            .try_update(AcqRel, Acquire, |word| next(State::unpack(word)).map(State::pack))
            .map(State::unpack)
            .map_err(State::unpack)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn states() -> impl Strategy<Value = State> {
        let (streaks, times) = (1..=State::MAX_STREAK, 0..=State::MAX_MILLIS);
        prop_oneof![
            Just(State::Closed),
            (streaks.clone(), times.clone()).prop_map(|(streak, until)| State::Open { streak, until }),
            (streaks, times, 0..=State::MAX_PROBES).prop_map(|(streak, since, probes)| State::HalfOpen {
                streak,
                since,
                probes
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_state_survives_its_packing(state in states()) {
            let gate = Gate::default();

            let _ = gate.change(|_| Some(state));

            prop_assert_eq!(gate.state(), state);
            prop_assert_eq!(gate.is_closed(), state == State::Closed);
        }
    }
}
