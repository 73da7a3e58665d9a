//! Whoever attacks by bytes: what a request or an answer can say in two ways is refused, and nothing that reaches the
//! other side can be read in more than one; whoever is slow, large or endless costs nobody else anything.
//!
//! An upstream keeps every byte that reaches it, and a strict reader that shares no code with the gateway must find in
//! them exactly the requests that were to be forwarded (`stage`). Cases are tables, one line each.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod answers;
mod chunks;
mod connections;
mod fields;
mod framing;
mod h2_answers;
mod h2_floods;
mod h2_frames;
mod h2_heads;
mod hosts;
mod lines;
mod load;
mod named;
mod pipelines;
mod stage;
mod targets;
mod trailers;
