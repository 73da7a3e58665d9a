use std::fmt;
use std::mem;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use graylane_boot::Report;
use graylane_core::Name;
use graylane_note::Notes;
use graylane_pipeline::{Hooks, Instance};
use graylane_proxy::{Gateway, Shared};
use graylane_route::Snapshot;

use crate::load::Loaded;
use crate::modules::TABLE;
use crate::version::Version;

/// What the units leave for each other, and for the admin pages. Each cell is filled once, by the unit whose name it has.
pub(crate) struct Parts {
    pub(crate) path: PathBuf,
    pub(crate) version: Version,
    pub(crate) notes: Notes,
    pub(crate) began: Instant,
    pub(super) configuration: OnceLock<Loaded>,
    pub(super) routing: OnceLock<Arc<Snapshot>>,
    /// By row of the table of modules.
    pub(super) modules: Vec<OnceLock<Arc<dyn Instance>>>,
    /// Taken by the workers: whoever keeps a handle keeps the queue open.
    listeners: Mutex<Vec<TcpListener>>,
    pub(super) listener_addresses: OnceLock<Vec<(Name, SocketAddr)>>,
    pub(super) admin: OnceLock<SocketAddr>,
    pub(super) shared: OnceLock<Arc<Shared>>,
    gateway: Mutex<Option<Gateway>>,
    report: OnceLock<Report>,
    ready: AtomicBool,
}

impl Parts {
    pub(super) fn new(path: &Path, version: Version, notes: &Notes) -> Self {
        Self {
            path: path.to_owned(),
            version,
            notes: notes.clone(),
            began: Instant::now(),
            configuration: OnceLock::new(),
            routing: OnceLock::new(),
            modules: TABLE.iter().map(|_| OnceLock::new()).collect(),
            listeners: Mutex::new(Vec::new()),
            listener_addresses: OnceLock::new(),
            admin: OnceLock::new(),
            shared: OnceLock::new(),
            gateway: Mutex::new(None),
            report: OnceLock::new(),
            ready: AtomicBool::new(false),
        }
    }

    pub(crate) fn configuration(&self) -> Option<&Loaded> {
        self.configuration.get()
    }

    /// What the workers share, once they are up.
    pub(crate) fn shared(&self) -> Option<&Arc<Shared>> {
        self.shared.get()
    }

    /// The modules that are up, as hooks.
    pub(super) fn hooks(&self) -> Hooks {
        Hooks::new(self.modules.iter().filter_map(OnceLock::get).cloned().collect())
    }

    pub(super) fn put_listeners(&self, listeners: Vec<TcpListener>) {
        *lock(&self.listeners) = listeners;
    }

    pub(super) fn take_listeners(&self) -> Vec<TcpListener> {
        mem::take(&mut *lock(&self.listeners))
    }

    pub(super) fn put_gateway(&self, gateway: Gateway) {
        *lock(&self.gateway) = Some(gateway);
    }

    pub(super) fn take_gateway(&self) -> Option<Gateway> {
        lock(&self.gateway).take()
    }

    pub(super) fn listener_addresses(&self) -> &[(Name, SocketAddr)] {
        self.listener_addresses.get().map_or(&[], Vec::as_slice)
    }

    pub(super) fn admin_address(&self) -> SocketAddr {
        self.admin
            .get()
            .copied()
            .unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// How the start went, once it is over.
    pub(crate) fn report(&self) -> Option<&Report> {
        self.report.get()
    }

    pub(super) fn set_ready(&self, report: Report) {
        // Set once: there is one start.
        let _ = self.report.set(report);
        self.ready.store(true, Relaxed);
    }

    /// Whether everything is up and nothing is on its way out.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Relaxed) && !self.is_draining()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.shared().is_some_and(|shared| shared.is_draining())
    }
}

/// A lock is held for one assignment, which cannot panic half way: what a poisoned one holds is whole.
fn lock<T>(cell: &Mutex<T>) -> MutexGuard<'_, T> {
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("path", &self.path)
            .field("ready", &self.ready)
            .finish_non_exhaustive()
    }
}
