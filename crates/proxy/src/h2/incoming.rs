use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::RecvStream;

use super::heads;
use crate::body::{Broken, Next, Source};
use crate::{buffer, table, trailers};

/// The body that comes on a stream. Its sender may send as much as was consumed here, and nothing before: what the other
/// side does not take stays within one window of the stream.
#[derive(Debug)]
pub(crate) struct Incoming {
    stream: RecvStream,
    data: Bytes,
    trailers: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Coming,
    Ended,
    Broken(Broken),
}

impl Incoming {
    pub(crate) fn new(stream: RecvStream) -> Self {
        let state = if stream.is_end_stream() {
            State::Ended
        } else {
            State::Coming
        };
        Self {
            stream,
            data: Bytes::new(),
            trailers: Vec::new(),
            state,
        }
    }

    /// Whether it came to its end.
    pub(crate) fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let Some(map) = ready!(self.stream.poll_trailers(cx)).map_err(|error| broken(&error))? else {
            return Poll::Ready(Ok(()));
        };
        let mut section = buffer::take_text();
        let written = heads::write_trailers(&map, &mut section).map_err(|_| Broken::Malformed);
        let copied = written.and_then(|()| {
            self.trailers.reserve(section.len());
            table::with(|table| trailers::copy(&section, table, &mut self.trailers))
                .map_err(|_| Broken::Malformed)
        });
        buffer::give_text(section);
        Poll::Ready(copied)
    }

    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        while self.data.is_empty() {
            match ready!(self.stream.poll_data(cx)) {
                // Data may be empty where only its flag says something.
                Some(Ok(data)) => self.data = data,
                Some(Err(error)) => return Poll::Ready(Err(broken(&error))),
                None => {
                    ready!(self.poll_trailers(cx))?;
                    self.state = State::Ended;
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// What the crate finds wrong with a body itself is malformed (RFC 9113, section 8.1.1: data that is not as long as
/// `Content-Length` says); everything else is a sender that has gone.
fn broken(error: &h2::Error) -> Broken {
    log::debug!("a body broke off: {error}");
    if error.is_reset() && error.is_library() {
        Broken::Malformed
    } else {
        Broken::Gone
    }
}

impl Source for Incoming {
    #[inline]
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, Broken>> {
        if !self.data.is_empty() {
            return Poll::Ready(Ok(Next::Data));
        }
        match self.state {
            State::Ended => return Poll::Ready(Ok(Next::End)),
            State::Broken(broken) => return Poll::Ready(Err(broken)),
            State::Coming => {}
        }
        if let Err(broken) = ready!(self.poll_more(cx)) {
            self.state = State::Broken(broken);
            return Poll::Ready(Err(broken));
        }
        Poll::Ready(Ok(if self.data.is_empty() {
            Next::End
        } else {
            Next::Data
        }))
    }

    #[inline]
    fn data(&self) -> &[u8] {
        &self.data
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        self.data.advance(n);
        // It fails only for more than was received, or on a stream that is gone, where there is nothing to give back.
        let _ = self.stream.flow_control().release_capacity(n);
    }

    fn trailers(&self) -> &[u8] {
        &self.trailers
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::{Pin, pin};
    use std::task::Waker;

    use tokio::io::duplex;

    use super::*;

    /// What RFC 9113, section 6.9.2, gives a sender before it is told anything else.
    const WINDOW: usize = 65_535;

    #[test]
    fn credit_is_given_for_what_was_consumed_and_not_for_what_has_come() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (ours, theirs) = duplex(1024 * 1024);
            let (client, server) = tokio::join!(h2::client::handshake(theirs), h2::server::handshake(ours));
            let ((mut requests, mut client), mut server) = (client.unwrap(), server.unwrap());
            let (_response, mut sender) = requests.send_request(http::Request::new(()), false).unwrap();
            sender.send_data(Bytes::from(vec![7; WINDOW]), false).unwrap();
            let mut cx = Context::from_waker(Waker::noop());
            let mut turn = || {
                let _ = Pin::new(&mut client).poll(&mut cx);
                pin!(server.accept()).poll(&mut cx)
            };
            let (request, _respond) = loop {
                if let Poll::Ready(Some(accepted)) = turn() {
                    break accepted.unwrap();
                }
            };
            (0..10).for_each(|_| drop(turn()));
            let mut body = Incoming::new(request.into_body());
            sender.reserve_capacity(1);

            assert_eq!(poll_fn(|cx| body.poll_next(cx)).await, Ok(Next::Data));
            (0..10).for_each(|_| drop(turn()));
            let before = sender.capacity();
            let mut taken = 0;
            while taken < WINDOW {
                assert_eq!(poll_fn(|cx| body.poll_next(cx)).await, Ok(Next::Data));
                taken += body.data().len();
                body.consume(body.data().len());
            }
            (0..10).for_each(|_| drop(turn()));

            assert_eq!((before, sender.capacity()), (0, 1));
        });
    }
}
