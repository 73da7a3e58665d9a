//! Memory for what was read and is not yet understood.
//!
//! A connection has a buffer only while there is something in it or about to be: ten thousand idle connections hold none.
//! Where one is given back it stays with its thread for the next, so in the steady state nothing is asked of the allocator.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::stream::Stream;

/// A usual head with room to spare, and the body of a usual answer with it.
const SMALL: usize = 8 * 1024;
/// For bodies that fill one read after the other. More would save system calls, and cost more than that in caches.
const LARGE: usize = 16 * 1024;
/// Memory that a thread keeps for its next connections, by number of buffers of each size.
const KEPT_SMALL: usize = 256;
const KEPT_LARGE: usize = 64;

thread_local! {
    static KEPT: RefCell<Kept> = const { RefCell::new(Kept { small: Vec::new(), large: Vec::new() }) };
}

struct Kept {
    small: Vec<Box<[u8]>>,
    large: Vec<Box<[u8]>>,
}

/// Takes memory of a size from the thread's own, or makes it.
fn take(large: bool) -> Box<[u8]> {
    let kept = KEPT.try_with(|kept| {
        let kept = &mut *kept.borrow_mut();
        if large { kept.large.pop() } else { kept.small.pop() }
    });
    // A thread that ends has nothing kept any more.
    kept.ok()
        .flatten()
        .unwrap_or_else(|| vec![0; if large { LARGE } else { SMALL }].into())
}

fn give_back(memory: Box<[u8]>) {
    let _ = KEPT.try_with(|kept| {
        let kept = &mut *kept.borrow_mut();
        let (list, most) = match memory.len() {
            SMALL => (&mut kept.small, KEPT_SMALL),
            LARGE => (&mut kept.large, KEPT_LARGE),
            _ => return,
        };
        if list.len() < most {
            list.push(memory);
        }
    });
}

/// Bytes that were read, in order.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// Empty while there is nothing to hold.
    memory: Box<[u8]>,
    start: usize,
    end: usize,
    /// Reads fill all the room that they get: there will be more.
    large: bool,
}

impl Buffer {
    /// What was read and not consumed.
    #[inline]
    pub(crate) fn filled(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// So many bytes are done with.
    ///
    /// # Panics
    /// Where there are not so many.
    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        assert!(n <= self.len(), "only what was read can be consumed");
        self.start += n;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Gives the memory back, where nothing is in it.
    #[inline]
    pub(crate) fn release(&mut self) {
        if self.is_empty() && !self.memory.is_empty() {
            give_back(std::mem::take(&mut self.memory));
        }
    }

    /// Reads once; 0 means that the peer has ended its side. Holds `limit` bytes at most, and so much must not be there
    /// already. Pending leaves no memory with an empty buffer.
    #[inline]
    pub(crate) fn poll_fill(
        &mut self,
        stream: &mut Stream,
        limit: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.memory.is_empty() {
            // Nothing is there in most cases, and then no memory need be taken.
            ready!(stream.poll_readable(cx))?;
        }
        self.make_room(limit);
        let mut room = ReadBuf::new(&mut self.memory[self.end..]);
        let read = Pin::new(stream).poll_read(cx, &mut room);
        let n = room.filled().len();
        let is_full = room.remaining() == 0;
        if read.is_pending() {
            self.release();
        }
        ready!(read)?;
        self.end += n;
        self.large = is_full || (self.large && n >= SMALL);
        Poll::Ready(Ok(n))
    }

    #[inline]
    fn make_room(&mut self, limit: usize) {
        if self.memory.is_empty() {
            self.memory = take(self.large);
        } else if self.large && self.memory.len() < LARGE && self.is_empty() {
            self.move_to(take(true));
        }
        if self.end == self.memory.len() {
            self.find_room(limit);
        }
    }

    /// The rest moves to the front, and where it already is there, into larger memory.
    #[cold]
    fn find_room(&mut self, limit: usize) {
        debug_assert!(self.len() < limit, "a buffer that is full cannot be filled");
        if self.start > 0 {
            self.memory.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        } else if self.memory.len() < LARGE {
            self.move_to(take(true));
        } else {
            let size = (self.memory.len() * 2).min(limit.max(self.memory.len() + 1));
            self.move_to(vec![0; size].into());
        }
    }

    fn move_to(&mut self, mut memory: Box<[u8]>) {
        let length = self.len();
        memory[..length].copy_from_slice(self.filled());
        give_back(std::mem::replace(&mut self.memory, memory));
        (self.start, self.end) = (0, length);
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if !self.memory.is_empty() {
            give_back(std::mem::take(&mut self.memory));
        }
    }
}

/// Texts of heads that a thread keeps for its next messages.
const KEPT_TEXTS: usize = 256;
/// What nearly every head fits into, and the body of a small answer behind it: a text that has to grow asks the allocator
/// again.
const USUAL_TEXT: usize = 2 * 1024;
/// A text that has grown beyond this for one large head is not kept.
const LARGEST_TEXT: usize = 16 * 1024;

thread_local! {
    static TEXTS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Takes an empty text, in memory that an earlier head had.
#[inline]
pub(crate) fn take_text() -> Vec<u8> {
    let kept = TEXTS.try_with(|texts| texts.borrow_mut().pop());
    kept.ok()
        .flatten()
        .unwrap_or_else(|| Vec::with_capacity(USUAL_TEXT))
}

/// Gives a text's memory to the next head.
#[inline]
pub(crate) fn give_text(mut text: Vec<u8>) {
    if text.capacity() == 0 || text.capacity() > LARGEST_TEXT {
        return;
    }
    text.clear();
    let _ = TEXTS.try_with(|texts| {
        let texts = &mut *texts.borrow_mut();
        if texts.len() < KEPT_TEXTS {
            texts.push(text);
        }
    });
}
