//! Two generations of a process in one: what a switch asks of the gateway, with sockets but without processes.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod accounts;
mod moves;
mod pauses;
mod scene;
