use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::LoadError;

/// Write by others.
const OTHERS: u32 = 0o002;

/// Refuses a file that everybody may change, or whose folder everybody may change: there they could put another one.
/// A link counts as what it leads to, and as the folder that it stands in.
///
/// # Errors
/// Everybody may write it, or nobody may look.
pub fn refuse_writable(path: &Path) -> Result<(), LoadError> {
    check(path)?;
    check(&folder(path))?;
    // Where it really is.
    match fs::canonicalize(path) {
        Ok(real) => check(&folder(&real)),
        Err(source) => Err(LoadError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn check(path: &Path) -> Result<(), LoadError> {
    let mode = fs::metadata(path).map(|found| found.mode() & 0o7777);
    match mode {
        Ok(mode) if mode & OTHERS == 0 => Ok(()),
        Ok(mode) => Err(LoadError::Writable {
            path: path.to_owned(),
            mode,
        }),
        Err(source) => Err(LoadError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}
