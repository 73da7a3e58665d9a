//! Snapshot and gray context -> lane, with the reason.
//!
//! Constraints: pure (no socket, no clock, no randomness), so that the gateway, `explain`, a simulator and every node
//! give the same answer; no allocation and no lock per decision.
//!
//! A [`Snapshot`] is one compiled configuration. It is loaded once per exchange, so a reload can never split a request.
//! [`Snapshot::decide`] gives the [`Decision`](graylane_pipeline::Decision), plain data; [`Snapshot::explain`] turns a
//! decision into words, for a live request and offline alike.

mod asked;
mod explain;
mod find;
mod flagged;
mod key;
mod snapshot;

pub use asked::{Asked, Forced};
pub use explain::{ExplainedFlag, ExplainedKey, ExplainedRule, Explanation};
pub use snapshot::{Lane, Respond, Service, Snapshot, Upstream};

#[cfg(test)]
mod tests;
