//! Trailers come when all is decided: what frames, routes or authenticates is not taken from them (RFC 9110, 6.5.1).

use crate::stage::{Stage, judge, post};

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

#[test]
fn a_trailer_that_would_change_the_message_is_dropped_or_refused() {
    let names = [
        "Transfer-Encoding",
        "Content-Length",
        "Host",
        "Connection",
        "Upgrade",
        "Expect",
        "TE",
        "Trailer",
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Cache-Control",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
        "X-Gray-Version",
        "X-Gray-Signature",
        "Baggage",
        "X-MSE-Tag",
        "N-D-Version",
        "Dubbo.Tag",
        "X_Version_Tag",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "Forwarded",
        "Max-Forwards",
        "Keep-Alive",
        "Proxy-Connection",
    ];

    judge(
        names.map(|name| {
            let body = format!("3\r\nabc\r\n0\r\n{name}: chunked\r\nX-Stays: 1\r\n\r\n");
            (name.to_owned(), post(CHUNKED, &body))
        }),
        |_, outcome| {
            outcome.refused(&[400]).or_else(|_| {
                outcome.forwarded("/case", b"abc")?;
                let trailers = &outcome.seen[0].trailers;
                let dropped = trailers
                    .iter()
                    .all(|(each, _)| each.eq_ignore_ascii_case("x-stays"));
                dropped
                    .then_some(())
                    .ok_or_else(|| format!("is passed on: {trailers:?}"))
            })
        },
    );
}

#[test]
fn a_trailer_line_that_would_be_refused_in_a_head_is_refused() {
    let lines = [
        "X-A : b\r\n",
        "X-A\t: b\r\n",
        " X-A: b\r\n",
        "X-A: b\r\n c\r\n",
        "X-A: b\nX-B: c\r\n",
        "X-A: b\rX-B: c\r\n",
        "X-A: \0\r\n",
        "X-A: \u{b}\r\n",
        "X\0A: b\r\n",
        ": b\r\n",
        "X-A\r\n",
        "X A: b\r\n",
        "GET /hidden HTTP/1.1\r\nHost: a\r\n",
        "X-A: b\n",
    ];

    judge(
        lines.map(|lines| {
            let body = format!("3\r\nabc\r\n0\r\n{lines}\r\n");
            (format!("{lines:?}"), post(CHUNKED, &body))
        }),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn a_trailer_named_in_connection_or_announced_is_still_only_a_trailer() {
    let stage = Stage::new();

    let outcome = stage.play(post(
        "Transfer-Encoding: chunked\r\nTrailer: Content-Length, X-Stays\r\nTE: trailers\r\n",
        "3\r\nabc\r\n0\r\nContent-Length: 9\r\nX-Stays: 1\r\n\r\n",
    ));

    assert_eq!(
        outcome
            .refused(&[400])
            .or_else(|_| outcome.forwarded("/case", b"abc")),
        Ok(())
    );
}
