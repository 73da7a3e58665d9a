use std::os::fd::OwnedFd;
use std::time::Duration;

use serde_json::Value;

use crate::frame::Kind;
use crate::messages::Connection;
use crate::talk::{Reason, Talk};

/// The old process drains.
#[derive(Debug)]
pub struct Settling {
    pub(super) talk: Talk,
}

/// What comes from an old process that drains.
#[derive(Debug)]
pub enum Arrival {
    /// An idle connection, to be served as if it had just been accepted.
    Connection {
        /// The listener that it came by.
        listener: String,
        /// Its socket.
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
    /// What comes next, within `wait`. After [`Arrival::Returned`], [`Arrival::Farewell`] and [`Arrival::Died`] nothing does.
    pub fn next(&mut self, wait: Duration) -> Arrival {
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
                    // Where this fails the old process is gone, and the connection is here all the same.
                    _ = self.talk.send(Kind::Taken);
                    Arrival::Connection { listener, socket }
                }
                _ => Arrival::Died,
            },
            Kind::Farewell => frame.parse().map_or(Arrival::Died, Arrival::Farewell),
            Kind::Return => Arrival::Returned(Reason::of(&frame)),
            _ => Arrival::Died,
        }
    }
}
