//! What stands in a file of PEM.

use rustls::pki_types::pem::{self, PemObject as _, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::TlsError;

/// Certificates of a chain at most; rustls and every other client give up far earlier.
pub(crate) const CHAIN: usize = 16;

/// Certificates that may be trusted at most; a system has about 150.
pub(crate) const ROOTS: usize = 2000;

/// The certificates of a file; at least one. What else stands there is passed over, such as the key of a combined file.
pub(crate) fn certificates(
    file: &str,
    bytes: &[u8],
    most: usize,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut all = Vec::new();
    for one in CertificateDer::pem_slice_iter(bytes) {
        if all.len() == most {
            let file = file.into();
            return Err(TlsError::TooMany { file, most });
        }
        all.push(one.map_err(|source| not_pem(file, source))?);
    }
    if all.is_empty() {
        return Err(TlsError::NoCertificate { file: file.into() });
    }
    Ok(all)
}

/// The one private key of a file.
pub(crate) fn private_key(file: &str, bytes: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    // RFC 1421, section 4.6.1.1, in keys as OpenSSL once wrote them; RFC 5958, section 3, in those of today.
    let is_encrypted = [
        &b"Proc-Type: 4,ENCRYPTED"[..],
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----",
    ]
    .iter()
    .any(|mark| bytes.windows(mark.len()).any(|part| part == *mark));
    if is_encrypted {
        return Err(TlsError::Encrypted { file: file.into() });
    }
    let mut found = None;
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
        let (kind, der) = section.map_err(|source| not_pem(file, source))?;
        let key = match kind {
            SectionKind::PrivateKey => PrivateKeyDer::Pkcs8(der.into()),
            SectionKind::EcPrivateKey => PrivateKeyDer::Sec1(der.into()),
            SectionKind::RsaPrivateKey => PrivateKeyDer::Pkcs1(der.into()),
            _ => continue,
        };
        if found.replace(key).is_some() {
            return Err(TlsError::SeveralKeys { file: file.into() });
        }
    }
    found.ok_or_else(|| TlsError::NoKey { file: file.into() })
}

fn not_pem(file: &str, source: pem::Error) -> TlsError {
    TlsError::Pem {
        file: file.into(),
        source: match source {
            // It repeats the line, which may be one of a key.
            pem::Error::IllegalSectionStart { .. } => pem::Error::IllegalSectionStart { line: Vec::new() },
            pem::Error::Base64Decode(_) => {
                pem::Error::Base64Decode("a character that has no place there".to_owned())
            }
            other => other,
        },
    }
}
