//! What heads of requests and of answers have in common: limits, lines, fields.

use crate::bytes::{is_control, next_control, next_unusual, token_end};
use crate::known::Known;
use crate::refusal::Refusal;
use crate::table::{Line, Table};

/// How large a head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, with the start line, the empty line, and the empty line that may stand before a request.
    pub head: usize,
    /// Field lines; at most 65,535.
    pub fields: usize,
}

/// The version of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

/// Why parsing stops before the end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// More bytes are needed.
    More,
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Parses a head once it is there, within its limit. `parse` is given bytes of which more may come.
#[inline]
pub(crate) fn parse_within<T>(
    input: &[u8],
    limits: Limits,
    scanned: &mut usize,
    too_large: impl FnOnce(&[u8]) -> Refusal,
    parse: impl FnOnce(&[u8]) -> Result<T, Stop>,
) -> Result<Option<T>, Refusal> {
    // A place in a head is noted in 32 bits.
    let limit = limits.head.min(u32::MAX as usize);
    let bytes = &input[..input.len().min(limit)];
    // At the limit, too: what is wrong with it otherwise says more than that it is too large.
    if *scanned == 0 || bytes.len() == limit || look(bytes, *scanned) != Look::More {
        match parse(bytes) {
            Ok(head) => {
                *scanned = 0;
                return Ok(Some(head));
            }
            Err(Stop::Refused(refusal)) => return Err(refusal),
            Err(Stop::More) => {}
        }
    }
    if bytes.len() == limit {
        return Err(too_large(bytes));
    }
    *scanned = bytes.len();
    Ok(None)
}

/// What a look at lines says, which does not tell what is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing yet.
    More,
    /// An empty line ends here.
    End(usize),
    /// Something stands here that may stand in no line, nor end one.
    Broken,
}

/// Looks at lines that come piece by piece, of which so many bytes were looked at before. So each byte of a head that
/// drips in is looked at twice, now and when all are there, and not once for every drip; and what no head may have is seen
/// as soon as it comes.
pub(crate) fn look(bytes: &[u8], scanned: usize) -> Look {
    // The last byte may have been a CR, whose LF comes now.
    let mut at = scanned.min(bytes.len()).saturating_sub(1);
    loop {
        at = next_control(bytes, at);
        let before = at.checked_sub(1).map(|before| bytes[before]);
        match bytes[at..] {
            [] | [b'\r'] => return Look::More,
            [b'\r', b'\n', ..] if before == Some(b'\n') => return Look::End(at + 2),
            [b'\r', b'\n', ..] => at += 2,
            [b'\n', ..] if before == Some(b'\r') => at += 1,
            [b'\t', ..] => at += 1,
            _ => return Look::Broken,
        }
    }
}

/// What is wrong with a byte that cannot stand here: it breaks a rule of all heads, or else the given one.
#[cold]
pub(crate) fn unexpected(bytes: &[u8], at: usize, otherwise: Refusal) -> Stop {
    match bytes[at..] {
        [] | [b'\r'] => Stop::More,
        [b'\r', b'\n', ..] => otherwise.into(),
        [b'\r', ..] => Refusal::BareReturn.into(),
        [b'\n', ..] => Refusal::BareLineFeed.into(),
        [b'\t', ..] => otherwise.into(),
        [byte, ..] if is_control(byte) => Refusal::Control.into(),
        _ => otherwise.into(),
    }
}

/// Where the next line begins, if the line ends here.
#[inline]
pub(crate) fn line_end(bytes: &[u8], at: usize, otherwise: Refusal) -> Result<usize, Stop> {
    match bytes.get(at..at + 2) {
        Some(b"\r\n") => Ok(at + 2),
        _ => Err(unexpected(bytes, at, otherwise)),
    }
}

/// Where the text that begins here ends, which is where CR and LF stand: visible characters, whitespace and obs-text
/// (RFC 9110, section 5.5).
#[inline]
pub(crate) fn text_end(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    let end = next_unusual(bytes, at);
    if is_line_end(bytes, end) {
        Ok(end)
    } else {
        unusual_text_end(bytes, end)
    }
}

