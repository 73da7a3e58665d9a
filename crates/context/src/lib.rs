//! Gray context: which lane a request says that it belongs to, in every dialect, and whom to believe.
//!
//! Constraints: no I/O, no clock, no sockets; the time is an argument, and fields are read through [`Request`]. Any bytes
//! give a [`Verdict`], never a panic. What a dialect says costs no memory, but for `n-d-version` in JSON. A value that is
//! malformed, too long or repeated with another value is ignored and counted, and never an error of the request.
//!
//! What holds: a stranger gets a lane by a valid signature only, and by one only that lane. A signature holds for one host,
//! one lane and one key, until it expires; one that expires too far in the future is refused, so that what leaks is worth
//! little. No key is ever shown.
//!
//! Mechanism: [`find`] reads one dialect. [`judge`] takes the dialects in the order of [`Policy::read`]: the first with a
//! well-formed value decides, and what the others say is compared with it. For a stranger it verifies the signature over
//! what decides. [`explain`] tells the same in words. What goes on is a matter of whoever writes heads; [`baggage`] and
//! [`services`] say what remains of the two fields that hold more than a lane.

pub mod baggage;
mod explain;
mod find;
mod judge;
mod key;
mod policy;
pub mod services;
mod signature;

pub use explain::{Explained, ExplainedDialect, explain};
pub use find::{Finding, Ignored, find};
pub use graylane_core::{Dialect, Tag};
pub use judge::{Request, Stripped, Verdict, judge};
pub use key::{InvalidKey, Key};
pub use policy::Policy;
pub use signature::{Signature, host_fits, sign};

#[cfg(test)]
mod tests;
