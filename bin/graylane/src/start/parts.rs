use std::fmt;
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use graylane_boot::Report;
use graylane_core::Name;
use graylane_note::Notes;
use graylane_ofrep::Publisher;
use graylane_pipeline::{Hooks, Instance, Topology};
use graylane_proxy::{Gateway, Shared};
use graylane_route::Snapshot;
use graylane_tls::Tls;
use tokio::sync::watch;

use super::Inheritance;
use crate::admin::Admits;
use crate::change::{Beginning, Handle, InUse, Status};
use crate::exit::Failure;
use crate::handover::{Phase, Record};
use crate::load::{Loaded, Wanted};
use crate::modules::TABLE;
use crate::version::Version;

/// What the units leave for each other, and for the admin pages. Each cell is filled once, by the unit whose name it has.
pub(crate) struct Parts {
    /// `None`: nothing is started.
    pub(crate) wanted: Option<Wanted>,
    pub(crate) version: Version,
    pub(crate) notes: Notes,
    pub(super) configuration: OnceLock<Arc<InUse>>,
    /// Taken by the engine of changes.
    beginning: Mutex<Option<Beginning>>,
    pub(super) publisher: OnceLock<Publisher>,
    ofrep: Mutex<Option<graylane_ofrep::Server>>,
    pub(super) changes: OnceLock<Handle>,
    pub(crate) status: Arc<Status>,
    pub(super) topology: OnceLock<Arc<Topology>>,
    /// Taken by the workers.
    routing: Mutex<Option<Snapshot>>,
    pub(super) tls: OnceLock<Arc<Tls>>,
    /// By row of the table of modules.
    pub(super) modules: Vec<OnceLock<Arc<dyn Instance>>>,
    /// Taken by the workers: whoever keeps a handle keeps the queue open.
    listeners: Mutex<Vec<TcpListener>>,
    pub(super) listener_addresses: OnceLock<Vec<(Name, SocketAddr)>>,
    pub(super) admin: OnceLock<SocketAddr>,
    /// Whether new connections to the admin port are taken; and a handle of their queue, for the next process.
    admin_admits: watch::Sender<Admits>,
    admin_queue: Mutex<Option<TcpListener>>,
    pub(crate) inheritance: Inheritance,
    pub(crate) record: Record,
    pub(super) shared: OnceLock<Arc<Shared>>,
    gateway: Mutex<Option<Gateway>>,
    report: OnceLock<Report>,
    ready: AtomicBool,
}

impl Parts {
    pub(crate) fn new(
        wanted: Option<Wanted>,
        version: Version,
        notes: &Notes,
        inheritance: Inheritance,
    ) -> Self {
        Self {
            wanted,
            version,
            notes: notes.clone(),
            configuration: OnceLock::new(),
            beginning: Mutex::new(None),
            publisher: OnceLock::new(),
            ofrep: Mutex::new(None),
            changes: OnceLock::new(),
            status: Arc::default(),
            topology: OnceLock::new(),
            routing: Mutex::new(None),
            tls: OnceLock::new(),
            modules: TABLE.iter().map(|_| OnceLock::new()).collect(),
            listeners: Mutex::new(Vec::new()),
            listener_addresses: OnceLock::new(),
            admin: OnceLock::new(),
            admin_admits: watch::Sender::new(match inheritance.before() {
                None => Admits::Now,
                Some(_) => Admits::Later,
            }),
            record: Record::new(inheritance.before()),
            admin_queue: Mutex::new(None),
            inheritance,
            shared: OnceLock::new(),
            gateway: Mutex::new(None),
            report: OnceLock::new(),
            ready: AtomicBool::new(false),
        }
    }

    /// Whether another process serves still, so that this one must not yet.
    pub(crate) fn takes_over(&self) -> bool {
        self.inheritance.before().is_some()
    }

    /// Lets connections to the admin port in, or leaves them in the queue.
    pub(crate) fn open_admin(&self, open: bool) {
        self.admin_admits
            .send_replace(if open { Admits::Now } else { Admits::Later });
    }

