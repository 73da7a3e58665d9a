//! *colour*: who asks, whom to believe, and under which trace.

use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use graylane_context::Tag;
use graylane_pipeline::TraceId;
use graylane_route::{Asked, Forced};
use graylane_wire::{Fields, Known, Request};
use ipnet::IpNet;

use crate::random;

/// Whether a network is trusted that the address is of. An IPv4 address mapped into IPv6 is that IPv4 address.
pub(crate) fn is_trusted(peers: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    peers.iter().any(|net| net.contains(&address))
}

/// What is believed about who asks.
#[derive(Debug)]
pub(crate) struct Client {
    /// The address of the client, where it is not the peer's own.
    behind: Option<String>,
}

impl Client {
    #[inline]
    pub(crate) fn find(fields: Fields<'_>, trusted: bool, peers: &[IpNet]) -> Self {
        let behind = (trusted && fields.has(Known::ForwardedFor))
            .then(|| client_behind(fields, peers))
            .flatten();
        Self {
            behind: behind.map(|address| address.to_string()),
        }
    }
}

/// What routing may know of a request; `said` is the lane that it says, where that is believed.
#[inline]
pub(crate) fn asked<'a>(
    request: &Request<'a>,
    client: &'a Client,
    peer: &'a str,
    said: Option<&'a Tag>,
) -> Asked<'a> {
    Asked {
        host: request.host,
        path: request.path,
        query: request.query.unwrap_or(""),
        headers: request.fields,
        client: client.behind.as_deref().unwrap_or(peer),
        forced: said.map_or(Forced::No, |tag| Forced::By(tag.as_bytes())),
        unix_seconds,
    }
}

/// Now, for a rule that depends on it; 0 where the clock of the machine is before 1970.
pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The client behind trusted peers: the rightmost address of `X-Forwarded-For` that is not a trusted peer itself.
/// `None` where the field does not help: the peer itself is the client then.
fn client_behind(fields: Fields<'_>, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut last = None;
    for line in fields.all(Known::ForwardedFor).rev() {
        for item in line.rsplit(|&byte| byte == b',') {
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

/// The trace of an exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    /// Where the request brought none, or none that is valid: the `traceparent` to go on with. What came as `tracestate`
    /// then goes, as it belongs to the trace that its parent names (W3C Trace Context, section 3.3.1).
    pub(crate) made: Option<[u8; 55]>,
}

/// Takes the trace of a valid `traceparent`, or begins one.
#[inline]
pub(crate) fn trace(fields: Fields<'_>) -> Trace {
    if let Some(id) = fields.only(Known::Traceparent).and_then(read_traceparent) {
        return Trace { id, made: None };
    }
    let (high, low, span) = (random::next(), random::next() | 1, random::next() | 1);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&high.to_be_bytes());
    id[8..].copy_from_slice(&low.to_be_bytes());
    Trace {
        id: TraceId(id),
        made: Some(write_traceparent(high, low, span)),
    }
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

/// The two digits of every byte: a trace id and a span id are 24 of them in every request that brings none.
static HEX: [[u8; 2]; 256] = hex_pairs();

const fn hex_pairs() -> [[u8; 2]; 256] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
}

/// Flags 01: sampled. With 00, every parent-based sampler behind the gateway would stop tracing altogether.
fn write_traceparent(high: u64, low: u64, span: u64) -> [u8; 55] {
    let mut text = *b"00-................................-................-01";
    for (at, number) in [(3, high), (19, low), (36, span)] {
        for (pair, byte) in text[at..at + 16].chunks_exact_mut(2).zip(number.to_be_bytes()) {
            pair.copy_from_slice(&HEX[usize::from(byte)]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use graylane_wire::{Table, parse_trailers};

    use super::*;

    fn trusted() -> Vec<IpNet> {
        ["10.0.0.0/8", "127.0.0.1/32"]
            .map(|net| net.parse().unwrap())
            .to_vec()
    }

    fn behind(lines: &[&str]) -> Option<String> {
        let lines: String = lines
            .iter()
            .map(|line| format!("X-Forwarded-For: {line}\r\n"))
            .collect();
        let mut table = Table::new();
        let section = format!("{lines}\r\n");
        let fields = parse_trailers(section.as_bytes(), &mut table).unwrap();
        client_behind(fields, &trusted()).map(|address| address.to_string())
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
            let section = format!("traceparent: {value}\r\n\r\n");
            let mut table = Table::new();

            let trace = trace(parse_trailers(section.as_bytes(), &mut table).unwrap());

            assert_eq!(trace.made.is_none(), keep, "{value}");
            let sent = trace
                .made
                .map_or(value.to_owned(), |made| String::from_utf8(made.to_vec()).unwrap());
            assert!(sent.contains(&trace.id.to_string()));
            assert!(read_traceparent(sent.as_bytes()).is_some());
        }
    }
}
