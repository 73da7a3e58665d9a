//! The words of Graylane.
//!
//! Constraints: no I/O, no async, no clock, no randomness. Everything here is a pure function of its arguments, so the
//! gateway, the library, the simulator and every node give the same answer to the same question.
//!
//! - [`Channel`]: which optional modules a *build* has.
//! - [`Weight`], [`Bucket`], [`Interval`]: shares of the targeting keys in steps of 0.001 %.
//! - [`Salt`]: the seeded hash that maps a targeting key to its bucket.
//! - [`allot`]: from the weights of a service's lanes to the intervals that they own.
//! - [`Name`]: what services and lanes are called.
//! - [`Dialect`], [`Tag`]: how a request says which lane it belongs to, and what a lane is called there.
//! - [`Sha256`]: what is kept of a token, and what tells one configuration from another.

mod allot;
mod bucket;
mod channel;
mod dialect;
mod digest;
mod name;
mod tag;
mod weight;

pub use allot::{AllotError, Claim, allot};
pub use bucket::{Bucket, Interval, Salt};
pub use channel::{Channel, UnknownChannel};
pub use dialect::{Dialect, UnknownDialect};
pub use digest::Sha256;
pub use name::{InvalidName, Name};
pub use tag::{InvalidTag, Tag};
pub use weight::{InvalidWeight, Weight};
