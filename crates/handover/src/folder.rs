use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

/// The runtime folder: private to the user that the gateway runs as.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    descriptor: OwnedFd,
}

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It is a file, a symbolic link or the like.
    #[error("{path} is no folder of its own")]
    NoFolder {
        /// Which one.
        path: PathBuf,
    },
    /// Somebody else owns it.
    #[error("{path} belongs to user {owner}, not to {own}")]
    Foreign {
        /// Which one.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Who this process is.
        own: u32,
    },
    /// Others may enter it.
    #[error("{path} is open to others (mode {mode:04o})")]
    Open {
        /// Which one.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It can be neither opened nor made.
    #[error("{path} cannot be opened or made")]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl FolderError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoFolder { path } => {
                format!(
                    "name a folder that is not there yet, or one of its own, in place of {}",
                    path.display()
                )
            }
            Self::Foreign { path, own, .. } => format!("chown {own} {}", path.display()),
            Self::Open { path, .. } => format!("chmod 700 {}", path.display()),
            Self::Io { path, .. } => {
                format!("the folder above {} must be there and writable", path.display())
            }
        }
    }
}

impl Folder {
    /// Opens the folder, or makes it (mode 0700; the folder above it must be there).
    ///
    /// # Errors
    ///
    /// Where it is no real folder (a symbolic link is none), belongs to somebody else, or others may enter it.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let own = path.to_path_buf();
        match rustix::fs::mkdir(path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(failed(own, error)),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor = match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(FolderError::NoFolder { path: own }),
            Err(error) => return Err(failed(own, error)),
        };
        // What was opened is looked at, not the path: that may be another folder by now.
        let found = rustix::fs::fstat(&descriptor).map_err(|error| failed(own.clone(), error))?;
        let uid = rustix::process::geteuid().as_raw();
        if found.st_uid != uid {
            return Err(FolderError::Foreign {
                path: own,
                owner: found.st_uid,
                own: uid,
            });
        }
        let mode = found.st_mode & 0o7777;
        if mode & 0o077 != 0 {
            return Err(FolderError::Open { path: own, mode });
        }
        Ok(Self {
            path: own,
            descriptor,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path to something in it that fits the address of a socket however long the folder's own path is, and that leads
    /// to this folder even if another one took its place.
    pub(crate) fn short(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.descriptor.as_raw_fd()))
    }

    /// What something in it is; `None` if it is not there.
    pub(crate) fn kind(&self, name: &str) -> io::Result<Option<FileType>> {
        match rustix::fs::statat(&self.descriptor, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(FileType::from_raw_mode(found.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn duplicate(&self) -> io::Result<Self> {
        Ok(Self {
            path: self.path.clone(),
            descriptor: self.descriptor.try_clone()?,
        })
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn failed(path: PathBuf, error: Errno) -> FolderError {
    FolderError::Io {
        path,
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_made_for_nobody_else() {
        let above = tempfile::tempdir().unwrap();

        let folder = Folder::open(&above.path().join("run")).unwrap();

        let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700);
    }

    #[test]
    fn a_folder_that_others_may_enter_is_not_used() {
        let above = tempfile::tempdir().unwrap();
        fs::set_permissions(above.path(), Permissions::from_mode(0o750)).unwrap();

        let error = Folder::open(above.path()).unwrap_err();

        assert!(matches!(error, FolderError::Open { mode: 0o750, .. }));
        assert!(error.hint().starts_with("chmod 700 /"));
    }

    #[test]
    fn a_symbolic_link_and_a_file_are_no_folder() {
        let above = tempfile::tempdir().unwrap();
        let real = above.path().join("real");
        Folder::open(&real).unwrap();
        std::os::unix::fs::symlink(&real, above.path().join("link")).unwrap();
        fs::write(above.path().join("file"), "").unwrap();

        for name in ["link", "file"] {
            let error = Folder::open(&above.path().join(name)).unwrap_err();

            assert!(matches!(error, FolderError::NoFolder { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn a_folder_below_one_that_is_not_there_is_not_made() {
        let above = tempfile::tempdir().unwrap();

        let error = Folder::open(&above.path().join("a/b")).unwrap_err();

        assert!(matches!(error, FolderError::Io { .. }));
    }
}