    /// Closes the admin port for good: the next process has it.
    pub(crate) fn close_admin(&self) {
        lock(&self.admin_queue).take();
        self.admin_admits.send_replace(Admits::NoMore);
    }

    pub(super) fn admin_orders(&self) -> watch::Receiver<Admits> {
        self.admin_admits.subscribe()
    }

    pub(super) fn put_admin_queue(&self, queue: TcpListener) {
        *lock(&self.admin_queue) = Some(queue);
    }

    /// A handle of the queue of the admin port.
    pub(crate) fn admin_queue(&self) -> io::Result<Option<TcpListener>> {
        lock(&self.admin_queue)
            .as_ref()
            .map(TcpListener::try_clone)
            .transpose()
    }

    /// The configuration in use.
    pub(crate) fn in_use(&self) -> Option<Arc<Loaded>> {
        self.configuration.get().map(|in_use| in_use.load_full())
    }

    /// Where changes are ordered, once they can be.
    pub(crate) fn changes(&self) -> Option<&Handle> {
        self.changes.get()
    }

    pub(super) fn put_beginning(&self, beginning: Beginning) {
        *lock(&self.beginning) = Some(beginning);
    }

    /// The revision of the configuration that the process starts with.
    pub(super) fn first_revision(&self) -> Option<u64> {
        lock(&self.beginning)
            .as_ref()
            .map(|beginning| beginning.accepted.revision)
    }

    /// Keeps what the start has accepted.
    pub(super) fn keep_beginning(&self) -> Result<(), Failure> {
        lock(&self.beginning).as_ref().map_or(Ok(()), Beginning::keep)
    }

    pub(super) fn take_beginning(&self) -> Option<Beginning> {
        lock(&self.beginning).take()
    }

    pub(super) fn put_ofrep(&self, server: graylane_ofrep::Server) {
        *lock(&self.ofrep) = Some(server);
    }

    pub(super) fn take_ofrep(&self) -> Option<graylane_ofrep::Server> {
        lock(&self.ofrep).take()
    }

    /// Lends the flag server, where there is one.
    pub(crate) fn with_ofrep<T>(&self, look: impl FnOnce(&graylane_ofrep::Server) -> T) -> Option<T> {
        lock(&self.ofrep).as_ref().map(look)
    }

    /// What the workers share, once they are up.
    pub(crate) fn shared(&self) -> Option<&Arc<Shared>> {
        self.shared.get()
    }

    /// The modules that are up, as hooks.
    pub(super) fn hooks(&self) -> Hooks {
        Hooks::new(self.modules.iter().filter_map(OnceLock::get).cloned().collect())
    }

    /// The module of a row that is to be stopped: that of the configuration in use.
    pub(super) fn module_in_use(&self, row: usize) -> Option<Arc<dyn Instance>> {
        let first = self.modules[row].get()?;
        let of_name = |hooks: &Hooks| {
            let mut modules = hooks.modules().iter();
            modules.find(|module| module.name() == first.name()).cloned()
        };
        self.shared()
            .and_then(|shared| of_name(shared.current().hooks()))
            .or_else(|| Some(Arc::clone(first)))
    }

    pub(super) fn put_routing(&self, snapshot: Snapshot) {
        *lock(&self.routing) = Some(snapshot);
    }

    pub(super) fn take_routing(&self) -> Option<Snapshot> {
        lock(&self.routing).take()
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

    /// The names of the listeners.
    pub(crate) fn listener_names(&self) -> Vec<Name> {
        let all = self.listener_addresses().iter();
        all.map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn admin_address(&self) -> SocketAddr {
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
        self.ready.load(Relaxed) && !self.is_draining() && self.record.phase() != Phase::Taking
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
            .field("wanted", &self.wanted)
            .field("ready", &self.ready)
            .finish_non_exhaustive()
    }
}
