use std::fmt;

use minisign_verify::PublicKey;

/// The id of a key, as minisign shows it: up to 16 hexadecimal digits, without zeros before them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The id in the base64 of a key or a signature: behind two bytes that name the algorithm.
    pub(super) fn of(base64: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(12);
        for four in base64.as_bytes().get(..16)?.chunks(4) {
            let mut word = 0;
            for digit in four {
                word = word << 6 | u32::from(sextet(*digit)?);
            }
            bytes.extend_from_slice(&word.to_be_bytes()[1..]);
        }
        bytes.get(2..10)?.try_into().ok().map(Self)
    }

    /// The id of eight bytes as they stand in a key.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // minisign shows them as one number, the last byte first and without zeros before it.
        write!(f, "{:X}", u64::from_le_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The public keys of those whose signature counts; at least one. Two, while one replaces the other.
#[derive(Debug, Clone)]
pub struct TrustedKeys(Vec<(KeyId, PublicKey)>);

/// Why a trust file is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A line is neither a key nor a comment.
    #[error("line {0} is neither a minisign public key nor a comment")]
    BadLine(usize),
    /// There are comments only.
    #[error("there is no key")]
    NoKey,
    /// More keys than anybody trusts.
    #[error("there are more than {MOST} keys")]
    TooMany,
}

impl TrustError {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::BadLine(_) => {
                "a key is a line of base64 that starts with RW; a comment starts with `#` or `untrusted comment:`"
            }
            Self::NoKey => "add a public key, as `grayctl config keygen` and `minisign -G` write it",
            Self::TooMany => "remove the keys that are out of use",
        }
    }
}

/// The most keys of a trust file.
const MOST: usize = 100;

impl TrustedKeys {
    /// Reads a trust file: a public key on each line, among comments and empty lines; so a `minisign.pub` as it is, or
    /// several behind one another.
    ///
    /// # Errors
    /// A line is no key, or there is none.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let mut keys: Vec<(KeyId, PublicKey)> = Vec::new();
        for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with("untrusted comment:") {
                continue;
            }
            let read = KeyId::of(line).zip(PublicKey::from_base64(line).ok());
            let (id, key) = read.ok_or(TrustError::BadLine(i + 1))?;
            if !keys.iter().any(|(_, other)| *other == key) {
                keys.push((id, key));
            }
            if keys.len() > MOST {
                return Err(TrustError::TooMany);
            }
        }
        if keys.is_empty() {
            return Err(TrustError::NoKey);
        }
        Ok(Self(keys))
    }

    /// Their ids, in the order of the file.
    pub fn ids(&self) -> Vec<KeyId> {
        self.0.iter().map(|(id, _)| *id).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(KeyId, PublicKey)> {
        self.0.iter()
    }
}
