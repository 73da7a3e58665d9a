use std::io;
use std::path::PathBuf;

use graylane_config::{SignatureError, TrustError};

/// Why there is nothing to parse.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file is not there or may not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is longer than any configuration.
    #[error("cannot read {}: it is longer than {} MiB", path.display(), crate::MAX_FILE >> 20)]
    TooLong {
        /// Which.
        path: PathBuf,
    },
    /// A file is no text.
    #[error("cannot read {}: it is not UTF-8 at byte {at}", path.display())]
    NotUtf8 {
        /// Which.
        path: PathBuf,
        /// The first byte that is wrong.
        at: usize,
    },
    /// Anybody on the machine may change it.
    #[error("{} may be written by everybody: its mode is {mode:o}", path.display())]
    Writable {
        /// The file, or its folder.
        path: PathBuf,
        /// Its rights.
        mode: u32,
    },
    /// A file of certificates or of a key is not there or may not be read.
    #[error("cannot read {}: {source}", path.display())]
    UnreadablePem {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of certificates is longer than any.
    #[error("cannot read {}: it is longer than {} MiB", path.display(), crate::MAX_PEM >> 20)]
    LongPem {
        /// Which.
        path: PathBuf,
    },
    /// Anybody on the machine may read a private key.
    #[error("the private key {} may be read by everybody: its mode is {mode:o}", path.display())]
    Readable {
        /// Which.
        path: PathBuf,
        /// Its rights.
        mode: u32,
    },
    /// Nobody can be trusted.
    #[error("cannot read the trusted keys {}: {why}", path.display())]
    NoKeys {
        /// Where they were looked for.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The file of the trusted keys is none.
    #[error("{} is no file of trusted keys: {source}", path.display())]
    Trust {
        /// Which.
        path: PathBuf,
        /// Why.
        source: TrustError,
    },
    /// A file has no signature.
    #[error("{} is not signed: there is no {}", path.display(), signature.display())]
    Unsigned {
        /// The file.
        path: PathBuf,
        /// Where its signature was looked for.
        signature: PathBuf,
    },
    /// A signature does not count.
    #[error("{}: {source}", path.display())]
    Signature {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SignatureError,
    },
}

impl LoadError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => {
                "name the file with --config; examples/quickstart.toml is one to begin with".to_owned()
            }
            Self::NoKeys { .. } => {
                "prod reads signed files only: name the public keys with --trust; grayctl config keygen makes one".to_owned()
            }
            Self::TooLong { .. } => {
                "a configuration is smaller than 1 MiB: is this the right file?".to_owned()
            }
            Self::UnreadablePem { .. } => {
                "a path is relative to the folder of the configuration, and this user must be allowed to read the file"
                    .to_owned()
            }
            Self::LongPem { .. } => "is this the right file?".to_owned(),
            Self::Readable { path, .. } => format!("chmod o-r {}", path.display()),
            Self::NotUtf8 { .. } => "save the file as UTF-8".to_owned(),
            Self::Writable { path, .. } => format!("chmod o-w {}", path.display()),
            Self::Trust { source, .. } => source.hint().to_owned(),
            Self::Unsigned { path, .. } => format!("grayctl config sign {}", path.display()),
            Self::Signature { source, .. } => source.hint(),
        }
    }

    /// Whether the file was read, but does not count.
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Writable { .. }
                | Self::Readable { .. }
                | Self::NoKeys { .. }
                | Self::Trust { .. }
                | Self::Unsigned { .. }
                | Self::Signature { .. }
        )
    }
}
