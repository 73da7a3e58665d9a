//! HTTP/1.1 over bytes: heads, framing and trailers.
//!
//! Constraints: no sockets, no allocation per message, no leniency where two readers could disagree about what a
//! message is or where it ends (RFC 9110, RFC 9112). What is not understood in exactly one way is a [`Refusal`], one
//! variant for each rule.
//!
//! [`parse_request`] and [`parse_response`] look at bytes that the caller owns and note in a [`Table`], whose memory is
//! reused, where the field lines stand. Nothing is copied, unfolded or lower-cased: what was accepted can be passed on as
//! the same bytes, line by line ([`Fields::copy_to`]). [`Body`] is given the bytes that are there and says what they are;
//! it never waits and never keeps bytes.

mod body;
mod bytes;
mod fields;
mod framing;
mod head;
mod host;
mod known;
mod refusal;
mod request;
mod response;
mod size_line;
mod table;
mod target;
mod trailers;

pub use body::{Body, Malformed, Step};
pub use fields::{Field, Fields, write_field};
pub use framing::Framing;
pub use head::{Limits, Version};
pub use known::{Known, Set};
pub use refusal::Refusal;
pub use request::{Request, parse_request};
pub use response::{Response, parse_response};
pub use size_line::SizeLine;
pub use table::Table;
pub use trailers::parse_trailers;
