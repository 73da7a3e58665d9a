//! What of a trailer section goes on.

use graylane_wire::{self as wire, Known, Refusal, Set, Table};

use crate::compose::is_twin;
use crate::gray::LANE_FIELDS;

/// What the gateway alone may say, and what was trusted or decided upon before the trailers came: some servers merge
/// trailers into the head. For the same reason goes what no trailer may be, because it frames, routes or authenticates the
/// message (RFC 9110, section 6.5.1).
const DROPPED: Set = Set::of(&[
    Known::Baggage,
    Known::GraySignature,
    Known::GrayFallback,
    Known::GrayMirror,
    Known::GrayMock,
    Known::Forwarded,
    Known::ForwardedFor,
    Known::ForwardedHost,
    Known::ForwardedProto,
    Known::Traceparent,
    Known::GraylaneFault,
    Known::Connection,
    Known::KeepAlive,
    Known::ProxyConnection,
    Known::ProxyAuthenticate,
    Known::Http2Settings,
    Known::TransferEncoding,
    Known::ContentLength,
    Known::ContentEncoding,
    Known::ContentRange,
    Known::ContentType,
    Known::Host,
    Known::Te,
    Known::Trailer,
    Known::Upgrade,
    Known::Expect,
    Known::MaxForwards,
    Known::CacheControl,
    Known::Authorization,
    Known::ProxyAuthorization,
    Known::Cookie,
    Known::SetCookie,
])
.union(LANE_FIELDS);

/// Appends the field lines of a trailer section that may go on.
///
/// # Errors
/// The section breaks the grammar of fields.
pub(crate) fn copy(section: &[u8], table: &mut Table, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let fields = wire::parse_trailers(section, table)?;
    fields.copy_to(out, |field| !DROPPED.contains(field.known) && !is_twin(field));
    Ok(())
}
