//! Which files are read.
//!
//! Those that end in `.toml`, in the folder and the folders in it, and those that they name. What begins with a dot is left
//! out: editors and version control keep things there, and Kubernetes the folder that its links lead to. Links are followed as
//! long as they stay inside.

mod unreadable;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use graylane_pipeline::ModuleFile;

pub(crate) use unreadable::Unreadable;

use crate::entry;

/// Bytes of one file at most.
pub(crate) const MAX_FILE: usize = 256 << 10;
/// Bytes of all files at most.
const MAX_ALL: usize = 8 << 20;
/// Files at most.
const MAX_FILES: usize = 500;
/// Names that are looked at, at most.
const MAX_NAMES: usize = 10_000;
/// Folders within each other, at most.
const MAX_DEPTH: usize = 4;

/// Reads the mocks in a folder, ordered by name.
///
/// # Errors
/// Something cannot be read, lies elsewhere, or is too much.
pub(crate) fn read(folder: &Path) -> Result<Vec<ModuleFile>, Unreadable> {
    let root = real(folder)?;
    let mut walk = Walk {
        folder: folder.to_owned(),
        seen: HashSet::from([root.clone()]),
        root,
        names: 0,
        bytes: 0,
        files: Vec::new(),
    };
    walk.folder(folder, "", 0)?;
    let named: Vec<_> = walk
        .files
        .iter()
        .flat_map(|file| entry::body_files(&file.name, &file.text))
        .collect();
    for name in named {
        let path = folder.join(&name);
        // One that is not there is a mistake in the file that names it, and told there.
        if path.exists() && walk.files.iter().all(|file| *file.name != *name) {
            walk.file(path, name)?;
        }
    }
    Ok(walk.files)
}

/// The name of a body as [`read`] gives it, from the name of the file that names it; `None` where it could lie elsewhere, or
/// would be read as mocks itself.
pub(crate) fn body_name(file: &str, body: &str) -> Option<String> {
    let is_plain = Path::new(body)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if body.is_empty() || !is_plain || is_mocks(body) {
        return None;
    }
    Some(match file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{body}"),
        None => body.to_owned(),
    })
}

fn is_mocks(name: &str) -> bool {
    name.ends_with(".toml")
}

fn real(path: &Path) -> Result<PathBuf, Unreadable> {
    fs::canonicalize(path).map_err(|source| io_error(path, source))
}

fn io_error(path: &Path, source: io::Error) -> Unreadable {
    Unreadable::Io {
        path: path.to_owned(),
        source,
    }
}

/// What was read so far.
struct Walk {
    folder: PathBuf,
    /// Where it really is.
    root: PathBuf,
    /// The folders that were read, where they really are.
    seen: HashSet<PathBuf>,
    names: usize,
    bytes: usize,
    files: Vec<ModuleFile>,
}

impl Walk {
    fn folder(&mut self, path: &Path, prefix: &str, depth: usize) -> Result<(), Unreadable> {
        let mut inside = Vec::new();
        for found in fs::read_dir(path).map_err(|source| io_error(path, source))? {
            let name = found.map_err(|source| io_error(path, source))?.file_name();
            self.names += 1;
            if self.names > MAX_NAMES {
                return Err(self.too_many(format!("more than {MAX_NAMES} names")));
            }
            match name.into_string() {
                Ok(name) if name.starts_with('.') => {}
                Ok(name) => inside.push(name),
                Err(name) => return Err(Unreadable::Name(path.join(name))),
            }
        }
        inside.sort_unstable();
        for name in inside {
            let path = path.join(&name);
            let found = fs::metadata(&path).map_err(|source| io_error(&path, source))?;
            let name = format!("{prefix}{name}");
            if found.is_dir() {
                if depth == MAX_DEPTH {
                    return Err(Unreadable::TooDeep(path));
                }
                let real = self.inside(&path)?;
                if !self.seen.insert(real) {
                    return Err(Unreadable::Again(path));
                }
                self.folder(&path, &format!("{name}/"), depth + 1)?;
            } else if is_mocks(&name) {
                self.file(path, name)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, name: String) -> Result<(), Unreadable> {
        self.inside(&path)?;
        // Looked at before it is opened: the opening of a pipe would wait for somebody who writes to it.
        let found = fs::metadata(&path).map_err(|source| io_error(&path, source))?;
        if !found.is_file() {
            return Err(Unreadable::NoFile(path));
        }
        if self.files.len() == MAX_FILES {
            return Err(self.too_many(format!("more than {MAX_FILES} files")));
        }
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes))
            .map_err(|source| io_error(&path, source))?;
        if bytes.len() > MAX_FILE {
            return Err(Unreadable::TooLong(path));
        }
        self.bytes += bytes.len();
        if self.bytes > MAX_ALL {
            return Err(self.too_many(format!("more than {} MiB", MAX_ALL >> 20)));
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                return Err(Unreadable::NotUtf8 { path, at });
            }
        };
        self.files.push(ModuleFile {
            path,
            name: name.into(),
            // As the texts of all messages are: without a byte order mark.
            text: text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned(),
            base: 0,
        });
        Ok(())
    }

    fn inside(&self, path: &Path) -> Result<PathBuf, Unreadable> {
        let real = real(path)?;
        if real.starts_with(&self.root) {
            Ok(real)
        } else {
            Err(Unreadable::Outside(path.to_owned()))
        }
    }

    fn too_many(&self, what: String) -> Unreadable {
        Unreadable::TooMany {
            path: self.folder.clone(),
            what,
        }
    }
}
