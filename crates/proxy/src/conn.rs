//! One client connection, as its exchanges see it.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

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
    /// The DNS names and URIs in the certificate that the client has shown, once that is verified; mostly none.
    pub(crate) certified: OnceLock<Box<[Box<str>]>>,
    /// What its requests are told on their way through.
    pub(crate) hop: Hop,
    pub(crate) timer: Arc<Timer>,
    /// Keeps the connection counted for as long as anything of it lives, a tunnel included.
    pub(crate) presence: Presence,
    /// Whether it can move to another process: in cleartext, and not sent back already.
    moves: bool,
}

impl Conn {
    pub(crate) fn new(
        worker: &Arc<Worker>,
        peer: SocketAddr,
        scheme: Scheme,
        times: Times,
        presence: Presence,
        moves: bool,
    ) -> Arc<Self> {
        let peer = peer.ip().to_canonical();
        let text = peer.to_string();
        Arc::new(Self {
            peer,
            certified: OnceLock::new(),
            hop: Hop::new(&text, scheme),
            peer_text: text.into(),
            timer: Timer::new(&worker.clock, times.idle),
            worker: Arc::clone(worker),
            presence,
            moves,
        })
    }

    /// Whether the client is to be told that the answer is its last here.
    #[inline]
    pub(crate) fn is_last(&self) -> bool {
        self.worker.shared.is_draining() && !self.moves_now()
    }

    /// The gateway drains: who is idle has only the grace left. Where another process accepts the clients of that listener,
    /// and nobody waits for the end of this one, the connection may stay until the limit of the drain: a client that is
    /// idle for longer than our grace, and shorter than that, never meets a closed one.
    #[cold]
    pub(crate) fn hurry(&self, times: &Times) {
        if self.worker.shared.is_hurried(self.presence.listener) {
            self.timer.hurry(times.idle_grace.spread());
        }
    }

    /// Whether the connection moves to another process as soon as it is idle: the one that has its listener.
    #[cold]
    pub(crate) fn moves_now(&self) -> bool {
        let shared = &self.worker.shared;
        self.moves && shared.is_moving() && shared.is_left(self.presence.listener)
    }
}
