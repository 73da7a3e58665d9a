use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use graylane_config::{SignatureError, Signed, TrustedKeys};

use crate::{LoadError, read, refuse_writable};

/// Reads the trusted keys, from a file that not everybody may change.
///
/// # Errors
/// The file cannot be read, is writable by everybody, or has no key.
pub fn trusted_keys(path: &Path) -> Result<TrustedKeys, LoadError> {
    let text = read(path).map_err(|error| match error {
        LoadError::Unreadable { path, source } => LoadError::NoKeys { path, why: source },
        other => other,
    })?;
    refuse_writable(path)?;
    TrustedKeys::parse(&String::from_utf8_lossy(&text)).map_err(|source| LoadError::Trust {
        path: path.to_owned(),
        source,
    })
}

/// Where the signature of a file stands: beside it, with `.minisig` behind its name.
pub fn signature_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// Where a text waits that is to take the place of a file: beside it, with `.new` behind its name.
pub fn draft_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// The signature beside a file; `None` where there is none.
pub(crate) fn signature_of(path: &Path) -> Result<Option<Vec<u8>>, LoadError> {
    match read(&signature_path(path)) {
        Err(LoadError::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Checks the signature beside a file against the bytes that were read from it.
///
/// # Errors
/// There is no signature, or it does not count.
pub fn verify(path: &Path, bytes: &[u8], keys: &TrustedKeys) -> Result<Signed, LoadError> {
    check(path, bytes, signature_of(path)?.as_deref(), keys)
}

/// As [`verify`], and where that finds a signature of other bytes, the draft of the next one counts: whoever replaces a
/// file and its signature can die between the two, and a gateway must start again all the same.
pub(crate) fn verify_or_draft(path: &Path, bytes: &[u8], keys: &TrustedKeys) -> Result<Signed, LoadError> {
    verify(path, bytes, keys).or_else(|refused| {
        let draft = read(&draft_path(&signature_path(path)));
        let fits = draft.and_then(|draft| check(path, bytes, Some(&draft), keys));
        fits.map_err(|_| refused)
    })
}

/// Checks a signature of a file against the bytes of it.
pub(crate) fn check(
    path: &Path,
    bytes: &[u8],
    signature: Option<&[u8]>,
    keys: &TrustedKeys,
) -> Result<Signed, LoadError> {
    let Some(signature) = signature else {
        return Err(LoadError::Unsigned {
            path: path.to_owned(),
            signature: signature_path(path),
        });
    };
    let refused = |source: SignatureError| LoadError::Signature {
        path: path.to_owned(),
        source,
    };
    let text =
        str::from_utf8(signature).map_err(|_| refused(SignatureError::Malformed("it is not UTF-8")))?;
    keys.verify(bytes, text).map_err(refused)
}
