use std::io;
use std::os::fd::BorrowedFd;

use serde_json::Value;

use super::Place;
use crate::LinkError;
use crate::frame::Kind;
use crate::messages::Connection;
use crate::talk::{Reason, Talk};

/// It goes on alone.
#[derive(Debug)]
pub struct Committed {
    pub(super) talk: Talk,
    pub(super) _place: Place,
    pub(super) broken: bool,
}

impl Committed {
    /// Moves an idle connection, and waits until the new process has it.
    ///
    /// The caller closes its own descriptor afterwards. Where no word comes from a new process that hangs, this counts as
    /// moved: were both to go on with it, each would read half of what the client says.
    ///
    /// # Errors
    ///
    /// Where the new process did not take it: the caller keeps it. None that follows will fare better.
    pub fn move_connection(&mut self, listener: &str, connection: BorrowedFd<'_>) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe));
        }
        // Whatever way this is left by an error, the next message would not be understood.
        self.broken = true;
        let body = serde_json::to_vec(&Connection {
            listener: listener.to_owned(),
        })?;
        let limit = self.talk.patience.answer;
        self.talk
            .link
            .send(Kind::Connection, &body, &[connection], limit)
            .map_err(io::Error::other)?;
        match self.talk.receive() {
            Ok(frame) if frame.kind == Kind::Taken => self.broken = false,
            Ok(frame) if frame.kind == Kind::GaveUp => return Err(io::Error::other(Reason::of(&frame))),
            Ok(_) | Err(LinkError::TooSlow { .. }) => {}
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(())
    }

    /// The last word: what became of each connection.
    ///
    /// # Errors
    ///
    /// Where the new process is gone or hangs.
    pub fn farewell(mut self, ledger: &Value) -> io::Result<()> {
        self.talk.tell(Kind::Farewell, ledger).map_err(io::Error::other)
    }
}
