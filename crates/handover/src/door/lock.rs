use std::fs::File;
use std::io::{self, Read, Seek, Write};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::{DoorError, Folder};

const LOCK: &str = "handover.lock";

/// The lock: of the open file description, so that it stays taken while it is handed from process to process.
pub(super) fn take(folder: &Folder) -> Result<File, DoorError> {
    let failed = |error: Errno| DoorError::Io {
        path: folder.path().to_path_buf(),
        source: error.into(),
    };
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let lock = rustix::fs::openat(folder, LOCK, flags, Mode::RUSR | Mode::WUSR).map_err(failed)?;
    let lock = File::from(lock);
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(Errno::WOULDBLOCK) => Err(DoorError::Held {
            path: folder.path().to_path_buf(),
            pid: signature(&lock),
        }),
        Err(error) => Err(failed(error)),
    }
}

/// Writes into the lock whose it is; for messages, and for [`Door::close`].
pub(super) fn sign(mut lock: &File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(std::process::id().to_string().as_bytes())
}

/// Whose it is, as it says.
pub(super) fn signature(mut lock: &File) -> Option<u32> {
    let mut text = String::new();
    lock.rewind().ok()?;
    lock.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
