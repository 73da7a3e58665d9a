use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// A SHA-256, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first entry of a log has for the hash of the entry before.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of the bytes, one piece after the other.
    pub(crate) fn of(pieces: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for piece in pieces {
            hasher.update(piece);
        }
        Self(hasher.finalize().into())
    }

    /// Reads exactly 64 lower-case digits: other spellings of the same number are not what a log writes.
    pub(crate) fn parse(digits: &[u8]) -> Option<Self> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The last entry of a log: who notes it elsewhere can later tell that nothing up to it was cut off or written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the entry; 0 for an empty log.
    pub seq: u64,
    /// Its hash; [`Hash::ZERO`] for an empty log.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty log.
    pub const START: Self = Self {
        seq: 0,
        hash: Hash::ZERO,
    };
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// The text is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a head: SEQ:HASH is wanted, a number and 64 lower-case hexadecimal digits")]
pub struct HeadError;

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let (seq, hash) = text.split_once(':').ok_or(HeadError)?;
        Ok(Self {
            seq: seq.parse().map_err(|_| HeadError)?,
            hash: Hash::parse(hash.as_bytes()).ok_or(HeadError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let head = Head {
            seq: 41,
            hash: Hash::of(&[b"gray", b"lane"]),
        };

        let read = head.to_string().parse();

        assert_eq!(read, Ok(head));
        assert_eq!("41".parse::<Head>(), Err(HeadError));
        assert_eq!(head.to_string().to_uppercase().parse::<Head>(), Err(HeadError));
    }
}
