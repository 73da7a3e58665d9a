use std::io;
use std::task::{Context, Poll, ready};

use graylane_tls::Peer;
use graylane_wire::{self as wire, Framing, Response};

use crate::body::{Broken, Next, Sink, Source};
use crate::h1::Channel;
use crate::prepare::Call;
use crate::roster::Seat;
use crate::stream::Stream;
use crate::table;
use crate::upstream::h2::H2Link;

/// The head of an answer, with its interim ones each.
pub(super) const LIMITS: wire::Limits = wire::Limits {
    head: 64 * 1024,
    fields: 128,
};
/// Interim answers to one request: an endpoint that sends them without end is broken.
pub(super) const MAX_INTERIM: u8 = 100;

/// The endpoint's side of an exchange.
#[derive(Debug)]
pub(crate) enum Link {
    /// A connection of its own, for one exchange after the other.
    H1(Box<H1Link>),
    /// A stream of one that it shares with others.
    H2(Box<H2Link>),
}

/// A connection to an endpoint that speaks HTTP/1.1.
#[derive(Debug)]
pub(crate) struct H1Link {
    channel: Channel,
    /// The seat of its endpoint, where it goes when it is idle.
    seat: Seat,
    /// What the endpoint has proven.
    peer: Option<Peer>,
    /// It has served no exchange before.
    is_new: bool,
    /// Whether it may serve another exchange after this one.
    keeps: bool,
    interim: u8,
}

/// An endpoint gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silent {
    /// It closed before a byte of it.
    Closed,
    /// It has not looked at the request, and will not: it is leaving (RFC 9113, section 8.7).
    Unseen,
    /// It has not looked at the request, and may if it is asked again.
    Refused,
    /// It closed in the middle, or what came is not HTTP/1.1.
    Broken,
}

impl Link {
    /// Whether a connection was made for it.
    pub(crate) fn is_new(&self) -> bool {
        match self {
            Self::H1(link) => link.is_new,
            Self::H2(link) => link.is_new(),
        }
    }

    /// Begins a request: its head waits to be written.
    #[inline]
    pub(crate) fn begin(&mut self, call: &Call) {
        match self {
            Self::H1(link) => link.begin(call),
            Self::H2(link) => link.begin(call),
        }
    }

    /// Whether the endpoint cannot have seen anything of the current request.
    pub(crate) fn wrote_nothing(&self) -> bool {
        match self {
            Self::H1(link) => link.channel.wrote_nothing(),
            Self::H2(link) => link.wrote_nothing(),
        }
    }

    /// Reads the head of an answer, interim ones each on their own, and shows it while it is there.
    #[inline]
    pub(crate) fn poll_answer<T>(
        &mut self,
        to_head: bool,
        read: impl FnMut(&Response<'_>) -> T,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, Silent>> {
        match self {
            Self::H1(link) => link.poll_answer(to_head, read, cx),
            Self::H2(link) => link.poll_answer(to_head, read, cx),
        }
    }

    /// The exchange has ended on both sides.
    #[inline]
    pub(crate) fn give_back(self, now: u32) {
        match self {
            Self::H1(link) => link.give_back(now),
            // Its place is free again when it is dropped.
            Self::H2(_) => {}
        }
    }
}

impl H1Link {
    pub(crate) fn new(stream: Stream, seat: Seat, peer: Option<Peer>) -> Box<Self> {
        Box::new(Self {
            channel: Channel::new(stream),
            seat,
            peer,
            is_new: true,
            keeps: false,
            interim: 0,
        })
    }

    /// Whether it was made for this proof.
    #[inline]
    pub(super) fn is_for(&self, peer: Option<&Peer>) -> bool {
        self.peer.as_ref() == peer
    }

    pub(super) fn seat(&self) -> Seat {
        self.seat
    }

    /// Whether the endpoint is still there and has said nothing unasked.
    #[inline]
    pub(super) fn is_quiet(&mut self) -> bool {
        self.channel.inbox.is_empty() && self.channel.stream.is_quiet()
    }

