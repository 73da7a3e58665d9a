use std::fmt;
use std::hint::black_box;

use sha2::Digest as _;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The hash of these bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Whether this is the hash of a secret that a stranger shows, in a time that tells nothing about how much is right.
    ///
    /// A plain hash is enough to keep of a secret that a machine made: 32 random bytes cannot be guessed, however fast
    /// the hash.
    pub fn is_of(&self, shown: &[u8]) -> bool {
        let other = Self::of(shown);
        let pairs = self.0.iter().zip(other.0);
        pairs.fold(0, |all, (a, b)| black_box(all | (a ^ b))) == 0
    }

    /// The bytes. Compare those of a secret by [`Sha256::is_of`] only.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hexadecimal digits of either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
        }
        Some(Self(bytes))
    }

    /// All of it, as 64 lower-case digits.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The first digits: enough to compare two by eye, too few to look one up.
impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}…", &self.to_hex()[..8])
    }
}

/// As `Display`: a debug output must not carry what a token can be guessed against.
impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, the example of one block.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_hash_is_the_published_one_and_reads_back() {
        let hash = Sha256::of("abc");

        assert_eq!(hash.to_hex(), ABC);
        assert_eq!(Sha256::from_hex(&ABC.to_uppercase()), Some(hash));
        assert_eq!(format!("{hash} {hash:?}"), "sha256:ba7816bf… sha256:ba7816bf…");
    }

    #[test]
    fn a_secret_is_known_by_its_hash_only() {
        let kept = Sha256::of("secret");

        let known = ["secret", "secres", "secret ", ""].map(|shown| kept.is_of(shown.as_bytes()));

        assert_eq!(known, [true, false, false, false]);
    }

    #[test]
    fn anything_but_64_hexadecimal_digits_is_refused() {
        let wrong = [
            &ABC[1..],
            "",
            &format!("{ABC}0"),
            &ABC.replace('b', "g"),
            &"ä".repeat(32),
        ];

        for text in wrong {
            assert_eq!(Sha256::from_hex(text), None, "{text}");
        }
    }
}
