use bytes::Bytes;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, Uri, Version};

use super::{Malformed, USUAL_FIELDS, fields};

/// Appends the head of a request as text of HTTP/1.1, which is then for the parser to judge: also whether there is a host at
/// all, and whether the method is served. `has_body`: there is more of the stream than its head.
///
/// # Errors
/// The head breaks a rule of HTTP/2 that the text would not show.
pub(crate) fn write_request(parts: &Parts, has_body: bool, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let uri = &parts.uri;
    // Where there is no authority the crate keeps no scheme either, having seen that it is one.
    if uri
        .scheme()
        .is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS)
    {
        return Err(Malformed::Scheme);
    }
    out.extend_from_slice(parts.method.as_str().as_bytes());
    out.push(b' ');
    write_target(&parts.method, uri, out)?;
    out.extend_from_slice(b" HTTP/1.1\r\n");
    // HTTP/1.1 wants the host, and its readers want it first (RFC 9110, section 7.2).
    let authority = uri.authority().map(Authority::as_str);
    if let Some(authority) = authority {
        fields::write_line(out, "host", authority.as_bytes());
    }
    let written = fields::write(&parts.headers, out)?;
    match (authority, written.host) {
        _ if written.several_hosts => return Err(Malformed::Authority),
        (Some(authority), Some(host)) if !authority.as_bytes().eq_ignore_ascii_case(host.as_bytes()) => {
            return Err(Malformed::Authority);
        }
        (None, Some(host)) => fields::write_line(out, "host", host.as_bytes()),
        _ => {}
    }
    if has_body && !written.has_length {
        // In HTTP/1.1 it is the head that tells that a body follows, and how it ends.
        fields::write_line(out, "transfer-encoding", b"chunked");
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn write_target(method: &Method, uri: &Uri, out: &mut Vec<u8>) -> Result<(), Malformed> {
    if *method == Method::CONNECT {
        // Section 8.5: no path and no scheme. The parser has the word for what is not served.
        out.extend_from_slice(uri.authority().map_or("", Authority::as_str).as_bytes());
        return Ok(());
    }
    let target = uri.path_and_query().ok_or(Malformed::NoPath)?;
    // A path that is not there reads like `/`, but is not equal to it.
    if target.as_str() == "/" && *target != PathAndQuery::from_static("/") {
        return Err(Malformed::NoPath);
    }
    out.extend_from_slice(target.as_str().as_bytes());
    Ok(())
}

/// A head in HTTP/1.1 that cannot be said in HTTP/2 with the types of the `http` crate, which knows fewer targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the head cannot be said in HTTP/2")]
pub(crate) struct Unsayable;

/// The head of a request, from text that the gateway composed.
///
/// # Errors
/// HTTP/2 has no way to say it.
pub(crate) fn read_request(text: &[u8], scheme: Scheme) -> Result<Request<()>, Unsayable> {
    // One copy, which the values then share.
    let text = Bytes::copy_from_slice(text);
    let line = fields::next_line(&text, 0).ok_or(Unsayable)?;
    let mut words = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(Unsayable);
    };
    let mut headers = HeaderMap::with_capacity(USUAL_FIELDS);
    let host = fields::read(&text, line.len() + 2, &mut headers)
        .map_err(|_| Unsayable)?
        .ok_or(Unsayable)?;
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(scheme);
    uri.authority = Some(Authority::from_maybe_shared(host).map_err(|_| Unsayable)?);
    uri.path_and_query =
        Some(PathAndQuery::from_maybe_shared(text.slice_ref(target)).map_err(|_| Unsayable)?);
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(method).map_err(|_| Unsayable)?;
    *request.uri_mut() = Uri::from_parts(uri).map_err(|_| Unsayable)?;
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = headers;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::HeaderName;

    use super::*;

    fn parts(method: &str, uri: &str, lines: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn text(method: &str, uri: &str, lines: &[(&str, &str)], has_body: bool) -> Result<String, Malformed> {
        let mut out = Vec::new();
        write_request(&parts(method, uri, lines), has_body, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn pseudo_header_fields_become_the_first_line_and_the_host() {
        let lines = [("user-agent", "t"), ("te", "trailers")];

        assert_eq!(
            text("GET", "https://a.test:8443/x/y?z=1", &lines, false).as_deref(),
            Ok("GET /x/y?z=1 HTTP/1.1\r\nhost: a.test:8443\r\nuser-agent: t\r\nte: trailers\r\n\r\n")
        );
        assert_eq!(
            text("OPTIONS", "*", &[("host", "a.test")], false).as_deref(),
            Ok("OPTIONS * HTTP/1.1\r\nhost: a.test\r\n\r\n")
        );
    }

    #[test]
    fn a_host_agrees_with_the_authority_and_is_written_once() {
        let same = text("GET", "http://a.test/", &[("host", "A.test")], false);
        let only_host = text("GET", "/", &[("host", "a.test")], false);

        assert_eq!(same.as_deref(), Ok("GET / HTTP/1.1\r\nhost: a.test\r\n\r\n"));
        assert_eq!(only_host, same);
        for lines in [
            &[("host", "b.test")][..],
            &[("host", "a.test:80")],
            &[("host", "")],
            &[("host", "a.test"), ("host", "a.test")],
        ] {
            assert_eq!(
                text("GET", "http://a.test/", lines, false),
                Err(Malformed::Authority),
                "{lines:?}"
            );
        }
        let twice = [("host", "a.test"), ("host", "a.test")];
        assert_eq!(text("GET", "/", &twice, false), Err(Malformed::Authority));
    }

    #[test]
    fn crumbs_become_one_cookie() {
        let lines = [
            ("cookie", "a=1"),
            ("x", "1"),
            ("cookie", "b=2"),
            ("cookie", "c=3; d=4"),
        ];

        let text = text("GET", "http://a.test/", &lines, false).unwrap();

        assert_eq!(
            text,
            "GET / HTTP/1.1\r\nhost: a.test\r\ncookie: a=1; b=2; c=3; d=4\r\nx: 1\r\n\r\n"
        );
    }

    #[test]
    fn a_body_without_a_length_is_chunked() {
        let with_length = text("POST", "http://a.test/", &[("content-length", "5")], true).unwrap();
        let without = text("POST", "http://a.test/", &[], true).unwrap();
        let none = text("POST", "http://a.test/", &[], false).unwrap();

        assert_eq!(
            with_length,
            "POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 5\r\n\r\n"
        );
        assert_eq!(
            without,
            "POST / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        assert_eq!(none, "POST / HTTP/1.1\r\nhost: a.test\r\n\r\n");
    }

    /// RFC 9113, section 8.2.2.
    #[test]
    fn fields_about_a_connection_of_http_1_are_refused() {
        for (name, value) in [
            ("connection", "x"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("http2-settings", "AAMAAABkAAQAAP__"),
            ("te", "gzip"),
            ("te", "trailers, gzip"),
        ] {
            assert_eq!(
                text("GET", "http://a.test/", &[(name, value)], false),
                Err(Malformed::ConnectionField),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn a_value_neither_begins_nor_ends_with_whitespace() {
        for value in [" a", "a ", "\ta", "a\t", " "] {
            assert_eq!(
                text("GET", "http://a.test/", &[("x", value)], false),
                Err(Malformed::Whitespace),
                "{value:?}"
            );
        }
        assert!(text("GET", "http://a.test/", &[("x", ""), ("y", "a b")], false).is_ok());
    }

    #[test]
    fn a_scheme_is_of_http() {
        assert!(text("GET", "https://a.test/", &[], false).is_ok());
        assert_eq!(text("GET", "ftp://a.test/", &[], false), Err(Malformed::Scheme));
    }

    #[test]
    fn a_request_without_a_path_is_refused() {
        let mut missing = parts("GET", "/", &[("host", "a.test")]);
        missing.uri = Uri::from_parts(http::uri::Parts::default()).unwrap();
        let mut out = Vec::new();

        assert_eq!(write_request(&missing, false, &mut out), Err(Malformed::NoPath));
        assert_eq!(text("GET", "a.test", &[], false), Err(Malformed::NoPath));
    }

    #[test]
    fn connect_is_left_to_the_parser() {
        let text = text("CONNECT", "a.test:443", &[], false).unwrap();

        assert_eq!(text, "CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n\r\n");
    }

    /// What would break out of a line in HTTP/1.1 does not get into the types that are written.
    #[test]
    fn nothing_that_ends_a_line_or_a_word_can_be_written() {
        for bytes in [&b"a\r\nb"[..], b"a\nb", b"a\rb", b"a\0b"] {
            assert!(HeaderValue::from_bytes(bytes).is_err(), "{bytes:?}");
            assert!(HeaderName::from_bytes(bytes).is_err(), "{bytes:?}");
            assert!(Method::from_bytes(bytes).is_err(), "{bytes:?}");
            assert!(PathAndQuery::try_from(bytes).is_err(), "{bytes:?}");
            assert!(Authority::try_from(bytes).is_err(), "{bytes:?}");
        }
        for bytes in [&b"a b"[..], b"GET / HTTP/1.1"] {
            assert!(HeaderName::from_bytes(bytes).is_err(), "{bytes:?}");
            assert!(Method::from_bytes(bytes).is_err(), "{bytes:?}");
            assert!(PathAndQuery::try_from(bytes).is_err(), "{bytes:?}");
            assert!(Authority::try_from(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn text_becomes_pseudo_header_fields_without_what_http_2_does_not_have() {
        let text = b"POST /a%20b?c HTTP/1.1\r\nHost: a.test:1\r\nX-One:1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
            transfer-encoding: chunked\r\nte: trailers\r\nx-one:\t2 \r\n\r\n";

        let request = read_request(text, Scheme::HTTP).unwrap();

        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "http://a.test:1/a%20b?c");
        let lines: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        assert_eq!(
            lines,
            [("x-one", &b"1"[..]), ("x-one", b"2"), ("te", b"trailers")]
        );
    }

    /// RFC 7541, section 6.2.3: nobody keeps it.
    #[test]
    fn what_is_new_in_every_request_pushes_nothing_out_of_the_tables() {
        let text = b"GET / HTTP/1.1\r\nhost: a.test\r\nTraceparent: 00-1-2-01\r\naccept: */*\r\n\r\n";

        let request = read_request(text, Scheme::HTTP).unwrap();

        let kept: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), !value.is_sensitive()))
            .collect();
        assert_eq!(kept, [("traceparent", false), ("accept", true)]);
    }

    #[test]
    fn what_the_types_do_not_know_cannot_be_said() {
        for text in [
            &b"GET /"[..],
            b"GET\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
            b"G@T / HTTP/1.1\r\nhost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: a\r\nno field\r\n\r\n",
        ] {
            assert!(
                read_request(text, Scheme::HTTP).is_err(),
                "{}",
                text.escape_ascii()
            );
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let lines = [("host", "a.test"), ("accept", "*/*"), ("x", "1"), ("x", "2")];
        let before = parts("GET", "http://a.test/x?y", &lines);
        let mut out = Vec::new();

        write_request(&before, false, &mut out).unwrap();
        let after = read_request(&out, Scheme::HTTP).unwrap();

        assert_eq!(after.uri(), &before.uri);
        let mut headers = before.headers;
        headers.remove("host");
        assert_eq!(after.headers(), &headers);
    }
}
