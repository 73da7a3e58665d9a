//! HTTP/2, towards clients and towards endpoints, by the `h2` crate.
//!
//! The crate keeps the protocol: frames, their compression, the states of streams, windows and settings, and the limits that
//! a peer may not break. Here its streams become sources and sinks of bodies (`incoming`, `outgoing`), its heads the text
//! that the engine knows (`heads`), and a client's connection a task with one more for each stream (`serve`, `client`).

mod carrier;
mod client;
pub(crate) mod heads;
mod incoming;
mod outgoing;
mod serve;
mod tally;

pub(crate) use carrier::{Carrier, Moved};
pub(crate) use incoming::Incoming;
pub(crate) use outgoing::Outgoing;
pub(crate) use serve::serve;

/// With what every client that speaks HTTP/2 begins (RFC 9113, section 3.4).
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
