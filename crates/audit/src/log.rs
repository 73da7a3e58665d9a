use std::borrow::Cow;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::chain::Fault;
use crate::disk::{Disk, DiskFile, Folder, From, write_all};
use crate::entry::Entry;
use crate::files::Names;
use crate::hash::{Hash, Head};
use crate::line::{LINE_LIMIT, encode, link};
use crate::lines::Lines;
use crate::lock::{Lock, LockError};
use crate::scan::{ScanError, scan};

/// The most bytes that the entries of one call may have as lines.
pub const CALL_LIMIT: usize = 8 << 20;

/// The action of the entry with which a file begins that follows a full one: `key` is the name of the full file, `old`
/// its last hash.
pub const ROTATED: &str = "log.rotated";

/// The action of the entry that tells of a torn tail: `key` is the file that keeps it, `digest` its SHA-256.
pub const RECOVERED: &str = "log.recovered";

/// How a log is written.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// A file that would become larger, in bytes, is put aside, and a new one begun.
    pub file_limit: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { file_limit: 64 << 20 }
    }
}

/// The log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path has no name that ends in `.jsonl`.
    #[error("{}: the name of a log ends in `.jsonl`", .0.display())]
    Name(PathBuf),
    /// Another process writes.
    #[error("{}", path.display())]
    Lock {
        /// The log.
        path: PathBuf,
        /// Why.
        source: LockError,
    },
    /// A file cannot be read or made.
    #[error("{} cannot be opened", path.display())]
    Io {
        /// The log.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is damaged before its end, so that nothing can follow. Look at it with `verify`; a person has to put it
    /// aside before a log can be opened here.
    #[error("{}: line {line}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        source: Fault,
    },
}

/// Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// More than [`CALL_LIMIT`].
    #[error("the entries of one call have {bytes} bytes, more than {CALL_LIMIT}")]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// The file was moved away, removed or replaced by somebody else.
    #[error("the file of the log was moved or replaced by somebody else")]
    Moved,
    /// The file has not the length that was left.
    #[error("somebody else changed the file of the log: it has {found} bytes instead of {left}")]
    Touched {
        /// As it was left.
        left: u64,
        /// As it is.
        found: u64,
    },
    /// Writing failed: a full disk, most of all.
    #[error("the log cannot be written")]
    Write(#[source] io::Error),
    /// What an earlier failure or a crash left cannot be cleared away.
    #[error("what a failure or crash before left in the log cannot be cleared away")]
    Repair(#[source] io::Error),
    /// The full file cannot be put aside, or no new one begun.
    #[error("no new file of the log can be begun")]
    Rotate(#[source] io::Error),
    /// The entry cannot be written as JSON.
    #[error("an entry cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// The log, open for writing; nobody else can write while it lives.
#[derive(Debug)]
pub struct Log {
    disk: Box<dyn Disk>,
    names: Names,
    options: Options,
    /// `None` between putting a full file aside and making the next.
    file: Option<Box<dyn DiskFile>>,
    /// The number of the first entry of the file; without meaning while it is empty.
    first: u64,
    /// Up to here everything is whole and on disk.
    good: u64,
    head: Head,
    /// The full file before this one.
    before: Option<String>,
    /// Bytes behind `good` that a crash left and that are still to be kept aside.
    torn: bool,
    /// Behind `good` there may be something.
    dirty: bool,
    /// Names may not be durable.
    unnamed: bool,
    _lock: Option<Lock>,
}

impl Log {
    /// Opens the log, or begins one where none is. `path` is the current file, such as `/var/lib/graylane/audit.jsonl`;
    /// its folder must be there.
    ///
    /// A torn tail is left as it is until the next [`append`](Self::append), which keeps it aside and tells of it: on a
    /// full disk a log can still be opened.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let name = path.file_name().and_then(|name| name.to_str());
        let names = name
            .and_then(Names::of)
            .ok_or_else(|| OpenError::Name(path.to_owned()))?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let lock = Lock::take(&folder.join(names.lock())).map_err(|source| OpenError::Lock {
            path: path.to_owned(),
            source,
        })?;
        let mut log =
            Self::open_on(Box::new(Folder(folder.to_owned())), names, options).map_err(|error| {
                let path = folder.join(&error.name);
                match error.source {
                    ScanError::Io(source) => OpenError::Io { path, source },
                    ScanError::Broken { line, fault } => OpenError::Broken {
                        path,
                        line,
                        source: fault,
                    },
                }
            })?;
        log._lock = Some(lock);
        Ok(log)
    }

    pub(crate) fn open_on(mut disk: Box<dyn Disk>, names: Names, options: Options) -> Result<Self, Unopened> {
        let current = names.current();
        let failed = |name: &str| {
            let name = name.to_owned();
            move |source| Unopened { name, source }
        };
        let there = disk.names().map_err(|error| failed(&current)(error.into()))?;
        let before = names.all_full(&there).pop().map(|(_, name)| name);
        let mut head = Head::START;
        if let Some(name) = &before {
            head = last_head(&mut *disk, name).map_err(failed(name))?;
        }
        let mut log = Self {
            disk,
            names,
            options,
            file: None,
            first: 0,
            good: 0,
            head,
            before,
            torn: false,
            dirty: false,
            unnamed: false,
            _lock: None,
        };
        log.file = log
            .disk
            .open(&current)
            .map_err(|error| failed(&current)(error.into()))?;
        match &log.file {
            Some(file) => {
                let found = scan(BufReader::with_capacity(1 << 16, From(&**file, 0)), head);
                let found = found.map_err(failed(&current))?;
                log.head = found.head;
                log.good = found.good;
                log.first = found.first.unwrap_or_default();
                log.torn = found.torn > 0;
                log.dirty = log.torn;
                // A crash may have come between making the file and syncing the folder.
                log.unnamed = found.good == 0;
            }
            None => log.begin().map_err(|error| failed(&current)(error.into()))?,
        }
        Ok(log)
    }

    /// The last entry. To be noted elsewhere, see [`verify`](crate::verify).
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Writes the entries, all or none, and returns when they are on disk.
    ///
    /// After an error the log can go on being used: as soon as the cause is gone, appending works again.
    pub fn append(&mut self, entries: &[Entry]) -> Result<Head, AppendError> {
        let Some(first) = entries.first() else {
            return Ok(self.head);
        };
        self.repair().map_err(AppendError::Repair)?;
        self.check_untouched()?;
        let mut call = self.encode(entries, first.time)?;
        if self.good > 0 && self.good + call.0.len() as u64 > self.options.file_limit {
            self.rotate().map_err(AppendError::Rotate)?;
            call = self.encode(entries, first.time)?;
        }
        self.write(&call.0).map_err(AppendError::Write)?;
        if self.good == 0 {
            self.first = self.head.seq + 1;
        }
        self.good += call.0.len() as u64;
        self.head = call.1;
        Ok(self.head)
    }

    /// The lines of a call: what the log itself has to say comes first.
    fn encode(&mut self, entries: &[Entry], time: SystemTime) -> Result<(Vec<u8>, Head), AppendError> {
        let mut call = Vec::new();
        if self.good == 0
            && let Some(before) = &self.before
        {
            let mut entry = Entry::new(time, ROTATED);
            entry.key = Some(before.clone());
            entry.old = Some(self.head.hash.to_string());
            call.push(Cow::Owned(entry));
        }
        call.extend(
            self.recovered(time)
                .map_err(AppendError::Repair)?
                .into_iter()
                .map(Cow::Owned),
        );
        call.extend(entries.iter().map(Cow::Borrowed));
        let call = encode(&call, self.head)?;
        if call.0.len() > CALL_LIMIT {
            return Err(AppendError::TooLarge { bytes: call.0.len() });
        }
        Ok(call)
    }

    /// An entry for each torn tail that was kept aside before the next number: found by name, so that none is forgotten
    /// if the machine dies between keeping and telling.
    fn recovered(&mut self, time: SystemTime) -> io::Result<Vec<Entry>> {
        let next = self.head.seq + 1;
        let mut entries = Vec::new();
        while let Some(file) = self.disk.open(&self.names.torn(next, entries.len()))? {
            let mut bytes = Vec::new();
            From(&*file, 0).take(CALL_LIMIT as u64).read_to_end(&mut bytes)?;
            let mut entry = Entry::new(time, RECOVERED);
            entry.key = Some(self.names.torn(next, entries.len()));
            entry.digest = Some(format!("sha256:{}", Hash::of(&[&bytes])));
            entry.reason = Some(format!(
                "a crash left {} bytes of an entry that was not acknowledged; they were cut off and kept",
                bytes.len()
            ));
            entries.push(entry);
        }
        Ok(entries)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        self.dirty = true;
        let written = write_all(&mut **file, bytes, self.good).and_then(|()| file.sync());
        if written.is_ok() {
            self.dirty = false;
        } else {
            // Where this fails too, the next call has to do it before anything else.
            _ = self.repair();
        }
        written
    }

    /// Brings the file to its last good length, and makes names durable.
    fn repair(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.begin()?;
        }
        if self.torn {
            self.keep_torn()?;
            self.torn = false;
        }
        if let Some(file) = self.file.as_mut().filter(|_| self.dirty) {
            file.truncate(self.good)?;
            file.sync()?;
            self.dirty = false;
        }
        if self.unnamed {
            self.disk.sync()?;
            self.unnamed = false;
        }
        Ok(())
    }

    /// Copies what stands behind the good length into a file of its own.
    fn keep_torn(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let mut bytes = Vec::new();
        From(&**file, self.good)
            .take(CALL_LIMIT as u64)
            .read_to_end(&mut bytes)?;
        let mut n = 0;
        while let Some(kept) = self.disk.open(&self.names.torn(self.head.seq + 1, n))? {
            let mut same = Vec::new();
            From(&*kept, 0).take(CALL_LIMIT as u64).read_to_end(&mut same)?;
            // The machine may have died after keeping and before cutting, or the disk was full half way.
            if bytes.starts_with(&same) {
                return self.keep_in(kept, &bytes);
            }
            n += 1;
        }
        let kept = self.disk.create(&self.names.torn(self.head.seq + 1, n))?;
        self.keep_in(kept, &bytes)
    }

    fn keep_in(&mut self, mut kept: Box<dyn DiskFile>, bytes: &[u8]) -> io::Result<()> {
        write_all(&mut *kept, bytes, 0)?;
        kept.sync()?;
        self.disk.sync()
    }

    fn begin(&mut self) -> io::Result<()> {
        self.file = Some(self.disk.create(&self.names.current())?);
        self.unnamed = true;
        self.good = 0;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let full = self.names.full(self.first);
        self.disk.rename(&self.names.current(), &full)?;
        self.unnamed = true;
        self.file = None;
        self.good = 0;
        self.before = Some(full);
        self.repair()
    }

    /// Writing into a file that somebody moved away would lose entries; writing behind a stranger's bytes would make
    /// them part of the log.
    fn check_untouched(&mut self) -> Result<(), AppendError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let named = self.disk.is_named(&**file, &self.names.current());
        if !named.map_err(AppendError::Write)? {
            return Err(AppendError::Moved);
        }
        match file.len().map_err(AppendError::Write)? {
            found if found != self.good => Err(AppendError::Touched {
                left: self.good,
                found,
            }),
            _ => Ok(()),
        }
    }
}

