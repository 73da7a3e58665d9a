use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use crate::buffer;

/// What waits to be written to a connection: heads, framing and small data, which go out with one system call. Like any
/// buffer it has memory only while there is something in it.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    text: Vec<u8>,
    /// How much of the text is written.
    written: usize,
    /// Bytes that were written in all, wherever they came from.
    total: u64,
}

impl Outbox {
    /// Whether everything is written.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.written == self.text.len()
    }

    /// Bytes that were written in all.
    #[inline]
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Where to put what is to be written.
    #[inline]
    pub(crate) fn text(&mut self) -> &mut Vec<u8> {
        if self.text.capacity() == 0 {
            self.text = buffer::take_text();
        }
        &mut self.text
    }

    /// Whether it may hold so much more data, where it holds so much at most.
    #[inline]
    pub(crate) fn has_room(&self, n: usize, most: usize) -> bool {
        self.text.len() + n <= most
    }

    /// Gives the memory back, where nothing is in it.
    #[inline]
    pub(crate) fn rest(&mut self) {
        if self.is_empty() {
            self.written = 0;
            buffer::give_text(std::mem::take(&mut self.text));
        }
    }

    /// Writes everything.
    #[inline]
    pub(crate) fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let n = ready!(Pin::new(&mut *stream).poll_write(cx, &self.text[self.written..]))?;
            self.wrote(n)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes everything and behind it, as far as the socket takes it, this data, of which it gives the length written.
    #[inline]
    pub(crate) fn poll_with<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        data: &[u8],
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let stream = Pin::new(&mut *stream);
            let n = if self.is_empty() {
                ready!(stream.poll_write(cx, data))?
            } else {
                let slices = [IoSlice::new(&self.text[self.written..]), IoSlice::new(data)];
                ready!(stream.poll_write_vectored(cx, &slices))?
            };
            let of_data = self.wrote(n)?;
            if of_data > 0 {
                return Poll::Ready(Ok(of_data));
            }
        }
    }

    /// Notes what the socket took, and gives how much of that was not of the text.
    #[inline]
    fn wrote(&mut self, n: usize) -> io::Result<usize> {
        if n == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.total = self.total.wrapping_add(n as u64);
        let of_text = n.min(self.text.len() - self.written);
        self.written += of_text;
        if self.is_empty() {
            self.text.clear();
            self.written = 0;
        }
        Ok(n - of_text)
    }
}