    /// Whether nothing is left of the exchange, on either side. What came after the end of the answer belongs to nothing.
    #[inline]
    pub(super) fn is_reusable(&self) -> bool {
        self.keeps
            && self.channel.is_read()
            && self.channel.inbox.is_empty()
            && self.channel.is_finished()
            && self.channel.is_flushed()
    }

    /// Gives back the memory that an idle link does not need.
    #[inline]
    pub(super) fn rest(&mut self) {
        self.is_new = false;
        self.channel.rest();
    }

    /// Gives up the framing.
    pub(crate) fn into_channel(self) -> Box<Channel> {
        Box::new(self.channel)
    }

    #[inline]
    fn begin(&mut self, call: &Call) {
        self.keeps = false;
        self.interim = 0;
        self.channel.begin_head().extend_from_slice(&call.head);
        self.channel.begin_outgoing(call.framing);
    }

    #[inline]
    fn poll_answer<T>(
        &mut self,
        to_head: bool,
        mut read: impl FnMut(&Response<'_>) -> T,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, Silent>> {
        let channel = &mut self.channel;
        loop {
            if !channel.inbox.is_empty() {
                let (filled, scanned) = (channel.inbox.filled(), &mut channel.scanned);
                let head = table::with(|table| {
                    let parsed = wire::parse_response(filled, LIMITS, scanned, to_head, table);
                    parsed.map(|response| {
                        response.map(|mut response| {
                            if response.framing == Framing::Length(0) {
                                // No trailers can follow it here, so nothing does.
                                response.framing = Framing::Empty;
                            }
                            let Response {
                                status,
                                length,
                                framing,
                                persistent,
                                ..
                            } = response;
                            (read(&response), status, length, framing, persistent)
                        })
                    })
                });
                let head = head.map_err(|refusal| {
                    log::debug!("endpoint: {refusal}");
                    Silent::Broken
                })?;
                if let Some((result, status, length, framing, persistent)) = head {
                    channel.begin_incoming(length, framing);
                    self.keeps = persistent && status != 101;
                    self.interim += u8::from(status < 200);
                    return Poll::Ready(if self.interim > MAX_INTERIM {
                        Err(Silent::Broken)
                    } else {
                        Ok(result)
                    });
                }
            }
            match ready!(channel.poll_fill(LIMITS.head + 1, cx)) {
                Ok(0) | Err(_) if channel.inbox.is_empty() => return Poll::Ready(Err(Silent::Closed)),
                Ok(0) | Err(_) => return Poll::Ready(Err(Silent::Broken)),
                Ok(_) => {}
            }
        }
    }
}

impl Source for Link {
    #[inline]
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, Broken>> {
        match self {
            Self::H1(link) => link.channel.poll_next(cx),
            Self::H2(link) => link.poll_next(cx),
        }
    }

    #[inline]
    fn data(&self) -> &[u8] {
        match self {
            Self::H1(link) => link.channel.data(),
            Self::H2(link) => link.data(),
        }
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        match self {
            Self::H1(link) => link.channel.consume(n),
            Self::H2(link) => link.consume(n),
        }
    }

    fn trailers(&self) -> &[u8] {
        match self {
            Self::H1(link) => link.channel.trailers(),
            Self::H2(link) => link.trailers(),
        }
    }
}

impl Sink for Link {
    #[inline]
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::H1(link) => link.channel.poll_write(cx, data),
            Self::H2(link) => link.poll_write(cx, data),
        }
    }

    #[inline]
    fn finish(&mut self, trailers: &[u8]) {
        match self {
            Self::H1(link) => link.channel.finish(trailers),
            Self::H2(link) => link.finish(trailers),
        }
    }

    #[inline]
    fn is_finished(&self) -> bool {
        match self {
            Self::H1(link) => link.channel.is_finished(),
            Self::H2(link) => link.is_finished(),
        }
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::H1(link) => link.channel.poll_flush(cx),
            Self::H2(link) => link.poll_flush(cx),
        }
    }
}
