//! One process takes over from another: every way that this can end, as clients and operators see it.
//!
//! `stage` has what all of them need: gateways that take over, the operator's command, and a next process that is made up
//! and does what no real one would.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod channels;
mod killed;
mod locked;
mod mute;
mod operator;
mod refused;
mod returned;
mod secured;
mod stage;
mod streams;
mod switched;
mod taken;
