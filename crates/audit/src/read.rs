use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::line::Record;
use crate::lines::Lines;
use crate::walk::Walk;

/// A log cannot be read on.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read", path.display())]
pub struct ReadError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl ReadError {
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { path, source }
    }
}

/// One line of a log. Whether it is genuine, [`verify`](crate::verify) says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The bytes as they stand there, without the line feed; of a line that is too long, the beginning.
    pub raw: Vec<u8>,
    /// What it says; `None` if it is not an entry.
    pub record: Option<Record>,
}

impl Item {
    pub(crate) fn of(raw: &[u8]) -> Self {
        Self {
            raw: raw.to_vec(),
            record: serde_json::from_slice(raw).ok(),
        }
    }
}

/// Which entries are asked for. What is not set does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The one with this number.
    pub seq: Option<u64>,
    /// Those from this time on.
    pub since: Option<SystemTime>,
    /// Those about this key or one below it: `lanes.shop` takes in `lanes.shop.canary.weight`.
    pub key: Option<String>,
    /// Those of this action.
    pub action: Option<String>,
}

impl Filter {
    /// Whether the line is asked for. One that is not an entry only is if nothing is restricted.
    pub fn takes(&self, item: &Item) -> bool {
        let Some(record) = &item.record else {
            return *self == Self::default();
        };
        let below = |wanted: &String| {
            let rest = record.key.as_ref().and_then(|key| key.strip_prefix(&**wanted));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let late =
            |since: &SystemTime| humantime::parse_rfc3339(&record.time).is_ok_and(|time| time >= *since);
        self.seq.is_none_or(|seq| seq == record.seq)
            && self.since.as_ref().is_none_or(late)
            && self.key.as_ref().is_none_or(below)
            && self.action.as_ref().is_none_or(|action| *action == record.action)
    }
}

/// The lines of a log, one after the other, over all its files. Only whole lines count.
#[derive(Debug)]
pub struct Reader {
    /// `None` after a failure: nothing can be said of what comes then.
    walk: Option<Walk>,
    open: Option<(PathBuf, Lines<BufReader<File>>)>,
}

impl Reader {
    /// Reads all files of a folder, or a single file.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Ok(Self {
            walk: Some(Walk::over(path)?),
            open: None,
        })
    }

    fn advance(&mut self) -> Result<Option<Item>, ReadError> {
        while let Some(walk) = &mut self.walk {
            let Some((path, lines)) = &mut self.open else {
                let Some((piece, file)) = walk.next()? else {
                    return Ok(None);
                };
                self.open = Some((piece.path, Lines::new(BufReader::with_capacity(1 << 16, file))));
                continue;
            };
            match lines.next().map_err(ReadError::at(path))? {
                Some(line) if line.ended => return Ok(Some(Item::of(line.bytes))),
                // Torn, or just being written.
                _ => self.open = None,
            }
        }
        Ok(None)
    }
}

impl Iterator for Reader {
    type Item = Result<Item, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if next.is_err() {
            self.walk = None;
        }
        next.transpose()
    }
}

/// The last `count` lines that the filter takes, in their order. Reads from the last file backwards, and no file more
/// than it needs.
pub fn last(path: &Path, count: usize, filter: &Filter) -> Result<Vec<Item>, ReadError> {
    const TRIES: usize = 10;
    for _ in 1..TRIES {
        match last_once(path, count, filter) {
            // The current file was put aside since the folder was listed.
            Err(error) if error.source.kind() == io::ErrorKind::NotFound && path.is_dir() => {}
            result => return result,
        }
    }
    last_once(path, count, filter)
}

fn last_once(path: &Path, count: usize, filter: &Filter) -> Result<Vec<Item>, ReadError> {
    let mut paths = Walk::over(path)?.into_paths();
    let mut found = VecDeque::new();
    while let Some(path) = paths.pop().filter(|_| found.len() < count) {
        let mut here = VecDeque::new();
        for item in Reader::open(&path)? {
            let item = item?;
            if !filter.takes(&item) {
                continue;
            }
            here.push_back(item);
            if here.len() + found.len() > count {
                here.pop_front();
            }
        }
        here.append(&mut found);
        found = here;
    }
    Ok(found.into())
}
