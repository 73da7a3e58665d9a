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
//! - An exchange is prepared in one synchronous step (`prepare`: screen, colour, decide, rewrite the head) and then
//!   forwarded (`forward`). Its `record` travels with it into the body of the answer, and is observed when dropped:
//!   exactly once, however the exchange ends.
//! - What a change of the configuration replaces is one value (`generation`), which each thread keeps at hand (`latest`).
//!   What outlasts it stands at places that are known by name (`roster`): counters of lanes, idle links of endpoints.
//! - Times are coarse (`clock`): one scan every tick over the worker's connections, instead of a timer per request.
//!
//! To follow one request: `worker` accepts, `connection` serves, `prepare` decides, `forward` asks, `answer`
//! returns, `record` observes.

mod answer;
mod clock;
mod colour;
mod connection;
mod connections;
mod counters;
mod explain;
mod forward;
mod gateway;
mod generation;
mod headers;
mod latest;
mod listen;
mod prepare;
mod random;
mod received;
mod record;
mod roster;
mod screen;
mod socket;
mod upgrade;
mod upstream;
mod worker;

pub use counters::{Counters, LaneTotals};
pub use explain::explain;
pub use gateway::{Drained, Gateway, Overtaken, Shared};
pub use generation::Generation;
pub use listen::{BindError, bind};
