//! Bodies on their way: where one comes from, where it goes, and the pump between the two.
//!
//! Each protocol implements both traits for both of its sides, so every pair of protocols is joined by the same code. A
//! pump has no buffer of its own: what its sink does not take stays with the source, which then reads no more. That is
//! the whole of backpressure.

use std::io;
use std::task::{Context, Poll};

use crate::mirror::{self, Replica};

/// What comes next of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Some of it: see [`Source::data`].
    Data,
    /// Its end: see [`Source::trailers`].
    End,
}

/// A body broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// What came is no body.
    #[error("the body is malformed")]
    Malformed,
    /// It is larger than the limit.
    #[error("the body is too large")]
    TooLarge,
    /// Its sender has gone.
    #[error("the body broke off")]
    Gone,
}

/// Where a body comes from.
pub(crate) trait Source {
    /// Looks for what comes next, and reads where nothing is there.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, Broken>>;

    /// What is there of the body: not empty after [`Next::Data`].
    fn data(&self) -> &[u8];

    /// So many bytes of [`Source::data`] are done with: their sender may send as many more.
    fn consume(&mut self, n: usize);

    /// After [`Next::End`]: field lines, each with its line end, without the empty line at their end. Filtered: nothing
    /// that only the gateway may say, and nothing that no trailer may be.
    fn trailers(&self) -> &[u8];
}

/// Where a body goes.
pub(crate) trait Sink {
    /// Takes what it can: at least one byte, where it is ready. A little may be kept until [`Sink::poll_flush`].
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// The body ends here, with these field lines as trailers. Called once; [`Sink::poll_flush`] sends it.
    fn finish(&mut self, trailers: &[u8]);

    /// Whether [`Sink::finish`] was called.
    fn is_finished(&self) -> bool;

    /// Hands on all that was taken, the head before the body included.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// How far a pump came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pumped {
    /// The whole body is handed on.
    Ended,
    /// Its source has no more for now, and all that it had is handed on.
    WaitsForSource,
    /// Its sink takes no more for now.
    WaitsForSink,
}

/// Why a pump cannot go on.
#[derive(Debug)]
pub(crate) enum PumpError {
    Source(Broken),
    Sink(io::Error),
}

/// Bytes moved in one go before the other tasks of the thread have their turn.
const TURN: u64 = 1024 * 1024;

/// Moves what can be moved now of a request, and adds the number of its bytes to `moved`. Whoever is waited for wakes the
/// task. A copy of the request, where there is one, keeps what is moved, and goes off when all is.
#[inline]
pub(crate) fn pump(
    from: &mut impl Source,
    to: &mut impl Sink,
    moved: &mut u64,
    replica: &mut Option<Box<Replica>>,
    cx: &mut Context<'_>,
) -> Result<Pumped, PumpError> {
    let seen = |data: &[u8], n: usize| {
        if replica.is_some() {
            mirror::keep(replica, &data[..n]);
        }
    };
    let pumped = pump_with(from, to, moved, cx, seen, |_| {})?;
    if replica.is_some() && pumped == Pumped::Ended {
        mirror::leave(replica);
    }
    Ok(pumped)
}

/// Moves what can be moved now, as [`pump`] does, and says when the sink has taken everything, before the end of that goes out: with the number of all bytes
/// moved, and again each time until that has gone out.
#[inline]
pub(crate) fn pump_then(
    from: &mut impl Source,
    to: &mut impl Sink,
    moved: &mut u64,
    cx: &mut Context<'_>,
    taken: impl FnOnce(u64),
) -> Result<Pumped, PumpError> {
    pump_with(from, to, moved, cx, |_, _| {}, taken)
}

#[inline]
fn pump_with(
    from: &mut impl Source,
    to: &mut impl Sink,
    moved: &mut u64,
    cx: &mut Context<'_>,
    mut seen: impl FnMut(&[u8], usize),
    taken: impl FnOnce(u64),
) -> Result<Pumped, PumpError> {
    let turn = *moved + TURN;
    while !to.is_finished() {
        match from.poll_next(cx) {
            Poll::Ready(Ok(Next::Data)) => {
                let data = from.data();
                match to.poll_write(cx, data) {
                    Poll::Ready(Ok(n)) => {
                        seen(data, n);
                        from.consume(n);
                        *moved += n as u64;
                    }
                    Poll::Ready(Err(error)) => return Err(PumpError::Sink(error)),
                    Poll::Pending => return Ok(Pumped::WaitsForSink),
                }
            }
            Poll::Ready(Ok(Next::End)) => to.finish(from.trailers()),
            Poll::Ready(Err(broken)) => return Err(PumpError::Source(broken)),
            Poll::Pending => return flush(to, Pumped::WaitsForSource, cx),
        }
        if *moved >= turn {
            cx.waker().wake_by_ref();
            return Ok(Pumped::WaitsForSource);
        }
    }
    taken(*moved);
    flush(to, Pumped::Ended, cx)
}

#[inline]
fn flush(to: &mut impl Sink, then: Pumped, cx: &mut Context<'_>) -> Result<Pumped, PumpError> {
    match to.poll_flush(cx) {
        Poll::Ready(Ok(())) => Ok(then),
        Poll::Ready(Err(error)) => Err(PumpError::Sink(error)),
        Poll::Pending => Ok(Pumped::WaitsForSink),
    }
}

/// Reads what comes of a body and drops it.
pub(crate) fn discard(
    from: &mut impl Source,
    moved: &mut u64,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Broken>> {
    loop {
        match from.poll_next(cx)? {
            Poll::Ready(Next::Data) => {
                let n = from.data().len();
                from.consume(n);
                *moved += n as u64;
            }
            Poll::Ready(Next::End) => return Poll::Ready(Ok(())),
            Poll::Pending => return Poll::Pending,
        }
    }
}
