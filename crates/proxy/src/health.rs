//! Active checks: every endpoint of a lane that wants it is asked again and again whether it is well.
//!
//! Constraints
//! - Never on a worker's time: one thread of its own, with its own runtime. Workers see one flag per endpoint, its
//!   [`Standing`](crate::standing::Standing).
//! - A check has a connection of its own: one that is open already does not tell that the listener is gone.
//! - What an endpoint does cannot harm: a check has one limit in time for everything, reads a bounded head and no body, and
//!   at most [`AT_A_TIME`](thread::AT_A_TIME) of them are under way.
//! - A change of the configuration is followed by seat: who stays keeps what is known of it, who goes is not checked any
//!   more, and nothing is left of it. No generation is kept.
//!
//! Mechanism
//! - `rounds` knows who is checked, and who is due when: pure. `thread` makes the checks that are due, and follows changes.
//! - `probe` makes one check; what it found is a `finding`.
//! - `tally` turns findings into healthy or not, by so many in a row. `records` keeps it, with what the admin port shows.

mod aim;
mod finding;
mod metrics;
mod probe;
mod records;
mod report;
mod rounds;
mod tally;
mod thread;

pub use finding::Finding;
pub use records::Records;
pub use report::{Checked, EndpointReport};
pub(crate) use thread::{Checks, start};
