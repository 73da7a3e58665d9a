use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::thread;

use super::Worker;
use crate::connections::Permit;
use crate::ledger::Fate;

/// No fate: the connection goes on, or its end says by itself what it was.
const OPEN: u8 = u8::MAX;

/// One open client connection, tunnels included: counted from its beginning until its last user drops it, on the thread of
/// its worker.
#[derive(Debug)]
pub(crate) struct Presence {
    worker: Arc<Worker>,
    /// The number of the listener that it came in by.
    pub(crate) listener: usize,
    fate: AtomicU8,
    _permit: Option<Permit>,
}

impl Presence {
    /// Of a connection that was accepted.
    pub(crate) fn accepted(worker: &Arc<Worker>, listener: usize, permit: Option<Permit>) -> Self {
        worker.counters.accepted.add(1);
        worker.expect();
        Self::new(worker, listener, permit)
    }

    /// Of a connection that was [expected](Worker::expect) from another process.
    pub(super) fn adopted(worker: &Arc<Worker>, listener: usize) -> Self {
        worker.counters.adopted.add(1);
        let permit = worker.shared.connections.insist();
        Self::new(worker, listener, Some(permit))
    }

    fn new(worker: &Arc<Worker>, listener: usize, permit: Option<Permit>) -> Self {
        worker.counters.open.add(1);
        Self {
            worker: Arc::clone(worker),
            listener,
            fate: AtomicU8::new(OPEN),
            _permit: permit,
        }
    }

    /// How it ends, where its end does not say. The first word counts.
    pub(crate) fn set_fate(&self, fate: Fate) {
        let _ = self.fate.compare_exchange(OPEN, fate as u8, Relaxed, Relaxed);
    }

    fn fate(&self) -> Fate {
        let set = Fate::ALL.get(usize::from(self.fate.load(Relaxed))).copied();
        match set {
            Some(fate) => fate,
            // Whatever was under way has nobody left who would finish it.
            None if self.worker.is_over() || thread::panicking() => Fate::Cut,
            None if self.worker.shared.is_draining() => Fate::Drained,
            None => Fate::Ended,
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let counters = &self.worker.counters;
        counters.fate(self.fate());
        counters.open.sub(1);
        self.worker.unexpect();
    }
}
