//! Flag evaluation over HTTP for every OpenFeature SDK: OFREP 0.3.0.
//!
//! Constraints
//! - One snapshot per request: whoever is answered sees one revision, whole, whatever is published meanwhile.
//! - What does not depend on who asks is made when a set is published; an answer is put together from those pieces.
//! - Everything that a stranger can make grow has a limit: head, body, depth and values of a context, time, connections,
//!   streams. A slow reader of an event stream holds one event, the newest.
//! - A key (bearer token, API key) exists here only as its SHA-256, and is neither logged nor echoed.
//! - Every answer of ours is JSON in the shapes of the protocol's `openapi.yaml`; what hyper cannot parse it answers itself.
//!
//! Mechanism: one thread with a runtime of its own. [`Publisher::publish`] swaps the snapshot and tells the event streams;
//! [`Server`] reads requests and answers them from the snapshot that it finds.
//!
//! Where the protocol leaves room
//! - Its enumeration of reasons has no `DEFAULT` (the rule decided nothing): that is `UNKNOWN`, with `DEFAULT` in the
//!   metadata as `reason`. Not `STATIC`, because a rule was asked, and may decide the next time.
//! - A context without `targetingKey` is accepted as long as no flag needs the key. Where a rule asked for it and decided
//!   nothing, the answer is `TARGETING_KEY_MISSING`.
//! - `Flagd-Selector: flagSetId=x` leaves only the flags whose metadata has that `flagSetId`: the others are
//!   `FLAG_NOT_FOUND`, and absent from a bulk answer. Another selector is a mistake (400, `GENERAL`).
//! - Where keys are configured, the event stream of a bulk answer has a ticket in its address, since a browser's
//!   `EventSource` cannot send headers. A ticket opens event streams and nothing else, and ends with its key.

mod access;
mod answer;
mod body;
mod bulk;
mod clock;
mod connection;
mod context;
mod cors;
mod counters;
mod events;
mod exchange;
mod json;
mod publish;
mod server;
mod settings;
mod single;
mod snapshot;
mod tag;
mod target;

pub use counters::{Counters, Outcome};
pub use publish::{Published, Publisher};
pub use server::Server;
pub use settings::{Key, Limits, Origins, Settings};
