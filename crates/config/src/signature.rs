//! Ed25519 signatures in the format of minisign: the stock tool signs what this verifies, and the other way round.
//!
//! A signature is four lines: a comment that nobody vouches for, the signature of the document, a comment that is signed
//! too, and the signature of both. Documents hashed before they are signed (what minisign does today) and not hashed
//! (what it did before 0.10, and does with `-l`) are both read; the format says which it is, so neither can pass for
//! the other.

mod key;

pub use key::{KeyId, TrustError, TrustedKeys};

use minisign_verify::{Error, Signature};

/// Whose signature it is, and what they said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key.
    pub key_id: KeyId,
    /// The comment that is signed as well.
    pub trusted_comment: String,
}

/// Why a document does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The text is no signature.
    #[error("this is not a minisign signature: {0}")]
    Malformed(&'static str),
    /// Signed by a stranger.
    #[error("signed by the key {signer}, which is not trusted")]
    Stranger {
        /// Who signed.
        signer: KeyId,
        /// Whom one trusts.
        trusted: Vec<KeyId>,
    },
    /// Not what was signed.
    #[error("the signature by the key {0} does not fit: the document or the signature was changed")]
    Forged(KeyId),
}

impl SignatureError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Malformed(_) => {
                "a signature has four lines, as `grayctl config sign` and `minisign -S` write them".to_owned()
            }
            Self::Stranger { trusted, .. } => {
                let ids: Vec<String> = trusted.iter().map(ToString::to_string).collect();
                format!(
                    "trusted is {}: sign with one of them, or add the key to the trust file",
                    ids.join(" and ")
                )
            }
            Self::Forged(_) => {
                "sign the document again after the last change: grayctl config sign FILE".to_owned()
            }
        }
    }
}

/// The longest text of a signature, in bytes: a comment may be long, but not without end.
const MOST: usize = 16 << 10;

impl TrustedKeys {
    /// Checks that one of the keys signed exactly these bytes.
    ///
    /// # Errors
    /// The text is no signature, is somebody else's, or is one of other bytes.
    pub fn verify(&self, document: &[u8], signature: &str) -> Result<Signed, SignatureError> {
        if signature.len() > MOST {
            return Err(SignatureError::Malformed("it is too long"));
        }
        let signer = signature
            .lines()
            .nth(1)
            .and_then(KeyId::of)
            .ok_or(SignatureError::Malformed("its second line is not base64"))?;
        let parsed = Signature::decode(signature).map_err(|error| {
            SignatureError::Malformed(match error {
                Error::UnsupportedAlgorithm => "its algorithm is unknown",
                _ => "one of its lines cannot be read",
            })
        })?;
        let mut known = self.iter().filter(|(id, _)| *id == signer).peekable();
        if known.peek().is_none() {
            return Err(SignatureError::Stranger {
                signer,
                trusted: self.ids(),
            });
        }
        // The id is eight bytes that anybody may choose, so two keys may have the same one.
        if known.any(|(_, key)| key.verify(document, &parsed, true).is_ok()) {
            Ok(Signed {
                key_id: signer,
                trusted_comment: parsed.trusted_comment().to_owned(),
            })
        } else {
            Err(SignatureError::Forged(signer))
        }
    }
}

/// A bundle is a signature, its four lines, and directly behind them the document: what `PUT` takes in one body.
///
/// # Errors
/// There are no four lines that look like a signature. Whether it is one says [`TrustedKeys::verify`].
pub fn split_bundle(bundle: &[u8]) -> Result<(&str, &[u8]), SignatureError> {
    let mut ends = bundle
        .iter()
        .enumerate()
        .take(MOST)
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1);
    let end = ends
        .nth(3)
        .ok_or(SignatureError::Malformed("the bundle does not begin with one"))?;
    let (head, document) = bundle.split_at(end);
    let head = str::from_utf8(head).map_err(|_| SignatureError::Malformed("it is not UTF-8"))?;
    if !head.starts_with("untrusted comment:") {
        return Err(SignatureError::Malformed("the bundle does not begin with one"));
    }
    Ok((head, document))
}

#[cfg(test)]
mod tests;
