//! The server over real sockets. Every answer that has a body is checked against the protocol's own `openapi.yaml`.
#![expect(
    clippy::unwrap_used,
    reason = "the functions that tests share fail a test by panicking"
)]

mod access;
mod bulk;
mod cors;
mod events;
mod hostile;
mod kit;
mod limits;
mod schema;
mod single;
