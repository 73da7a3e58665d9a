//! What became of the client connections: the sums that a drain, a switch or a reload ends with.
//!
//! Constraints
//! - Every connection that was accepted or adopted is open or has exactly one [`Fate`].
//! - It is counted when the connection ends, by the one worker that served it: an exchange costs nothing more for it.

use std::fmt;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// While the gateway served: by the client, after an answer that was the last, or by one of the limits.
    Ended,
    /// In order, while the gateway drained: after its last answer, by GOAWAY, or by the client.
    Drained,
    /// The gateway drained, and its time to be idle was up.
    ClosedIdle,
    /// It moved to another process, where it goes on.
    HandedOver,
    /// By force: something was under way on it when the limit of the drain came, or a fault of ours ended it.
    Cut,
}

impl Fate {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Ended,
        Self::Drained,
        Self::ClosedIdle,
        Self::HandedOver,
        Self::Cut,
    ];

    /// Its word in metrics and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Drained => "drained",
            Self::ClosedIdle => "closed_idle",
            Self::HandedOver => "handed_over",
            Self::Cut => "cut",
        }
    }
}

/// The sums, of the whole life of the process or since a mark.
///
/// While connections come and go they are read one after the other, so they add up only to within what happens meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Exchanges that ended, whatever their end.
    pub served: u64,
    /// Connections that were open at the mark; none at the beginning of the process.
    pub before: u64,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections taken over from another process.
    pub adopted: u64,
    /// Connections that are open: what a reload has kept, or an end has still to wait for.
    pub open: u64,
    /// Connections by [`Fate`].
    pub fates: [u64; Fate::ALL.len()],
}

impl Ledger {
    /// Connections that ended so.
    pub fn of(&self, fate: Fate) -> u64 {
        self.fates[fate as usize]
    }

    /// What happened since an earlier reading of the same gateway.
    #[must_use]
    pub fn since(&self, mark: &Self) -> Self {
        let mut fates = self.fates;
        for (now, then) in fates.iter_mut().zip(mark.fates) {
            *now = now.wrapping_sub(then);
        }
        Self {
            served: self.served.wrapping_sub(mark.served),
            before: mark.open,
            accepted: self.accepted.wrapping_sub(mark.accepted),
            adopted: self.adopted.wrapping_sub(mark.adopted),
            open: self.open,
            fates,
        }
    }

    /// Whether no connection was ended by force.
    pub fn is_lossless(&self) -> bool {
        self.of(Fate::Cut) == 0
    }

    /// Whether every connection is accounted for: those that were there or came are open, or have ended in one way.
    pub fn adds_up(&self) -> bool {
        let came = self.before + self.accepted + self.adopted;
        came == self.open + self.fates.iter().sum::<u64>()
    }

    /// How a reload went: the connections that it kept, and those that it cut.
    pub fn kept(&self) -> String {
        format!("{} connections kept, {} cut", self.open, self.of(Fate::Cut))
    }

    /// Those that are still open have no worker any more: they were cut.
    #[must_use]
    pub(crate) fn closed(mut self) -> Self {
        self.fates[Fate::Cut as usize] += std::mem::take(&mut self.open);
        self
    }

    /// Every number with its word, in the order in which they are shown.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let sums = [
            ("served", self.served),
            ("before", self.before),
            ("accepted", self.accepted),
            ("adopted", self.adopted),
            ("open", self.open),
        ];
        let fates = self.fates;
        let fates = Fate::ALL
            .into_iter()
            .map(move |fate| (fate.as_str(), fates[fate as usize]));
        sums.into_iter().chain(fates)
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "connections: {} handed over, {} drained, {} closed idle, {} cut",
            self.of(Fate::HandedOver),
            self.of(Fate::Drained),
            self.of(Fate::ClosedIdle),
            self.of(Fate::Cut),
        )?;
        if self.open > 0 {
            write!(f, ", {} open", self.open)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
