use crate::fields::Fields;
use crate::framing::{Framing, is_chunked, length, persistent};
use crate::head::{self, Limits, Stop, Version, parse_within, text_end, unexpected};
use crate::refusal::Refusal;
use crate::table::Table;

/// The head of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    /// 100 to 999. RFC 9110, section 15, ends at 599; what is past it is passed on.
    pub status: u16,
    /// May be empty.
    pub reason: &'a [u8],
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The field lines.
    pub fields: Fields<'a>,
    /// How its body ends.
    pub framing: Framing,
    /// Whether another answer may follow it on the connection (RFC 9112, section 9.3). Never where the framing is
    /// doubtful: with both a length and chunks, of which the chunks count, or with a 204 that announces a body.
    pub persistent: bool,
    /// Bytes of the head.
    pub length: usize,
}

/// Parses the head of an answer; `to_head`: of one to a request with the method HEAD. `None`: more bytes are needed.
/// `scanned` is as for [`parse_request`](crate::parse_request).
///
/// # Errors
/// The head breaks a rule, and the connection is to be closed: where the answer ends is not known.
#[inline]
pub fn parse_response<'a>(
    input: &'a [u8],
    limits: Limits,
    scanned: &mut usize,
    to_head: bool,
    table: &'a mut Table,
) -> Result<Option<Response<'a>>, Refusal> {
    let too_large = |_: &[u8]| Refusal::HeadTooLarge;
    let line = parse_within(input, limits, scanned, too_large, |bytes| {
        table.clear();
        read(bytes, limits.fields, table)
    })?;
    let table = &*table;
    let fields = Fields { bytes: input, table };
    line.map(|line| line.checked(fields, to_head)).transpose()
}

/// Where the parts of a status line stand, and the head's end.
struct Line {
    status: u16,
    reason: (usize, usize),
    version: Version,
    length: usize,
}

fn read(bytes: &[u8], most: usize, table: &mut Table) -> Result<Line, Stop> {
    let (version, at) = head::version(bytes, 0)?;
    if bytes.get(at) != Some(&b' ') {
        return Err(unexpected(bytes, at, Refusal::Version));
    }
    let (status, at) = status(bytes, at + 1)?;
    let reason = match bytes.get(at) {
        Some(b' ') => at + 1,
        // RFC 9112, section 4, wants the space also where no reason follows; some servers leave it out, and the line has no
        // second reading.
        Some(b'\r') => at,
        _ => return Err(unexpected(bytes, at, Refusal::Reason)),
    };
    let reason_end = text_end(bytes, reason)?;
    let length = head::fields(bytes, reason_end + 2, most, table)?;
    Ok(Line {
        status,
        reason: (reason, reason_end),
        version,
        length,
    })
}

#[inline]
fn status(bytes: &[u8], at: usize) -> Result<(u16, usize), Stop> {
    let mut status = 0;
    for at in at..at + 3 {
        match bytes.get(at) {
            Some(byte) if byte.is_ascii_digit() => status = status * 10 + u16::from(byte - b'0'),
            _ => return Err(unexpected(bytes, at, Refusal::Status)),
        }
    }
    if status < 100 {
        return Err(Refusal::Status.into());
    }
    Ok((status, at + 3))
}

impl Line {
    /// Checks what needs the head as a whole (RFC 9112, section 6.3).
    #[inline]
    fn checked(self, fields: Fields<'_>, to_head: bool) -> Result<Response<'_>, Refusal> {
        let (length, is_chunked) = (length(fields)?, is_chunked(fields, self.version)?);
        let announces = is_chunked || length.is_some_and(|length| length > 0);
        let framing = match self.status {
            // What follows is the next answer, for us; somebody who believes in a body would miss it.
            100..=199 if announces => return Err(Refusal::InterimBody),
            100..=199 | 204 | 304 => Framing::Empty,
            _ if to_head => Framing::Empty,
            _ if is_chunked => Framing::Chunked,
            _ => length.map_or(Framing::UntilClose, Framing::Length),
        };
        let is_clear = !(is_chunked && length.is_some())
            && framing != Framing::UntilClose
            && !(self.status == 204 && announces);
        let (from, to) = self.reason;
        Ok(Response {
            status: self.status,
            reason: &fields.bytes[from..to],
            version: self.version,
            fields,
            framing,
            persistent: is_clear && persistent(fields, self.version),
            length: self.length,
        })
    }
}

#[cfg(test)]
mod tests;
