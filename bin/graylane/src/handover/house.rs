//! The running process, as the threads of a handover see it.

mod counts;
mod operator;

use std::collections::VecDeque;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use graylane_core::Name;
use graylane_handover::systemd::{self, Notice};
use graylane_handover::{Door, Hello, Served, State};
use graylane_proxy::{Control, Ledger, Queues};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::awaited::Awaited;
use super::switch::Pending;
use super::{ACCEPTED, ADMIN, GENERATION, LISTENER, MODULE, OFREP, Phase};
use crate::change::{self, Accepted, NoAnswer};
use crate::channel::CHANNEL;
use crate::load::{Loaded, Wanted};
use crate::start::{Parts, Started};
use crate::version::Version;

/// What the main task is told.
#[derive(Debug)]
pub(crate) enum Word {
    /// The next process goes on alone, and this one drains.
    Leaving(Leaving),
    /// The process before accepts again, and this one nobody any more: it drains.
    Returned(Returned),
}

/// How the end of this process is waited for.
#[derive(Debug)]
pub(crate) struct Leaving {
    /// The next process.
    pub(crate) to: u32,
    /// What had become of connections when the drain began.
    pub(crate) mark: Ledger,
    /// Who waits for what became of them in the end.
    pub(crate) awaited: Awaited,
}

/// Why this process ends, and the one before goes on.
#[derive(Debug)]
pub(crate) struct Returned {
    pub(crate) reason: String,
    /// Who waits for what became of its connections.
    pub(crate) awaited: Awaited,
}

/// What the threads of a handover need.
#[derive(Debug)]
pub(crate) struct House {
    pub(super) parts: Arc<Parts>,
    pub(super) control: Control,
    changes: change::Handle,
    runtime: Handle,
    words: mpsc::UnboundedSender<Word>,
    /// Why the handover under way is to end.
    called_off: Mutex<Option<String>>,
    /// This process is to end as soon as it can.
    told_to_end: AtomicBool,
    /// Nobody is let in any more: the next process answers the door.
    pub(super) door_shut: AtomicBool,
    /// Held while somebody is being let in.
    door_turn: Mutex<()>,
    switch: Mutex<Option<Pending>>,
    /// How many operators wait for an outcome.
    operators: watch::Sender<usize>,
    /// What was counted in the last minute.
    seen: Mutex<VecDeque<Served>>,
}

/// For the workers to stop accepting: nobody accepts in that time.
const STILL: Duration = Duration::from_secs(2);

/// For a process that is sent back to end, beyond what its drain may take.
const LAST_STEPS: Duration = Duration::from_secs(5);

/// Where a process of this configuration is met; `None`: nowhere.
pub(crate) fn folder(wanted: &Wanted, loaded: &Loaded) -> Option<PathBuf> {
    Some(wanted.folder().join(loaded.config.handover_folder()?))
}

impl House {
    /// To be called within the runtime of the main task. `None` where no changes can be made, which never is.
    pub(crate) fn new(started: &Started) -> Option<(Arc<Self>, mpsc::UnboundedReceiver<Word>)> {
        let (words, heard) = mpsc::unbounded_channel();
        let house = Self {
            parts: Arc::clone(started.parts()),
            control: started.control().clone(),
            changes: started.changes()?,
            runtime: Handle::current(),
            words,
            called_off: Mutex::default(),
            told_to_end: AtomicBool::new(false),
            door_shut: AtomicBool::new(false),
            door_turn: Mutex::default(),
            switch: Mutex::default(),
            operators: watch::Sender::default(),
            seen: Mutex::default(),
        };
        Some((Arc::new(house), heard))
    }

    /// Who this process is.
    pub(super) fn hello(&self) -> Hello {
        let digest = self.parts.in_use().map(|loaded| loaded.digest.to_hex());
        hello(&self.parts.version, &digest.unwrap_or_default())
    }

    /// What an operator is told.
    pub(super) fn status(&self) -> serde_json::Value {
        let mut status = self.parts.record.json();
        if let Some(status) = status.as_object_mut() {
            let version = self.parts.version.json();
            status.extend(version.as_object().cloned().unwrap_or_default());
        }
        status
    }