#[cold]
fn unusual_text_end(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    while let Some(b'\t' | 0x80..) = bytes.get(at) {
        at = next_control(bytes, at + 1);
    }
    if is_line_end(bytes, at) {
        Ok(at)
    } else {
        Err(unexpected(bytes, at, Refusal::Control))
    }
}

#[inline]
fn is_line_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n')
}

const VERSION: usize = b"HTTP/1.1".len();

/// The version that stands here, and where it ends.
#[inline]
pub(crate) fn version(bytes: &[u8], at: usize) -> Result<(Version, usize), Stop> {
    match bytes.get(at..at + VERSION) {
        Some(b"HTTP/1.1") => Ok((Version::Http11, at + VERSION)),
        Some(b"HTTP/1.0") => Ok((Version::Http10, at + VERSION)),
        _ => Err(other_version(&bytes[at..])),
    }
}

#[cold]
fn other_version(rest: &[u8]) -> Stop {
    for (at, pattern) in b"HTTP/0.0".iter().enumerate() {
        let is_right = match (rest.get(at), pattern) {
            (None, _) => return Stop::More,
            (Some(byte), b'0') => byte.is_ascii_digit(),
            (Some(byte), pattern) => byte == pattern,
        };
        if !is_right {
            return unexpected(rest, at, Refusal::Version);
        }
    }
    Refusal::VersionNotServed.into()
}

/// Reads field lines up to the empty line and notes them; gives where the empty line ends.
#[inline]
pub(crate) fn fields(bytes: &[u8], mut at: usize, most: usize, table: &mut Table) -> Result<usize, Stop> {
    let most = most.min(usize::from(u16::MAX));
    loop {
        let start = at;
        let name_end = token_end(bytes, start);
        if bytes.get(name_end) != Some(&b':') || name_end == start {
            if bytes.get(start) == Some(&b'\r') {
                table.end = start as u32;
                return line_end(bytes, start, Refusal::BareReturn);
            }
            return Err(no_name(bytes, start, name_end));
        }
        let name = &bytes[start..name_end];
        let name_length = u16::try_from(name.len()).map_err(|_| Refusal::HeadTooLarge)?;
        let value = match bytes[name_end + 1..] {
            // As nearly every line is.
            [b' ', byte, ..] if byte > b' ' => name_end + 2,
            _ => past_whitespace(bytes, name_end + 1),
        };
        let line_end = text_end(bytes, value)?;
        let value_end = match bytes[line_end - 1] {
            b'\t' | b' ' => without_whitespace(bytes, value, line_end),
            _ => line_end,
        };
        if table.lines.len() == most {
            return Err(Refusal::TooManyFields.into());
        }
        table.push(Line {
            start: start as u32,
            value: value as u32,
            value_end: value_end as u32,
            name_length,
            known: Known::of(name),
        });
        at = line_end + 2;
    }
}

#[inline]
fn past_whitespace(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// Where the value ends that whitespace follows.
#[cold]
fn without_whitespace(bytes: &[u8], value: usize, mut end: usize) -> usize {
    while end > value && matches!(bytes[end - 1], b' ' | b'\t') {
        end -= 1;
    }
    end
}

/// Why this is no name and colon.
#[cold]
fn no_name(bytes: &[u8], start: usize, end: usize) -> Stop {
    let refusal = match bytes.get(end) {
        Some(b' ' | b'\t') if start == end => Refusal::FoldedLine,
        // Where a colon follows the whitespace; any other word makes it no field line at all.
        Some(b' ' | b'\t') => {
            let after = past_whitespace(bytes, end);
            match bytes.get(after) {
                None => return Stop::More,
                Some(b':') => Refusal::SpaceBeforeColon,
                Some(_) => return unexpected(bytes, after, Refusal::Colon),
            }
        }
        Some(b'\r') => Refusal::Colon,
        _ => Refusal::FieldName,
    };
    unexpected(bytes, end, refusal)
}
