//! The generation in use, as this worker's thread last saw it.
//!
//! It is kept by the thread and not by each connection: ten thousand idle connections must not keep ten thousand old
//! generations.

use std::cell::RefCell;
use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};

use crate::gateway::Shared;
use crate::generation::{Generation, Held};

thread_local! {
    static LATEST: RefCell<Option<Latest>> = const { RefCell::new(None) };
}

struct Latest {
    cache: Cache<Arc<ArcSwap<Generation>>, Arc<Generation>>,
    held: Arc<Held>,
}

impl Latest {
    #[cold]
    fn new(shared: &Shared) -> Self {
        let mut cache = Cache::new(Arc::clone(shared.generations()));
        let held = Arc::new(Held(Arc::clone(cache.load())));
        Self { cache, held }
    }

    /// Costs one load where nothing has changed.
    #[inline]
    fn look(&mut self) -> &Arc<Held> {
        let latest = self.cache.load();
        if !Arc::ptr_eq(latest, &self.held.0) {
            self.held = Arc::new(Held(Arc::clone(latest)));
        }
        &self.held
    }
}

/// The generation in use. A thread serves one gateway for all its life.
#[inline]
pub(crate) fn latest(shared: &Shared) -> Arc<Held> {
    LATEST.with_borrow_mut(|latest| Arc::clone(latest.get_or_insert_with(|| Latest::new(shared)).look()))
}

/// At the end of the thread.
pub(crate) fn clear() {
    LATEST.set(None);
}
