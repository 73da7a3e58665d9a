//! HTTP/1.1: a connection's framing (`channel`), and how a client's connection is served (`serve`).

mod channel;
mod client;
mod serve;
mod tunnel;

pub(crate) use channel::Channel;
pub(crate) use serve::serve;
