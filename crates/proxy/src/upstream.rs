//! The way to an endpoint: a connection that the exchange itself drives, kept from one exchange to the next.

mod dial;
mod h2;
mod link;
mod pool;

use std::sync::Arc;
use std::time::Duration;

use graylane_config::{Endpoint, Limits, Protocol};
use graylane_tls::Peer;

use crate::clock::Clock;
use crate::roster::Seat;

pub(crate) use dial::{ConnectError, tls as secure};
pub(crate) use link::{Link, Silent};
pub(crate) use pool::{clear, connect, lay_aside, lay_up, sweep, take_idle};

/// How an endpoint is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'a> {
    /// Where its connections are kept.
    pub(crate) seat: Seat,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) protocol: Protocol,
    /// What it must prove, where it is asked over TLS. A connection that was made for another proof is not used again.
    pub(crate) peer: Option<&'a Peer>,
    pub(crate) limits: &'a Limits,
    /// How long connecting may take.
    pub(crate) connect_time: Duration,
    pub(crate) clock: &'a Arc<Clock>,
}

/// The same, for a task that may outlive the exchange.
#[derive(Debug)]
struct OwnWay {
    seat: Seat,
    endpoint: Endpoint,
    protocol: Protocol,
    peer: Option<Peer>,
    limits: Limits,
    connect_time: Duration,
    clock: Arc<Clock>,
}

impl From<Way<'_>> for OwnWay {
    fn from(way: Way<'_>) -> Self {
        Self {
            seat: way.seat,
            endpoint: way.endpoint.clone(),
            protocol: way.protocol,
            peer: way.peer.cloned(),
            limits: way.limits.clone(),
            connect_time: way.connect_time,
            clock: Arc::clone(way.clock),
        }
    }
}

impl OwnWay {
    fn way(&self) -> Way<'_> {
        Way {
            seat: self.seat,
            endpoint: &self.endpoint,
            protocol: self.protocol,
            peer: self.peer.as_ref(),
            limits: &self.limits,
            connect_time: self.connect_time,
            clock: &self.clock,
        }
    }
}
