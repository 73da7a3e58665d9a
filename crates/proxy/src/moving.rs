//! Idle connections that move to the process that comes after this one.
//!
//! A connection moves between two exchanges only: nothing was read that is not answered, and nothing waits to be written.
//! What its client sends meanwhile is in the socket's own buffer, and moves along.

use std::net::TcpStream;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};

use graylane_core::Name;
use tokio::sync::mpsc::UnboundedSender;

use crate::worker::Presence;

/// An idle connection on its way to another process. Dropped without a word, it goes back to its worker and stays until its next
/// answer, or the limit of the drain.
#[derive(Debug)]
pub struct Idle {
    listener: Name,
    /// Taken where it ends in one way or the other.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    stream: TcpStream,
    presence: Presence,
    home: UnboundedSender<Arrival>,
}

/// What comes to a worker beside what it accepts.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A connection that another process has accepted, of the listener of that number.
    Adopted(usize, TcpStream),
    /// A connection that the process has made to itself.
    Own(TcpStream),
    /// A connection of its own that could not move.
    Returned(TcpStream, Presence),
    /// A connection of its own that has moved.
    Moved(Presence),
}

impl Idle {
    pub(crate) fn new(
        listener: Name,
        stream: TcpStream,
        presence: Presence,
        home: UnboundedSender<Arrival>,
    ) -> Self {
        let held = Held {
            stream,
            presence,
            home,
        };
        Self {
            listener,
            held: Some(held),
        }
    }

    /// The listener that it came in by.
    pub fn listener(&self) -> &Name {
        &self.listener
    }

    /// Its socket, to be sent.
    ///
    /// # Panics
    /// Never: it is taken only with the whole value.
    #[expect(
        clippy::expect_used,
        reason = "only `moved` and `drop` take it, and both end the value"
    )]
    pub fn stream(&self) -> &TcpStream {
        &self.held.as_ref().expect("it is held until the end").stream
    }

    /// The other process has it: it is counted as handed over, and let go of here.
    pub fn moved(mut self) {
        if let Some(Held { presence, home, .. }) = self.held.take() {
            // A worker that has ended counts no more.
            let _ = home.send(Arrival::Moved(presence));
        }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            let Held {
                stream,
                presence,
                home,
            } = held;
            // Where the worker has ended, so has the connection.
            let _ = home.send(Arrival::Returned(stream, presence));
        }
    }
}

/// Where idle connections are to go, if anywhere.
#[derive(Debug, Default)]
pub(crate) struct Mover(Mutex<Option<Sender<Idle>>>);

impl Mover {
    pub(crate) fn set(&self, to: Option<Sender<Idle>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }

    /// Sends one off; whether anybody takes it. If not, it is on its way back already.
    pub(crate) fn send(&self, idle: Idle) -> bool {
        let to = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        to.is_some_and(|to| to.send(idle).is_ok())
    }
}
