//! *accept*: what cannot be understood in exactly one way is refused before anything else looks at it.
//!
//! hyper has already refused what it cannot parse and will frame anew whatever is forwarded; this adds what hyper
//! lets pass.

use graylane_pipeline::Fault;
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Method, Uri};

use crate::headers::{Field, Present};

/// What screening found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screened {
    pub(crate) present: Present,
    /// Where in the value of `Host` the name ends and the port begins.
    pub(crate) host_end: usize,
}

/// Checks the head of a request; `max_body` is the largest length, in bytes, that it may announce.
#[inline]
pub(crate) fn screen(parts: &Parts, max_body: u64) -> Result<Screened, Fault> {
    if parts.method == Method::CONNECT {
        return Err(Fault::MethodNotServed);
    }
    let present = Present::scan(&parts.headers);
    let only = |field, name| {
        let value = present.only(&parts.headers, field, name);
        value.map(HeaderValue::as_bytes)
    };
    let host = only(Field::HOST, &header::HOST).ok_or(Fault::BadRequest)?;
    let host_end = host_end(host).ok_or(Fault::BadRequest)?;
    if let Some(authority) = parts.uri.authority() {
        // RFC 9112, section 3.2.2: the target wins over Host. Two different answers to "which host" is the stuff of
        // cache poisoning, so they must agree instead.
        if !authority.as_str().as_bytes().eq_ignore_ascii_case(host) {
            return Err(Fault::BadRequest);
        }
    }
    if !is_origin_form(&parts.uri, &parts.method) {
        return Err(Fault::BadRequest);
    }
    if present.has(Field::TRANSFER_ENCODING) {
        // RFC 9112, section 6.1: anything but one final `chunked` has more than one reading.
        let coding = only(Field::TRANSFER_ENCODING, &header::TRANSFER_ENCODING).ok_or(Fault::BadRequest)?;
        if !coding.eq_ignore_ascii_case(b"chunked") || present.has(Field::CONTENT_LENGTH) {
            return Err(Fault::BadRequest);
        }
    }
    if present.has(Field::EXPECT) {
        let expectation = only(Field::EXPECT, &header::EXPECT).ok_or(Fault::Expectation)?;
        if !expectation.eq_ignore_ascii_case(b"100-continue") {
            return Err(Fault::Expectation);
        }
    }
    if present.has(Field::CONTENT_LENGTH) {
        let length = only(Field::CONTENT_LENGTH, &header::CONTENT_LENGTH).ok_or(Fault::BadRequest)?;
        let length = std::str::from_utf8(length)
            .ok()
            .and_then(|text| text.parse::<u64>().ok());
        if length.ok_or(Fault::BadRequest)? > max_body {
            return Err(Fault::BodyTooLarge);
        }
    }
    Ok(Screened { present, host_end })
}

/// Checks `uri-host [ ":" port ]` (RFC 9110, section 7.2) and gives the length of the host.
#[inline]
fn host_end(value: &[u8]) -> Option<usize> {
    let end = if value.first() == Some(&b'[') {
        let close = value.iter().position(|&byte| byte == b']')?;
        let inside = &value[1..close];
        (!inside.is_empty()
            && inside
                .iter()
                .all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')))
        .then_some(close + 1)?
    } else {
        let end = value.iter().position(|&byte| byte == b':').unwrap_or(value.len());
        (end > 0
            && value[..end]
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')))
        .then_some(end)?
    };
    match &value[end..] {
        [] => Some(end),
        [b':', port @ ..] => (port.len() <= 5 && port.iter().all(u8::is_ascii_digit)).then_some(end),
        _ => None,
    }
}

/// A path, or `*` for OPTIONS; an absolute target was checked against Host.
fn is_origin_form(uri: &Uri, method: &Method) -> bool {
    match uri.path() {
        "*" => method == Method::OPTIONS,
        path => path.starts_with('/'),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn verdict(method: &str, target: &str, lines: &[(&str, &str)]) -> Result<(), Fault> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        screen(&request.body(()).unwrap().into_parts().0, 100).map(|_| ())
    }

    #[test]
    fn a_host_is_there_once_and_well_formed() {
        // An empty port is a port (RFC 3986, section 3.2.3).
        for host in [
            "a",
            "a:80",
            "a:",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:8080",
            "a_b.example",
        ] {
            assert_eq!(verdict("GET", "/", &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "", "a b", "a,b", "a:b", "u@a", "a/b", "[::1", "[]", "a:123456", "[::1]x",
        ] {
            assert_eq!(
                verdict("GET", "/", &[("host", host)]),
                Err(Fault::BadRequest),
                "{host}"
            );
        }
        assert_eq!(verdict("GET", "/", &[]), Err(Fault::BadRequest));
        assert_eq!(
            verdict("GET", "/", &[("host", "a"), ("host", "a")]),
            Err(Fault::BadRequest)
        );
    }

    #[test]
    fn an_absolute_target_must_agree_with_host() {
        assert_eq!(verdict("GET", "http://A.test/", &[("host", "a.test")]), Ok(()));
        assert_eq!(
            verdict("GET", "http://b.test/", &[("host", "a.test")]),
            Err(Fault::BadRequest)
        );
        assert_eq!(
            verdict("GET", "http://u@a.test/", &[("host", "a.test")]),
            Err(Fault::BadRequest)
        );
        assert_eq!(verdict("OPTIONS", "*", &[("host", "a.test")]), Ok(()));
        assert_eq!(verdict("GET", "*", &[("host", "a.test")]), Err(Fault::BadRequest));
        assert_eq!(
            verdict("CONNECT", "a.test:80", &[("host", "a.test:80")]),
            Err(Fault::MethodNotServed)
        );
    }

    #[test]
    fn framing_with_more_than_one_reading_is_refused() {
        let with = |lines: &[(&str, &str)]| verdict("POST", "/", &[&[("host", "a")], lines].concat());

        assert_eq!(with(&[("transfer-encoding", "Chunked")]), Ok(()));
        assert_eq!(
            with(&[("transfer-encoding", "gzip, chunked")]),
            Err(Fault::BadRequest)
        );
        let twice = [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")];
        assert_eq!(with(&twice), Err(Fault::BadRequest));
        assert_eq!(
            with(&[("transfer-encoding", "chunked"), ("content-length", "1")]),
            Err(Fault::BadRequest)
        );
        assert_eq!(
            with(&[("content-length", "1"), ("content-length", "1")]),
            Err(Fault::BadRequest)
        );
    }

    #[test]
    fn a_body_or_an_expectation_that_cannot_be_met_is_refused_before_it_is_read() {
        let with = |name: &str, value: &str| verdict("POST", "/", &[("host", "a"), (name, value)]);

        assert_eq!(with("content-length", "100"), Ok(()));
        assert_eq!(with("content-length", "101"), Err(Fault::BodyTooLarge));
        assert_eq!(with("expect", "100-Continue"), Ok(()));
        assert_eq!(with("expect", "200-ok"), Err(Fault::Expectation));
    }
}
