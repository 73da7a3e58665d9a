//! How a process comes to serve: afresh, or beside the one before, which serves until this one is ready.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use graylane_core::Name;
use graylane_handover::systemd::{self, Notice};
use graylane_note::Notes;
use graylane_proxy::Queues;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Signals, internal, tell_systemd};
use crate::change::Handle;
use crate::cli::{self, TakeOver};
use crate::exit::{Failure, HANDOVER, INTERNAL, NOT_TAKEN_OVER, START_FAILED};
use crate::handover::{self, Doorman, House, NotInherited, Phase, Taking, Turn, Word};
use crate::load::{Loaded, Wanted};
use crate::start::{self, Inheritance, Started};
use crate::version::Version;

/// A process that serves.
pub(super) struct Begun {
    pub(super) started: Started,
    pub(super) house: Arc<House>,
    pub(super) words: UnboundedReceiver<Word>,
}

/// `None`: a signal came first.
pub(super) async fn begin(
    args: &cli::Serve,
    version: Version,
    notes: &Notes,
    signals: &mut Signals,
) -> Result<Option<Begun>, Failure> {
    let wanted = args.file.wanted();
    // In each case: who leaves them alone keeps them open.
    let sockets = from_systemd();
    let taken = match args.take_over {
        Some(when) => inherit(&wanted, &version, when).await?,
        None => None,
    };
    match taken {
        Some((taking, inheritance)) => {
            // A queue that is kept open is one that nobody empties.
            for (name, _) in sockets {
                log::info!("the socket {name} of systemd is closed: those of the process before count");
            }
            let beside = start(wanted, version, notes, inheritance, signals).await;
            match beside {
                Ok(Some(started)) => take_over(started, taking).await.map(Some),
                Ok(None) => {
                    taking.give_up("it was told to end during its start");
                    Ok(None)
                }
                Err(failure) => {
                    taking.give_up(&format!("it does not start: {failure}"));
                    Err(failure)
                }
            }
        }
        None => {
            let inheritance = Inheritance::new(sockets, None);
            match start(wanted, version, notes, inheritance, signals).await? {
                Some(started) => afresh(started).await.map(Some),
                None => Ok(None),
            }
        }
    }
}

async fn start(
    wanted: Wanted,
    version: Version,
    notes: &Notes,
    inheritance: Inheritance,
    signals: &mut Signals,
) -> Result<Option<Started>, Failure> {
    tokio::select! {
        started = start::start(wanted, version, notes, inheritance) => started.map(Some),
        name = signals.next() => {
            log::info!("{name} during the start: ending");
            Ok(None)
        }
    }
}

/// Asks the process that is met where this configuration says; `None` where there is none, and there need not be.
async fn inherit(
    wanted: &Wanted,
    version: &Version,
    when: TakeOver,
) -> Result<Option<(Taking, Inheritance)>, Failure> {
    // Read again after the process before has stopped making changes: what it says now is only where to ask.
    let loaded = Loaded::read(wanted, None)?;
    let Some(path) = handover::folder(wanted, &loaded) else {
        return Err(Failure::new(
            NOT_TAKEN_OVER,
            "this configuration does not say where the running process is met",
            "set handover.folder, or server.state, in the configuration of both",
        ));
    };
    let hello = handover::hello(version, &loaded.digest.to_hex());
    let mut taking = Taking::begin(path, hello).map_err(|error| internal(&error))?;
    match taking.inherited().await {
        Ok(inheritance) => Ok(Some((taking, inheritance))),
        Err(NotInherited::Nobody(_)) if when == TakeOver::IfRunning => {
            log::info!("there is no process to take over from");
            Ok(None)
        }
        Err(NotInherited::Nobody(failure) | NotInherited::Failed(failure)) => Err(failure),
    }
}

/// The sockets that systemd opened for this process: those of the configuration that have their names or addresses are
/// used.
fn from_systemd() -> Vec<(String, std::os::fd::OwnedFd)> {
    let sockets = systemd::listeners().unwrap_or_else(|error| {
        log::warn!("the sockets of systemd cannot be used: {error}");
        Vec::new()
    });
    let named = |name: String| match &*name {
        handover::ADMIN | handover::OFREP => name,
        _ => format!("{}{name}", handover::LISTENER),
    };
    sockets
        .into_iter()
        .map(|one| (named(one.name), one.socket))
        .collect()
}

