use std::collections::VecDeque;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::files::{Piece, pieces};
use crate::read::ReadError;

/// Opens the files of a log one after the other, without a gap even if it is written and rotated meanwhile.
#[derive(Debug)]
pub(crate) struct Walk {
    path: PathBuf,
    left: VecDeque<Piece>,
    /// The first number of the last full file that was opened.
    full: u64,
}

impl Walk {
    /// All files of a folder, or a single file.
    pub(crate) fn over(path: &Path) -> Result<Self, ReadError> {
        let pieces = pieces(path).map_err(ReadError::at(path))?;
        if pieces.is_empty() {
            return Err(ReadError::at(path)(ErrorKind::NotFound.into()));
        }
        Ok(Self {
            path: path.to_owned(),
            left: pieces.into(),
            full: 0,
        })
    }

    /// The next file.
    pub(crate) fn next(&mut self) -> Result<Option<(Piece, File)>, ReadError> {
        while let Some(piece) = self.left.pop_front() {
            let file = File::open(&piece.path);
            match piece.first {
                Some(first) => self.full = first,
                // The current file may have been put aside since the folder was listed. Listed again after it was
                // opened, the folder shows every file that comes before it.
                None => {
                    let full = self.full;
                    let now = pieces(&self.path).map_err(ReadError::at(&self.path))?;
                    let is_left = |piece: &Piece| piece.first.is_some_and(|first| first > full);
                    if now.iter().any(is_left) {
                        self.left = now.into();
                        self.left.retain(|piece| is_left(piece) || piece.first.is_none());
                        continue;
                    }
                }
            }
            let file = file.map_err(ReadError::at(&piece.path))?;
            return Ok(Some((piece, file)));
        }
        Ok(None)
    }

    /// The paths that are left, as far as they are known by now.
    pub(crate) fn into_paths(self) -> Vec<PathBuf> {
        self.left.into_iter().map(|piece| piece.path).collect()
    }
}
