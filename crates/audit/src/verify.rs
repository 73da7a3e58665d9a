use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::chain::{Chain, Fault};
use crate::files::{Piece, pieces};
use crate::hash::Head;
use crate::line::Own;
use crate::lines::Lines;
use crate::read::ReadError;
use crate::walk::Walk;

/// A log in which every entry follows from the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many entries.
    pub entries: u64,
    /// In how many files.
    pub files: usize,
    /// The number of the first entry: 1, unless a single file of several was verified.
    pub first: Option<u64>,
    /// The last entry. Note it elsewhere, and the next verification can tell that nothing before it was cut off.
    pub last: Option<Head>,
    /// The entries that tell of a torn tail which a crash left: how many.
    pub recovered: u64,
}

/// The first place at which a log is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: line {line}: {what}", file.display())]
pub struct Broken {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; the number after the last where the end is wrong.
    pub line: u64,
    /// The number that the entry claims, where there is one.
    pub seq: Option<u64>,
    /// What is wrong.
    pub what: Fault,
}

/// The log is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not what was written.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// There is no log.
    #[error("{}: no audit log here", .0.display())]
    Missing(PathBuf),
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<ReadError> for VerifyError {
    fn from(error: ReadError) -> Self {
        let ReadError { path, source } = error;
        match source.kind() {
            ErrorKind::NotFound => Self::Missing(path),
            _ => Self::Io { path, source },
        }
    }
}

/// Reads a log and checks that every entry follows from the one before: all files of a folder, or a single file, about
/// which then nothing is known of what came before it.
///
/// With a head that was noted elsewhere, that entry must be there and be the same: only so can it be told that the end
/// was not cut off, and that the log was not written anew as a whole.
///
/// A log that is being written may look broken for a moment; what changes while it is read is read again.
pub fn verify(path: &Path, noted: Option<Head>) -> Result<Verified, VerifyError> {
    const TRIES: u32 = 10;
    let mut tries = 0;
    loop {
        let before = fingerprint(path)?;
        let result = verify_at_rest(path, noted);
        tries += 1;
        if tries == TRIES || !matches!(result, Err(VerifyError::Broken(_) | VerifyError::Missing(_))) {
            return result;
        }
        // A call is written in much less than this.
        std::thread::sleep(Duration::from_millis(50));
        if fingerprint(path)? == before {
            return result;
        }
    }
}

/// Files and their lengths: differs if anything was written or rotated in between.
fn fingerprint(path: &Path) -> Result<Vec<(PathBuf, u64)>, VerifyError> {
    let pieces = pieces(path).map_err(ReadError::at(path))?;
    let lengths = pieces.into_iter().map(|piece| {
        let length = fs::metadata(&piece.path).map_or(0, |there| there.len());
        (piece.path, length)
    });
    Ok(lengths.collect())
}

/// As [`verify`], for a log that nobody writes: one reading, without a second look.
pub fn verify_at_rest(path: &Path, noted: Option<Head>) -> Result<Verified, VerifyError> {
    let mut walk = Walk::over(path)?;
    let mut seen = Verified::default();
    // Of a folder the whole log is there, so it must begin at its beginning.
    let mut chain = Chain::after(path.is_dir().then_some(Head::START));
    let mut end = (path.to_owned(), 1);
    while let Some((piece, input)) = walk.next()? {
        let after = file(&piece, input, noted, &mut chain, &mut seen)?;
        end = (piece.path, after);
        seen.files += 1;
    }
    if let Some(noted) = noted.filter(|noted| noted.seq > seen.last.map_or(0, |last| last.seq)) {
        return Err(VerifyError::Broken(Broken {
            file: end.0,
            line: end.1,
            seq: None,
            what: Fault::CutOff { noted: noted.seq },
        }));
    }
    Ok(seen)
}

/// Checks one file; the number of the line after its last.
fn file(
    piece: &Piece,
    input: File,
    noted: Option<Head>,
    chain: &mut Chain,
    seen: &mut Verified,
) -> Result<u64, VerifyError> {
    let path = &piece.path;
    let broken = |line, seq, what| {
        VerifyError::Broken(Broken {
            file: path.clone(),
            line,
            seq,
            what,
        })
    };
    let mut lines = Lines::new(BufReader::with_capacity(1 << 16, input));
    let mut whole = 0;
    let mut next = 1;
    while let Some(line) = lines.next().map_err(ReadError::at(path))? {
        next = line.number + 1;
        if !line.ended {
            let bytes = line.end - whole;
            return Err(broken(line.number, None, Fault::Torn { bytes }));
        }
        if line.too_long {
            return Err(broken(line.number, None, Fault::TooLong));
        }
        let before = chain.head();
        let link = chain.take(line.bytes).map_err(|(fault, seq)| {
            // The first line of a file does not follow: it is a file that is missing, not a line.
            let fault = match (fault, piece.first) {
                (Fault::Removed { last, .. }, Some(first)) if line.number == 1 && last + 1 == first => {
                    Fault::FileMissing { last }
                }
                (fault, _) => fault,
            };
            broken(line.number, seq, fault)
        })?;
        let seq = link.head.seq;
        if let Some(named) = piece.first.filter(|named| line.number == 1 && *named != seq) {
            return Err(broken(line.number, Some(seq), Fault::Misnamed { named }));
        }
        if noted.is_some_and(|noted| noted.seq == seq && noted != link.head) {
            return Err(broken(line.number, Some(seq), Fault::NotTheHead));
        }
        if chain.is_whole() {
            whole = line.end;
        }
        seen.entries += 1;
        seen.recovered += u64::from(link.own == Own::Recovered);
        seen.first = seen.first.or(Some(seq));
        seen.last = chain.head().or(before);
    }
    if !chain.is_whole() || (piece.first.is_some() && next == 1) {
        let bytes = lines.offset() - whole;
        return Err(broken(next, None, Fault::Torn { bytes }));
    }
    Ok(next)
}
