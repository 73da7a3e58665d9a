use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use graylane_wire::Framing;
use h2::Reason;
use h2::server::SendResponse;

use super::heads;
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::tally::Tally;
use crate::body::{Broken, Next, Sink, Source, discard};
use crate::buffer;
use crate::client::Client;
use crate::clock::Ticks;
use crate::compose::Speaks;
use crate::exchange::After;
use crate::timer::Timer;

/// How long the rest of a request is read that was answered before its end.
const LINGER: Duration = Duration::from_secs(2);

/// A client's stream.
#[derive(Debug)]
pub(super) struct H2Client {
    incoming: Incoming,
    respond: SendResponse<Bytes>,
    outgoing: Outgoing,
    /// The text of an answer's head, until it is sent.
    head: Vec<u8>,
    /// Bytes that may still come of the request's body.
    left: u64,
    /// The client has reset the stream, or is gone as a whole.
    gone: bool,
    closes: bool,
    pub(super) timer: Arc<Timer>,
    tally: Arc<Tally>,
}

impl H2Client {
    /// A request came, with a body of so many bytes at most.
    pub(super) fn new(
        incoming: Incoming,
        respond: SendResponse<Bytes>,
        limit: u64,
        timer: Arc<Timer>,
        tally: &Arc<Tally>,
    ) -> Self {
        Self {
            incoming,
            respond,
            outgoing: Outgoing::default(),
            head: Vec::new(),
            left: limit,
            gone: false,
            closes: false,
            timer,
            tally: Arc::clone(tally),
        }
    }

    /// Ends the stream, as its exchange did. Of a request that was answered before its end the rest is not wanted: the crate
    /// says so when the stream is dropped, with NO_ERROR (RFC 9113, section 8.1).
    pub(super) fn end(&mut self, after: &After) {
        if matches!(after, After::Answered) {
            return;
        }
        let reason = if self.timer.has_passed() {
            Reason::CANCEL
        } else {
            Reason::INTERNAL_ERROR
        };
        if self.outgoing.has_begun() {
            self.outgoing.reset(reason);
        } else {
            self.respond.send_reset(reason);
        }
    }

    /// Reads what still comes of a request that was answered before its end, for a while: a client that has sent all of it
    /// need not be told to stop, and some take that for a failure of the answer.
    pub(super) async fn read_out(&mut self) {
        if self.incoming.is_ended() {
            return;
        }
        let timer = Arc::clone(&self.timer);
        timer.end_within(None);
        timer.within(Ticks::at_least(LINGER));
        let mut read = 0;
        poll_fn(|cx| {
            timer.wakes(cx);
            match discard(self, &mut read, cx) {
                Poll::Pending if !timer.has_passed() && self.poll_gone(cx).is_pending() => Poll::Pending,
                _ => Poll::Ready(()),
            }
        })
        .await;
    }

    /// Whether the client gave the stream up before there was the head of an answer: what a rapid reset is made of.
    pub(super) fn left_early(&self) -> bool {
        self.gone && !self.outgoing.has_begun()
    }
}

impl Source for H2Client {
    #[inline]
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, Broken>> {
        let next = self.incoming.poll_next(cx);
        match next {
            Poll::Ready(Ok(Next::Data)) if self.incoming.data().len() as u64 > self.left => {
                return Poll::Ready(Err(Broken::TooLarge));
            }
            Poll::Ready(Err(Broken::Gone)) => self.gone = true,
            _ => {}
        }
        next
    }

    #[inline]
    fn data(&self) -> &[u8] {
        self.incoming.data()
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        self.left -= n as u64;
        self.incoming.consume(n);
        self.tally.received(n);
    }

    fn trailers(&self) -> &[u8] {
        self.incoming.trailers()
    }
}

impl Sink for H2Client {
    #[inline]
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.outgoing.poll_write(cx, data);
        if let Poll::Ready(Ok(n)) = written {
            self.tally.sent(n);
        }
        written
    }

    fn finish(&mut self, trailers: &[u8]) {
        self.outgoing.finish(trailers);
        // The stream ends with its answer: nobody needs the rest of a request to find the next one behind it.
        self.closes = true;
    }

    #[inline]
    fn is_finished(&self) -> bool {
        self.outgoing.is_finished()
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.outgoing.has_begun() {
            self.outgoing.poll_flush(cx)
        } else {
            Poll::Ready(Ok(()))
        }
    }
}

impl Client for H2Client {
    fn speaks(&self) -> Speaks {
        Speaks::Http2
    }

    fn closes(&self) -> bool {
        self.closes
    }

    fn close(&mut self) {
        self.closes = true;
    }

    fn head(&mut self) -> &mut Vec<u8> {
        if self.head.capacity() == 0 {
            self.head = buffer::take_text();
        }
        &mut self.head
    }

    fn begin(&mut self, framing: Framing) -> io::Result<()> {
        let response = heads::read_response(&self.head).map_err(io::Error::other)?;
        buffer::give_text(std::mem::take(&mut self.head));
        // Said with the head where it is known then: an answer of gRPC that is trailers only has to end with it.
        // A body of no bytes may still have trailers behind it (RFC 9113, section 8.1).
        let ended = framing == Framing::Empty;
        let stream = self
            .respond
            .send_response(response, ended)
            .map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.outgoing.begin(stream, ended);
        self.closes |= ended;
        Ok(())
    }

    fn interim(&mut self) {
        if let Ok(response) = heads::read_response(&self.head) {
            // Where it fails the stream is gone, which will show.
            let _ = self.respond.send_informational(response);
        }
        self.head.clear();
    }

    /// Nothing stands behind a request that would have to be found, and whether its client is gone can be asked at any time.
    fn is_read(&self) -> bool {
        true
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let gone = if self.outgoing.has_begun() {
            self.outgoing.poll_gone(cx)
        } else {
            self.respond.poll_reset(cx).map(|_| ())
        };
        self.gone |= gone.is_ready();
        gone
    }

    fn timer(&self) -> &Timer {
        &self.timer
    }
}
