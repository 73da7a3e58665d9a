use http::header::HeaderMap;
use http::{Method, Uri};

/// Writes the head of a request in HTTP/1.1. Names and values are valid by their types: none holds a line's end.
#[inline]
pub(crate) fn compose(out: &mut Vec<u8>, method: &Method, uri: &Uri, headers: &HeaderMap) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    if target.starts_with('?') {
        // Of `http://host?query`: on the wire the path is never empty (RFC 9112, section 3.2.1).
        out.push(b'/');
    }
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    write_fields(out, headers);
    out.extend_from_slice(b"\r\n");
}

/// Writes fields, one a line.
#[inline]
pub(super) fn write_fields(out: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_head_is_written_in_the_order_of_its_fields() {
        let mut headers = HeaderMap::new();
        headers.append("host", HeaderValue::from_static("a.test"));
        headers.append("x", HeaderValue::from_static("1"));
        headers.append("x", HeaderValue::from_bytes(b"\xff").unwrap());
        let mut out = Vec::new();

        compose(&mut out, &Method::PUT, &Uri::from_static("/a%20b?c=d"), &headers);

        assert_eq!(
            out,
            b"PUT /a%20b?c=d HTTP/1.1\r\nhost: a.test\r\nx: 1\r\nx: \xff\r\n\r\n"
        );
    }

    #[test]
    fn a_target_never_lacks_its_path() {
        for (uri, target) in [
            ("http://a.test", "/"),
            ("http://a.test?b=c", "/?b=c"),
            ("/?b=c", "/?b=c"),
            ("*", "*"),
        ] {
            let mut out = Vec::new();

            compose(&mut out, &Method::GET, &Uri::from_static(uri), &HeaderMap::new());

            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!("GET {target} HTTP/1.1\r\n\r\n")
            );
        }
    }
}
