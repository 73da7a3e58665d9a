use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};

use super::heads;
use crate::body::Sink;

/// The most that is asked of a window at once. More would be withheld from the connection's other streams.
const LARGEST: usize = 64 * 1024;

/// The body that goes out on a stream, once the head before it has.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Where there is none yet, the head has not been sent.
    stream: Option<SendStream<Bytes>>,
    /// Taken, and not yet handed to the stream: it goes with what says that it was the last, where that follows.
    kept: Bytes,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Going,
    Finished,
    /// It was finished and the stream took the end no more.
    Failed,
}

impl Outgoing {
    /// The head went out on this stream; `ended`: and with it the message.
    pub(crate) fn begin(&mut self, stream: SendStream<Bytes>, ended: bool) {
        self.stream = Some(stream);
        self.state = if ended { State::Finished } else { State::Going };
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.stream.is_some()
    }

    /// Ends the stream before its time.
    pub(crate) fn reset(&mut self, reason: Reason) {
        if let Some(stream) = &mut self.stream {
            stream.send_reset(reason);
        }
    }

    /// Ready when the peer has reset the stream, or is gone as a whole.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.stream {
            Some(stream) => stream.poll_reset(cx).map(|_| ()),
            None => Poll::Pending,
        }
    }

    fn hand_on(&mut self, last: bool) -> io::Result<()> {
        let kept = std::mem::take(&mut self.kept);
        if kept.is_empty() && !last {
            return Ok(());
        }
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        stream.send_data(kept, last).map_err(into_io)
    }
}

fn into_io(error: h2::Error) -> io::Error {
    if error.is_io() {
        error
            .into_io()
            .unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())
    } else {
        io::Error::new(io::ErrorKind::BrokenPipe, error)
    }
}

impl Sink for Outgoing {
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.state != State::Going {
            // The head said that there is nothing more: whoever sends more has said two different things.
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        self.hand_on(false)?;
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        stream.reserve_capacity(data.len().min(LARGEST));
        let room = match stream.capacity() {
            0 => match ready!(stream.poll_capacity(cx)) {
                Some(Ok(room)) => room,
                Some(Err(error)) => return Poll::Ready(Err(into_io(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            },
            room => room,
        };
        let n = room.min(data.len());
        self.kept = Bytes::copy_from_slice(&data[..n]);
        Poll::Ready(Ok(n))
    }

    fn finish(&mut self, trailers: &[u8]) {
        let finished = if trailers.is_empty() {
            self.hand_on(true)
        } else {
            let handed = self.hand_on(false);
            handed.and_then(|()| {
                let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
                stream
                    .send_trailers(heads::read_trailers(trailers))
                    .map_err(into_io)
            })
        };
        self.state = if finished.is_ok() {
            State::Finished
        } else {
            State::Failed
        };
    }

    #[inline]
    fn is_finished(&self) -> bool {
        self.state != State::Going
    }

    /// What was taken is with the stream, which sends it as soon as it may: that its buffer is bounded is seen to by
    /// [`Sink::poll_write`], which takes no more than there is room for.
    #[inline]
    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state == State::Failed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Poll::Ready(self.hand_on(false))
    }
}
