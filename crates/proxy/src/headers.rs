//! The header fields that a gateway must know: one pass tells which are there, and only those are touched.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;

pub(crate) static GRAY_VERSION: HeaderName = HeaderName::from_static("x-gray-version");
pub(crate) static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) static FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(crate) static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(crate) static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
pub(crate) static FAULT: HeaderName = HeaderName::from_static("x-graylane-fault");
static KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
static PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Which of the known fields a head has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Present {
    some: u32,
    several: u32,
}

/// One of the known fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field(u32);

macro_rules! fields {
    ($($bit:literal $name:ident $text:literal;)*) => {
        impl Field {
            $(pub(crate) const $name: Self = Self(1 << $bit);)*

            #[inline]
            fn of(name: &HeaderName) -> u32 {
                match name.as_str() {
                    $($text => 1 << $bit,)*
                    _ => 0,
                }
            }
        }
    };
}

fields! {
    0 CONNECTION "connection";
    1 KEEP_ALIVE "keep-alive";
    2 PROXY_CONNECTION "proxy-connection";
    3 TE "te";
    4 TRANSFER_ENCODING "transfer-encoding";
    5 UPGRADE "upgrade";
    6 EXPECT "expect";
    7 CONTENT_LENGTH "content-length";
    8 GRAY_VERSION "x-gray-version";
    9 FORWARDED "forwarded";
    10 FORWARDED_FOR "x-forwarded-for";
    11 FORWARDED_HOST "x-forwarded-host";
    12 FORWARDED_PROTO "x-forwarded-proto";
    13 TRACEPARENT "traceparent";
    14 PROXY_AUTHORIZATION "proxy-authorization";
    15 PROXY_AUTHENTICATE "proxy-authenticate";
    16 HOST "host";
    17 TRACESTATE "tracestate";
}

impl Field {
    const HOP_BY_HOP: Self = Self(
        Self::CONNECTION.0
            | Self::KEEP_ALIVE.0
            | Self::PROXY_CONNECTION.0
            | Self::TE.0
            | Self::TRANSFER_ENCODING.0
            | Self::UPGRADE.0
            | Self::PROXY_AUTHORIZATION.0
            | Self::PROXY_AUTHENTICATE.0,
    );
}

impl Present {
    /// Looks at every field line once.
    #[inline]
    pub(crate) fn scan(headers: &HeaderMap) -> Self {
        let (mut some, mut several) = (0, 0);
        for (name, _) in headers {
            let bit = Field::of(name);
            several |= some & bit;
            some |= bit;
        }
        Self { some, several }
    }

    /// Whether there is at least one such line.
    #[inline]
    pub(crate) const fn has(self, field: Field) -> bool {
        self.some & field.0 != 0
    }

    /// Whether there is exactly one such line.
    #[inline]
    pub(crate) const fn has_one(self, field: Field) -> bool {
        self.has(field) && self.several & field.0 == 0
    }

    /// The value of a field whose line must be there exactly once; `name` is that of the field.
    #[inline]
    pub(crate) fn only<'a>(
        self,
        headers: &'a HeaderMap,
        field: Field,
        name: &HeaderName,
    ) -> Option<&'a HeaderValue> {
        self.has_one(field).then(|| headers.get(name)).flatten()
    }
}

/// The items of a list in a field (RFC 9110, section 5.6.1), over all its lines.
pub(crate) fn items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
}

/// Fields that `Connection` may not name away: dropping them would change what the message means, or let a client
/// remove what the gateway itself asserts (a known attack on forwarding headers).
fn may_be_named(name: &str) -> bool {
    !matches!(
        name,
        "host"
            | "content-length"
            | "content-type"
            | "content-encoding"
            | "authorization"
            | "cookie"
            | "set-cookie"
            | "cache-control"
            | "date"
            | "x-gray-version"
            | "x-forwarded-for"
            | "x-forwarded-host"
            | "x-forwarded-proto"
            | "forwarded"
            | "traceparent"
            | "close"
    )
}

