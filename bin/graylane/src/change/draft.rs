//! Files that take the place of others, whole or not at all.
//!
//! In two steps, so that several files can change together: what can run out of room or lacks a right fails while the
//! drafts are written, when nothing has changed yet; then each is renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use graylane_load::draft_path;

/// What is to be in a file, written beside it; removed again where it does not come to that.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
    draft: PathBuf,
}

impl Draft {
    /// Writes it, with the rights of the file whose place it is to take.
    pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<Self> {
        // A link is followed, so that the file behind it is replaced and not the link.
        let path = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(error),
        };
        let draft = Self {
            draft: draft_path(&path),
            path,
        };
        // What a crash left. Opened anew and not written over: it may be somebody's link to another file.
        match fs::remove_file(&draft.draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&draft.draft)?;
        if let Ok(metadata) = fs::metadata(&draft.path) {
            file.set_permissions(metadata.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(draft)
    }

    /// The file whose place it is to take.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it there, and returns when that is on the disk.
    pub(crate) fn settle(&self) -> io::Result<()> {
        fs::rename(&self.draft, &self.path)?;
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        File::open(folder)?.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Not there where it was settled; one that cannot be removed is replaced the next time.
        let _ = fs::remove_file(&self.draft);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_behind_its_link_and_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();

        Draft::write(&link, b"new").unwrap().settle().unwrap();

        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_draft_that_is_not_settled_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "old").unwrap();

        drop(Draft::write(&file, b"new").unwrap());

        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_in_the_place_of_the_draft_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("file"), folder.path().join("other"));
        fs::write(&other, "untouched").unwrap();
        symlink(&other, folder.path().join("file.new")).unwrap();

        Draft::write(&file, b"new").unwrap().settle().unwrap();

        assert_eq!(fs::read(&other).unwrap(), b"untouched");
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }
}
