//! Heads on their way out: the kept lines of what came, in as few copies as they stand in, and then our own.

use graylane_wire::{Field, Fields, Framing, Known, Request, Response, Set, Version, write_field};

use crate::conn::Scheme;
use crate::date;
use crate::gray::{self, LANE_FIELDS};

/// What concerns only the connection that it came on (RFC 9110, section 7.6.1).
const HOP_BY_HOP: Set = Set::of(&[
    Known::Connection,
    Known::KeepAlive,
    Known::ProxyConnection,
    Known::Te,
    Known::TransferEncoding,
    Known::Upgrade,
    Known::ProxyAuthorization,
    Known::ProxyAuthenticate,
    Known::Http2Settings,
]);

/// What the gateway writes itself into every request.
const ASSERTED: Set = Set::of(&[
    Known::GrayFallback,
    Known::GrayMock,
    Known::Forwarded,
    Known::ForwardedFor,
]);

/// What is said to the gateway alone.
const FOR_US: Set = Set::of(&[Known::GraySignature]);

/// In place of which lane the baseline answers.
const FALLBACK: &str = "x-gray-fallback";

/// What is said of earlier hops.
const FORWARDING: Set = Set::of(&[
    Known::Forwarded,
    Known::ForwardedFor,
    Known::ForwardedHost,
    Known::ForwardedProto,
]);

/// Fields that `Connection` may not name away: dropping them would change what the message means, or let a client remove
/// what the gateway itself asserts (a known attack on forwarding headers).
const NOT_TO_BE_NAMED: Set = Set::of(&[
    Known::Host,
    Known::ContentLength,
    Known::ContentType,
    Known::ContentEncoding,
    Known::Authorization,
    Known::Cookie,
    Known::SetCookie,
    Known::CacheControl,
    Known::Date,
    Known::Expect,
    Known::Baggage,
    Known::GrayFallback,
    Known::GrayMirror,
    Known::GrayMock,
    Known::ForwardedFor,
    Known::ForwardedHost,
    Known::ForwardedProto,
    Known::Forwarded,
    Known::Traceparent,
    Known::Tracestate,
    Known::GrpcTimeout,
])
.union(LANE_FIELDS);

/// What every request of one connection is told on its way through: made once, since it is the same each time.
#[derive(Debug)]
pub(crate) struct Hop {
    scheme: Scheme,
    /// The fields for a request that says nothing of earlier hops, up to the host's name.
    alone: Box<str>,
    /// The peer, as `X-Forwarded-For` has it: where in the text above.
    peer: std::ops::Range<usize>,
    /// Our element of `Forwarded`, up to the host's name.
    element: Box<str>,
}

impl Hop {
    /// For requests that come from this address.
    pub(crate) fn new(peer: &str, scheme: Scheme) -> Self {
        // An IPv6 address needs quotes (RFC 7239, section 6).
        let element = if peer.contains(':') {
            format!("for=\"[{peer}]\";host=")
        } else {
            format!("for={peer};host=")
        };
        let scheme_text = scheme.as_str();
        let before = "x-forwarded-for: ";
        Self {
            scheme,
            alone: format!("{before}{peer}\r\nx-forwarded-proto: {scheme_text}\r\nx-forwarded-host: ").into(),
            peer: before.len()..before.len() + peer.len(),
            element: element.into(),
        }
    }

    fn peer(&self) -> &str {
        &self.alone[self.peer.clone()]
    }
}

/// What one request is told on its way to an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Onward<'a> {
    pub(crate) hop: &'a Hop,
    /// Whether what the peer says of earlier hops is believed.
    pub(crate) trusted: bool,
    /// Its lane, and how that is told.
    pub(crate) gray: gray::Onward<'a>,
    /// Where the request brought none.
    pub(crate) traceparent: Option<&'a [u8; 55]>,
    /// The protocols to switch to.
    pub(crate) wish: Option<&'a [u8]>,
}

/// What our own lines need at most, but for names of lanes and hosts.
const OWN_LINES: usize = 320;

/// Says in a head that is written for the endpoints of one lane that the baseline has taken that lane's place.
#[cold]
pub(crate) fn fall_back(wanted: &str, head: &mut Vec<u8>) {
    // The empty line at its end.
    head.truncate(head.len() - 2);
    write_field(head, FALLBACK, wanted.as_bytes());
    head.extend_from_slice(b"\r\n");
}

