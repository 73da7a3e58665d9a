use crate::fields::Fields;
use crate::head::Version;
use crate::known::{Known, Word};
use crate::refusal::Refusal;

/// How a body ends (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes; there may be none.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection; only of answers.
    UntilClose,
}

const CHUNKED: Word = Word::of(b"chunked");
const CLOSE: Word = Word::of(b"close");
const KEEP_ALIVE: Word = Word::of(b"keep-alive");

/// The length that a head announces.
#[inline]
pub(crate) fn length(fields: Fields<'_>) -> Result<Option<u64>, Refusal> {
    if !fields.has(Known::ContentLength) {
        return Ok(None);
    }
    let digits = fields.only(Known::ContentLength).ok_or(Refusal::LengthTwice)?;
    // `1*DIGIT`: no sign, no list. A leading zero, which somebody may take for another base, is nobody's habit, and past
    // 63 bits a reader that counts with a sign is at an end elsewhere.
    if digits.is_empty() || digits.len() > 19 || (digits[0] == b'0' && digits.len() > 1) {
        return Err(Refusal::Length);
    }
    let mut length = 0_u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Refusal::Length);
        }
        // At most 19 digits fit into 64 bits.
        length = length * 10 + u64::from(digit);
    }
    if length > i64::MAX as u64 {
        Err(Refusal::Length)
    } else {
        Ok(Some(length))
    }
}

/// Whether the body is chunked. Any other coding, also beside `chunked`, was not asked for.
#[inline]
pub(crate) fn is_chunked(fields: Fields<'_>, version: Version) -> Result<bool, Refusal> {
    if !fields.has(Known::TransferEncoding) {
        return Ok(false);
    }
    if version == Version::Http10 {
        return Err(Refusal::CodingInOldVersion);
    }
    match fields.only(Known::TransferEncoding) {
        Some(coding) if CHUNKED.is(coding) => Ok(true),
        _ => Err(Refusal::Coding),
    }
}

/// Whether the connection may serve another exchange (RFC 9112, section 9.3).
#[inline]
pub(crate) fn persistent(fields: Fields<'_>, version: Version) -> bool {
    let is_11 = version == Version::Http11;
    if !fields.has(Known::Connection) {
        return is_11;
    }
    match fields.only(Known::Connection) {
        // What nearly every one says.
        Some(value) if KEEP_ALIVE.is(value) => true,
        Some(value) if CLOSE.is(value) => false,
        _ => {
            let says = |option: Word| fields.items(Known::Connection).any(|item| option.is(item));
            !says(CLOSE) && (is_11 || says(KEEP_ALIVE))
        }
    }
}
