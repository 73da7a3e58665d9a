//! *colour*: who asks, whom to believe, and under which trace.

use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use graylane_pipeline::TraceId;
use graylane_route::{Asked, Forced};
use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use ipnet::IpNet;

use crate::headers::{FORWARDED_FOR, Field, GRAY_VERSION, Present, TRACEPARENT, TRACESTATE};
use crate::random;
use crate::screen::Screened;

/// Whether a peer's gray and forwarding headers are believed. An IPv4 address mapped into IPv6 is that IPv4 address.
pub(crate) fn is_trusted(peers: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    peers.iter().any(|net| net.contains(&address))
}

/// What is believed about who asks.
#[derive(Debug)]
pub(crate) struct Client {
    /// Whether the peer may force a lane.
    trusted: bool,
    /// The address of the client, where it is not the peer's own.
    behind: Option<String>,
}

impl Client {
    #[inline]
    pub(crate) fn find(parts: &Parts, present: Present, trusted: bool, peers: &[IpNet]) -> Self {
        let behind = (trusted && present.has(Field::FORWARDED_FOR))
            .then(|| client_behind(&parts.headers, peers))
            .flatten();
        Self {
            trusted,
            behind: behind.map(|address| address.to_string()),
        }
    }
}

/// What routing may know of a screened request.
#[inline]
pub(crate) fn asked<'a>(
    parts: &'a Parts,
    screened: Screened,
    client: &'a Client,
    peer: &'a str,
) -> Asked<'a> {
    let named = screened.present.has(Field::GRAY_VERSION) && client.trusted;
    let forced = match named.then(|| parts.headers.get(&GRAY_VERSION)).flatten() {
        Some(name) => Forced::By(name.as_bytes()),
        None => Forced::No,
    };
    let host = parts
        .headers
        .get(header::HOST)
        .map_or("", |value| value.to_str().unwrap_or(""));
    Asked {
        // Screening saw that this is ASCII and has this length.
        host: host.get(..screened.host_end).unwrap_or(""),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or(""),
        headers: &parts.headers,
        client: client.behind.as_deref().unwrap_or(peer),
        forced,
        unix_seconds,
    }
}

/// Now, for a rule that depends on it; 0 where the clock of the machine is before 1970.
fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The client behind trusted peers: the rightmost address of `X-Forwarded-For` that is not a trusted peer itself.
/// `None` where the field does not help: the peer itself is the client then.
fn client_behind(headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut last = None;
    for line in headers.get_all(&FORWARDED_FOR).iter().rev() {
        for item in line.as_bytes().rsplit(|&byte| byte == b',') {
            let address = address(std::str::from_utf8(item).ok()?.trim())?;
            last = Some(address);
            if !is_trusted(trusted, address) {
                return last;
            }
        }
    }
    last
}

/// An address as people write it into `X-Forwarded-For`: bare, with a port, or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or(text, |(inside, _)| inside);
    bare.parse::<IpAddr>()
        .ok()
        .or_else(|| {
            text.parse::<std::net::SocketAddr>()
                .ok()
                .map(|address| address.ip())
        })
        .map(|address| address.to_canonical())
}

/// Takes the trace id of a valid `traceparent`, or makes a new one and puts it into the head.
#[inline]
pub(crate) fn trace(headers: &mut HeaderMap, present: Present) -> TraceId {
    let received = present.only(headers, Field::TRACEPARENT, &TRACEPARENT);
    if let Some(trace) = received.and_then(|value| read_traceparent(value.as_bytes())) {
        return trace;
    }
    if present.has(Field::TRACESTATE) {
        // It belongs to the trace that its parent names (W3C Trace Context, section 3.3.1), and there is none.
        headers.remove(&TRACESTATE);
    }
    let (high, low, span) = (random::next(), random::next() | 1, random::next() | 1);
    headers.insert(TRACEPARENT.clone(), write_traceparent(high, low, span));
    let mut id = [0; 16];
    id[..8].copy_from_slice(&high.to_be_bytes());
    id[8..].copy_from_slice(&low.to_be_bytes());
    TraceId(id)
}