/// Writes the head that goes to an endpoint: nothing of the hop before, everything that the next one should know.
#[inline]
pub(crate) fn request(request: &Request<'_>, onward: &Onward<'_>, out: &mut Vec<u8>) {
    let fields = request.fields;
    out.reserve(request.length + OWN_LINES);
    out.extend_from_slice(request.method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(request.target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    let gray = onward.gray.dropped(fields);
    let mut dropped = HOP_BY_HOP.union(ASSERTED).union(FOR_US).union(gray);
    if onward.traceparent.is_some() {
        dropped = dropped.union(Set::of(&[Known::Traceparent, Known::Tracestate]));
    }
    if !onward.trusted {
        dropped = dropped.union(Set::of(&[Known::GrayMirror]));
    }
    let chained = onward.trusted && fields.has_any(FORWARDING);
    for known in [Known::ForwardedProto, Known::ForwardedHost] {
        if !(chained && fields.has(known)) {
            dropped = dropped.union(Set::of(&[known]));
        }
    }
    copy(fields, dropped, out);
    if fields.has(Known::Te)
        && fields
            .items(Known::Te)
            .any(|item| item.eq_ignore_ascii_case(b"trailers"))
    {
        // Worth keeping, since trailers are passed on.
        write_field(out, "te", b"trailers");
    }
    if request.framing == Framing::Chunked {
        write_field(out, "transfer-encoding", b"chunked");
    }
    if let Some(protocols) = onward.wish {
        write_field(out, "connection", b"upgrade");
        write_field(out, "upgrade", protocols);
    }
    onward.gray.write(fields, gray, out);
    if chained {
        write_chained(request, onward, out);
    } else {
        out.extend_from_slice(onward.hop.alone.as_bytes());
        out.extend_from_slice(request.authority.as_bytes());
        out.extend_from_slice(b"\r\nforwarded: ");
    }
    write_element(request.authority, onward.hop, out);
    if let Some(traceparent) = onward.traceparent {
        out.extend_from_slice(b"\r\ntraceparent: ");
        out.extend_from_slice(traceparent);
    }
    out.extend_from_slice(b"\r\n\r\n");
}

/// `X-Forwarded-*` up to our own element of `Forwarded` (RFC 7239): appended to what a trusted peer said.
fn write_chained(request: &Request<'_>, onward: &Onward<'_>, out: &mut Vec<u8>) {
    let fields = request.fields;
    out.extend_from_slice(b"x-forwarded-for: ");
    write_earlier(fields, Known::ForwardedFor, out);
    out.extend_from_slice(onward.hop.peer().as_bytes());
    out.extend_from_slice(b"\r\n");
    if !fields.has(Known::ForwardedProto) {
        write_field(out, "x-forwarded-proto", onward.hop.scheme.as_str().as_bytes());
    }
    if !fields.has(Known::ForwardedHost) {
        write_field(out, "x-forwarded-host", request.authority.as_bytes());
    }
    out.extend_from_slice(b"forwarded: ");
    write_earlier(fields, Known::Forwarded, out);
}

/// What earlier hops wrote, on however many lines.
fn write_earlier(fields: Fields<'_>, known: Known, out: &mut Vec<u8>) {
    for line in fields.all(known) {
        out.extend_from_slice(line);
        out.extend_from_slice(b", ");
    }
}

/// Our element of `Forwarded`; a host with a port needs quotes (RFC 7239, section 4).
#[inline]
fn write_element(host: &str, hop: &Hop, out: &mut Vec<u8>) {
    out.extend_from_slice(hop.element.as_bytes());
    if host.contains([':', '[']) {
        out.push(b'"');
        out.extend_from_slice(host.as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(host.as_bytes());
    }
    out.extend_from_slice(b";proto=");
    out.extend_from_slice(hop.scheme.as_str().as_bytes());
}

/// Copies all lines but those dropped and those that `Connection` names.
#[inline]
fn copy(fields: Fields<'_>, dropped: Set, out: &mut Vec<u8>) {
    if fields.has(Known::Connection) && !names_no_field(fields) {
        let named = |field: &Field<'_>| {
            !NOT_TO_BE_NAMED.contains(field.known)
                && fields
                    .items(Known::Connection)
                    .any(|item| item.eq_ignore_ascii_case(field.name))
        };
        fields.copy_to(out, |field| {
            !dropped.contains(field.known) && !is_twin(field) && !named(field)
        });
    } else {
        fields.copy_to(out, |field| !dropped.contains(field.known) && !is_twin(field));
    }
}

/// Whether a name is that of a known field but for `_` in place of `-`. Servers that make variables of fields cannot tell the
/// two apart (RFC 3875, section 4.1.18), so a stranger could say what only the gateway may.
#[inline]
pub(crate) fn is_twin(field: &Field<'_>) -> bool {
    field.known == Known::Other
        && (field.name.contains(&b'_') && is_known_with_hyphens(field.name) || is_version_tag(field.name))
}

/// Whether a name is that of the one known field that has underscores itself, but for these.
#[inline]
fn is_version_tag(name: &[u8]) -> bool {
    const NAME: &[u8] = Known::VersionTag.name().as_bytes();
    let same = |(one, known): (&u8, &u8)| match known {
        b'_' => matches!(one, b'_' | b'-'),
        letter => one.eq_ignore_ascii_case(letter),
    };
    name.len() == NAME.len() && name.iter().zip(NAME).all(same)
}

#[cold]
fn is_known_with_hyphens(name: &[u8]) -> bool {
    let mut hyphens = [0; 32];
    let Some(hyphens) = hyphens.get_mut(..name.len()) else {
        return false;
    };
    for (to, &from) in hyphens.iter_mut().zip(name) {
        *to = if from == b'_' { b'-' } else { from };
    }
    Known::of(hyphens) != Known::Other
}

/// What nearly every `Connection` says.
#[inline]
fn names_no_field(fields: Fields<'_>) -> bool {
    let usual =
        |value: &[u8]| value.eq_ignore_ascii_case(b"keep-alive") || value.eq_ignore_ascii_case(b"close");
    fields.only(Known::Connection).is_some_and(usual)
}

/// What a client speaks, as far as the head of its answer depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http10,
    Http11,
    Http2,
}

/// Towards whom the head of an answer goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Towards<'a> {
    pub(crate) speaks: Speaks,
    /// Whether this is the last answer on the connection.
    pub(crate) closes: bool,
    /// The lane, where the service shows it to the client.
    pub(crate) lane: Option<&'a str>,
    /// The lane in whose place that one answers.
    pub(crate) instead_of: Option<&'a str>,
    /// The protocols that the client asked for, where it may be told to switch.
    pub(crate) wish: Option<&'a [u8]>,
}

