//! The assembly: accept -> colour -> decide -> forward -> answer -> observe.
//!
//! Constraints
//! - One snapshot per exchange, loaded at *colour*; a reload can never split a request.
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
//! - Times are coarse (`clock`): one scan every tick over the worker's connections, instead of a timer per request.
//!
//! To follow one request: `worker` accepts, `connection` serves, `prepare` decides, `forward` asks, `answer`
//! returns, `record` observes.

mod answer;
mod clock;
mod colour;
mod connection;
mod counters;
mod explain;
mod forward;
mod gateway;
mod headers;
mod listen;
mod prepare;
mod random;
mod received;
mod record;
mod screen;
mod socket;
mod upgrade;
mod upstream;
mod worker;

pub use counters::{Counters, LaneTotals};
pub use explain::explain;
pub use gateway::{Drained, Gateway, Shared};
pub use listen::{BindError, bind};
