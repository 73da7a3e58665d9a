use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::{Pid, PidfdFlags};

use crate::door::SOCKET;
use crate::limits::{DYING, LOOK};
use crate::{Folder, kernel, poll};

/// Who is at the other end of the connection, by the kernel's word (`SO_PEERCRED`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its user.
    pub uid: u32,
    /// Its process; `None` where it cannot be seen from this PID namespace.
    pub pid: Option<u32>,
}

/// Whose visits are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    uid: u32,
    root: bool,
}

impl Trust {
    /// The user that this process runs as, and root.
    #[must_use]
    pub fn own() -> Self {
        Self {
            uid: rustix::process::geteuid().as_raw(),
            root: true,
        }
    }

    /// That user and nobody else, not even root.
    #[must_use]
    pub fn only(uid: u32) -> Self {
        Self { uid, root: false }
    }

    /// Whether that peer is heard.
    #[must_use]
    pub fn hears(&self, peer: Peer) -> bool {
        peer.uid == self.uid || (self.root && peer.uid == 0)
    }
}

/// How the new process knows that the old one died, when the connection to it ends without a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Death {
    /// The kernel is asked whether that process ended. One that lives and hung up is not dead: it goes on serving.
    #[default]
    AskTheKernel,
    /// The end of the connection is believed: in tests, where both sides are one process.
    EndOfConnection,
}

/// Watches whether a process ended.
#[derive(Debug)]
pub(crate) struct Life {
    process: Option<OwnedFd>,
    death: Death,
}

impl Life {
    pub(crate) fn of(peer: Peer, death: Death) -> Self {
        let pid = peer.pid.and_then(|pid| Pid::from_raw(pid.cast_signed()));
        Self {
            // From here on it cannot be mistaken for another process that gets its number.
            process: pid.and_then(|pid| rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok()),
            death,
        }
    }

    /// Whether the process ended, asked when the connection to it did. One that cannot be seen is believed to have: with
    /// two that serve nobody loses anything, with none everybody does.
    pub(crate) fn ended(&self) -> bool {
        match (&self.process, self.death) {
            (None, _) | (_, Death::EndOfConnection) => true,
            (Some(process), Death::AskTheKernel) => {
                poll::wait(process.as_fd(), PollFlags::IN, DYING).unwrap_or(true)
            }
        }
    }
}

/// Why nobody can be talked to.
#[derive(Debug)]
pub(crate) enum KnockError {
    NobodyThere,
    Stranger { uid: u32 },
    Unreachable(io::Error),
}

/// Connects to whoever is at the door of that folder.
pub(crate) fn knock(
    folder: &Folder,
    trust: Trust,
    limit: Duration,
) -> Result<(UnixStream, Peer), KnockError> {
    let stream = connect(folder, limit).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::NOENT | Errno::CONNREFUSED) => KnockError::NobodyThere,
        _ => KnockError::Unreachable(error),
    })?;
    let peer = kernel::peer(&stream).map_err(KnockError::Unreachable)?;
    if !trust.hears(peer) {
        return Err(KnockError::Stranger { uid: peer.uid });
    }
    Ok((stream, peer))
}

/// A connection to the socket, waiting up to `limit` while its queue is full.
pub(crate) fn connect(folder: &Folder, limit: Duration) -> io::Result<UnixStream> {
    let until = poll::until(limit);
    let address = SocketAddrUnix::new(folder.short(SOCKET))?;
    loop {
        let socket = rustix::net::socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        )?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) => return Ok(UnixStream::from(socket)),
            // A full queue of a Unix socket cannot be waited for otherwise.
            Err(Errno::AGAIN) if Instant::now() < until => std::thread::sleep(LOOK),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
