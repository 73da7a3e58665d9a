//! What the engine speaks over, as one type: which one it is, is known only when a connection is made.

use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes both ways over something else than a bare socket: TLS, or a pipe in memory.
pub trait Layer: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Debug + Send + Unpin> Layer for T {}

/// A connection's bytes.
#[derive(Debug)]
pub(crate) enum Stream {
    /// As they come from the network: by far the most of them, and nothing stands between.
    Tcp(TcpStream),
    /// Whatever a layer makes of them, at the price of a virtual call.
    Layered(Box<dyn Layer>),
}

impl Stream {
    /// Says that nothing more comes, as far as that needs no waiting. A bare socket says it by being closed; TLS has a word for it,
    /// without which the peer must think that something is missing (RFC 8446, section 6.1).
    pub(crate) fn say_end(&mut self, cx: &mut Context<'_>) {
        if let Self::Layered(layer) = self {
            // Whoever does not read it will not miss it.
            let _ = Pin::new(layer).poll_shutdown(cx);
        }
    }

    /// Whether the peer is still there and has said nothing unasked. Costs a system call only where it has.
    #[inline]
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        match self {
            Self::Tcp(stream) => {
                matches!(stream.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
            // What is for the layer itself, such as a ticket of TLS, is nothing said to us.
            Self::Layered(layer) => {
                let mut cx = Context::from_waker(Waker::noop());
                Pin::new(layer)
                    .poll_read(&mut cx, &mut ReadBuf::new(&mut byte))
                    .is_pending()
            }
        }
    }
}

impl Stream {
    /// Ready when a read may give something; a layer knows only by reading.
    #[inline]
    pub(crate) fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(cx),
            Self::Layered(_) => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Layered(layer) => Pin::new(layer).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Layered(layer) => Pin::new(layer).poll_write(cx, bytes),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Layered(layer) => Pin::new(layer).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Layered(layer) => layer.is_write_vectored(),
        }
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            // It keeps nothing back.
            Self::Tcp(_) => Poll::Ready(Ok(())),
            Self::Layered(layer) => Pin::new(layer).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Layered(layer) => Pin::new(layer).poll_shutdown(cx),
        }
    }
}
