mod lock;
mod socket;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::fs::AtFlags;
use rustix::io::Errno;
use rustix::net::SocketFlags;

use crate::claim::Claims;
use crate::limits::VISITORS;
use crate::{Folder, Handing, Patience, Trust, Visitor, kernel, poll};

pub(crate) const SOCKET: &str = "handover.sock";
/// What the two parts of a door are called on their way; no listener may be called so.
pub(crate) const DOOR_NAME: &str = "handover:door";
pub(crate) const LOCK_NAME: &str = "handover:lock";

/// Where visitors come: the socket `handover.sock` in the folder, and the lock that says whose it is.
///
/// Dropped, it only closes its descriptors: another process may hold the same door. [`Door::close`] takes the socket away.
#[derive(Debug)]
pub struct Door {
    folder: Folder,
    socket: OwnedFd,
    lock: File,
    trust: Trust,
    patience: Patience,
    claims: Claims,
    inside: Arc<AtomicUsize>,
    turned_away: AtomicU64,
}

/// A door that came with a handover. Nobody is let in before it is opened.
#[derive(Debug)]
pub struct HeldDoor {
    pub(crate) socket: OwnedFd,
    pub(crate) lock: OwnedFd,
}

/// A door that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Another process is there.
    #[error("{} is at {path} already", match pid { Some(pid) => format!("process {pid}"), None => "another process".to_owned() })]
    Held {
        /// The folder.
        path: PathBuf,
        /// Its process id, where it is known.
        pid: Option<u32>,
    },
    /// Something is in the socket's place that is no socket.
    #[error("{path} is no socket")]
    InTheWay {
        /// Which path.
        path: PathBuf,
    },
    /// The socket or the lock cannot be made.
    #[error("the door at {path} cannot be opened")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DoorError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Held { .. } => "take over from it instead, or give this one a folder of its own".to_owned(),
            Self::InTheWay { path } => format!("move {} away", path.display()),
            Self::Io { path, .. } => format!("{} must be writable, and /proc be there", path.display()),
        }
    }
}

impl Door {
    /// Opens the door of that folder. A socket that a dead process left is taken away; of two that start at once, one wins.
    ///
    /// # Errors
    ///
    /// Where another process is there, or the socket cannot be made.
    pub fn open(folder: &Folder, trust: Trust, patience: Patience) -> Result<Self, DoorError> {
        let failed = |source| DoorError::Io {
            path: folder.path().to_path_buf(),
            source,
        };
        let lock = lock::take(folder)?;
        socket::make_room(folder)?;
        let socket = socket::bind(folder).map_err(failed)?;
        Self::with(folder, socket, lock, trust, patience).map_err(failed)
    }

    fn with(
        folder: &Folder,
        socket: OwnedFd,
        lock: File,
        trust: Trust,
        patience: Patience,
    ) -> io::Result<Self> {
        // Again, for an inherited one: with it the kernel notes who listens, and tells whoever connects.
        rustix::net::listen(&socket, 16)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        lock::sign(&lock)?;
        Ok(Self {
            folder: folder.duplicate()?,
            socket,
            lock,
            trust,
            patience,
            claims: Claims::default(),
            inside: Arc::default(),
            turned_away: AtomicU64::new(0),
        })
    }

    /// The next visitor, waiting up to `wait`; `None` if none came. Strangers are closed without a word, and counted.
    ///
    /// Returns at once with a visitor that has said nothing yet: [`Visitor::listen`] hears it, best on a thread of its
    /// own. With too many visitors inside, further ones are closed.
    ///
    /// # Errors
    ///
    /// Where the socket fails; trying again later is right.
    pub fn visitor(&self, wait: Duration) -> io::Result<Option<Visitor>> {
        if !poll::wait(&self.socket, PollFlags::IN, wait)? {
            return Ok(None);
        }
        let stream = match rustix::net::accept_with(&self.socket, SocketFlags::CLOEXEC) {
            Ok(socket) => UnixStream::from(socket),
            // Gone again, or let in by the other process that holds this door.
            Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let peer = kernel::peer(&stream)?;
        let inside = Inside::enter(&self.inside);
        let Some(inside) = inside.filter(|_| self.trust.hears(peer)) else {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
            return Ok(None);
        };
        Visitor::new(stream, peer, self.patience, self.claims.clone(), inside).map(Some)
    }

    /// How many were turned away as strangers, or because too many were inside.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// Puts this process's name on the door again: another one that took it over did not stay.
    ///
    /// # Errors
    ///
    /// Where the lock cannot be written.
    pub fn sign(&self) -> io::Result<()> {
        lock::sign(&self.lock)
    }

    /// Takes the socket away: the orderly end of a process that handed nothing over. What another process took over
    /// stays.
    pub fn close(self) {
        if lock::signature(&self.lock) == Some(std::process::id()) {
            // Who comes next takes a socket away that nobody listens at, so that failing here does no harm.
            _ = rustix::fs::unlinkat(&self.folder, SOCKET, AtFlags::empty());
        }
    }

    /// What the new process gets of the door.
    pub(crate) fn parts(&self) -> [Handing<'_>; 2] {
        [
            Handing {
                name: DOOR_NAME,
                kind: "unix",
                socket: self.socket.as_fd(),
            },
            Handing {
                name: LOCK_NAME,
                kind: "lock",
                socket: self.lock.as_fd(),
            },
        ]
    }
}

impl HeldDoor {
    /// Lets visitors in from now on, and puts this process's name on the door: after the commit, before anything else.
    ///
    /// # Errors
    ///
    /// Where the socket is no longer one that listens.
    pub fn open(self, folder: &Folder, trust: Trust, patience: Patience) -> Result<Door, DoorError> {
        Door::with(folder, self.socket, File::from(self.lock), trust, patience).map_err(|source| {
            DoorError::Io {
                path: folder.path().to_path_buf(),
                source,
            }
        })
    }
}

/// A place among the visitors, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Inside(Arc<AtomicUsize>);

impl Inside {
    fn enter(count: &Arc<AtomicUsize>) -> Option<Self> {
        let before = count.fetch_add(1, Ordering::Relaxed);
        let inside = Self(Arc::clone(count));
        (before < VISITORS).then_some(inside)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
