use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What tells that a file is another one, or was written to, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The device.
    pub dev: u64,
    /// The number on the device.
    pub ino: u64,
    /// In bytes.
    pub size: u64,
    /// When the content was written last: seconds and nanoseconds.
    pub mtime: (i64, i64),
    /// When anything about it was changed last: seconds and nanoseconds.
    pub ctime: (i64, i64),
    /// A regular file: no folder, pipe or device.
    pub regular: bool,
}

/// What reading a file led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// All of it.
    Content(Vec<u8>),
    /// It is longer than the limit.
    TooLarge,
}

/// The file system, as an argument.
pub trait Files: Send {
    /// The identity of the file to which the path leads, through symbolic links.
    fn identity(&mut self, path: &Path) -> io::Result<Identity>;
    /// Its content, if that has no more than `limit` bytes.
    fn read(&mut self, path: &Path, limit: u64) -> io::Result<Read>;
}

/// The real one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl From<Metadata> for Identity {
    fn from(metadata: Metadata) -> Self {
        Self {
            dev: metadata.dev(),
            ino: metadata.ino(),
            size: metadata.len(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            ctime: (metadata.ctime(), metadata.ctime_nsec()),
            regular: metadata.is_file(),
        }
    }
}

impl Files for Disk {
    fn identity(&mut self, path: &Path) -> io::Result<Identity> {
        Ok(fs::metadata(path)?.into())
    }

    fn read(&mut self, path: &Path, limit: u64) -> io::Result<Read> {
        let mut content = Vec::new();
        // It may have grown since it was looked at, and the size of some files says nothing.
        File::open(path)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut content)?;
        Ok(match content.len() as u64 > limit {
            true => Read::TooLarge,
            false => Read::Content(content),
        })
    }
}
