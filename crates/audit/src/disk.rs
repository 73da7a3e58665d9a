use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

/// The folder in which a log writes. A trait, so that tests can let every operation fail and every crash happen.
pub(crate) trait Disk: Debug + Send {
    /// The names in the folder that are text.
    fn names(&mut self) -> io::Result<Vec<String>>;
    /// Opens a file that is there.
    fn open(&mut self, name: &str) -> io::Result<Option<Box<dyn DiskFile>>>;
    /// Makes a file, which must not be there.
    fn create(&mut self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Renames a file. No other file may bear the new name.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Makes names durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Whether the open file is still the one of that name.
    fn is_named(&mut self, file: &dyn DiskFile, name: &str) -> io::Result<bool>;
}

/// An open file.
pub(crate) trait DiskFile: Debug + Send {
    fn len(&self) -> io::Result<u64>;
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    fn truncate(&mut self, len: u64) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    /// What tells it from every other file: device and inode.
    fn identity(&self) -> io::Result<(u64, u64)>;
}

/// Reads a file from an offset on.
pub(crate) struct From<'a>(pub(crate) &'a dyn DiskFile, pub(crate) u64);

impl Read for From<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read_at(into, self.1)?;
        self.1 += read as u64;
        Ok(read)
    }
}

/// Writes all bytes: normally with one call of the system.
pub(crate) fn write_all(file: &mut dyn DiskFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A folder of the file system.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Disk for Folder {
    fn names(&mut self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn open(&mut self, name: &str) -> io::Result<Option<Box<dyn DiskFile>>> {
        match OpenOptions::new().read(true).write(true).open(self.0.join(name)) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&mut self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        Ok(Box::new(options.open(self.0.join(name))?))
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let to = self.0.join(to);
        // Nobody else writes here while the lock is held; what could be in the way came by hand.
        if fs::symlink_metadata(&to).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        fs::rename(self.0.join(from), to)
    }

    fn sync(&mut self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    fn is_named(&mut self, file: &dyn DiskFile, name: &str) -> io::Result<bool> {
        match fs::metadata(self.0.join(name)) {
            Ok(there) => Ok((there.dev(), there.ino()) == file.identity()?),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl DiskFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, into, offset)
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, offset)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }

    fn identity(&self) -> io::Result<(u64, u64)> {
        let metadata = self.metadata()?;
        Ok((metadata.dev(), metadata.ino()))
    }
}
