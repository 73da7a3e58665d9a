//! Endpoints that speak HTTP/2: an exchange is a stream, and a connection carries many of them.

mod trunk;
mod trunks;

use std::io;
use std::task::{Context, Poll, ready};

use graylane_wire::{self as wire, Framing, Response};
use h2::client::ResponseFuture;

use self::trunk::Ticket;
pub(super) use self::trunks::{clear, connect, sweep, take};
use super::link::{LIMITS, MAX_INTERIM, Silent};
use crate::body::{Broken, Next, Sink, Source};
use crate::h2::{Incoming, Outgoing, heads};
use crate::prepare::Call;
use crate::table;

/// A stream to an endpoint, or the right to open one.
#[derive(Debug)]
pub(crate) struct H2Link {
    ticket: Ticket,
    /// Its trunk was opened for it.
    is_new: bool,
    outgoing: Outgoing,
    answer: Answer,
    interim: u8,
}

/// How far the answer came.
#[derive(Debug)]
enum Answer {
    /// Nothing was asked.
    Unasked,
    /// The question could not be put.
    None(Silent),
    Awaited(ResponseFuture),
    Coming(Incoming),
}

impl H2Link {
    fn new(ticket: Ticket) -> Box<Self> {
        Box::new(Self {
            ticket,
            is_new: false,
            outgoing: Outgoing::default(),
            answer: Answer::Unasked,
            interim: 0,
        })
    }

    /// Whether its trunk was opened for it.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Asks.
    pub(super) fn begin(&mut self, call: &Call) {
        self.answer = match heads::read_request(&call.head, self.ticket.scheme()) {
            Err(unsayable) => {
                log::debug!("{unsayable}");
                Answer::None(Silent::Broken)
            }
            Ok(request) => {
                // A body of no bytes may still have trailers behind it (RFC 9113, section 8.1).
                let ended = call.framing == Framing::Empty;
                match self.ticket.open(request, ended) {
                    Ok((response, stream)) => {
                        self.outgoing.begin(stream, ended);
                        Answer::Awaited(response)
                    }
                    // The endpoint has said that it leaves, or is gone: nothing was sent.
                    Err(error) => {
                        log::debug!("endpoint: {error}");
                        Answer::None(Silent::Unseen)
                    }
                }
            }
        };
    }

    /// Whether the endpoint cannot have seen anything of the request.
    pub(super) fn wrote_nothing(&self) -> bool {
        matches!(self.answer, Answer::Unasked | Answer::None(Silent::Unseen))
    }

    pub(super) fn poll_answer<T>(
        &mut self,
        to_head: bool,
        mut read: impl FnMut(&Response<'_>) -> T,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, Silent>> {
        let response = match &mut self.answer {
            Answer::Awaited(response) => response,
            Answer::None(silent) => return Poll::Ready(Err(*silent)),
            Answer::Unasked | Answer::Coming(_) => return Poll::Ready(Err(Silent::Broken)),
        };
        let (parts, ended) = match ready!(response.poll_informational(cx)) {
            Some(Ok(interim)) => {
                self.interim += 1;
                if interim.status() == 101 || self.interim > MAX_INTERIM {
                    // RFC 9113, section 8.6: HTTP/2 has no other protocol to switch to.
                    return Poll::Ready(Err(Silent::Broken));
                }
                (interim.into_parts().0, false)
            }
            Some(Err(error)) => return Poll::Ready(Err(silent(&error))),
            None => {
                let answered = ready!(std::pin::Pin::new(response).poll(cx));
                let (parts, body) = answered.map_err(|error| silent(&error))?.into_parts();
                let incoming = Incoming::new(body);
                let ended = incoming.is_ended();
                self.answer = Answer::Coming(incoming);
                (parts, ended)
            }
        };
        let mut text = crate::buffer::take_text();
        let written = heads::write_response(&parts, ended, to_head, &mut text);
        let result = written.map_err(|malformed| malformed.to_string()).and_then(|()| {
            table::with(
                |table| match wire::parse_response(&text, LIMITS, &mut 0, to_head, table) {
                    Ok(Some(mut response)) => {
                        if ended {
                            response.framing = Framing::Empty;
                        }
                        Ok(read(&response))
                    }
                    Ok(None) => Err("the head has no end".to_owned()),
                    Err(refusal) => Err(refusal.to_string()),
                },
            )
        });
        crate::buffer::give_text(text);
        Poll::Ready(result.map_err(|error| {
            log::debug!("endpoint: {error}");
            Silent::Broken
        }))
    }
}

/// What an error says of the request: one that was refused, or came after the last that the endpoint says it has looked at,
/// was not processed (RFC 9113, section 8.7).
fn silent(error: &h2::Error) -> Silent {
    log::debug!("endpoint: {error}");
    if !error.is_remote() {
        return if error.is_io() {
            Silent::Closed
        } else {
            Silent::Broken
        };
    }
    if error.is_go_away() {
        Silent::Unseen
    } else if error.reason() == Some(h2::Reason::REFUSED_STREAM) {
        Silent::Refused
    } else {
        Silent::Broken
    }
}

impl Source for H2Link {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, Broken>> {
        match &mut self.answer {
            Answer::Coming(incoming) => incoming.poll_next(cx),
            _ => Poll::Ready(Err(Broken::Gone)),
        }
    }

    #[inline]
    fn data(&self) -> &[u8] {
        match &self.answer {
            Answer::Coming(incoming) => incoming.data(),
            _ => b"",
        }
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        if let Answer::Coming(incoming) = &mut self.answer {
            incoming.consume(n);
        }
    }

    fn trailers(&self) -> &[u8] {
        match &self.answer {
            Answer::Coming(incoming) => incoming.trailers(),
            _ => b"",
        }
    }
}

impl Sink for H2Link {
    #[inline]
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.outgoing.poll_write(cx, data)
    }

    fn finish(&mut self, trailers: &[u8]) {
        self.outgoing.finish(trailers);
    }

    #[inline]
    fn is_finished(&self) -> bool {
        self.outgoing.is_finished()
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.poll_flush(cx)
    }
}
