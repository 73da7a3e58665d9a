use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use graylane_context::InvalidKey;
use minisign::{PError, SecretKey, SecretKeyBox};

/// Why a key cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("the key {} cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is no secret key of minisign, or the password is wrong", path.display())]
    Unusable { path: PathBuf, source: PError },
    #[error("the password cannot be asked for")]
    NoTerminal(#[source] io::Error),
    #[error("the two passwords are not the same")]
    NotTheSame,
    #[error("the key cannot be made")]
    Make(#[source] PError),
    #[error("{} cannot be signed", path.display())]
    Sign { path: PathBuf, source: PError },
    #[error("the key {} cannot be read", path.display())]
    ReadShared { path: PathBuf, source: io::Error },
    #[error("{} is no key of signatures", path.display())]
    Shared { path: PathBuf, source: InvalidKey },
    #[error("the system gives no random numbers")]
    Random(#[source] io::Error),
}

impl KeyError {
    pub(crate) const fn hint(&self) -> &'static str {
        match self {
            Self::Exists(_) => "name another file, or write over it with --force",
            Self::Write { .. } => "look at the rights of the folder",
            Self::Read { .. } => "name the key with --secret; `grayctl config keygen` makes one",
            Self::Unusable { .. } => {
                "take the file that `grayctl config keygen` or `minisign -G` wrote, and try again"
            }
            Self::NoTerminal(_) => {
                "run it on a terminal; where there is none, use a key made with --no-password"
            }
            Self::NotTheSame => "try again",
            Self::ReadShared { .. } | Self::Shared { .. } => {
                "name it with --key-file; `grayctl context keygen` makes one"
            }
            Self::Make(_) | Self::Sign { .. } | Self::Random(_) => {
                "this is a bug, or a system without random numbers"
            }
        }
    }
}

/// Reads a secret key, asking for its password where it has one.
pub(super) fn secret(path: &Path) -> Result<SecretKey, KeyError> {
    let read = |source| KeyError::Read {
        path: path.to_owned(),
        source,
    };
    let unusable = |source| KeyError::Unusable {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(read)?;
    let boxed = || SecretKeyBox::from_string(&text).map_err(unusable);
    if let Some(bytes) = text
        .lines()
        .nth(1)
        .and_then(base64)
        .filter(|bytes| is_open(bytes))
    {
        // minisign itself leaves the checksum of such a key out, and the crate then takes it for damaged.
        let has_checksum = bytes[bytes.len() - CHECKSUM..].iter().any(|byte| *byte != 0);
        return match has_checksum {
            true => boxed()?.into_unencrypted_secret_key().map_err(unusable),
            false => SecretKey::from_bytes(&bytes).map_err(unusable),
        };
    }
    let password = rpassword::prompt_password(format!("Password of {}: ", path.display()))
        .map_err(KeyError::NoTerminal)?;
    boxed()?.into_secret_key(Some(password)).map_err(unusable)
}

/// Bytes of the checksum at the end of a secret key.
const CHECKSUM: usize = 32;

/// Bytes of a secret key: algorithms, salt, limits, id, key, checksum.
const SECRET: usize = 158;

/// Whether a secret key has no password: its second pair of bytes names no derivation.
fn is_open(bytes: &[u8]) -> bool {
    bytes.len() == SECRET && bytes[2..4] == [0, 0]
}

/// The bytes of a line of base64; `None` where it is none.
fn base64(line: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in line.trim_end().trim_end_matches('=').bytes() {
        let digit = DIGITS.iter().position(|other| *other == byte)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.extend(u8::try_from(bits >> count & 0xff));
        }
    }
    Some(bytes)
}

/// Asks for a new password, twice.
pub(super) fn new_password() -> Result<String, KeyError> {
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map_err(KeyError::NoTerminal);
    let first = ask("Password for the new key: ")?;
    if first == ask("The same again: ")? {
        Ok(first)
    } else {
        Err(KeyError::NotTheSame)
    }
}

/// Writes a whole file or nothing: whoever reads it meanwhile sees the old one or the new one.
pub(crate) fn write(path: &Path, text: &str, mode: u32) -> Result<(), KeyError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| {
        _ = fs::remove_file(&beside);
        KeyError::Write {
            path: path.to_owned(),
            source,
        }
    })
}