    pub(super) fn say(&self, word: Word) {
        // The main task ends last.
        let _ = self.words.send(word);
    }

    /// Ends the handover under way before its commit.
    pub(crate) fn call_off(&self, reason: &str) {
        *locked(&self.called_off) = Some(reason.to_owned());
    }

    pub(super) fn called_off(&self) -> Option<String> {
        locked(&self.called_off).clone()
    }

    /// By a signal.
    pub(crate) fn tell_to_end(&self) {
        self.told_to_end.store(true, SeqCst);
    }

    pub(super) fn is_told_to_end(&self) -> bool {
        self.told_to_end.load(SeqCst)
    }

    pub(super) fn forget_call_off(&self) {
        *locked(&self.called_off) = None;
    }

    /// Makes no more changes, and lets the next process write the audit log: what that one tells there must not take the
    /// time in which nobody accepts. Gives what it is told.
    pub(super) fn suspend(&self) -> Result<State, String> {
        let accepted = self.runtime.block_on(async {
            let accepted = self.changes.suspend().await?;
            self.changes.give_up().await;
            Ok::<_, NoAnswer>(accepted)
        });
        let accepted = accepted.map_err(|error| error.to_string())?;
        Ok(self.state(&accepted))
    }

    fn state(&self, accepted: &Accepted) -> State {
        let mut state = State::default();
        let generation = self.parts.record.generation().to_string();
        let mut entries = vec![
            (ACCEPTED.to_owned(), accepted.to_bytes()),
            (GENERATION.to_owned(), generation.into_bytes()),
        ];
        if let Some(shared) = self.parts.shared() {
            let current = shared.current();
            let modules = current.hooks().modules().iter();
            entries.extend(modules.filter_map(|one| Some((format!("{MODULE}{}", one.name()), one.offer()?))));
        }
        for (name, bytes) in entries {
            if let Err(error) = state.insert(&name, bytes) {
                log::warn!("handover: {name} stays here: {error}");
            }
        }
        state
    }

    /// Handles of all listening sockets, with their names.
    pub(super) fn sockets(&self) -> std::io::Result<Vec<(String, TcpListener)>> {
        let listeners = self.control.listeners()?.into_iter();
        let mut all: Vec<_> = listeners
            .map(|(name, socket)| (format!("{LISTENER}{name}"), socket))
            .collect();
        all.extend(self.parts.admin_queue()?.map(|socket| (ADMIN.to_owned(), socket)));
        let ofrep = self.parts.with_ofrep(graylane_ofrep::Server::queue).transpose()?;
        all.extend(ofrep.flatten().map(|socket| (OFREP.to_owned(), socket)));
        Ok(all)
    }

    /// Accepts nobody any more where the other process does. What is open is served on, and so is whoever comes where the
    /// other process does not: nobody else would.
    ///
    /// # Errors
    /// A worker does not stop: it hangs.
    pub(super) fn stand_aside(&self, claimed: &[String]) -> Result<(), String> {
        self.control.pause_only(&listeners(claimed));
        if claimed.iter().any(|name| name == ADMIN) {
            self.parts.open_admin(false);
        }
        if claimed.iter().any(|name| name == OFREP) {
            self.parts.with_ofrep(graylane_ofrep::Server::pause);
        }
        let paused = async { timeout(STILL, self.control.paused()).await };
        let paused = self.runtime.block_on(paused);
        paused.map_err(|_| format!("a worker still accepts after {STILL:?}"))
    }

    /// Serves as before: nothing was taken over.
    pub(super) fn go_on(&self, reason: &str) {
        self.accept();
        self.changes.back(reason);
        self.parts.record.enter(Phase::Serving, None);
    }

    /// Accepts everywhere.
    pub(crate) fn accept(&self) {
        self.control.resume();
        self.parts.with_ofrep(graylane_ofrep::Server::resume);
        self.parts.open_admin(true);
    }

