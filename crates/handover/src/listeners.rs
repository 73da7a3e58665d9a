use std::collections::BTreeSet;
use std::os::fd::{BorrowedFd, OwnedFd};

use crate::door::{DOOR_NAME, LOCK_NAME};
use crate::frame::{Frame, Kind};
use crate::limits::{BATCH, LISTENERS};
use crate::messages::{Batch, Entry};
use crate::state::name_fits;
use crate::talk::Talk;
use crate::{Door, HeldDoor, LinkError};

/// A listener that is to be handed over. The giver keeps its own descriptor of it.
#[derive(Clone, Copy, Debug)]
pub struct Handing<'a> {
    /// What it is called; no two are called the same.
    pub name: &'a str,
    /// What it is, for the taker (`tcp`); not looked at here.
    pub kind: &'a str,
    /// The socket.
    pub socket: BorrowedFd<'a>,
}

/// A listener that was handed over: another descriptor of the same socket, close-on-exec.
#[derive(Debug)]
pub struct Handed {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// The socket.
    pub socket: OwnedFd,
}

/// Sends the door and the listeners, in as many messages as the kernel's limit of descriptors asks for.
pub(crate) fn send(talk: &mut Talk, door: &Door, listeners: &[Handing<'_>]) -> Result<(), LinkError> {
    let all = [&door.parts(), listeners].concat();
    check(all.iter().map(|listener| listener.name))?;
    let mut left = all.len();
    for batch in all.chunks(BATCH) {
        left -= batch.len();
        let body = Batch {
            left,
            entries: batch.iter().map(Entry::from).collect(),
        };
        let body = serde_json::to_vec(&body).map_err(std::io::Error::from)?;
        let sockets = batch.iter().map(|l| l.socket).collect::<Vec<_>>();
        talk.link
            .send(Kind::Listeners, &body, &sockets, talk.patience.answer)?;
    }
    Ok(())
}

/// Receives them. On an error all that came are closed.
pub(crate) fn receive(
    next: &mut dyn FnMut() -> Result<Frame, LinkError>,
) -> Result<(HeldDoor, Vec<Handed>), LinkError> {
    let mut all = Vec::new();
    loop {
        let mut frame = next()?;
        if frame.kind != Kind::Listeners {
            return Err(frame.out_of_turn());
        }
        let batch = frame.parse::<Batch>()?;
        if batch.entries.len() != frame.descriptors.len() {
            return Err(frame.malformed("its names and its descriptors differ in number"));
        }
        if batch.entries.is_empty() || all.len() + batch.entries.len() + batch.left > LISTENERS + 2 {
            return Err(frame.malformed("too many listeners, or none"));
        }
        let sockets = std::mem::take(&mut frame.descriptors);
        all.extend(
            batch
                .entries
                .into_iter()
                .zip(sockets)
                .map(|(entry, socket)| Handed {
                    name: entry.name,
                    kind: entry.kind,
                    socket,
                }),
        );
        if batch.left == 0 {
            break;
        }
    }
    check(all.iter().map(|listener| listener.name.as_str()))?;
    let mut part = |name| {
        let at = all.iter().position(|listener| listener.name == name);
        let at = at.ok_or_else(|| malformed("the door is missing".to_owned()))?;
        Ok::<_, LinkError>(all.remove(at).socket)
    };
    let door = HeldDoor {
        socket: part(DOOR_NAME)?,
        lock: part(LOCK_NAME)?,
    };
    Ok((door, all))
}

fn check<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), LinkError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !name_fits(name) {
            return Err(malformed(format!("{name:?} is no name")));
        }
        if !seen.insert(name) {
            return Err(malformed(format!("{name:?} is there twice")));
        }
    }
    match seen.len() > LISTENERS + 2 {
        true => Err(malformed("too many listeners".to_owned())),
        false => Ok(()),
    }
}

fn malformed(why: String) -> LinkError {
    LinkError::Malformed {
        kind: Kind::Listeners.word(),
        why,
    }
}
