use std::fmt;
use std::str::FromStr;

use crate::Name;

/// What a lane is called in a field of a request: 1 to 64 letters, digits, and `-`, `_`, `.`, `~`, `:`, `/` and `@`.
///
/// Nothing in it needs quoting in a field, in `baggage`, in JSON or in a text that is signed; every [`Name`] is one. It
/// stands in place and is copied, so that reading one from a request takes no memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    bytes: [u8; Self::MAX],
    /// Of the bytes those that count; the others are 0.
    length: u8,
}

/// Why a text is no [`Tag`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTag {
    /// There is none.
    #[error("a tag is not empty")]
    Empty,
    /// It is too long.
    #[error("a tag has at most {} bytes", Tag::MAX)]
    TooLong,
    /// It has a character that none has.
    #[error("a tag has letters, digits, and `-`, `_`, `.`, `~`, `:`, `/` and `@`")]
    Character,
}

impl Tag {
    /// The longest tag, in bytes.
    pub const MAX: usize = 64;

    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    #[inline]
    pub fn new(text: &[u8]) -> Result<Self, InvalidTag> {
        if text.is_empty() {
            return Err(InvalidTag::Empty);
        }
        let mut bytes = [0; Self::MAX];
        let Some(place) = bytes.get_mut(..text.len()) else {
            return Err(InvalidTag::TooLong);
        };
        if !text.iter().all(|&byte| is_of_tag(byte)) {
            return Err(InvalidTag::Character);
        }
        place.copy_from_slice(text);
        Ok(Self {
            bytes,
            length: text.len() as u8,
        })
    }

    /// The tag as bytes, all of them ASCII.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        // ASCII is UTF-8, so the fallback is never taken.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

const fn is_of_tag(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b':' | b'/' | b'@')
}

impl FromStr for Tag {
    type Err = InvalidTag;

    fn from_str(text: &str) -> Result<Self, InvalidTag> {
        Self::new(text.as_bytes())
    }
}

impl From<&Name> for Tag {
    fn from(name: &Name) -> Self {
        match Self::new(name.as_str().as_bytes()) {
            Ok(tag) => tag,
            // The alphabet of names is a part of that of tags, and a name is shorter.
            Err(_) => unreachable!("every name is a tag"),
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_keeps_what_it_was_read_from_and_takes_no_separator() {
        let longest = "a".repeat(Tag::MAX);

        for text in ["v1.0-SNAPSHOT", "gray", "a:b/c@d~f_g", &longest] {
            assert_eq!(
                text.parse::<Tag>().map(|tag| tag.to_string()),
                Ok(text.to_owned())
            );
        }
        for separator in [" ", "+", ",", ";", "=", "\"", "\\", "%", "*", "{", "\n", "é"] {
            assert_eq!(
                format!("a{separator}b").parse::<Tag>(),
                Err(InvalidTag::Character)
            );
        }
        assert_eq!("".parse::<Tag>(), Err(InvalidTag::Empty));
        assert_eq!(format!("{longest}a").parse::<Tag>(), Err(InvalidTag::TooLong));
    }

    #[test]
    fn every_name_is_a_tag() {
        for text in ["0", "a-b_c.d", &"z".repeat(Name::MAX)] {
            let name: Name = text.parse().unwrap();

            assert_eq!(Tag::from(&name).as_str(), text);
        }
    }
}
