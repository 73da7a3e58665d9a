use crate::bytes::token_end;
use crate::fields::Fields;
use crate::framing::{Framing, is_chunked, length, persistent};
use crate::head::{self, Limits, Stop, Version, line_end, parse_within, unexpected};
use crate::host::host_end;
use crate::known::{Known, Word};
use crate::refusal::Refusal;
use crate::table::Table;
use crate::target::{Target, target};

/// The head of a request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// A token; case matters.
    pub method: &'a str,
    /// Begins with `/`, or is `*`.
    pub path: &'a str,
    /// What is behind the `?`.
    pub query: Option<&'a str>,
    /// Path and query in origin form, or `*`.
    pub target: &'a str,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The field lines.
    pub fields: Fields<'a>,
    /// The value of Host.
    pub authority: &'a str,
    /// The same without the port.
    pub host: &'a str,
    /// How its body ends; never with the connection.
    pub framing: Framing,
    /// Whether another request may follow it on the connection (RFC 9112, section 9.3).
    pub persistent: bool,
    /// Whether the client may wait for `100 Continue` before it sends its body (RFC 9110, section 10.1.1). Not in HTTP/1.0,
    /// nor where there is no body.
    pub expects_continue: bool,
    /// Bytes of the head, all of them.
    pub length: usize,
}

impl Request<'_> {
    /// Whether the method is one of those that ask for no change (RFC 9110, section 9.2.1).
    #[inline]
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }

    /// Whether the answer has no body because of the method.
    #[inline]
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.method == "HEAD"
    }
}

/// Parses the head of a request. `None`: more bytes are needed.
///
/// `scanned` is a cursor that the caller keeps from call to call for one head, 0 at its start, and again 0 when the head is
/// complete. With it a head that drips in costs no more than twice what it costs at once.
///
/// # Errors
/// The head breaks a rule, and the connection is to be closed: where the next request begins is not known.
#[inline]
pub fn parse_request<'a>(
    input: &'a [u8],
    limits: Limits,
    scanned: &mut usize,
    table: &'a mut Table,
) -> Result<Option<Request<'a>>, Refusal> {
    let lines = parse_within(input, limits, scanned, too_large, |bytes| {
        table.clear();
        read(bytes, limits.fields, table)
    })?;
    let table = &*table;
    lines
        .map(|line| line.checked(Fields { bytes: input, table }))
        .transpose()
}

/// Where the parts of a request line stand, and the head's end.
struct Line {
    start: usize,
    method_end: usize,
    target: Target,
    version: Version,
    length: usize,
}

fn too_large(bytes: &[u8]) -> Refusal {
    let start = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
    let has_line = bytes[start..].contains(&b'\n');
    if has_line {
        Refusal::HeadTooLarge
    } else {
        Refusal::TargetTooLong
    }
}

fn read(bytes: &[u8], most: usize, table: &mut Table) -> Result<Line, Stop> {
    let start = start(bytes)?;
    let method_end = token_end(bytes, start);
    if method_end == start || bytes.get(method_end) != Some(&b' ') {
        return Err(unexpected(bytes, method_end, Refusal::Method));
    }
    if &bytes[start..method_end] == b"CONNECT" {
        return Err(Refusal::Connect.into());
    }
    let target = target(bytes, method_end + 1)?;
    let (version, version_end) = head::version(bytes, target.end + 1)?;
    let fields = line_end(bytes, version_end, Refusal::Version)?;
    let length = head::fields(bytes, fields, most, table)?;
    Ok(Line {
        start,
        method_end,
        target,
        version,
        length,
    })
}

/// Where the request line begins. One empty line before it is read over: RFC 9112, section 2.2, asks for at least one,
/// since some clients send it behind a body. It is of the head, and counts. To take more would serve nobody.
#[inline]
fn start(bytes: &[u8]) -> Result<usize, Stop> {
    if bytes.first() != Some(&b'\r') {
        return Ok(0);
    }
    let start = line_end(bytes, 0, Refusal::Method)?;
    if bytes.get(start) == Some(&b'\r') {
        line_end(bytes, start, Refusal::Method)?;
        return Err(Refusal::EmptyLines.into());
    }
    Ok(start)
}

