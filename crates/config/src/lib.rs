//! From layers of text to one typed configuration, with the origin of every value and the place of every mistake: pure.
//!
//! Constraints: no file, no environment, no clock, no socket. Any [`Layers`] give a [`Folded`] or mistakes, never a
//! panic and never an overflown stack, within a time and a memory that their size bounds; a text over [`MAX_TEXT`] is
//! refused. A secret is shown as a digest, or as stars where a line is quoted.
//!
//! What holds of a [`Config`]: every value is in its range, every lane's interval is computed, every service has its
//! baseline. Nobody who takes one checks again.
//!
//! Mechanism, like a compiler: `toml` makes a tree with places of each layer; `layers` folds them into one, in which the
//! place of a value tells its origin, and refuses what an [`Environment`] may not override; `parse` reads each value into
//! its type and goes on after a mistake; `validate` checks what concerns several values and skips what depends on a value already refused. So one
//! run shows all independent mistakes and none that follows from another. The tree is read by hand and not through
//! `serde`, which stops at the first mistake and cannot say what was allowed instead. The allowed keys and the ranges come
//! from one table (`keys`), which also makes the reference page ([`reference()`]).

mod environment;
mod keys;
mod layers;
mod model;
mod origin;
mod parse;
mod restart;
mod signature;
mod units;
mod validate;

pub use environment::{Environment, UnknownEnvironment};
pub use graylane_core::Sha256;
pub use keys::{Effect, Guard, reference};
pub use layers::{Layers, Origin};
pub use model::{
    Admin, ClientAuth, Config, Cors, Credential, Drain, Endpoint, FlagFile, Flags, Gray, GrayKey, Handover,
    Health, HealthQuestion, HostPattern, KeyPair, KeySource, Lane, LaneFallback, LaneFlag, Limits, Listener,
    ListenerTls, Mirror, ModuleSection, Ofrep, Protocol, Respond, Retries, RetryOn, Server, Service,
    Timeouts, TlsFile, TlsVersion, Upstream, UpstreamTls,
};
pub use origin::{Override, Shown, Value, origin_table};
pub use parse::{FileRevision, Folded, MAX_TEXT, Modules, parse, revision};
pub use signature::{KeyId, SignatureError, Signed, TrustError, TrustedKeys, split_bundle};
