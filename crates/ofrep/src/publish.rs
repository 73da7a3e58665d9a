use std::sync::Arc;

use arc_swap::ArcSwap;
use graylane_flags::FlagSet;
use tokio::sync::watch;

use crate::snapshot::Snapshot;

/// A set of flags, ready to be served.
#[derive(Debug, Clone)]
pub struct Published {
    /// The flags.
    pub flags: Arc<FlagSet>,
    /// The revision of the whole that they belong to. It only grows; that is for the caller to see to.
    pub revision: u64,
    /// The digest of the same.
    pub digest: [u8; 32],
}

/// Where sets of flags are published. Clones publish to the same place.
#[derive(Debug, Clone)]
pub struct Publisher(Arc<Place>);

#[derive(Debug)]
struct Place {
    current: ArcSwap<Snapshot>,
    told: watch::Sender<u64>,
}

impl Publisher {
    /// A place with its first set.
    pub fn new(first: Published) -> Self {
        Self(Arc::new(Place {
            current: ArcSwap::from_pointee(Snapshot::new(first)),
            told: watch::Sender::new(0),
        }))
    }

    /// Publishes a set: requests from now on are answered from it, and event streams tell their clients.
    ///
    /// The pieces of the answers are made here, in the caller's thread; whoever is answered meanwhile does not wait.
    pub fn publish(&self, published: Published) {
        self.0.current.store(Arc::new(Snapshot::new(published)));
        self.wake();
    }

    /// The revision that is served.
    pub(crate) fn current(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.0.current.load()
    }

    /// Makes every event stream look again.
    pub(crate) fn wake(&self) {
        self.0.told.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.told.subscribe()
    }
}
