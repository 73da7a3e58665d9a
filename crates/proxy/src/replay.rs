//! The last request on an endpoint's socket, kept as bytes.
//!
//! A kept-alive connection may be closed by its endpoint at the very moment at which a request is sent. Such a request
//! can be sent again, if it is still there: hyper has taken it apart by then. A copy of its header map for each request
//! costs about 2,500 instructions; a copy of the bytes on their way into the socket costs about 60.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::received::Received;

/// Bytes that are kept at most; a longer request is not sent again.
const MAX_KEPT: usize = 64 * 1024;
/// Fields of a request that is sent again; as many as hyper itself accepts by default, and what the gateway adds.
const MAX_FIELDS: usize = 128;

/// What was sent since the last byte came back: told when the socket is dropped. `None`: something came back.
pub(crate) type LastWords = oneshot::Receiver<Option<Vec<u8>>>;

/// An endpoint's socket.
#[derive(Debug)]
pub(crate) struct Kept {
    stream: TcpStream,
    sent: Vec<u8>,
    /// Whether a byte came back since the last one was sent.
    answered: bool,
    heir: Option<oneshot::Sender<Option<Vec<u8>>>>,
}

impl Kept {
    pub(crate) fn new(stream: TcpStream) -> (Self, LastWords) {
        let (heir, last_words) = oneshot::channel();
        let kept = Self {
            stream,
            sent: Vec::new(),
            answered: false,
            heir: Some(heir),
        };
        (kept, last_words)
    }

    #[inline]
    fn keep(&mut self, bytes: &[u8]) {
        if self.answered {
            self.answered = false;
            self.sent.clear();
        }
        let room = MAX_KEPT.saturating_sub(self.sent.len());
        self.sent.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let whole = !self.answered && self.sent.len() < MAX_KEPT;
        if let Some(heir) = self.heir.take() {
            // For an idle connection nobody listens.
            let _ = heir.send(whole.then(|| std::mem::take(&mut self.sent)));
        }
    }
}

/// Reads a request back from the bytes in which hyper wrote it. `None` for anything but a head without a body.
pub(crate) fn read_back(bytes: &[u8]) -> Option<Request<Received>> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        _ => return None,
    }
    let mut request = Request::new(Received::Empty);
    *request.method_mut() = Method::from_bytes(head.method?.as_bytes()).ok()?;
    *request.uri_mut() = Uri::try_from(head.path?).ok()?;
    for field in head.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        request
            .headers_mut()
            .append(name, HeaderValue::from_bytes(field.value).ok()?);
    }
    Some(request)
}

impl AsyncRead for Kept {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.answered |= buffer.filled().len() > before;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Kept {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.keep(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        let mut left = written;
        for slice in slices {
            let part = slice.len().min(left);
            self.keep(&slice[..part]);
            left -= part;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_back_as_it_was_written() {
        let request = read_back(b"GET /a?b=c HTTP/1.1\r\nhost: x\r\na: 1\r\na: 2\r\n\r\n").unwrap();

        assert_eq!(
            (request.method(), request.uri().to_string()),
            (&Method::GET, "/a?b=c".to_owned())
        );
        assert_eq!(request.headers()["host"], "x");
        assert_eq!(
            request.headers().get_all("a").iter().collect::<Vec<_>>(),
            ["1", "2"]
        );
    }

    #[test]
    fn half_a_head_and_a_head_with_a_body_are_not_read_back() {
        assert!(read_back(b"GET / HTTP/1.1\r\nhost: x\r\n").is_none());
        assert!(read_back(b"POST / HTTP/1.1\r\nhost: x\r\n\r\nbody").is_none());
        assert!(read_back(b"").is_none());
    }
}
