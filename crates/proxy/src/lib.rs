//! The assembly: accept -> colour -> decide -> forward -> answer -> observe.
//!
//! Constraints
//! - One [`Generation`] per exchange, taken when its head is complete, before *colour*; a reload can never split a request.
//! - Nothing grows with the number of reloads: see [`Shared::replace`], `roster` and `latest`.
//! - The way to an endpoint and back takes no lock, and writes to no memory that another worker writes to. A module may:
//!   what the breaker knows of an endpoint is for all workers.
//! - A gray or forwarding header is believed only from a trusted peer.
//! - What cannot be understood in exactly one way is refused, never passed on.
//! - Everything that comes from outside has a limit: bytes, fields, time, connections.
//!
//! Mechanism
//! - One thread per core (`worker`), each with a current-thread runtime and its own upstream connections (`upstream`).
//!   All workers take connections from one accept queue: with a queue per worker, a worker that closes would lose its own.
//! - An exchange is prepared in one synchronous step (`prepare`: colour, decide, write the head that goes on), then
//!   forwarded (`forward`) and its answer passed on (`exchange`): the same code for every protocol (`client`, `upstream`),
//!   with a body as a source and a sink joined by a pump (`body`). Its `record` is observed when dropped: exactly once,
//!   however the exchange ends.
//! - Copies of requests that another lane gets as well (`mirror`) have tasks of their own, and nothing waits for them.
//! - What a change of the configuration replaces is one value (`generation`), which each thread keeps at hand (`latest`).
//!   What outlasts it stands at places that are known by name (`roster`): counters of lanes, idle links of endpoints.
//! - Endpoints are checked on a thread apart (`health`); a worker sees a flag (`standing`).
//! - Times are coarse (`clock`): one scan every tick over the worker's connections, instead of a timer per request.
//!
//! To follow one request: `worker` and `accept` begin it, `h1::serve` or `h2::serve` reads, `prepare` decides, `compose` writes, `forward` asks,
//! `exchange` passes on, `record` observes.

mod accept;
mod answer;
mod body;
mod buffer;
mod client;
mod clock;
mod colour;
mod compose;
mod conn;
mod connections;
mod control;
mod counters;
mod date;
mod exchange;
mod explain;
mod forward;
mod gateway;
mod generation;
mod gray;
mod grpc;
mod h1;
mod h2;
mod health;
mod latest;
mod ledger;
mod listen;
mod load;
mod mirror;
mod moving;
mod names;
mod outbox;
mod pipe;
mod place;
mod prepare;
mod random;
mod record;
mod rescue;
mod roster;
mod rules;
mod socket;
mod standing;
mod stream;
mod table;
mod timer;
mod trailers;
mod upstream;
mod worker;

pub use control::{AdoptError, Control, Queues};
pub use counters::{Counters, LaneTotals};
pub use explain::explain;
pub use gateway::{Gateway, Overtaken, Shared};
pub use generation::{Entry, Generation};
pub use health::{Checked, EndpointReport, Finding, Records};
pub use ledger::{Fate, Ledger};
pub use listen::{BindError, InheritError, bind, inherit};
pub use moving::Idle;
pub use pipe::serve_over;
pub use stream::Layer;
