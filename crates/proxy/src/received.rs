//! The body of a request on its way upstream: counted and limited.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use graylane_pipeline::Fault;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::connection::Conn;
use crate::headers;

/// How far the body of the current request has come. Written by the task that feeds the endpoint, read by the task that
/// serves the client; both run on the same thread.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    bytes: AtomicU64,
    state: AtomicU8,
    /// Whether the body is still on its way.
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
        self.under_way.store(false, Relaxed);
    }

    /// Whether some of the body has not yet been taken by the endpoint's connection.
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
pub(crate) enum Received {
    /// None: nothing to poll, nothing to count, and the request can be sent again.
    Empty,
    /// A body.
    Streaming {
        incoming: Incoming,
        conn: Arc<Conn>,
        /// Bytes that may still come.
        left: u64,
    },
}

/// Why a body cannot be sent on; the reason is in [`Progress`].
#[derive(Debug, thiserror::Error)]
#[error("the request's body is malformed or too large")]
pub(crate) struct BadBody;

impl Received {
    #[inline]
    pub(crate) fn new(incoming: Incoming, conn: &Arc<Conn>, limit: u64) -> Self {
        if incoming.is_end_stream() {
            return Self::Empty;
        }
        conn.body.under_way.store(true, Relaxed);
        Self::Streaming {
            incoming,
            conn: Arc::clone(conn),
            left: limit,
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = BadBody;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BadBody>>> {
        let Self::Streaming { incoming, conn, left } = self.get_mut() else {
            return Poll::Ready(None);
        };
        let progress = &conn.body;
        let Poll::Ready(next) = Pin::new(&mut *incoming).poll_frame(cx) else {
            if progress.state.swap(CLIENT, Relaxed) != CLIENT {
                conn.waiting_for_client();
            }
            return Poll::Pending;
        };
        progress.state.store(UPSTREAM, Relaxed);
        conn.waiting();
        match next {
            None => {
                progress.under_way.store(false, Relaxed);
                Poll::Ready(None)
            }
            Some(Err(_)) => {
                progress.state.store(MALFORMED, Relaxed);
                Poll::Ready(Some(Err(BadBody)))
            }
            Some(Ok(mut frame)) => {
                headers::drop_asserted(&mut frame);
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                progress
                    .bytes
                    .store(progress.bytes.load(Relaxed) + length, Relaxed);
                match left.checked_sub(length) {
                    Some(rest) => *left = rest,
                    None => {
                        progress.state.store(TOO_LARGE, Relaxed);
                        return Poll::Ready(Some(Err(BadBody)));
                    }
                }
                if frame.is_trailers() || incoming.is_end_stream() {
                    // hyper does not ask for another frame then.
                    progress.under_way.store(false, Relaxed);
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Streaming { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Streaming { incoming, .. } => incoming.size_hint(),
        }
    }
}
