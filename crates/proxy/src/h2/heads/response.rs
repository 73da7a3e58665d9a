use bytes::Bytes;
use http::response::Parts;
use http::{Response, StatusCode, Version};

use super::{Malformed, USUAL_FIELDS, Unsayable, fields};

/// Appends the head of an answer as text of HTTP/1.1. `ended`: the stream has ended with its head. `to_head`: the request
/// was a HEAD, so what the head says of a body's length is about no body that comes.
///
/// # Errors
/// The head has a field that no message of HTTP/2 may have.
pub(crate) fn write_response(
    parts: &Parts,
    ended: bool,
    to_head: bool,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(parts.status.as_str().as_bytes());
    out.push(b' ');
    // HTTP/2 has no reason phrase (section 8.3.2); many readers of HTTP/1.1 show it to people.
    out.extend_from_slice(parts.status.canonical_reason().unwrap_or("").as_bytes());
    out.extend_from_slice(b"\r\n");
    let written = fields::write(&parts.headers, out)?;
    if let Some(host) = written.host {
        // Of no meaning in an answer, and not ours to judge.
        fields::write_line(out, "host", host.as_bytes());
    }
    let has_framing = !to_head && !parts.status.is_informational() && !is_bodiless(parts.status);
    if has_framing && !written.has_length {
        if ended {
            fields::write_line(out, "content-length", b"0");
        } else {
            fields::write_line(out, "transfer-encoding", b"chunked");
        }
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// These have no body, whatever their head says (RFC 9110, section 6.4.1).
fn is_bodiless(status: StatusCode) -> bool {
    status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

/// The head of an answer, from text that the gateway composed.
///
/// # Errors
/// HTTP/2 has no way to say it.
pub(crate) fn read_response(text: &[u8]) -> Result<Response<()>, Unsayable> {
    let text = Bytes::copy_from_slice(text);
    let line = fields::next_line(&text, 0).ok_or(Unsayable)?;
    let status = line.get(9..12).ok_or(Unsayable)?;
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_bytes(status).map_err(|_| Unsayable)?;
    *response.version_mut() = Version::HTTP_2;
    response.headers_mut().reserve(USUAL_FIELDS);
    fields::read(&text, line.len() + 2, response.headers_mut()).map_err(|_| Unsayable)?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(status: u16, lines: &[(&str, &str)], ended: bool, to_head: bool) -> Result<String, Malformed> {
        let mut response = Response::builder().status(status);
        for (name, value) in lines {
            response = response.header(*name, *value);
        }
        let mut out = Vec::new();
        write_response(
            &response.body(()).unwrap().into_parts().0,
            ended,
            to_head,
            &mut out,
        )?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_text_of_an_answer_tells_how_its_body_ends() {
        let length = [("content-length", "3")];

        assert_eq!(
            text(200, &length, false, false).as_deref(),
            Ok("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n")
        );
        assert_eq!(
            text(200, &[("x", "1")], false, false).as_deref(),
            Ok("HTTP/1.1 200 OK\r\nx: 1\r\ntransfer-encoding: chunked\r\n\r\n")
        );
        assert_eq!(
            text(404, &[], true, false).as_deref(),
            Ok("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        );
        assert_eq!(text(799, &[], true, true).as_deref(), Ok("HTTP/1.1 799 \r\n\r\n"));
    }

    #[test]
    fn an_answer_that_has_no_body_is_given_no_framing() {
        for status in [103, 204, 304] {
            for ended in [false, true] {
                let text = text(status, &[], ended, false).unwrap();

                assert!(
                    !text.contains("content-length") && !text.contains("chunked"),
                    "{text}"
                );
            }
        }
        assert_eq!(
            text(200, &[], true, true).as_deref(),
            Ok("HTTP/1.1 200 OK\r\n\r\n")
        );
    }

    #[test]
    fn an_answer_may_not_frame_itself_in_http_1() {
        for name in ["connection", "transfer-encoding", "upgrade", "keep-alive"] {
            assert_eq!(
                text(200, &[(name, "chunked")], false, false),
                Err(Malformed::ConnectionField),
                "{name}"
            );
        }
    }

    #[test]
    fn text_becomes_an_answer_without_what_http_2_does_not_have() {
        let text = b"HTTP/1.1 503 Whatever It Is\r\nConnection: close\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\
            Set-Cookie: a\r\nset-cookie: b\r\n\r\n";

        let response = read_response(text).unwrap();

        assert_eq!(response.status(), 503);
        let lines: Vec<_> = response.headers().iter().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].0, "set-cookie");
        assert_eq!(lines[1].1, "b");
        assert_eq!(read_response(b"HTTP/1.1 200 \r\n\r\n").unwrap().status(), 200);
    }

    #[test]
    fn what_is_no_answer_cannot_be_said() {
        for text in [
            &b""[..],
            b"HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 20x OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        ] {
            assert!(read_response(text).is_err(), "{}", text.escape_ascii());
        }
    }
}
