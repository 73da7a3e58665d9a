use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::fs::{AtFlags, FileType, Mode};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::SOCKET;
use crate::{DoorError, Folder, kernel, peer};

/// Takes away the socket of a dead process, and nothing else.
pub(super) fn make_room(folder: &Folder) -> Result<(), DoorError> {
    let path = || folder.path().to_path_buf();
    let failed = |source| DoorError::Io { path: path(), source };
    match folder.kind(SOCKET).map_err(failed)? {
        None => return Ok(()),
        Some(FileType::Socket) => {}
        Some(_) => {
            return Err(DoorError::InTheWay {
                path: folder.path().join(SOCKET),
            });
        }
    }
    // We have the lock, so somebody who listens lost theirs: its file was taken away.
    match peer::connect(folder, Duration::ZERO) {
        Ok(stream) => Err(DoorError::Held {
            path: path(),
            pid: kernel::peer(&stream).ok().and_then(|peer| peer.pid),
        }),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(DoorError::Held {
            path: path(),
            pid: None,
        }),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            rustix::fs::unlinkat(folder, SOCKET, AtFlags::empty()).map_err(|error| failed(error.into()))
        }
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn bind(folder: &Folder) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(folder.short(SOCKET))?)?;
    // Nobody else can enter the folder; this is for those who look at the socket alone.
    rustix::fs::chmodat(folder, SOCKET, Mode::RUSR | Mode::WUSR, AtFlags::empty())?;
    Ok(socket)
}
