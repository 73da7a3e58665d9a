use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// A key of signatures: HMAC-SHA256, ready to be used. It is never shown.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// Why a text is no key. Nothing of the text is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It is neither hexadecimal nor base64.
    #[error("it is neither hexadecimal nor base64")]
    NotText,
    /// Nearly all of it is hexadecimal digits. As base64 it would be another key, which nobody has.
    #[error("it looks hexadecimal and is not: a character is wrong, missing or too many")]
    Mistyped,
    /// It is too short to be safe.
    #[error("it has {0} bytes, fewer than {min}", min = Key::MIN)]
    Short(usize),
    /// It is longer than any key.
    #[error("it has more than {max} bytes", max = Key::MAX)]
    Long,
}

impl Key {
    /// The fewest bytes of a key: as many as a MAC has (RFC 2104, section 3).
    pub const MIN: usize = 32;

    /// The most bytes of a key.
    pub const MAX: usize = 1024;

    /// Reads the text of a key file: hexadecimal digits, or base64 in either alphabet, with white space around them. What
    /// can be both is hexadecimal, and what nearly is that is refused.
    ///
    /// # Errors
    /// It is no key.
    pub fn read(text: &[u8]) -> Result<Self, InvalidKey> {
        let text = text.trim_ascii();
        if text.len() > 2 * Self::MAX {
            return Err(InvalidKey::Long);
        }
        let bytes = match hexadecimal(text) {
            Some(bytes) => bytes,
            None if is_nearly_hexadecimal(text) => return Err(InvalidKey::Mistyped),
            None => base64(text).ok_or(InvalidKey::NotText)?,
        };
        match bytes.len() {
            length if length < Self::MIN => Err(InvalidKey::Short(length)),
            length if length > Self::MAX => Err(InvalidKey::Long),
            _ => Ok(Self::of(&bytes)),
        }
    }

    fn of(bytes: &[u8]) -> Self {
        match Hmac::new_from_slice(bytes) {
            Ok(mac) => Self(mac),
            // RFC 2104: longer keys are hashed, shorter ones filled up.
            Err(_) => unreachable!("HMAC takes keys of every length"),
        }
    }

    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        self.0.clone()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

pub(crate) fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = text.chunks_exact(2);
    pairs
        .map(|pair| u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok())
        .collect()
}

/// Whether nine of ten characters are hexadecimal digits. Of 43 characters of base64, which a key has at least, about a third
/// are: nine of ten are so in one of 10 trillion random keys, and one with its `=` at the end is base64 in any case.
fn is_nearly_hexadecimal(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    !text.ends_with(b"=") && !text.is_empty() && digits * 10 >= text.len() * 9
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|&byte| byte != b'=')? + 1;
    if text.len() - end > 2 {
        return None;
    }
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for &byte in &text[..end] {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    // What is left over must be nothing: else two texts would be the same key.
    (count < 6 && bits & ((1 << count) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(key: &str) -> String {
        let mut mac = Key::read(key.as_bytes()).unwrap().mac();
        mac.update(b"text");
        format!("{:x}", mac.finalize().into_bytes())
    }

    #[test]
    fn a_key_is_the_same_in_each_way_to_write_it() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1dfeff";
        let upper = format!(" {}\n", hex.to_uppercase());
        let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v8=";

        // As `printf text | openssl dgst -sha256 -mac HMAC -macopt hexkey:…` has it.
        assert_eq!(mac(hex), EXPECTED);
        for text in [
            &upper,
            base64,
            &base64.replace('/', "_"),
            base64.trim_end_matches('='),
        ] {
            assert_eq!(mac(text), EXPECTED, "{text}");
        }
    }

    const EXPECTED: &str = "cda05b0c82f03bbf54f4742c1ea20993275742e496a6f78dded887e4192b43a3";

    #[test]
    fn what_is_too_short_or_no_text_of_a_key_is_refused_and_not_shown() {
        let cases = [
            ("ab".repeat(31), InvalidKey::Short(31)),
            ("ab".repeat(1025), InvalidKey::Long),
            ("secret!".repeat(9), InvalidKey::NotText),
            ("====".to_owned(), InvalidKey::NotText),
            (String::new(), InvalidKey::Short(0)),
            // A digit that is none, one that was lost, one too many, and a line that was broken.
            (format!("{}\n0f0f", "0f".repeat(30)), InvalidKey::Mistyped),
            (format!("{}0g", "0f".repeat(31)), InvalidKey::Mistyped),
            (format!("{}0", "0f".repeat(31)), InvalidKey::Mistyped),
            (format!("{}0", "0f".repeat(32)), InvalidKey::Mistyped),
        ];

        for (text, expected) in cases {
            let refused = Key::read(text.as_bytes()).map(drop);

            assert_eq!(refused, Err(expected), "{text}");
            assert!(!format!("{expected}").contains("secret"));
        }
        assert_eq!(
            format!("{:?}", Key::read("ab".repeat(32).as_bytes()).unwrap()),
            "Key(..)"
        );
    }
}
