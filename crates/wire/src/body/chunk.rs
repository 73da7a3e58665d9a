//! The line before a chunk: its size and its extensions (RFC 9112, sections 7.1 and 7.1.1).

use super::Malformed;
use crate::bytes::{is_control, is_token};

/// Digits of a size: 16 are as much as a `u64` holds.
const MAX_DIGITS: u8 = 16;
/// Bytes of the extensions of one chunk; they are read over.
const MAX_LINE: u16 = 1_024;
/// Bytes by which the extensions of a body may be ahead of its data. Without this a body of a few bytes could be sent as
/// gigabytes, each line within its limit (CVE-2023-39326).
const MAX_AHEAD: u64 = 16 * 1_024;

/// Reads size lines, byte by byte.
#[derive(Debug, Clone, Default)]
pub(super) struct SizeReader {
    place: Place,
    size: u64,
    digits: u8,
    /// Bytes of extensions on this line.
    line: u16,
    /// Bytes of extensions so far, less those of data.
    ahead: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Size,
    /// Behind a semicolon.
    BeforeName,
    Name,
    /// Behind whitespace that follows a name.
    AfterName,
    /// Behind an equals sign.
    BeforeValue,
    Value,
    Quoted,
    /// Behind a backslash in a quoted string.
    Escaped,
    /// Behind a quoted string.
    AfterQuoted,
    /// Behind whitespace that follows a value.
    AfterValue,
    LineFeed,
}

impl SizeReader {
    /// The size, once the line has ended.
    pub(super) fn next(&mut self, byte: u8) -> Result<Option<u64>, Malformed> {
        match (self.place, byte) {
            (Place::Size, b'\r') if self.digits > 0 => self.place = Place::LineFeed,
            (Place::Size, b';') if self.digits > 0 => self.extension(Place::BeforeName)?,
            (Place::Size, _) => self.digit(byte)?,
            (Place::LineFeed, b'\n') => {
                let size = self.size;
                *self = Self {
                    ahead: self.ahead.saturating_sub(size),
                    ..Self::default()
                };
                return Ok(Some(size));
            }
            (Place::LineFeed, _) => return Err(Malformed),
            // Elsewhere a line that ends is not whole: in a quoted string one reader would go on and the other not.
            (Place::Name | Place::Value | Place::AfterQuoted, b'\r') => self.place = Place::LineFeed,
            (place, _) => self.extension(in_extension(place, byte)?)?,
        }
        Ok(None)
    }

    fn digit(&mut self, byte: u8) -> Result<(), Malformed> {
        let digit = char::from(byte).to_digit(16).ok_or(Malformed)?;
        if self.digits == MAX_DIGITS {
            return Err(Malformed);
        }
        self.digits += 1;
        // At most 16 digits of four bits: the shift loses nothing. The last bit is for those who count with a sign.
        self.size = self.size << 4 | u64::from(digit);
        if self.size > i64::MAX as u64 {
            Err(Malformed)
        } else {
            Ok(())
        }
    }

    fn extension(&mut self, place: Place) -> Result<(), Malformed> {
        self.place = place;
        self.line += 1;
        self.ahead += 1;
        if self.line > MAX_LINE || self.ahead > MAX_AHEAD {
            Err(Malformed)
        } else {
            Ok(())
        }
    }
}

/// Where another byte leads to. Whitespace is bad here, and yet part of the grammar; before the first semicolon, where
/// it could pad a size, it is refused.
fn in_extension(place: Place, byte: u8) -> Result<Place, Malformed> {
    Ok(match (place, byte) {
        (Place::BeforeName | Place::AfterName | Place::BeforeValue | Place::AfterValue, b' ' | b'\t') => {
            place
        }
        (Place::Name, b' ' | b'\t') => Place::AfterName,
        (Place::Value | Place::AfterQuoted, b' ' | b'\t') => Place::AfterValue,
        (Place::Name | Place::AfterName, b'=') => Place::BeforeValue,
        (Place::Name | Place::AfterName | Place::Value | Place::AfterQuoted | Place::AfterValue, b';') => {
            Place::BeforeName
        }
        (Place::BeforeValue, b'"') => Place::Quoted,
        (Place::Quoted, b'"') => Place::AfterQuoted,
        (Place::Quoted, b'\\') => Place::Escaped,
        (Place::Quoted | Place::Escaped, _) if byte == b'\t' || !is_control(byte) => Place::Quoted,
        (Place::BeforeName | Place::Name, _) if is_token(byte) => Place::Name,
        (Place::BeforeValue | Place::Value, _) if is_token(byte) => Place::Value,
        _ => return Err(Malformed),
    })
}
