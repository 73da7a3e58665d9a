use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::buffer::Buffer;
use crate::outbox::Outbox;

/// Bytes that go out together at most, but for larger pieces of data, which go out behind them from where they are.
const HELD: usize = 16 * 1024;

/// What a carrier and those who drive its connection tell each other. Only their own worker's thread writes and reads it; it
/// is atomic because futures that hold it must be `Send`.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    read: AtomicU64,
    written: AtomicU64,
    /// The carrier holds something back,
    holds: AtomicBool,
    /// and is to do so no longer.
    lets_go: AtomicBool,
}

impl Moved {
    /// Bytes that were read from the connection.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Relaxed)
    }

    /// Bytes that the connection took.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Relaxed)
    }

    /// Polls a connection until it can do nothing more; then what all its streams had to write goes out together. The crate
    /// would write each piece of a body by itself.
    #[inline]
    pub(crate) fn drive<T>(
        &self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        loop {
            let polled = poll(cx);
            let blocked = self.lets_go.load(Relaxed);
            if polled.is_ready() || blocked || !self.holds.load(Relaxed) {
                return polled;
            }
            // Whatever it does, the crate flushes at the end.
            self.lets_go.store(true, Relaxed);
        }
    }
}

fn add(to: &AtomicU64, n: usize) {
    to.store(to.load(Relaxed).wrapping_add(n as u64), Relaxed);
}

/// What HTTP/2 is spoken over: a connection's bytes, those first that were read before it was known what they are.
#[derive(Debug)]
pub(crate) struct Carrier<S> {
    stream: S,
    ahead: Buffer,
    outbox: Outbox,
    moved: Arc<Moved>,
}

impl<S> Carrier<S> {
    /// Over this stream, of which this was read already.
    pub(crate) fn new(stream: S, ahead: Buffer) -> Self {
        Self {
            stream,
            ahead,
            outbox: Outbox::default(),
            moved: Arc::default(),
        }
    }

    /// What is known of it while the crate has it.
    pub(crate) fn moved(&self) -> Arc<Moved> {
        Arc::clone(&self.moved)
    }
}

