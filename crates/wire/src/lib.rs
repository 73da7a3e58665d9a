//! HTTP/1.1 framing over bytes.
//!
//! Constraints: no sockets, no allocation, no leniency where two readers could disagree about where a message ends
//! (RFC 9112, sections 6 and 7). A state machine is given the bytes that are there and says what they are; it never
//! waits and never keeps bytes.
//!
//! Today this is what the way to an endpoint needs: the chunked coding. Heads of requests are hyper's.

mod chunked;

pub use chunked::{Decoder, Malformed, SizeLine, Step};
