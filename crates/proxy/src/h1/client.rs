use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use graylane_wire::{Framing, Version};

use super::Channel;
use crate::body::{Broken, Next, Sink, Source};
use crate::client::Client;
use crate::compose::Speaks;
use crate::conn::Conn;
use crate::timer::Timer;

/// Bytes that a client may have sent of its next requests before the answer to the one before is written.
const MAX_AHEAD: usize = 64 * 1024;

/// A client that speaks HTTP/1.1.
#[derive(Debug)]
pub(super) struct H1Client {
    pub(super) channel: Channel,
    pub(super) conn: Arc<Conn>,
    speaks: Speaks,
    closes: bool,
    /// Bytes that may still come of the current request's body.
    left: u64,
}

impl H1Client {
    pub(super) fn new(channel: Channel, conn: Arc<Conn>) -> Self {
        Self {
            channel,
            conn,
            speaks: Speaks::Http11,
            closes: false,
            left: 0,
        }
    }

    /// A request's head was read, and this long: its body comes now, of so many bytes at most.
    #[inline]
    pub(super) fn begin_request(&mut self, head: usize, framing: Framing, limit: u64) {
        self.channel.begin_incoming(head, framing);
        self.left = limit;
    }

    /// In which version the request came, and whether its connection may go on after the answer.
    #[inline]
    pub(super) fn speaks(&mut self, version: Version, persistent: bool) {
        self.speaks = version.into();
        self.closes |= !persistent;
    }
}

impl Source for H1Client {
    #[inline]
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, Broken>> {
        let next = self.channel.poll_next(cx);
        if let Poll::Ready(Ok(Next::Data)) = next
            && self.channel.announced() > self.left
        {
            return Poll::Ready(Err(Broken::TooLarge));
        }
        next
    }

    #[inline]
    fn data(&self) -> &[u8] {
        self.channel.data()
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        self.left -= n as u64;
        self.channel.consume(n);
    }

    fn trailers(&self) -> &[u8] {
        self.channel.trailers()
    }
}

impl Sink for H1Client {
    #[inline]
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.channel.poll_write(cx, data)
    }

    #[inline]
    fn finish(&mut self, trailers: &[u8]) {
        self.channel.finish(trailers);
    }

    #[inline]
    fn is_finished(&self) -> bool {
        self.channel.is_finished()
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.channel.poll_flush(cx)
    }
}

impl Client for H1Client {
    #[inline]
    fn speaks(&self) -> Speaks {
        self.speaks
    }

    #[inline]
    fn closes(&self) -> bool {
        self.closes
    }

    fn close(&mut self) {
        self.closes = true;
    }

    #[inline]
    fn head(&mut self) -> &mut Vec<u8> {
        self.channel.outbox()
    }

    #[inline]
    fn begin(&mut self, framing: Framing) -> io::Result<()> {
        self.channel.begin_outgoing(framing);
        Ok(())
    }

    fn interim(&mut self) {}

    #[inline]
    fn is_read(&self) -> bool {
        self.channel.is_read()
    }

    /// A client that has ended its side counts as gone: one that has only half closed cannot be told from it, and the work
    /// of endpoints for clients that left is what hurts.
    #[inline]
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.channel.inbox.len() < MAX_AHEAD {
            match self.channel.poll_fill(MAX_AHEAD, cx) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Pending
    }

    #[inline]
    fn timer(&self) -> &Timer {
        &self.conn.timer
    }
}
