//! HTTP/2 from clients, through a real gateway, with the `h2` crate as the client.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod bodies;
mod endpoints;
mod grpc;
mod limits;
mod mirror;
mod requests;
mod rescue;
mod scene;
mod windows;