/// Drops what concerns only the connection it came on (RFC 9110, section 7.6.1): the known hop-by-hop fields and those
/// that `Connection` names. `TE: trailers` is worth keeping and is put back, since trailers are passed on.
pub(crate) fn drop_hop_by_hop(headers: &mut HeaderMap, present: Present) {
    if !present.has(Field::HOP_BY_HOP) {
        return;
    }
    if present.has(Field::CONNECTION) && !names_no_field(headers, present) {
        // Removing while reading the values is not possible; a connection that names other fields is rare enough.
        let named: Vec<HeaderName> = items(headers, &header::CONNECTION)
            .filter_map(|item| HeaderName::from_bytes(item).ok())
            .filter(|name| may_be_named(name.as_str()))
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    let wants_trailers = present.has(Field::TE)
        && items(headers, &header::TE).any(|item| item.eq_ignore_ascii_case(b"trailers"));
    for (bit, name) in [
        (Field::CONNECTION, &header::CONNECTION),
        (Field::KEEP_ALIVE, &KEEP_ALIVE),
        (Field::PROXY_CONNECTION, &PROXY_CONNECTION),
        (Field::TE, &header::TE),
        (Field::TRANSFER_ENCODING, &header::TRANSFER_ENCODING),
        (Field::UPGRADE, &header::UPGRADE),
        (Field::PROXY_AUTHORIZATION, &header::PROXY_AUTHORIZATION),
        (Field::PROXY_AUTHENTICATE, &header::PROXY_AUTHENTICATE),
    ] {
        if present.has(bit) {
            headers.remove(name);
        }
    }
    if wants_trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
}

/// Drops from trailers what the gateway alone may say, and what was trusted or decided upon before they came: some
/// servers merge trailers into the head. For the same reason goes what no trailer may be, because it frames, routes or
/// authenticates the message (RFC 9110, section 6.5.1).
pub(crate) fn drop_asserted(frame: &mut Frame<Bytes>) {
    if let Some(trailers) = frame.trailers_mut() {
        for name in [
            &GRAY_VERSION,
            &header::FORWARDED,
            &FORWARDED_FOR,
            &FORWARDED_HOST,
            &FORWARDED_PROTO,
            &TRACEPARENT,
            &FAULT,
            &header::CONNECTION,
            &header::TRANSFER_ENCODING,
            &header::CONTENT_LENGTH,
            &header::CONTENT_ENCODING,
            &header::CONTENT_RANGE,
            &header::CONTENT_TYPE,
            &header::HOST,
            &header::TE,
            &header::TRAILER,
            &header::UPGRADE,
            &header::EXPECT,
            &header::MAX_FORWARDS,
            &header::CACHE_CONTROL,
            &header::AUTHORIZATION,
            &header::PROXY_AUTHORIZATION,
            &header::COOKIE,
            &header::SET_COOKIE,
        ] {
            trailers.remove(name);
        }
    }
}

/// What nearly every `Connection` says.
#[inline]
fn names_no_field(headers: &HeaderMap, present: Present) -> bool {
    let usual =
        |value: &[u8]| value.eq_ignore_ascii_case(b"keep-alive") || value.eq_ignore_ascii_case(b"close");
    present
        .only(headers, Field::CONNECTION, &header::CONNECTION)
        .is_some_and(|value| usual(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        headers
    }

    fn left(lines: &[(&str, &str)]) -> Vec<String> {
        let mut headers = map(lines);
        let present = Present::scan(&headers);
        drop_hop_by_hop(&mut headers, present);
        let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn hop_by_hop_fields_and_those_that_connection_names_are_dropped() {
        let lines = [
            ("connection", "keep-alive, Foo"),
            ("connection", "bar"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("foo", "1"),
            ("bar", "1"),
            ("baz", "1"),
        ];

        assert_eq!(left(&lines), ["baz"]);
    }

    #[test]
    fn each_hop_by_hop_field_is_dropped_also_where_connection_does_not_name_it() {
        for name in [
            "keep-alive",
            "proxy-connection",
            "te",
            "transfer-encoding",
            "upgrade",
            "proxy-authorization",
            "proxy-authenticate",
        ] {
            assert!(left(&[(name, "x")]).is_empty(), "{name}");
            assert_eq!(
                left(&[(name, "x"), ("connection", "close"), ("kept", "1")]),
                ["kept"],
                "{name}"
            );
        }
    }

    #[test]
    fn connection_cannot_name_away_what_the_message_means() {
        let lines = [
            ("connection", "content-length, x-forwarded-for, cookie"),
            ("content-length", "1"),
            ("cookie", "a"),
        ];

        assert_eq!(left(&lines), ["content-length", "cookie"]);
    }

    #[test]
    fn te_keeps_only_trailers() {
        let mut headers = map(&[("te", "gzip;q=1, Trailers")]);
        let present = Present::scan(&headers);

        drop_hop_by_hop(&mut headers, present);

        assert_eq!(headers, map(&[("te", "trailers")]));
        assert!(left(&[("te", "gzip")]).is_empty());
    }
}
