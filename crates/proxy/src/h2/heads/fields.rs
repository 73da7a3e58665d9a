//! Field lines, one after the other, and header maps.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use memchr::memchr;

use super::{Malformed, names};

/// What a field means to the change of protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Usual,
    /// Of HTTP/1.1 alone (RFC 9113, section 8.2.2).
    Connection,
    Te,
    Host,
    /// May come in crumbs (RFC 9113, section 8.2.3).
    Cookie,
    ContentLength,
    /// Has a new value in every request.
    New,
}

#[inline]
fn meaning(name: &str) -> Meaning {
    match name {
        "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade"
        | "http2-settings" => Meaning::Connection,
        "te" => Meaning::Te,
        "host" => Meaning::Host,
        "cookie" => Meaning::Cookie,
        "content-length" => Meaning::ContentLength,
        "traceparent" => Meaning::New,
        _ => Meaning::Usual,
    }
}

/// What [`write`] came across.
#[derive(Debug, Default)]
pub(super) struct Written<'a> {
    pub(super) host: Option<&'a HeaderValue>,
    pub(super) several_hosts: bool,
    pub(super) has_length: bool,
}

/// Appends the lines of a map, without `Host`, which is given back. All crumbs of a cookie become one line (RFC 9113,
/// section 8.2.3): a map lists the values of one name one after the other.
#[inline]
pub(super) fn write<'a>(map: &'a HeaderMap, out: &mut Vec<u8>) -> Result<Written<'a>, Malformed> {
    let mut written = Written::default();
    let mut in_cookie = false;
    for (name, value) in map {
        let bytes = value.as_bytes();
        check(bytes)?;
        let meaning = meaning(name.as_str());
        match meaning {
            Meaning::Usual | Meaning::New => {}
            Meaning::Connection => return Err(Malformed::ConnectionField),
            Meaning::Te if bytes != b"trailers" => return Err(Malformed::ConnectionField),
            Meaning::Te => {}
            Meaning::Host => {
                written.several_hosts |= written.host.is_some();
                written.host = Some(value);
                continue;
            }
            Meaning::Cookie if in_cookie => {
                out.truncate(out.len() - 2);
                out.extend_from_slice(b"; ");
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
                continue;
            }
            Meaning::Cookie => {}
            Meaning::ContentLength => written.has_length = true,
        }
        in_cookie = meaning == Meaning::Cookie;
        write_line(out, name.as_str(), bytes);
    }
    Ok(written)
}

#[inline]
pub(super) fn write_line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[inline]
fn check(value: &[u8]) -> Result<(), Malformed> {
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if is_space(value.first()) || is_space(value.last()) {
        return Err(Malformed::Whitespace);
    }
    Ok(())
}

/// Lines of our own making that no header map can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoFields;

/// Puts the lines from this place on into a map, up to an empty line or the end, but for those that HTTP/2 does not have.
/// Gives the value of `Host`. The values share the memory of the text.
#[inline]
pub(super) fn read(text: &Bytes, mut at: usize, map: &mut HeaderMap) -> Result<Option<Bytes>, NoFields> {
    let mut host = None;
    while let Some(line) = next_line(text, at) {
        if line.is_empty() {
            break;
        }
        let colon = memchr(b':', line).ok_or(NoFields)?;
        let name = names::name(&line[..colon]).map_err(|_| NoFields)?;
        let value = text.slice_ref(line[colon + 1..].trim_ascii());
        at += line.len() + 2;
        let meaning = meaning(name.as_str());
        match meaning {
            Meaning::Connection => continue,
            Meaning::Te if &value[..] != b"trailers" => continue,
            Meaning::Host => {
                host = Some(value);
                continue;
            }
            _ => {}
        }
        let mut value = HeaderValue::from_maybe_shared(value).map_err(|_| NoFields)?;
        // In the tables of both sides (RFC 7541, section 2.3.2) it would push out what does come again.
        value.set_sensitive(meaning == Meaning::New);
        map.try_append(name, value).map_err(|_| NoFields)?;
    }
    Ok(host)
}

/// The line that begins here, without its end.
#[inline]
pub(super) fn next_line(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = &text[at..];
    // The text went through the parser: a carriage return stands before a line feed and nowhere else.
    let end = memchr(b'\r', rest)?;
    Some(&rest[..end])
}

/// Appends a trailer section and the empty line at its end.
///
/// # Errors
/// A field that no message of HTTP/2 may have.
pub(crate) fn write_trailers(map: &HeaderMap, out: &mut Vec<u8>) -> Result<(), Malformed> {
    if write(map, out)?.host.is_some() {
        return Err(Malformed::Authority);
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// The trailers of these lines.
pub(crate) fn read_trailers(lines: &[u8]) -> HeaderMap {
    let mut map = HeaderMap::new();
    // What cannot be said is left out: by now there is no other way, and the lines went through the parser.
    let _ = read(&Bytes::copy_from_slice(lines), 0, &mut map);
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_go_there_and_back() {
        let mut map = HeaderMap::new();
        map.append("grpc-status", HeaderValue::from_static("0"));
        map.append("x", HeaderValue::from_bytes(b"a\xff").unwrap());
        map.append("x", HeaderValue::from_static(""));
        let mut text = Vec::new();

        write_trailers(&map, &mut text).unwrap();

        assert_eq!(text, b"grpc-status: 0\r\nx: a\xff\r\nx: \r\n\r\n");
        assert_eq!(read_trailers(&text), map);
        assert_eq!(read_trailers(&text[..text.len() - 2]), map);
        assert!(read_trailers(b"").is_empty());
    }

    #[test]
    fn trailers_frame_and_route_nothing() {
        for name in ["transfer-encoding", "connection", "host"] {
            let mut map = HeaderMap::new();
            map.append(name, HeaderValue::from_static("x"));

            assert!(write_trailers(&map, &mut Vec::new()).is_err(), "{name}");
        }
    }
}
