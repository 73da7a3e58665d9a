//! The body of a request on its way upstream: counted and limited.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use graylane_pipeline::Fault;
use http_body::{Body, Frame};
use hyper::body::Incoming;

use crate::connection::Conn;
use crate::headers;

/// How far the body of the current request has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    bytes: AtomicU64,
    state: AtomicU8,
    /// The number of the current body: one that outlasts its exchange must not speak for the next.
    number: AtomicU32,
    /// Whether the current body is still on its way.
    under_way: AtomicBool,
}

/// Who is waited for.
const UPSTREAM: u8 = 0;
const CLIENT: u8 = 1;
const TOO_LARGE: u8 = 2;
const MALFORMED: u8 = 3;

impl Progress {
    /// Begins the next request.
    #[inline]
    pub(crate) fn reset(&self) {
        self.bytes.store(0, Relaxed);
        self.state.store(UPSTREAM, Relaxed);
        self.number
            .store(self.number.load(Relaxed).wrapping_add(1), Relaxed);
        self.under_way.store(false, Relaxed);
    }

    /// Whether more of the body is to come from the client.
    pub(crate) fn is_under_way(&self) -> bool {
        self.under_way.load(Relaxed)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Whether the endpoint waits for more of the body.
    pub(crate) fn waits_for_client(&self) -> bool {
        self.state.load(Relaxed) == CLIENT
    }

    /// What is wrong with the body, if anything.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self.state.load(Relaxed) {
            TOO_LARGE => Some(Fault::BodyTooLarge),
            MALFORMED => Some(Fault::BadRequest),
            _ => None,
        }
    }
}

/// The body of a request.
#[derive(Debug)]
pub(crate) struct Received {
    incoming: Incoming,
    /// Bytes that may still come.
    left: u64,
    /// Which of the connection's bodies it is.
    number: u32,
}

/// Why a body cannot be sent on; the reason is in [`Progress`].
#[derive(Debug)]
pub(crate) struct BadBody;

impl Received {
    #[inline]
    pub(crate) fn new(incoming: Incoming, limit: u64, conn: &Conn) -> Self {
        conn.body.under_way.store(!incoming.is_end_stream(), Relaxed);
        Self {
            incoming,
            left: limit,
            number: conn.body.number.load(Relaxed),
        }
    }

    /// Whether there is none, or no more.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// Reads the rest and drops it: a client that is cut off while it sends may never see the answer that it got early.
    pub(crate) fn poll_read_out(&mut self, conn: &Conn, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(Ok(_)) = ready!(self.poll_frame(conn, cx)) {}
        Poll::Ready(())
    }

    /// The next piece.
    pub(crate) fn poll_frame(
        &mut self,
        conn: &Conn,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BadBody>>> {
        let next = Pin::new(&mut self.incoming).poll_frame(cx);
        let progress = &conn.body;
        if progress.number.load(Relaxed) != self.number {
            // The next exchange has begun: this body has come as a whole, and nobody asks about it any more.
            return next.map(|next| next.map(|frame| frame.map_err(|_| BadBody)));
        }
        let Poll::Ready(next) = next else {
            if progress.state.swap(CLIENT, Relaxed) != CLIENT {
                conn.waiting_for_client();
            }
            return Poll::Pending;
        };
        progress.state.store(UPSTREAM, Relaxed);
        if !matches!(next, Some(Ok(_))) || self.incoming.is_end_stream() {
            progress.under_way.store(false, Relaxed);
            conn.body_ended();
        }
        conn.waiting();
        let Some(next) = next else {
            return Poll::Ready(None);
        };
        let Ok(mut frame) = next else {
            progress.state.store(MALFORMED, Relaxed);
            return Poll::Ready(Some(Err(BadBody)));
        };
        headers::drop_asserted(&mut frame);
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        progress
            .bytes
            .store(progress.bytes.load(Relaxed) + length, Relaxed);
        let Some(left) = self.left.checked_sub(length) else {
            progress.state.store(TOO_LARGE, Relaxed);
            return Poll::Ready(Some(Err(BadBody)));
        };
        self.left = left;
        Poll::Ready(Some(Ok(frame)))
    }
}
