//! Files of certificates and of private keys.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::{LoadError, Loader, refuse_writable};

/// Bytes of a file of certificates at most; those that a system trusts have a quarter of a megabyte.
pub const MAX_PEM: u64 = 4 << 20;

/// Where systems keep the certificates that they trust: the first that is there counts. The list is the one that Go has
/// (`crypto/x509/root_linux.go`); variables such as `SSL_CERT_FILE` are not looked at, because whoever may set one is not
/// always whoever may say who is trusted.
const SYSTEM: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Read by others.
const OTHERS: u32 = 0o004;

impl Loader<'_> {
    /// Reads a file of certificates, or of a private key, which stands relative to the configuration's folder. It needs no
    /// signature: whoever renews certificates has no key to sign with.
    ///
    /// # Errors
    /// It cannot be read; or in a locked environment, everybody may write it or, where it is `secret`, read it.
    pub fn pem(&self, entry: &str, secret: bool) -> Result<(PathBuf, Vec<u8>), LoadError> {
        let folder = self.asked().file.parent().unwrap_or(Path::new(""));
        let path = folder.join(entry);
        let bytes = read(&path)?;
        if self.asked().environment.is_locked() {
            refuse_writable(&path)?;
            if secret {
                refuse_readable(&path)?;
            }
        }
        Ok((path, bytes))
    }

    /// Reads the certificates that the system trusts; `None` where it has no file of them.
    ///
    /// # Errors
    /// There is one, and it cannot be read; or in a locked environment, everybody may write it.
    pub fn system_certificates(&self) -> Result<Option<(PathBuf, Vec<u8>)>, LoadError> {
        let mut all = SYSTEM.iter().map(Path::new);
        let Some(path) = all.find(|path| path.exists()) else {
            return Ok(None);
        };
        let bytes = read(path)?;
        if self.asked().environment.is_locked() {
            refuse_writable(path)?;
        }
        Ok(Some((path.to_owned(), bytes)))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_PEM + 1).read_to_end(&mut bytes))
        .map_err(|source| LoadError::UnreadablePem {
            path: path.to_owned(),
            source,
        })?;
    if bytes.len() as u64 > MAX_PEM {
        let path = path.to_owned();
        return Err(LoadError::LongPem { path });
    }
    Ok(bytes)
}

fn refuse_readable(path: &Path) -> Result<(), LoadError> {
    match fs::metadata(path).map(|found| found.mode() & 0o7777) {
        Ok(mode) if mode & OTHERS == 0 => Ok(()),
        Ok(mode) => Err(LoadError::Readable {
            path: path.to_owned(),
            mode,
        }),
        Err(source) => Err(LoadError::UnreadablePem {
            path: path.to_owned(),
            source,
        }),
    }
}
