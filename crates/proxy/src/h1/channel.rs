use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use graylane_wire::{self as wire, Framing, SizeLine, Step};
use tokio::io::AsyncWrite;

use crate::body::{Broken, Next, Sink, Source};
use crate::buffer::Buffer;
use crate::outbox::Outbox;
use crate::stream::Stream;
use crate::table;
use crate::trailers;

/// Data up to this size is copied behind what waits to be written and goes out with it: cheaper than to send it from two
/// places.
const COPIED: usize = 4 * 1024;

/// One side of an HTTP/1.1 connection, of a client or of an endpoint: what comes on it is read as a message's body, and what
/// goes out is framed as one. Heads are put into and taken out of its boxes by whoever knows which role this side has.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) stream: Stream,
    pub(crate) inbox: Buffer,
    /// How much of the inbox was looked at for the end of a head.
    pub(crate) scanned: usize,
    outbox: Outbox,
    /// What had been written when the current message began.
    before: u64,
    incoming: wire::Body,
    /// Bytes of body at the beginning of the inbox.
    ahead: usize,
    /// Of the incoming body, once it has ended.
    trailers: Vec<u8>,
    outgoing: Outgoing,
}

/// How the body that goes out is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outgoing {
    /// As it is: it has a length, or ends with the connection.
    Plain,
    /// Bytes of the chunk that is open.
    Chunked(usize),
    Finished,
}

impl Channel {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            inbox: Buffer::default(),
            scanned: 0,
            outbox: Outbox::default(),
            before: 0,
            incoming: wire::Body::new(Framing::Empty),
            ahead: 0,
            trailers: Vec::new(),
            outgoing: Outgoing::Finished,
        }
    }

    /// The head of a message was read, and this long: its body comes now.
    #[inline]
    pub(crate) fn begin_incoming(&mut self, head: usize, framing: Framing) {
        self.inbox.consume(head);
        self.scanned = 0;
        self.incoming = wire::Body::new(framing);
        self.ahead = 0;
        self.trailers.clear();
    }

    /// The head of a message is in the outbox: its body goes out now.
    #[inline]
    pub(crate) fn begin_outgoing(&mut self, framing: Framing) {
        self.outgoing = match framing {
            Framing::Empty => Outgoing::Finished,
            Framing::Chunked => Outgoing::Chunked(0),
            Framing::Length(_) | Framing::UntilClose => Outgoing::Plain,
        };
    }

    /// Readies the outbox for the head of a new message.
    #[inline]
    pub(crate) fn begin_head(&mut self) -> &mut Vec<u8> {
        debug_assert!(self.is_flushed(), "the message before was written");
        self.before = self.outbox.total();
        self.outbox()
    }

    /// Where text waits to be written.
    #[inline]
    pub(crate) fn outbox(&mut self) -> &mut Vec<u8> {
        self.outbox.text()
    }

    /// Whether the peer cannot have seen anything of the current message.
    pub(crate) fn wrote_nothing(&self) -> bool {
        self.outbox.total() == self.before
    }

    /// Bytes of the incoming body that are announced by what was read of it.
    #[inline]
    pub(crate) fn announced(&self) -> u64 {
        self.incoming.announced()
    }

    /// Whether the incoming body was read to its end.
    #[inline]
    pub(crate) fn is_read(&self) -> bool {
        self.incoming.is_ended()
    }

    #[inline]
    pub(crate) fn is_flushed(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Reads what is there; 0 means that the peer has ended its side.
    #[inline]
    pub(crate) fn poll_fill(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.inbox.poll_fill(&mut self.stream, limit, cx)
    }

    /// Gives back the memory that an idle connection does not need.
    #[inline]
    pub(crate) fn rest(&mut self) {
        self.inbox.release();
        self.outbox.rest();
    }

    /// Gives back all memory: the framing is over, and what it held is written.
    pub(super) fn end(&mut self) {
        let unread = self.inbox.len();
        self.inbox.consume(unread);
        self.rest();
    }

    /// Whether so much more data may wait in the outbox.
    #[inline]
    fn may_copy(&self, n: usize) -> bool {
        self.outbox.has_room(n, COPIED)
    }
}

impl Source for Channel {
    #[inline]
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, Broken>> {
        loop {
            match self
                .incoming
                .step(self.inbox.filled())
                .map_err(|_| Broken::Malformed)?
            {
                Step::Data(n) => {
                    self.ahead = n;
                    return Poll::Ready(Ok(Next::Data));
                }
                Step::Skip(n) => self.inbox.consume(n),
                Step::Trailers(n) => {
                    let section = &self.inbox.filled()[..n];
                    table::with(|table| trailers::copy(section, table, &mut self.trailers))
                        .map_err(|_| Broken::Malformed)?;
                    self.inbox.consume(n);
                }
                Step::End => return Poll::Ready(Ok(Next::End)),
                Step::More => {
                    let read = ready!(self.poll_fill(usize::MAX, cx)).map_err(|_| Broken::Gone)?;
                    if read == 0 {
                        self.incoming.close().map_err(|_| Broken::Gone)?;
                    }
                }
            }
        }
    }

    #[inline]
    fn data(&self) -> &[u8] {
        &self.inbox.filled()[..self.ahead]
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        self.incoming.take(n);
        self.inbox.consume(n);
        self.ahead -= n;
    }

    #[inline]
    fn trailers(&self) -> &[u8] {
        &self.trailers
    }
}

impl Sink for Channel {
    #[inline]
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self.outgoing {
            Outgoing::Plain if self.may_copy(data.len()) => {
                self.outbox().extend_from_slice(data);
                Poll::Ready(Ok(data.len()))
            }
            Outgoing::Plain => self.outbox.poll_with(&mut self.stream, data, cx),
            Outgoing::Chunked(0) => {
                let fits = self.may_copy(data.len());
                let outbox = self.outbox();
                outbox.extend_from_slice(SizeLine::new(data.len()).as_bytes());
                if fits {
                    outbox.extend_from_slice(data);
                    outbox.extend_from_slice(b"\r\n");
                    return Poll::Ready(Ok(data.len()));
                }
                self.outgoing = Outgoing::Chunked(data.len());
                self.poll_chunk(cx, data)
            }
            Outgoing::Chunked(_) => self.poll_chunk(cx, data),
            // Its own framing says that there is nothing more: whoever sends more has said two different things.
            Outgoing::Finished => Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
        }
    }

    #[inline]
    fn finish(&mut self, trailers: &[u8]) {
        if let Outgoing::Chunked(_) = self.outgoing {
            let outbox = self.outbox();
            outbox.extend_from_slice(b"0\r\n");
            outbox.extend_from_slice(trailers);
            outbox.extend_from_slice(b"\r\n");
        }
        self.outgoing = Outgoing::Finished;
    }

    #[inline]
    fn is_finished(&self) -> bool {
        self.outgoing == Outgoing::Finished
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.outbox.poll_flush(&mut self.stream, cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}

impl Channel {
    /// Writes of the open chunk what the socket takes. What it does not take is still the beginning of the data that comes
    /// with the next call.
    fn poll_chunk(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let Outgoing::Chunked(open) = self.outgoing else {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        };
        let data = &data[..open.min(data.len())];
        let n = ready!(self.outbox.poll_with(&mut self.stream, data, cx))?;
        self.outgoing = Outgoing::Chunked(open - n);
        if open == n {
            self.outbox().extend_from_slice(b"\r\n");
        }
        Poll::Ready(Ok(n))
    }
}