/// W3C Trace Context, section 3.2: `version "-" trace-id "-" parent-id "-" flags`, in lower-case hex; neither id all
/// zero; a later version may have more fields.
fn read_traceparent(value: &[u8]) -> Option<TraceId> {
    let dashes = value.len() >= 55 && value[2] == b'-' && value[35] == b'-' && value[52] == b'-';
    let version = hex::<1>(value.get(..2)?)?;
    let end_is_fine = match version[0] {
        0xff => false,
        0 => value.len() == 55,
        _ => value.len() == 55 || value[55] == b'-',
    };
    if !dashes || !end_is_fine {
        return None;
    }
    let (id, parent) = (hex::<16>(&value[3..35])?, hex::<8>(&value[36..52])?);
    hex::<1>(&value[53..55])?;
    (id != [0; 16] && parent != [0; 8]).then_some(TraceId(id))
}

fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// Flags 01: sampled. With 00, every parent-based sampler behind the gateway would stop tracing altogether.
fn write_traceparent(high: u64, low: u64, span: u64) -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = *b"00-................................-................-01";
    for (at, number) in [(3, high), (19, low), (36, span)] {
        for (i, byte) in number.to_be_bytes().into_iter().enumerate() {
            text[at + 2 * i] = DIGITS[usize::from(byte >> 4)];
            text[at + 2 * i + 1] = DIGITS[usize::from(byte & 15)];
        }
    }
    HeaderValue::from_bytes(&text).expect("hex digits and dashes are header characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted() -> Vec<IpNet> {
        ["10.0.0.0/8", "127.0.0.1/32"]
            .map(|net| net.parse().unwrap())
            .to_vec()
    }

    fn behind(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR.clone(), line.parse().unwrap());
        }
        client_behind(&headers, &trusted()).map(|address| address.to_string())
    }

    #[test]
    fn the_client_is_the_rightmost_address_that_is_not_trusted() {
        assert_eq!(
            behind(&["1.1.1.1, 2.2.2.2, 10.0.0.1"]).as_deref(),
            Some("2.2.2.2")
        );
        assert_eq!(
            behind(&["1.1.1.1", "10.0.0.2, 10.0.0.1"]).as_deref(),
            Some("1.1.1.1")
        );
        assert_eq!(behind(&["10.0.0.3, 10.0.0.1"]).as_deref(), Some("10.0.0.3"));
        assert_eq!(behind(&["[2001:db8::1]:443"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(behind(&["2.2.2.2:99"]).as_deref(), Some("2.2.2.2"));
        assert_eq!(behind(&["1.1.1.1, garbage"]), None);
        assert_eq!(behind(&[]), None);
    }

    #[test]
    fn an_address_mapped_into_ipv6_is_the_same_peer() {
        assert!(is_trusted(&trusted(), "::ffff:10.1.2.3".parse().unwrap()));
        assert!(!is_trusted(&trusted(), "::1".parse().unwrap()));
    }

    #[test]
    fn a_valid_traceparent_is_passed_on_and_anything_else_replaced() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for (value, keep) in [
            (good, true),
            (
                "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                true,
            ),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            (
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                false,
            ),
            ("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("garbage", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT.clone(), value.parse().unwrap());
            headers.insert(TRACESTATE.clone(), "vendor=1".parse().unwrap());

            let trace = {
                let present = Present::scan(&headers);
                trace(&mut headers, present)
            };

            let sent = headers[&TRACEPARENT].to_str().unwrap();
            assert_eq!(sent == value, keep, "{value}");
            assert!(sent.contains(&trace.to_string()));
            assert_eq!(headers.contains_key(&TRACESTATE), keep, "{value}");
            assert!(read_traceparent(sent.as_bytes()).is_some());
        }
    }
}
