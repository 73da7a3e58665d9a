use std::os::fd::OwnedFd;
use std::time::Duration;

use serde_json::Value;

use super::LastWord;
use crate::frame::Kind;
use crate::limits::REASON;
use crate::messages::Connection;
use crate::talk::{Reason, Talk};

/// The old process drains.
#[derive(Debug)]
pub struct Settling {
    talk: Talk,
    /// A connection came, and the old process waits for the word whether it is served here.
    asked: bool,
}

/// What comes from an old process that drains.
#[derive(Debug)]
pub enum Arrival {
    /// An idle connection, to be served as if it had just been accepted; then [`Settling::taken`] or [`Settling::not_taken`]
    /// is to be said.
    Connection {
        /// The listener that it came by.
        listener: String,
        /// A handle of its socket. The old process keeps its own until it hears that the connection was taken.
        socket: OwnedFd,
    },
    /// Nothing for now.
    Nothing,
    /// The old process took everything back in the last moment: this one stops accepting, drains and ends.
    Returned(String),
    /// The old process is done; its ledger.
    Farewell(Value),
    /// The old process died before it was done.
    Died,
}

impl Settling {
    pub(super) fn new(talk: Talk) -> Self {
        Self { talk, asked: false }
    }

    /// What comes next, within `wait`. After [`Arrival::Returned`], [`Arrival::Farewell`] and [`Arrival::Died`] nothing does.
    /// A connection that came before and was not said to be taken is not taken.
    pub fn next(&mut self, wait: Duration) -> Arrival {
        self.not_taken("nobody took it");
        if !self.talk.link.wait(wait) {
            return Arrival::Nothing;
        }
        // What cannot be understood after the commit changes nothing: this process serves, with or without the rest.
        let Ok(mut frame) = self.talk.receive() else {
            return Arrival::Died;
        };
        match frame.kind {
            Kind::Connection => match (frame.parse::<Connection>(), frame.descriptors.pop()) {
                (Ok(Connection { listener }), Some(socket)) => {
                    self.asked = true;
                    Arrival::Connection { listener, socket }
                }
                _ => Arrival::Died,
            },
            Kind::Farewell => frame.parse().map_or(Arrival::Died, Arrival::Farewell),
            Kind::Return => Arrival::Returned(Reason::of(&frame)),
            _ => Arrival::Died,
        }
    }

    /// After [`Arrival::Returned`]: how this process ends is still to be said.
    #[must_use]
    pub fn last_word(self) -> LastWord {
        LastWord::over(self.talk)
    }

    /// The connection that came last is served here: the old process lets go of it.
    pub fn taken(&mut self) {
        if std::mem::take(&mut self.asked) {
            // Where this fails the old process is gone, and the connection is here all the same.
            _ = self.talk.send(Kind::Taken);
        }
    }

    /// The connection that came last cannot be served here: it stays with the old process, which sends no further one.
    pub fn not_taken(&mut self, reason: &str) {
        if std::mem::take(&mut self.asked) {
            let reason = reason.chars().take(REASON).collect();
            // Where this fails the old process is gone, and its connections with it.
            _ = self.talk.tell(Kind::GaveUp, &Reason { reason });
        }
    }
}