impl Line {
    /// The request line, perhaps with more behind it, and the value of Host, as text. Both are ASCII, since each byte was of
    /// a class; it is only for the type, so where Host is the first field, as it should be (RFC 9110, section 7.2), one look
    /// has to do.
    #[inline]
    fn texts<'a>(&self, fields: Fields<'a>, host: &'a [u8]) -> Result<(&'a str, &'a str), Refusal> {
        let ascii = |bytes: &'a [u8]| std::str::from_utf8(bytes).map_err(|_| Refusal::Target);
        match fields.first_line() {
            Some(line) if line.known == Known::Host => {
                let both = ascii(&fields.bytes[self.start..line.value_end as usize])?;
                Ok((both, &both[line.value as usize - self.start..]))
            }
            _ => Ok((ascii(&fields.bytes[self.start..self.target.end])?, ascii(host)?)),
        }
    }

    /// Checks what needs the head as a whole.
    #[inline]
    fn checked(self, fields: Fields<'_>) -> Result<Request<'_>, Refusal> {
        let bytes = fields.bytes;
        let Target {
            authority: named,
            path,
            query,
            end,
        } = self.target;
        let host_value = match fields.only(Known::Host) {
            Some(value) => value,
            None if fields.has(Known::Host) => return Err(Refusal::HostTwice),
            None => return Err(Refusal::HostMissing),
        };
        let host_end = host_end(host_value)?;
        let (line, authority) = self.texts(fields, host_value)?;
        let method = &line[..self.method_end - self.start];
        let text = &line[path - self.start..end - self.start];
        let (path, query) = match query {
            Some(at) => (&text[..at - path], Some(&text[at - path + 1..])),
            None => (text, None),
        };
        let (path, target) = match (named, path, query) {
            (None, "*", _) if method != "OPTIONS" => return Err(Refusal::Asterisk),
            (None, ..) => (path, text),
            (Some((from, to)), ..) => {
                // RFC 9112, section 3.2.2, lets the target win. Two answers to "which host" are the stuff of cache
                // poisoning, so they must agree, to the letter: a sender has no reason to write a port in only one.
                if !bytes[from..to].eq_ignore_ascii_case(authority.as_bytes()) {
                    return Err(Refusal::Authority);
                }
                match (path, query, method) {
                    // RFC 9112, section 3.2.4.
                    ("", None, "OPTIONS") => ("*", "*"),
                    ("", None, _) => ("/", "/"),
                    // There is no such target in origin form among these bytes, and nobody sends it.
                    ("", Some(_), _) => return Err(Refusal::Target),
                    _ => (path, text),
                }
            }
        };
        let framing = match (length(fields)?, is_chunked(fields, self.version)?) {
            (Some(_), true) => return Err(Refusal::LengthAndCoding),
            (None, true) => Framing::Chunked,
            (Some(length), false) => Framing::Length(length),
            (None, false) => Framing::Empty,
        };
        let expects = expects_continue(fields)?;
        let has_body = !matches!(framing, Framing::Empty | Framing::Length(0));
        Ok(Request {
            method,
            path,
            query,
            target,
            version: self.version,
            fields,
            authority,
            host: &authority[..host_end],
            framing,
            persistent: persistent(fields, self.version),
            expects_continue: expects && has_body && self.version == Version::Http11,
            length: self.length,
        })
    }
}

const CONTINUE: Word = Word::of(b"100-continue");

/// The only expectation there is (RFC 9110, section 10.1.1).
#[inline]
fn expects_continue(fields: Fields<'_>) -> Result<bool, Refusal> {
    if !fields.has(Known::Expect) {
        return Ok(false);
    }
    match fields.only(Known::Expect) {
        Some(value) if CONTINUE.is(value) => Ok(true),
        _ => Err(Refusal::Expectation),
    }
}

#[cfg(test)]
mod tests;