/// Why a log could not be opened, and the file.
#[derive(Debug)]
pub(crate) struct Unopened {
    pub(crate) name: String,
    pub(crate) source: ScanError,
}

/// The last entry of a full file, read from its end.
fn last_head(disk: &mut dyn Disk, name: &str) -> Result<Head, ScanError> {
    let file = disk
        .open(name)?
        .ok_or(io::ErrorKind::NotFound)
        .map_err(io::Error::from)?;
    let begin = file.len()?.saturating_sub(LINE_LIMIT as u64 + 1);
    let mut bytes = Vec::new();
    From(&*file, begin)
        .take(LINE_LIMIT as u64 + 1)
        .read_to_end(&mut bytes)?;
    let last = bytes
        .strip_suffix(b"\n")
        .and_then(|bytes| bytes.rsplit(|byte| *byte == b'\n').next());
    match last.map(link) {
        Some(Ok(link)) if link.part == link.parts => Ok(link.head),
        _ => {
            let mut lines = Lines::new(BufReader::new(From(&*file, 0)));
            let mut line = 1;
            while let Some(next) = lines.next()? {
                line = next.number;
            }
            Err(ScanError::Broken {
                line,
                fault: Fault::Torn {
                    bytes: last.map_or(bytes.len(), <[u8]>::len) as u64,
                },
            })
        }
    }
}