impl<S: AsyncWrite + Unpin> Carrier<S> {
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.outbox.poll_flush(&mut self.stream, cx);
        self.moved.written.store(self.outbox.total(), Relaxed);
        ready!(flushed)?;
        self.outbox.rest();
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.moved.holds.store(false, Relaxed);
        self.moved.lets_go.store(false, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Carrier<S> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.ahead.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        } else {
            let n = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.filled()[..n]);
            self.ahead.consume(n);
            self.ahead.release();
        }
        add(&self.moved.read, buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Carrier<S> {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.moved.holds.store(true, Relaxed);
        if this.outbox.has_room(bytes.len(), HELD) {
            this.outbox.text().extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = this.outbox.poll_with(&mut this.stream, bytes, cx);
        this.moved.written.store(this.outbox.total(), Relaxed);
        written
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut taken = 0;
        for slice in slices {
            if taken > 0 && !self.outbox.has_room(slice.len(), HELD) {
                break;
            }
            let n = ready!(self.as_mut().poll_write(cx, slice))?;
            taken += n;
            if n < slice.len() {
                // The rest of it comes before the next.
                break;
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Flushes when it is let go: until then there may be more to go out with it.
    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.moved.lets_go.load(Relaxed) {
            self.poll_out(cx)
        } else {
            Poll::Ready(Ok(()))
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use proptest::prelude::*;

    use super::*;

    /// A socket that takes as much at a time as it is told to, and then nothing more until it is told again.
    #[derive(Debug, Default)]
    struct Socket {
        room: usize,
        calls: usize,
        taken: Vec<u8>,
    }

    impl AsyncWrite for Socket {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let n = self.room.min(bytes.len());
            if n == 0 {
                return Poll::Pending;
            }
            self.room -= n;
            self.calls += 1;
            self.taken.extend_from_slice(&bytes[..n]);
            Poll::Ready(Ok(n))
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            slices: &[io::IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.poll_write(
                cx,
                &slices.iter().flat_map(|slice| slice.to_vec()).collect::<Vec<_>>(),
            )
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn carrier(room: usize) -> Carrier<Socket> {
        let socket = Socket {
            room,
            ..Socket::default()
        };
        Carrier::new(socket, Buffer::default())
    }

    /// What the crate does when it is polled: writes what it has, in slices of this length, flushes after each piece of a body and at the end, and
    /// waits.
    fn write(
        carrier: &mut Carrier<Socket>,
        pieces: &mut Vec<&[u8]>,
        grain: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(piece) = pieces.first_mut() {
            let slices = piece.chunks(grain).map(io::IoSlice::new).collect::<Vec<_>>();
            let n = ready!(Pin::new(&mut *carrier).poll_write_vectored(cx, &slices))?;
            *piece = &piece[n..];
            if piece.is_empty() {
                pieces.remove(0);
                ready!(Pin::new(&mut *carrier).poll_flush(cx))?;
            }
        }
        ready!(Pin::new(&mut *carrier).poll_flush(cx))?;
        Poll::Pending
    }

    #[test]
    fn what_is_written_in_one_go_goes_out_together() {
        let mut carrier = carrier(usize::MAX);
        let mut cx = Context::from_waker(Waker::noop());
        let moved = carrier.moved();
        let mut pieces = vec![&b"one"[..], b"two", b"three"];

        let driven = moved.drive(&mut cx, |cx| write(&mut carrier, &mut pieces, 9, cx));

        assert!(driven.is_pending());
        assert_eq!(
            (carrier.stream.calls, &carrier.stream.taken[..]),
            (1, &b"onetwothree"[..])
        );
        assert_eq!(moved.written(), 11);
        // Nothing is left: nothing is done.
        let mut polls = 0;
        assert!(
            moved
                .drive(&mut cx, |cx| {
                    polls += 1;
                    write(&mut carrier, &mut Vec::new(), 9, cx)
                })
                .is_pending()
        );
        assert_eq!((polls, carrier.stream.calls), (1, 1));
    }

    #[test]
    fn the_last_words_are_written_before_the_end() {
        let mut carrier = carrier(usize::MAX);
        let mut cx = Context::from_waker(Waker::noop());

        assert!(Pin::new(&mut carrier).poll_write(&mut cx, b"leave").is_ready());
        let held = carrier.stream.taken.len();
        assert!(Pin::new(&mut carrier).poll_shutdown(&mut cx).is_ready());

        assert_eq!((held, &carrier.stream.taken[..]), (0, &b"leave"[..]));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_moved_where_the_socket_is_slow(
            sizes in prop::collection::vec(0_usize..40_000, 1..12),
            rooms in prop::collection::vec(0_usize..20_000, 1..12),
            grain in 1_usize..20_000,
        ) {
            // No two neighbours of it are alike, so that whatever is moved shows.
            let all: Vec<u8> = (0..sizes.iter().sum()).map(|at: usize| (at % 251) as u8).collect();
            let (mut pieces, mut rest) = (Vec::new(), &all[..]);
            for size in sizes.into_iter().filter(|size| *size > 0) {
                let (piece, behind) = rest.split_at(size);
                pieces.push(piece);
                rest = behind;
            }
            let mut cx = Context::from_waker(Waker::noop());
            let mut carrier = carrier(0);
            let moved = carrier.moved();

            for room in rooms.into_iter().chain([usize::MAX]) {
                carrier.stream.room = room;
                prop_assert!(moved.drive(&mut cx, |cx| write(&mut carrier, &mut pieces, grain, cx)).is_pending());
            }

            prop_assert!(carrier.outbox.is_empty());
            prop_assert_eq!(&carrier.stream.taken, &all);
            prop_assert_eq!(moved.written(), carrier.stream.taken.len() as u64);
        }
    }
}
