//! Lets visitors in: the next process, and operators.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, Instant};
use std::{io, path::Path};

use graylane_handover::{Door, DoorError, Folder, FolderError, Patience, Trust, Visit, VisitError, Visitor};

use super::{House, Phase, giving, switch};

/// Between two looks at what the process has counted, and at whether the door is to be shut.
const LOOK: Duration = Duration::from_secs(1);
/// The same while a handover is under way, which must not wait for this.
const LOOK_CLOSELY: Duration = Duration::from_millis(25);

/// The thread at the door. It ends with the process.
#[derive(Debug)]
pub(crate) struct Doorman;

/// The door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoDoor {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Door(#[from] DoorError),
    #[error("no thread for the door")]
    Thread(#[from] io::Error),
}

impl NoDoor {
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Folder(error) => error.hint(),
            Self::Door(error) => error.hint(),
            Self::Thread(_) => "look at the limits of this process".to_owned(),
        }
    }
}

impl Doorman {
    /// Opens the door in that folder, and lets visitors in from now on.
    pub(crate) fn open(house: &Arc<House>, path: &Path) -> Result<(), NoDoor> {
        let folder = Folder::open(path)?;
        let door = Door::open(&folder, Trust::own(), Patience::default())?;
        Ok(Self::start(house, door)?)
    }

    /// Lets visitors in at a door that is open.
    pub(super) fn start(house: &Arc<House>, door: Door) -> io::Result<()> {
        let house = Arc::clone(house);
        thread::Builder::new()
            .name("door".to_owned())
            .spawn(move || run(&house, Arc::new(door)))
            .map(drop)
    }
}

fn run(house: &Arc<House>, door: Arc<Door>) {
    let mut looked: Option<Instant> = None;
    loop {
        if looked.is_none_or(|at| at.elapsed() >= LOOK) {
            looked = Some(Instant::now());
            house.look();
        }
        let wait = match house.parts.record.phase() {
            Phase::Serving => LOOK,
            Phase::Draining => return leave(house, door),
            _ => LOOK_CLOSELY,
        };
        if house.door_shut.load(SeqCst) {
            thread::park_timeout(LOOK_CLOSELY);
            continue;
        }
        let visitor = {
            let _inside = house.door_turn();
            // Shut since the last look: who is outside waits for whoever opens it again.
            if house.door_shut.load(SeqCst) {
                continue;
            }
            door.visitor(wait)
        };
        match visitor {
            Ok(None) => {}
            Ok(Some(visitor)) => receive(house, &door, visitor),
            Err(error) => {
                log::error!("handover: the door: {error}");
                thread::park_timeout(LOOK);
            }
        }
    }
}

/// Takes the socket away, where no other process answers there.
fn leave(house: &House, door: Arc<Door>) {
    if !house.door_shut.load(SeqCst)
        && let Some(door) = Arc::into_inner(door)
    {
        door.close();
    }
}

/// On a thread of its own: a visitor who says nothing keeps nobody else out.
fn receive(house: &Arc<House>, door: &Arc<Door>, visitor: Visitor) {
    let (house, door) = (Arc::clone(house), Arc::clone(door));
    let spawned = thread::Builder::new()
        .name("visitor".to_owned())
        .spawn(move || hear(&house, &door, visitor));
    if let Err(error) = spawned {
        log::error!("handover: no thread for a visitor: {error}");
    }
}

fn hear(house: &Arc<House>, door: &Door, visitor: Visitor) {
    match visitor.listen() {
        Ok(Visit::TakeOver(giver)) => giving::give(house, door, giver),
        Ok(Visit::Switch(errand)) => switch::run(house, errand),
        Ok(Visit::Status(question)) => question.answer(&house.status()),
        Err(error @ VisitError::Refused { .. }) => log::warn!("handover: {error}"),
        Err(VisitError::Broken(error)) => {
            log::warn!("handover: a visitor could not be understood: {error}");
        }
    }
}