    /// This process is sent back: it accepts nobody any more, and writes no more.
    pub(super) fn withdraw(&self) {
        self.control.pause();
        self.parts.open_admin(false);
        self.parts.with_ofrep(graylane_ofrep::Server::pause);
        // Changes under way end first; one that cannot be suspended ends with the process.
        let _ = self.runtime.block_on(self.changes.suspend());
        self.runtime.block_on(self.changes.give_up());
    }

    /// Drains, and hands nothing over; gives what had become of connections before.
    pub(crate) fn drain(&self) -> Ledger {
        let mark = self.control.ledger();
        // Before it is told: whoever reads that the gateway drains may rely on it.
        self.control.drain(Queues::Empty);
        self.parts.record.enter(Phase::Draining, None);
        mark
    }

    /// The same where no handover is under way; none can begin meanwhile.
    pub(crate) fn drain_alone(&self) -> Option<Ledger> {
        let mark = self.control.ledger();
        let drain = || self.control.drain(Queues::Empty);
        let record = &self.parts.record;
        let drains = record.enter_from(Phase::Serving, Phase::Draining, None, drain);
        drains.then_some(mark)
    }

    /// Drains; what waits in these queues is the other process's.
    pub(crate) fn leave(&self, queues: &[Name]) {
        self.parts.record.enter(Phase::Draining, None);
        self.control.drain(Queues::Leave(queues));
        self.parts.close_admin();
        self.parts.with_ofrep(graylane_ofrep::Server::drain);
    }

    /// The same with all queues: they are the process's that goes on.
    pub(crate) fn leave_all(&self) {
        let names = self.parts.listener_names();
        self.leave(&names);
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Whether the last handover was called off from here.
    pub(crate) fn was_called_off(&self) -> bool {
        self.called_off().is_some()
    }

    /// How long a process that is sent back may take to end, after which it is taken to hang.
    pub(super) fn way_out(&self) -> Duration {
        let drain = self.parts.in_use().map(|loaded| loaded.config.drain.limit);
        drain.unwrap_or_default() + LAST_STEPS
    }

    /// How often this process gives a sign of life.
    pub(super) fn beat(&self) -> Duration {
        let loaded = self.parts.in_use();
        loaded.map_or(Duration::from_millis(500), |loaded| loaded.config.handover.beat)
    }

    /// Shuts the door, and waits until nobody is half inside; or opens it.
    pub(super) fn shut_door(&self, shut: bool) {
        self.door_shut.store(shut, SeqCst);
        drop(self.door_turn());
    }

    /// Answers the door again, as the main process: the next one may have said that it is, and did not stay.
    pub(super) fn reopen(&self, door: &Door) {
        self.shut_door(false);
        if let Err(error) = door.sign() {
            log::warn!("handover: the lock of the door cannot be signed again: {error}");
        }
        Self::name_main(std::process::id());
    }

    /// Tells systemd which process is the main one.
    pub(super) fn name_main(pid: u32) {
        if let Err(error) = systemd::notify(&[Notice::MainPid(pid), Notice::Ready]) {
            log::warn!("systemd cannot be told that process {pid} is the main one: {error}");
        }
    }

    pub(super) fn door_turn(&self) -> MutexGuard<'_, ()> {
        locked(&self.door_turn)
    }

    /// What a process that would take over has other than this one.
    pub(super) fn compared(&self, other: &Hello) -> &'static str {
        let own = self.hello();
        match (own.build == other.build, own.configuration == other.configuration) {
            (true, true) => ", the same build with the same configuration",
            (true, false) => ", the same build with another configuration",
            (false, true) => ", with the same configuration",
            (false, false) => ", with another configuration",
        }
    }
}

/// The listeners of exchanges among what was handed over.
fn listeners(claimed: &[String]) -> Vec<Name> {
    let names = claimed.iter().filter_map(|name| name.strip_prefix(LISTENER));
    names.filter_map(|name| name.parse().ok()).collect()
}

/// No code under a lock here panics half way.
fn locked<T>(cell: &Mutex<T>) -> MutexGuard<'_, T> {
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a process says that it is.
pub(crate) fn hello(version: &Version, digest: &str) -> Hello {
    Hello::of_this_process(&version.build_id, Version::NUMBER, CHANNEL.as_str(), digest)
}
