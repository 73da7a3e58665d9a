//! One client connection, as its exchanges see it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::compose::Hop;
use crate::generation::Times;
use crate::timer::Timer;
use crate::worker::{Presence, Worker};

/// How a client reached us, and so how it is told to reach us again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What the exchanges of one connection share.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) worker: Arc<Worker>,
    /// The peer's address. Whether it is trusted is a matter of the exchange: see `prepare`.
    pub(crate) peer: IpAddr,
    /// The same as text.
    pub(crate) peer_text: Box<str>,
    /// What its requests are told on their way through.
    pub(crate) hop: Hop,
    pub(crate) timer: Arc<Timer>,
    /// Keeps the connection counted for as long as anything of it lives, a tunnel included.
    _presence: Presence,
}

impl Conn {
    pub(crate) fn new(
        worker: &Arc<Worker>,
        peer: SocketAddr,
        scheme: Scheme,
        times: Times,
        presence: Presence,
    ) -> Arc<Self> {
        let peer = peer.ip().to_canonical();
        let text = peer.to_string();
        Arc::new(Self {
            peer,
            hop: Hop::new(&text, scheme),
            peer_text: text.into(),
            timer: Timer::new(&worker.clock, times.idle),
            worker: Arc::clone(worker),
            _presence: presence,
        })
    }
}
