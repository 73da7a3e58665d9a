use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use graylane_wire::SizeLine;

use super::Link;
use super::compose::write_fields;
use crate::connection::Conn;
use crate::received::Received;

/// A request's body on its way to an endpoint.
#[derive(Debug)]
pub(crate) struct Upload {
    body: Received,
    empty: bool,
    chunked: bool,
    /// Data that the link has not taken yet.
    pending: Bytes,
    stage: Stage,
    /// Whether the head and the whole body are written.
    sent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not asked for: it could go to another endpoint.
    Untouched,
    Streaming,
    /// Everything is with the link, though perhaps not written.
    Ended,
    /// The endpoint takes no more: the rest is read and dropped.
    Refused,
}

/// Why an upload stopped.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// The client's body is malformed or too large; [`crate::received::Progress`] says which.
    Body,
    /// The endpoint does not take it.
    Link(io::Error),
}

impl Upload {
    pub(crate) fn new(body: Received, chunked: bool) -> Self {
        let empty = body.is_empty();
        let stage = if empty { Stage::Ended } else { Stage::Untouched };
        Self {
            body,
            empty,
            chunked,
            pending: Bytes::new(),
            stage,
            sent: false,
        }
    }

    /// Whether there is no body.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Begins anew on another link: its head is not written yet, and nothing of the body was asked for.
    pub(crate) fn begin(&mut self) {
        debug_assert!(
            self.is_untouched(),
            "a body that was asked for is not there a second time"
        );
        self.sent = false;
    }

    /// Whether all of the request is written.
    pub(crate) fn is_sent(&self) -> bool {
        self.sent
    }

    /// Whether none of the body was asked for: then the request can be sent from the beginning.
    pub(crate) fn is_untouched(&self) -> bool {
        self.stage == Stage::Untouched || self.is_empty()
    }

    /// Goes on after the answer has ended: the endpoint may still want the body, and where it does not, a client that is
    /// cut off while it sends may never see the answer that it got early. Ends so long after the client, at most.
    pub(crate) async fn outlast(mut self, mut link: Box<Link>, conn: Arc<Conn>, limit: Duration) {
        let mut sending = pin!(poll_fn(|cx| self.poll(&mut link, &conn, cx)));
        let sent = tokio::select! {
            sent = &mut sending => sent,
            () = conn.gone() => {
                // What had come of the body by then is still on its way, perhaps all of it.
                let Ok(sent) = tokio::time::timeout(limit, sending).await else { return };
                sent
            }
        };
        if sent.is_err() {
            drop(link);
            poll_fn(|cx| self.body.poll_read_out(&conn, cx)).await;
        }
    }

    /// Sends what can be sent. Ready when the whole body is written. Where the endpoint takes no more, this says so once
    /// and then reads the rest of the body and drops it.
    #[inline]
    pub(crate) fn poll(
        &mut self,
        link: &mut Link,
        conn: &Conn,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), UploadError>> {
        if self.sent {
            return Poll::Ready(Ok(()));
        }
        if self.stage == Stage::Refused {
            return self.body.poll_read_out(conn, cx).map(Ok);
        }
        let sent = self.poll_sending(link, conn, cx);
        if let Poll::Ready(Err(UploadError::Link(_))) = &sent
            && !self.empty
        {
            self.stage = Stage::Refused;
            self.pending = Bytes::new();
        }
        sent
    }

    #[inline]
    fn poll_sending(
        &mut self,
        link: &mut Link,
        conn: &Conn,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), UploadError>> {
        loop {
            // The head and the first data go out together, so data is asked for before anything is written; but a
            // client that waits to be told to go on with its body must not keep the head from going. After that no
            // data is asked for while there is some to write: an endpoint that does not read makes the client wait.
            if self.pending.is_empty()
                && self.stage != Stage::Ended
                && (self.stage == Stage::Untouched || link.is_flushed())
                && self.take_frame(link, conn, cx)?.is_pending()
            {
                ready!(link.poll_send(cx, &mut self.pending)).map_err(UploadError::Link)?;
                return Poll::Pending;
            }
            ready!(link.poll_send(cx, &mut self.pending)).map_err(UploadError::Link)?;
            if self.stage == Stage::Ended {
                self.sent = true;
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Takes the next piece of the body, framed.
    fn take_frame(
        &mut self,
        link: &mut Link,
        conn: &Conn,
        cx: &mut Context<'_>,
    ) -> Result<Poll<()>, UploadError> {
        self.stage = Stage::Streaming;
        let Poll::Ready(next) = self.body.poll_frame(conn, cx) else {
            return Ok(Poll::Pending);
        };
        let out = link.outbox();
        match next
            .transpose()
            .map_err(|_| UploadError::Body)?
            .map(http_body::Frame::into_data)
        {
            Some(Ok(data)) if data.is_empty() => {}
            Some(Ok(data)) if self.chunked => {
                out.extend_from_slice(SizeLine::new(data.len()).as_bytes());
                // Small data is cheaper copied than sent from two places, and its line's end can go with it.
                out.extend_from_slice(&data);
                out.extend_from_slice(b"\r\n");
            }
            Some(Ok(data)) => self.pending = data,
            Some(Err(frame)) => {
                if let (true, Ok(trailers)) = (self.chunked, frame.into_trailers()) {
                    out.extend_from_slice(b"0\r\n");
                    write_fields(out, &trailers);
                    out.extend_from_slice(b"\r\n");
                }
                self.stage = Stage::Ended;
            }
            None => {
                if self.chunked {
                    out.extend_from_slice(b"0\r\n\r\n");
                }
                self.stage = Stage::Ended;
            }
        }
        Ok(Poll::Ready(()))
    }
}
