//! `Connection` names what concerns one hop (RFC 9110, section 7.6.1); naming what the message means or what the
//! gateway asserts takes nothing away.

use crate::stage::Stage;

#[test]
fn a_field_that_matters_is_not_named_away() {
    let stage = Stage::new();
    let named = [
        "Host",
        "Content-Length",
        "Content-Type",
        "Content-Encoding",
        "Authorization",
        "Cookie",
        "Cache-Control",
        "X-Gray-Version",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "Forwarded",
    ];
    let fields = "Host: a\r\nContent-Length: 3\r\nContent-Type: text/plain\r\nContent-Encoding: identity\r\n\
        Authorization: Basic eA==\r\nCookie: a=b\r\nCache-Control: no-store\r\n";

    for name in named {
        let lower = name.to_ascii_lowercase();
        for connection in [
            format!("Connection: close, {name}"),
            format!("Connection: {lower}\r\nConnection: close"),
            format!("connection: ,{name},, \t{lower} ,close"),
        ] {
            let outcome = stage.play_alone(format!("POST /case HTTP/1.1\r\n{fields}{connection}\r\n\r\nabc"));

            let seen = &outcome.seen[0];
            assert_eq!(
                (seen.values(name).len(), seen.body.as_slice(), seen.is_last()),
                (1, &b"abc"[..], false),
                "{connection:?}: {seen:?}"
            );
        }
    }
}

#[test]
fn what_concerns_one_hop_goes_no_further() {
    let stage = Stage::new();
    let lines = "Connection: close, X-Hop, x-hop-two\r\nX-Hop: 1\r\nx-HOP: 2\r\nX-Hop-Two: 1\r\nX-Stays: 1\r\n\
        Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nProxy-Authorization: Basic eA==\r\n\
        Upgrade: x\r\n";

    let outcome = stage.play_alone(format!("GET /case HTTP/1.1\r\nHost: a\r\n{lines}\r\n"));

    let seen = &outcome.seen[0];
    for name in [
        "connection",
        "x-hop",
        "x-hop-two",
        "keep-alive",
        "proxy-connection",
        "te",
        "proxy-authorization",
        "upgrade",
    ] {
        assert!(seen.values(name).is_empty(), "{name}: {seen:?}");
    }
    assert_eq!(seen.values("x-stays"), [b"1"]);
}
