mod descriptors;
mod error;

pub use error::LinkError;

use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::io::Errno;
use serde::Serialize;

use crate::frame::{Frame, HEAD, Head, Kind};
use crate::limits::{BATCH, BODY};
use crate::poll;

/// A connection over which messages go, each with a limit of time for the whole of it.
///
/// The socket does not block; what waits is `poll`, so that a peer that drips a byte now and then gains nothing by it.
#[derive(Debug)]
pub(crate) struct Link {
    stream: UnixStream,
    /// The version that goes out with each message, and, once it is agreed upon, the only one that may come.
    protocol: u16,
    agreed: bool,
}

impl Link {
    pub(crate) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            protocol: crate::PROTOCOL,
            agreed: false,
        })
    }

    /// From now on both sides speak that version.
    pub(crate) fn agree(&mut self, protocol: u16) {
        self.protocol = protocol;
        self.agreed = true;
    }

    /// Whether something can be received without waiting longer than `limit`; the end of the connection counts.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        // An error of the socket is found by who receives next.
        poll::wait(&self.stream, PollFlags::IN, limit).unwrap_or(true)
    }

    /// The next message, the whole of it within `limit`.
    pub(crate) fn receive(&mut self, limit: Duration) -> Result<Frame, LinkError> {
        let until = poll::until(limit);
        let mut descriptors = Vec::new();
        let mut head = [0; HEAD];
        let mut filled = 0;
        while filled < HEAD {
            let read = self.when_readable(until, limit, |stream| {
                descriptors::read(stream, &mut head[filled..], &mut descriptors)
            })?;
            match (read, filled) {
                (0, 0) => return Err(LinkError::HungUp),
                (0, _) => return Err(LinkError::Truncated),
                (read, _) => filled += read,
            }
        }
        let head = Head::read(&head)?;
        if self.agreed && head.protocol != self.protocol {
            return Err(LinkError::Protocol {
                found: head.protocol,
                agreed: self.protocol,
            });
        }
        let kind = Kind::try_from(head.kind)?;
        if descriptors.len() != usize::from(head.descriptors) {
            return Err(LinkError::Descriptors {
                kind: kind.word(),
                announced: head.descriptors.into(),
                found: descriptors.len(),
            });
        }
        Ok(Frame {
            kind,
            body: self.body(head.length as usize, until, limit)?,
            descriptors,
        })
    }

    /// Descriptors that come within a body belong to no message: a plain read has the kernel close them.
    fn body(&mut self, length: usize, until: Instant, limit: Duration) -> Result<Vec<u8>, LinkError> {
        let mut body = vec![0; length];
        let mut filled = 0;
        while filled < length {
            let read = self.when_readable(until, limit, |stream| {
                rustix::io::read(stream, &mut body[filled..]).map_err(|error| LinkError::Io(error.into()))
            })?;
            if read == 0 {
                return Err(LinkError::Truncated);
            }
            filled += read;
        }
        Ok(body)
    }

    fn when_readable(
        &self,
        until: Instant,
        limit: Duration,
        mut read: impl FnMut(&UnixStream) -> Result<usize, LinkError>,
    ) -> Result<usize, LinkError> {
        loop {
            match read(&self.stream) {
                Err(LinkError::Io(error)) => match Errno::from_io_error(&error) {
                    Some(Errno::AGAIN) => self.ready(PollFlags::IN, until, limit)?,
                    Some(Errno::INTR) => {}
                    // It closed while something of ours was still unread.
                    Some(Errno::CONNRESET) => return Ok(0),
                    _ => return Err(LinkError::Io(error)),
                },
                read => return read,
            }
        }
    }

    fn ready(&self, flags: PollFlags, until: Instant, limit: Duration) -> Result<(), LinkError> {
        let left = until.saturating_duration_since(Instant::now());
        match poll::wait(&self.stream, flags, left)? {
            true => Ok(()),
            false => Err(LinkError::TooSlow { limit }),
        }
    }

    /// Sends a message with a body in JSON.
    pub(crate) fn tell(
        &mut self,
        kind: Kind,
        body: &impl Serialize,
        limit: Duration,
    ) -> Result<(), LinkError> {
        let body = serde_json::to_vec(body).map_err(io::Error::from)?;
        self.send(kind, &body, &[], limit)
    }

    /// Sends a message. After an error, part of it may be out: nothing else can be sent then.
    pub(crate) fn send(
        &mut self,
        kind: Kind,
        body: &[u8],
        descriptors: &[BorrowedFd<'_>],
        limit: Duration,
    ) -> Result<(), LinkError> {
        if body.len() > BODY {
            return Err(LinkError::TooLarge { size: body.len() });
        }
        debug_assert!(descriptors.len() <= BATCH, "batches are made by the caller");
        let until = poll::until(limit);
        let head = Head {
            protocol: self.protocol,
            kind: kind as u16,
            descriptors: descriptors.len() as u16,
            length: body.len() as u32,
        };
        let head = head.write();
        let mut sent = 0;
        while sent < HEAD + body.len() {
            let pieces = [
                IoSlice::new(&head[sent.min(HEAD)..]),
                IoSlice::new(&body[sent.saturating_sub(HEAD)..]),
            ];
            // Descriptors go with the first byte, whatever else of the message goes with it.
            let along = if sent == 0 { descriptors } else { &[] };
            match descriptors::send(&self.stream, &pieces, along) {
                Ok(bytes) => sent += bytes,
                Err(Errno::AGAIN) => self.ready(PollFlags::OUT, until, limit)?,
                Err(Errno::INTR) => {}
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(LinkError::HungUp),
                Err(error) => return Err(LinkError::Io(error.into())),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
