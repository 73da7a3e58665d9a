//! What is known of one endpoint.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

use crate::gate::Gate;
use crate::window::Window;

/// An endpoint, for as long as one configuration after the other has it: exchanges of the old one and of the new one see
/// and change the same state.
#[derive(Default)]
pub(crate) struct Endpoint {
    pub(crate) gate: Gate,
    pub(crate) record: Record,
}

/// The counters of one endpoint; all relaxed, none guards another.
#[derive(Default)]
#[repr(align(64))]
pub(crate) struct Record {
    pub(crate) failures_in_a_row: AtomicU32,
    pub(crate) opened: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) refused: AtomicU64,
    /// When an ejection was last refused, in milliseconds since the origin plus one; 0: never.
    pub(crate) refused_at: AtomicU64,
}

/// An endpoint under the rules of one configuration: only the length of the window may differ between two.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) window: Arc<Window>,
}

impl Endpoint {
    /// Forgets the failures in a row.
    pub(crate) fn forget(&self) {
        self.record.failures_in_a_row.store(0, Relaxed);
    }
}

impl Watched {
    /// One of which nothing is known.
    pub(crate) fn new(window: Window) -> Self {
        Self {
            endpoint: Arc::default(),
            window: Arc::new(window),
        }
    }

    /// Forgets what it failed at.
    pub(crate) fn forget(&self) {
        self.window.clear();
        self.endpoint.forget();
    }
}

impl Deref for Watched {
    type Target = Endpoint;

    #[inline]
    fn deref(&self) -> &Endpoint {
        &self.endpoint
    }
}
