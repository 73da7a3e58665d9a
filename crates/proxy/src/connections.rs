//! How many client connections there may be, while that number changes.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One permit per connection. Where the limit falls below the number of those that are open, none is cut: the permits
/// that are too many are taken out as their connections end.
#[derive(Debug)]
pub(crate) struct Connections {
    permits: Arc<Semaphore>,
    /// How many permits, held by connections, are still to be taken out. Written under the lock of `limit`.
    surplus: AtomicUsize,
    limit: Mutex<usize>,
}

/// One connection's permit.
#[derive(Debug)]
pub(crate) struct Permit {
    /// `None`: it was not there to be taken, and one of those that end next is taken out for it.
    own: Option<OwnedSemaphorePermit>,
    connections: Arc<Connections>,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(limit)),
            surplus: AtomicUsize::new(0),
            limit: Mutex::new(limit),
        })
    }

    /// Waits for a permit.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Option<Permit> {
        let own = Arc::clone(&self.permits).acquire_owned().await;
        // It fails only where the semaphore was closed, which nobody does.
        Some(self.permit(own.ok()?))
    }

    /// Takes a permit, if there is one.
    pub(crate) fn try_acquire(self: &Arc<Self>) -> Option<Permit> {
        let own = Arc::clone(&self.permits).try_acquire_owned();
        Some(self.permit(own.ok()?))
    }

    /// Takes a permit, whether there is one or not.
    pub(crate) fn insist(self: &Arc<Self>) -> Permit {
        self.try_acquire().unwrap_or_else(|| {
            let locked = self.locked();
            self.surplus.fetch_add(1, SeqCst);
            self.settle(&locked);
            Permit {
                own: None,
                connections: Arc::clone(self),
            }
        })
    }

    fn permit(self: &Arc<Self>, own: OwnedSemaphorePermit) -> Permit {
        Permit {
            own: Some(own),
            connections: Arc::clone(self),
        }
    }

    /// From now on there may be so many.
    pub(crate) fn set_limit(&self, limit: usize) {
        let mut now = self.locked();
        let before = std::mem::replace(&mut *now, limit);
        if let Some(more) = limit.checked_sub(before) {
            let kept = self.surplus.load(SeqCst).min(more);
            self.surplus.fetch_sub(kept, SeqCst);
            self.permits.add_permits(more - kept);
        } else {
            self.surplus.fetch_add(before - limit, SeqCst);
            self.settle(&now);
        }
    }

    /// Takes out what can be of the permits that are too many.
    fn settle(&self, _locked: &MutexGuard<'_, usize>) {
        fence(SeqCst);
        let out = self.permits.forget_permits(self.surplus.load(SeqCst));
        self.surplus.fetch_sub(out, SeqCst);
    }

    /// A connection ended that had no permit of its own.
    fn pay_back(&self) {
        let _locked = self.locked();
        if self.surplus.load(SeqCst) > 0 {
            self.surplus.fetch_sub(1, SeqCst);
        } else {
            self.permits.add_permits(1);
        }
    }

    /// The lock is held for no code that can panic half way: what a poisoned one holds is whole.
    fn locked(&self) -> MutexGuard<'_, usize> {
        self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let connections = &*self.connections;
        let Some(own) = self.own.take() else {
            return connections.pay_back();
        };
        if connections.surplus.load(SeqCst) > 0 {
            let _locked = connections.locked();
            if connections.surplus.load(SeqCst) > 0 {
                connections.surplus.fetch_sub(1, SeqCst);
                own.forget();
                return;
            }
        }
        drop(own);
        // The limit may have fallen since the first look: either that thread sees the permit, or this one the surplus.
        fence(SeqCst);
        if connections.surplus.load(SeqCst) > 0 {
            connections.settle(&connections.locked());
        }
    }
}

#[cfg(test)]
mod tests;
