//! The way to an endpoint: a connection that the exchange itself drives.
//!
//! hyper's client would drive it in a task of its own and hand every request and answer over a channel: that costs more
//! instructions than all the rest of the way, and takes the request apart, so that it would have to be copied before it
//! could be sent a second time. Here the head is written from the request, which stays where it is ([`compose`]), the
//! body is sent and the answer read side by side ([`upload`], [`head`], [`reply`]), and an endpoint may answer before it has
//! taken the whole body.

mod compose;
mod head;
mod link;
mod pool;
mod reply;
mod upload;

pub(crate) use compose::compose;
pub(crate) use head::{Head, read_head};
pub(crate) use link::Link;
pub(crate) use pool::{ConnectError, clear, connect, sweep, take_idle, turn};
pub(crate) use reply::{Reply, ReplyBroken};
pub(crate) use upload::{Upload, UploadError};
