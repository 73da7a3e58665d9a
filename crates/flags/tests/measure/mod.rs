//! What work costs in memory, counted by an allocator of its own.
#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static ALL: Cell<usize> = const { Cell::new(0) };
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: everything is left to the system's allocator; the counters are plain cells of the thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALL.set(ALL.get() + layout.size());
        NOW.set(NOW.get() + layout.size().cast_signed());
        PEAK.set(PEAK.get().max(NOW.get()));
        // SAFETY: the caller keeps to the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.set(NOW.get() - layout.size().cast_signed());
        // SAFETY: the caller keeps to the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What some work took, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// At most at the same time.
    pub(crate) peak: usize,
    /// Over all: what is copied again and again shows here, also where it is given back.
    pub(crate) all: usize,
}

/// What this work takes in this thread.
pub(crate) fn cost(work: impl FnOnce()) -> Cost {
    let (all, now) = (ALL.get(), NOW.get());
    PEAK.set(now);
    work();
    Cost {
        peak: (PEAK.get() - now).cast_unsigned(),
        all: ALL.get() - all,
    }
}
