//! Trace and span ids: unpredictable enough not to collide, not secret.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};

thread_local! {
    static STATE: Cell<u64> = Cell::new(RandomState::new().build_hasher().finish());
}

/// The next 64 bits of this thread: SplitMix64 (Steele, Lea and Flood, 2014), seeded by the system.
#[inline]
pub(crate) fn next() -> u64 {
    STATE.with(|state| {
        let now = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        state.set(now);
        let mixed = (now ^ (now >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}
