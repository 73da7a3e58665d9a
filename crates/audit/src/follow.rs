use std::fs::{self, File};
use std::io::{BufReader, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use crate::files::{CURRENT, Piece, pieces};
use crate::lines::Lines;
use crate::read::{Item, ReadError};

/// Goes along with a log that is being written, across its files. It never waits: whoever calls [`poll`](Self::poll)
/// chooses how often.
///
/// It shows what can be read, which a writer may still take back if its disk then fails.
#[derive(Debug)]
pub struct Follow {
    path: PathBuf,
    file: Option<File>,
    /// Up to here the file was shown.
    offset: u64,
    /// The last number that was shown.
    seq: u64,
}

impl Follow {
    /// Begins behind the entry with the number `seq`; `path` is the folder or the current file.
    pub const fn after(path: PathBuf, seq: u64) -> Self {
        Self {
            path,
            file: None,
            offset: 0,
            seq,
        }
    }

    /// The entries that came since the last call. Only whole lines count.
    pub fn poll(&mut self) -> Result<Vec<Item>, ReadError> {
        let mut items = Vec::new();
        // First what is left of the file that was current, which may have another name by now.
        self.drain(&mut items)?;
        if !self.is_current() {
            for piece in self.unseen()? {
                match File::open(&piece.path) {
                    Ok(file) => self.file = Some(file),
                    // Renamed since the folder was read: the next call finds it.
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        self.file = None;
                        break;
                    }
                    Err(error) => return Err(ReadError::at(&piece.path)(error)),
                }
                self.offset = 0;
                self.drain(&mut items)?;
            }
        }
        Ok(items)
    }

    /// The files that may hold what comes after the last number shown, in order.
    fn unseen(&self) -> Result<Vec<Piece>, ReadError> {
        let mut pieces = pieces(&self.path).map_err(ReadError::at(&self.path))?;
        // Of the full files, those from the one on that holds the number.
        let from = pieces
            .iter()
            .rposition(|piece| piece.first.is_some_and(|first| first <= self.seq + 1));
        Ok(pieces.split_off(from.unwrap_or(0)))
    }

    fn current(&self) -> PathBuf {
        if self.path.is_dir() {
            self.path.join(CURRENT)
        } else {
            self.path.clone()
        }
    }

    fn is_current(&self) -> bool {
        let there = fs::metadata(self.current());
        let ours = self.file.as_ref().map(File::metadata);
        match (there, ours) {
            (Ok(there), Some(Ok(ours))) => (there.dev(), there.ino()) == (ours.dev(), ours.ino()),
            _ => false,
        }
    }

    fn drain(&mut self, items: &mut Vec<Item>) -> Result<(), ReadError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let failed = |error| ReadError::at(&self.path)(error);
        if file.metadata().map_err(failed)?.len() < self.offset {
            // Entries were taken back after a failure, and their numbers will be given again.
            self.offset = 0;
            let mut all = Lines::new(BufReader::new(Rest(file, 0)));
            while let Some(line) = all.next().map_err(failed)?.filter(|line| line.ended) {
                self.offset = line.end;
                self.seq = Item::of(line.bytes).record.map_or(self.seq, |record| record.seq);
            }
        }
        let mut lines = Lines::new(BufReader::new(Rest(file, self.offset)));
        let begin = self.offset;
        while let Some(line) = lines.next().map_err(failed)? {
            if !line.ended {
                break;
            }
            self.offset = begin + line.end;
            let item = Item::of(line.bytes);
            match item.record.as_ref().map(|record| record.seq) {
                Some(seq) if seq <= self.seq => continue,
                Some(seq) => self.seq = seq,
                None => {}
            }
            items.push(item);
        }
        Ok(())
    }
}

/// Reads on from an offset.
struct Rest<'a>(&'a File, u64);

impl std::io::Read for Rest<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read_at(into, self.1)?;
        self.1 += read as u64;
        Ok(read)
    }
}
