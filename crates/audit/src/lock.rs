use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The log cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else writes.
    #[error("process {pid} writes to it already")]
    Held {
        /// The process id that the lock names.
        pid: u32,
    },
    /// Somebody else writes, and the lock does not say who.
    #[error("another process writes to it already")]
    HeldBySomebody,
    /// The lock cannot be made.
    #[error("the lock cannot be taken")]
    Io(#[from] io::Error),
}

/// The right to write, as long as it lives. The kernel gives it back when the process ends, however it ends.
///
/// A file of its own is locked: the log's own file changes its name when it is full.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(path: &Path) -> Result<Self, LockError> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600);
        let mut file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&mut file)),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // The number only serves the message; without room for it the lock holds as well.
        _ = file
            .set_len(0)
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
        Ok(Self { _file: file })
    }
}

fn held(file: &mut File) -> LockError {
    let mut text = String::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(20).read_to_string(&mut text));
    match read.ok().and_then(|_| text.trim().parse().ok()) {
        Some(pid) => LockError::Held { pid },
        None => LockError::HeldBySomebody,
    }
}
