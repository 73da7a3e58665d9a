//! From the text of `graylane.toml` to one typed configuration, with the place of every mistake: pure.
//!
//! Constraints: no file, no environment, no clock, no socket. Any text gives a [`Config`] or a [`Diagnostics`], never a
//! panic and never an overflown stack, within a time and a memory that its size bounds; a text over [`MAX_TEXT`] is refused.
//!
//! What holds of a [`Config`]: every value is in its range, every lane's interval is computed, every service has its
//! baseline. Nobody who takes one checks again.
//!
//! Mechanism, like a compiler: `toml` makes a tree with places; `parse` reads each value into its type and goes on after
//! a mistake; `validate` checks what concerns several values and skips what depends on a value already refused. So one
//! run shows all independent mistakes and none that follows from another. The tree is read by hand and not through
//! `serde`, which stops at the first mistake and cannot say what was allowed instead. The allowed keys and the ranges come
//! from one table (`keys`), which also makes the reference page ([`reference()`]).

mod keys;
mod model;
mod parse;
mod units;
mod validate;

pub use keys::reference;
pub use model::{
    Admin, Config, Drain, Endpoint, HostPattern, KeySource, Lane, Limits, Listener, ModuleSection, Respond,
    Server, Service, Upstream,
};
pub use parse::{MAX_TEXT, parse};