async fn afresh(started: Started) -> Result<Begun, Failure> {
    let (house, words) = House::new(&started).ok_or_else(no_house)?;
    for name in started.parts().inheritance.close_unclaimed() {
        log::warn!("no listener of the configuration is at the inherited socket {name}: it is closed");
    }
    if let Some(path) = folder(&started) {
        if let Err(error) = Doorman::open(&house, &path) {
            let failure = Failure::new(HANDOVER, crate::change::chain(&error), &error.hint());
            end(started).await;
            return Err(failure);
        }
        log::info!("the next process is met in {}", path.display());
    }
    tell_systemd(&[Notice::Ready]);
    Ok(Begun {
        started,
        house,
        words,
    })
}

fn folder(started: &Started) -> Option<PathBuf> {
    let parts = started.parts();
    handover::folder(parts.wanted.as_ref()?, &*parts.in_use()?)
}

/// Proves itself, takes its turn, and accepts.
async fn take_over(started: Started, mut taking: Taking) -> Result<Begun, Failure> {
    let (house, words) = House::new(&started).ok_or_else(no_house)?;
    warm_up(&started).await;
    if let Err(text) = probe(&started).await {
        taking.give_up(&text);
        end(started).await;
        return Err(Failure::new(
            START_FAILED,
            format_args!("this process does not serve as it must: {text}"),
            "the process before goes on; this is a bug: please report it",
        ));
    }
    let claimed = started.parts().inheritance.claimed();
    for name in started.parts().inheritance.close_unclaimed() {
        log::warn!("no listener of the configuration is at the inherited socket {name}: it is closed");
    }
    // What is not in the audit log must not be in use. From here on nobody waits for a disk: the process before stops
    // accepting as soon as it hears that this one is ready.
    if let Some(changes) = started.changes()
        && let Err(failure) = take_up(&changes).await
    {
        taking.give_up(&failure.to_string());
        end(started).await;
        return Err(failure);
    }
    let turn = match taking.ready(claimed).await {
        Ok(turn) => turn,
        Err(failure) => {
            end(started).await;
            return Err(failure);
        }
    };
    if turn == Turn::Go {
        let before = started.parts().inheritance.before().map(|before| before.pid);
        house.parts().record.enter(Phase::OnProbation, before);
    }
    house.accept();
    taking.accepting(Arc::clone(&house));
    Ok(Begun {
        started,
        house,
        words,
    })
}

/// Whom the audit log is left to may find it taken for a moment, by a process that was started beside and ends by itself.
const TAKEN: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(50);

/// Takes up the audit log, and makes changes from now on.
async fn take_up(changes: &Handle) -> Result<(), Failure> {
    let end = Instant::now() + TAKEN;
    loop {
        let begun = changes.begin().await;
        if begun.is_ok() || Instant::now() >= end {
            return begun;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// How long a new process waits for what its first checks of endpoints find. An endpoint that does not answer in that time must
/// not hold up the switch: it is no fault of this process.
const FIRST_ROUND: Duration = Duration::from_secs(5);

/// Knows its endpoints before it serves, as far as they are checked: its first request must not be what finds out who is dead.
async fn warm_up(started: &Started) {
    if let Some(shared) = started.parts().shared()
        && !shared.first_round(FIRST_ROUND).await
    {
        log::warn!(
            "not every endpoint was checked within {FIRST_ROUND:?}: they count as healthy until they are"
        );
    }
}

async fn probe(started: &Started) -> Result<(), String> {
    let control = started.control().clone();
    let workers = started
        .parts()
        .shared()
        .map_or(1, |shared| shared.counters().workers());
    let probed = tokio::task::spawn_blocking(move || handover::probe(&control, workers)).await;
    match probed {
        Ok(Ok(())) => Ok(()),
        Ok(Err(unfit)) => Err(crate::change::chain(&unfit)),
        Err(_) => Err("the probe panicked".to_owned()),
    }
}

/// Ends a process that accepted nobody.
async fn end(mut started: Started) {
    // The queues are those of the process before.
    let names: Vec<Name> = started.listeners().iter().map(|(name, _)| name.clone()).collect();
    started.gateway().drain(Queues::Leave(&names));
    started.gateway().stop();
    started.gateway().ended().await;
    started.stop().await;
}

fn no_house() -> Failure {
    Failure::new(
        INTERNAL,
        "the engine of changes is not there",
        "this is a bug: please report it",
    )
}