impl Towards<'_> {
    /// How a body reaches the client, when it comes like this from an endpoint.
    #[inline]
    pub(crate) fn framing(&self, from: Framing) -> Framing {
        match (from, self.speaks) {
            (Framing::Chunked | Framing::UntilClose, Speaks::Http10) => Framing::UntilClose,
            (Framing::Chunked | Framing::UntilClose, _) => Framing::Chunked,
            (as_it_is, _) => as_it_is,
        }
    }
}

/// Writes the head of an endpoint's answer.
#[inline]
pub(crate) fn answer(response: &Response<'_>, towards: &Towards<'_>, out: &mut Vec<u8>) {
    let fields = response.fields;
    out.reserve(response.length + OWN_LINES);
    write_status(response.status, response.reason, out);
    let ours = FOR_US.union(LANE_FIELDS).union(Set::of(&[
        Known::GrayFallback,
        Known::GrayMirror,
        Known::GrayMock,
    ]));
    let mut dropped = HOP_BY_HOP.union(ours);
    let no_length = response.status < 200 || response.status == 204 || fields.has(Known::TransferEncoding);
    if no_length {
        // It would say of the body what is not so (RFC 9110, section 8.6; RFC 9112, section 6.3).
        dropped = dropped.union(Set::of(&[Known::ContentLength]));
    }
    copy(fields, dropped, out);
    if response.status == 101 {
        write_field(out, "connection", b"upgrade");
        // Which of the protocols asked for it is, the endpoint says; if it does not, there was only one.
        let protocol = fields.first(Known::Upgrade).or(towards.wish).unwrap_or_default();
        write_field(out, "upgrade", protocol);
    } else if response.status >= 200 {
        if !fields.has(Known::Date) {
            // RFC 9110, section 6.6.1: who forwards an answer without one adds it.
            write_field(out, "date", &date::now());
        }
        write_own(towards.framing(response.framing), towards, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes the head of an answer of the gateway's own, up to the fields of whoever calls: those follow, and then an empty line.
pub(crate) fn own_answer(status: u16, length: usize, towards: &Towards<'_>, out: &mut Vec<u8>) {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    write_status(status, reason.unwrap_or_default().as_bytes(), out);
    if status >= 200 && status != 204 {
        write_field(out, "content-length", length.to_string().as_bytes());
    }
    write_field(out, "date", &date::now());
    write_own(Framing::Empty, towards, out);
}

#[inline]
fn write_status(status: u16, reason: &[u8], out: &mut Vec<u8>) {
    let digit = |n: u16| b'0' + (n % 10) as u8;
    let mut line = *b"HTTP/1.1 ... ";
    (line[9], line[10], line[11]) = (digit(status / 100), digit(status / 10), digit(status));
    out.extend_from_slice(&line);
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
}

/// What every answer gets: its framing, the lane where the service shows it, and the word to leave or to stay.
#[inline]
fn write_own(framing: Framing, towards: &Towards<'_>, out: &mut Vec<u8>) {
    if let Some(lane) = towards.lane {
        write_field(out, "x-gray-version", lane.as_bytes());
        if let Some(wanted) = towards.instead_of {
            write_field(out, FALLBACK, wanted.as_bytes());
        }
    }
    if towards.speaks == Speaks::Http2 {
        return;
    }
    if framing == Framing::Chunked {
        write_field(out, "transfer-encoding", b"chunked");
    }
    if towards.closes || framing == Framing::UntilClose {
        write_field(out, "connection", b"close");
    } else if towards.speaks == Speaks::Http10 {
        // It leaves after each answer unless told otherwise (RFC 9112, appendix C.2.2).
        write_field(out, "connection", b"keep-alive");
    }
}

impl From<Version> for Speaks {
    fn from(version: Version) -> Self {
        match version {
            Version::Http10 => Self::Http10,
            Version::Http11 => Self::Http11,
        }
    }
}

#[cfg(test)]
mod tests;
