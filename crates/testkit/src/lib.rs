//! What whole-system tests are made of: the real gateway as a process, upstreams and clients that speak raw HTTP/1.1.
//!
//! Constraints: the parts here must not hide what they are to test, so none of them uses an HTTP library; requests and
//! answers are bytes, and parsing is strict, so that a message that two readers could understand differently fails here.
//! Nothing waits without a limit, and nothing sleeps for a fixed time: every wait is for a condition ([`eventually`],
//! [`Gate`], socket timeouts). A helper that cannot go on panics, because it is always called by a test.
//!
//! Everything is `std` threads: one per connection, which is slow and easy to follow.

mod authority;
mod build;
mod client;
mod dice;
mod gateway;
mod h2;
mod head;
mod metrics;
mod pattern;
mod recipe;
mod recorder;
mod run;
mod secured;
mod setup;
mod signer;
pub mod strict;
mod traffic;
mod upstream;
mod wait;
mod wire;

pub use authority::{Authority, Issued};
pub use build::Build;
pub use client::{Client, Response};
pub use dice::Dice;
pub use gateway::Gateway;
pub use h2::{Frame, H2, frame};
pub use head::{Fields, Head};
pub use metrics::Metrics;
pub use pattern::Pattern;
pub use recipe::{Recipe, TOKEN};
pub use recorder::Recorder;
pub use run::{Ran, binary, grayctl, on_its_own, other_binary, run};
pub use setup::{Setup, replace};
pub use signer::Signer;
pub use traffic::{Round, Traffic};
pub use upstream::{DeadEnd, Next, Recorded, Turn, Upstream};
pub use wait::{Gate, LIMIT, eventually};
pub use wire::{Wire, unbroken};
