use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, Folder};

/// The name of the current file in a folder of which nothing else is said.
pub(crate) const CURRENT: &str = "audit.jsonl";

/// How the files of one log are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    stem: String,
}

impl Names {
    /// From the name of the current file, which must end in `.jsonl`.
    pub(crate) fn of(current: &str) -> Option<Self> {
        let stem = current.strip_suffix(".jsonl").filter(|stem| !stem.is_empty())?;
        Some(Self {
            stem: stem.to_owned(),
        })
    }

    pub(crate) fn current(&self) -> String {
        format!("{}.jsonl", self.stem)
    }

    pub(crate) fn lock(&self) -> String {
        format!("{}.jsonl.lock", self.stem)
    }

    /// A full file, by the number of its first entry.
    pub(crate) fn full(&self, first: u64) -> String {
        format!("{}.{first}.jsonl", self.stem)
    }

    /// The `n`th place for a torn tail before the entry `next`.
    pub(crate) fn torn(&self, next: u64, n: usize) -> String {
        match n {
            0 => format!("{}.{next}.torn", self.stem),
            n => format!("{}.{next}-{n}.torn", self.stem),
        }
    }

    /// The number of the first entry, if the name is that of a full file.
    pub(crate) fn first_of(&self, name: &str) -> Option<u64> {
        let number = name
            .strip_prefix(&self.stem)?
            .strip_prefix('.')?
            .strip_suffix(".jsonl")?;
        let first = number.parse().ok()?;
        (self.full(first) == name).then_some(first)
    }

    /// The full files among the names, in the order of the log.
    pub(crate) fn all_full(&self, names: &[String]) -> Vec<(u64, String)> {
        let mut full: Vec<_> = names
            .iter()
            .filter_map(|name| Some((self.first_of(name)?, name.clone())))
            .collect();
        full.sort_unstable();
        full
    }
}

/// One file of a log, to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) path: PathBuf,
    /// What the name says that the first entry is; `None` for the current file.
    pub(crate) first: Option<u64>,
}

/// The files of the log, in order: all of a folder, or the one file.
pub(crate) fn pieces(path: &Path) -> io::Result<Vec<Piece>> {
    if !path.is_dir() {
        return Ok(vec![Piece {
            path: path.to_owned(),
            first: None,
        }]);
    }
    let Some(names) = Names::of(CURRENT) else {
        return Ok(Vec::new());
    };
    let there = Folder(path.to_owned()).names()?;
    let full = names.all_full(&there).into_iter().map(|(first, name)| Piece {
        path: path.join(name),
        first: Some(first),
    });
    let current = there.iter().any(|name| name == CURRENT).then(|| Piece {
        path: path.join(CURRENT),
        first: None,
    });
    Ok(full.chain(current).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stand_in_the_order_of_their_numbers_and_strangers_are_left_out() {
        let names = Names::of("audit.jsonl").unwrap();
        let there = [
            "audit.100.jsonl",
            "audit.20.jsonl",
            "audit.020.jsonl",
            "audit.+3.jsonl",
            "audit.jsonl",
            "audit.7.torn",
            "audit.old.jsonl",
            "other.3.jsonl",
        ];

        let full = names.all_full(&there.map(str::to_owned));

        assert_eq!(
            full,
            [
                (20, "audit.20.jsonl".to_owned()),
                (100, "audit.100.jsonl".to_owned())
            ]
        );
    }
}
