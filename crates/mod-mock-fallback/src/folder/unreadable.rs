use std::io;
use std::path::PathBuf;

use super::{MAX_DEPTH, MAX_FILE};

/// Why mocks cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("cannot read {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} leads out of the folder of the mocks", .0.display())]
    Outside(PathBuf),
    #[error("{} leads back to a folder that was read already", .0.display())]
    Again(PathBuf),
    #[error("{} is no file", .0.display())]
    NoFile(PathBuf),
    #[error("the name of {} is not UTF-8", .0.display())]
    Name(PathBuf),
    #[error("{} is not UTF-8 at byte {at}", path.display())]
    NotUtf8 { path: PathBuf, at: usize },
    #[error("{} is longer than {} KiB", .0.display(), MAX_FILE >> 10)]
    TooLong(PathBuf),
    #[error("{} lies more than {MAX_DEPTH} folders deep", .0.display())]
    TooDeep(PathBuf),
    #[error("the mocks in {} are too many: {what}", path.display())]
    TooMany { path: PathBuf, what: String },
}

impl Unreadable {
    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => {
                "a path is relative to the folder of the configuration, and this user must be allowed to read it"
            }
            Self::Outside(_) => "copy the file into the folder",
            Self::Again(_) => "remove the link",
            Self::NoFile(_) => "a mock is a regular file",
            Self::Name(_) => "rename it",
            Self::NotUtf8 { .. } => "save the file as UTF-8; a mock's body is text",
            Self::TooLong(_) | Self::TooDeep(_) | Self::TooMany { .. } => {
                "is this the right folder? It holds mocks and nothing else"
            }
        }
    }
}
