use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;

use crate::roster::Seat;

/// Bytes asked for by the first read; doubled, up to the second, while reads come back full.
const FIRST_READ: usize = 8 * 1024;
const LARGEST_READ: usize = 64 * 1024;

/// A connection to an endpoint. It holds what was read and is not yet understood, and what is still to be written.
#[derive(Debug)]
pub(crate) struct Link {
    stream: TcpStream,
    /// The seat of its endpoint, where it goes when it is idle.
    seat: Seat,
    inbox: BytesMut,
    read_size: usize,
    outbox: Vec<u8>,
    /// How much of the outbox is written.
    written: usize,
    /// Whether anything of the current request was written.
    begun: bool,
}

impl Link {
    pub(crate) fn new(stream: TcpStream, seat: Seat) -> Box<Self> {
        let (inbox, outbox) = (BytesMut::new(), Vec::new());
        Box::new(Self {
            stream,
            seat,
            inbox,
            read_size: FIRST_READ,
            outbox,
            written: 0,
            begun: false,
        })
    }

    pub(crate) fn seat(&self) -> Seat {
        self.seat
    }

    /// Bytes that came and are not yet understood.
    #[inline]
    pub(crate) fn inbox(&mut self) -> &mut BytesMut {
        &mut self.inbox
    }

    /// Begins a request: its head goes to what this gives.
    #[inline]
    pub(crate) fn begin(&mut self) -> &mut Vec<u8> {
        self.begun = false;
        self.written = 0;
        self.outbox.clear();
        &mut self.outbox
    }

    /// Whether the endpoint cannot have seen anything of the current request.
    pub(crate) fn wrote_nothing(&self) -> bool {
        !self.begun
    }

    /// Where the next bytes to write go.
    #[inline]
    pub(crate) fn outbox(&mut self) -> &mut Vec<u8> {
        if self.is_flushed() {
            self.outbox.clear();
            self.written = 0;
        }
        &mut self.outbox
    }

    /// Whether the endpoint is still there and has said nothing unasked. Costs a system call only where it has.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        let mut byte = [0];
        self.inbox.is_empty()
            && matches!(self.stream.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Whether all that was put into the outbox is written.
    #[inline]
    pub(crate) fn is_flushed(&self) -> bool {
        self.written == self.outbox.len()
    }

    /// Writes the outbox and then this data, together where possible. Ready when both are written.
    #[inline]
    pub(crate) fn poll_send(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<io::Result<()>> {
        loop {
            let head = &self.outbox[self.written..];
            let written = match (head.is_empty(), data.is_empty()) {
                (true, true) => return Poll::Ready(Ok(())),
                (false, true) => ready!(Pin::new(&mut self.stream).poll_write(cx, head))?,
                (true, false) => ready!(Pin::new(&mut self.stream).poll_write(cx, data))?,
                (false, false) => {
                    let slices = [IoSlice::new(head), IoSlice::new(data)];
                    ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, &slices))?
                }
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.begun = true;
            let of_head = written.min(head.len());
            self.written += of_head;
            data.advance(written - of_head);
        }
    }

    /// Reads what is there into the inbox; 0 means that the endpoint has ended its side.
    #[inline]
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.inbox.capacity() - self.inbox.len() < self.read_size / 2 {
            self.inbox.reserve(self.read_size);
        }
        let room = self.inbox.capacity() - self.inbox.len();
        // The future reads at most once and loses nothing when dropped while pending.
        let read = ready!(pin!(self.stream.read_buf(&mut self.inbox)).poll(cx))?;
        if read == room {
            self.read_size = (self.read_size * 2).min(LARGEST_READ);
        }
        Poll::Ready(Ok(read))
    }

    /// Gives up the framing: the bare connection, and what came on it already.
    pub(crate) fn into_raw(self) -> (TcpStream, Bytes) {
        (self.stream, self.inbox.freeze())
    }

    /// Readies the link for its next request: a buffer that grew for one large body is not kept for good.
    pub(crate) fn reset(&mut self) {
        self.read_size = FIRST_READ;
        if self.inbox.capacity() > 2 * FIRST_READ {
            self.inbox = BytesMut::new();
        }
        if self.outbox.capacity() > 2 * FIRST_READ {
            self.outbox = Vec::new();
        }
    }
}
