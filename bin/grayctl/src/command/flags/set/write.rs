//! A file in the place of another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// A byte order mark.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Replaces a file by a text, whole or not at all, on the disk when this returns. Its mode stays, and a link to it too.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    try_replace(path, text).map_err(|source| Failure::File {
        verb: "written",
        path: path.to_owned(),
        source,
    })
}

fn try_replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let draft = draft(&path);
    let written = write(&draft, &path, text).and_then(|()| fs::rename(&draft, &path));
    if written.is_err() {
        // The error that is told is the first.
        _ = fs::remove_file(&draft);
    }
    written?;
    File::open(folder)?.sync_all()
}

/// Hidden, so that no gateway that reads a folder takes it for a file of flags.
fn draft(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}

fn write(draft: &Path, model: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(draft)?;
    file.set_permissions(fs::metadata(model)?.permissions())?;
    // The reader drops it.
    if fs::read(model)?.starts_with(MARK) {
        file.write_all(MARK)?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
