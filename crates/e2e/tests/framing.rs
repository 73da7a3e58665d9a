//! Nothing ambiguous is ever forwarded: a request whose end two readers could see in different places is refused, or
//! reaches the upstream framed anew, as exactly one request.

use std::time::Duration;

use graylane_testkit::{Client, Recipe, Upstream};

/// What the gateway may do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Only refuse it.
    Refuse,
    /// Refuse it, or forward it framed anew with this body.
    Forward(&'static str),
}

/// The request that hides behind another: an upstream that sees it was tricked.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

struct Vector {
    name: &'static str,
    head: &'static str,
    body: &'static str,
    may: May,
}

const fn vector(name: &'static str, head: &'static str, body: &'static str, may: May) -> Vector {
    Vector {
        name,
        head,
        body,
        may,
    }
}

const CHUNKED_ABC: &str = "3\r\nabc\r\n0\r\n\r\n";

/// RFC 9112, section 6, and the vectors that proxies were measured with.
const VECTORS: &[Vector] = &[
    vector(
        "two lengths that differ",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "abcd",
        May::Refuse,
    ),
    vector(
        "two lengths that agree",
        "Content-Length: 3\r\nContent-Length: 3\r\n",
        "abc",
        May::Forward("abc"),
    ),
    vector(
        "a list of lengths that differ",
        "Content-Length: 3, 4\r\n",
        "abcd",
        May::Refuse,
    ),
    vector(
        "a list of lengths that agree",
        "Content-Length: 3, 3\r\n",
        "abc",
        May::Forward("abc"),
    ),
    vector(
        "a length with a plus",
        "Content-Length: +3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a length with a minus",
        "Content-Length: -3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a length in hexadecimal",
        "Content-Length: 0x3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a length with a space inside",
        "Content-Length: 1 3\r\n",
        "abc",
        May::Refuse,
    ),
    vector("an empty length", "Content-Length: \r\n", "", May::Refuse),
    vector(
        "a length beyond 64 bits",
        "Content-Length: 18446744073709551619\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a length with a dot",
        "Content-Length: 3.0\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "length and chunks",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        CHUNKED_ABC,
        May::Forward("abc"),
    ),
    vector(
        "chunks and length",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        CHUNKED_ABC,
        May::Forward("abc"),
    ),
    vector(
        "chunked twice",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        CHUNKED_ABC,
        May::Forward("abc"),
    ),
    vector(
        "chunked twice in a list",
        "Transfer-Encoding: chunked, chunked\r\n",
        CHUNKED_ABC,
        May::Forward("abc"),
    ),
    vector(
        "identity, then chunked",
        "Transfer-Encoding: identity, chunked\r\n",
        CHUNKED_ABC,
        May::Forward("abc"),
    ),
    vector(
        "chunked, then identity",
        "Transfer-Encoding: chunked, identity\r\n",
        CHUNKED_ABC,
        May::Refuse,
    ),
    vector(
        "a coding that is not known",
        "Transfer-Encoding: xchunked\r\n",
        CHUNKED_ABC,
        May::Refuse,
    ),
    vector(
        "gzip without chunks",
        "Transfer-Encoding: gzip\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "chunked after a vertical tab",
        "Transfer-Encoding: \u{b}chunked\r\n",
        CHUNKED_ABC,
        May::Refuse,
    ),
    vector(
        "chunked in quotes",
        "Transfer-Encoding: \"chunked\"\r\n",
        CHUNKED_ABC,
        May::Refuse,
    ),
    vector(
        "a space before the colon of a coding",
        "Transfer-Encoding : chunked\r\n",
        CHUNKED_ABC,
        May::Refuse,
    ),
    vector(
        "a space before the colon of a length",
        "Content-Length : 3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a folded field",
        "X-A: 1\r\n 2\r\nContent-Length: 3\r\n",
        "abc",
        May::Forward("abc"),
    ),
    vector(
        "a folded coding",
        "Transfer-Encoding:\r\n chunked\r\n",
        CHUNKED_ABC,
        May::Forward("abc"),
    ),
    vector(
        "a first field that begins with a space",
        " Content-Length: 3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a NUL in a value",
        "X-A: a\0b\r\nContent-Length: 3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a carriage return in a value",
        "X-A: a\rContent-Length: 9\r\nContent-Length: 3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a name that is empty",
        ": 1\r\nContent-Length: 3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a name with a space",
        "X A: 1\r\nContent-Length: 3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "a line without a colon",
        "X-A\r\nContent-Length: 3\r\n",
        "abc",
        May::Refuse,
    ),
    vector(
        "bare line feeds in the head",
        "X-A: 1\nContent-Length: 3\r\n",
        "abc",
        May::Forward("abc"),
    ),
    vector(
        "a chunk size beyond 64 bits",
        "Transfer-Encoding: chunked\r\n",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        May::Refuse,
    ),
    vector(
        "a chunk size with a sign",
        "Transfer-Encoding: chunked\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        May::Refuse,
    ),
    vector(
        "a chunk size with a prefix",
        "Transfer-Encoding: chunked\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        May::Refuse,
    ),
    vector(
        "no chunk size",
        "Transfer-Encoding: chunked\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        May::Refuse,
    ),
    vector(
        "a chunk that is longer than it says",
        "Transfer-Encoding: chunked\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        May::Refuse,
    ),
    vector(
        "a chunk ended by a bare line feed",
        "Transfer-Encoding: chunked\r\n",
        "3\nabc\r\n0\r\n\r\n",
        May::Refuse,
    ),
    vector(
        "a bare line feed in a chunk extension",
        "Transfer-Encoding: chunked\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        May::Refuse,
    ),
];

/// Sends the bytes on a connection of their own; the statuses of the answers.
///
/// The sending side stays open: a proxy may take its end for a client that has gone away.
fn send(gateway: std::net::SocketAddr, bytes: &[u8]) -> Vec<u16> {
    let mut client = Client::connect(gateway);
    // The gateway may refuse before everything is sent: what it answered is still read below.
    let _ = client.wire().send(bytes);
    let mut statuses = Vec::new();
    client.set_limit(Duration::from_secs(3));
    while let Ok(response) = client.try_response(false) {
        statuses.push(response.status);
        // The connection of a request that was served stays open: a second answer would come at once.
        client.set_limit(Duration::from_millis(150));
    }
    statuses
}

#[test]
fn an_ambiguous_request_is_refused_or_forwarded_as_exactly_one() {
    let mut wrong = Vec::new();
    for vector in VECTORS {
        let upstream = Upstream::echo();
        let gateway = Recipe::to(upstream.address()).start();
        let request = format!(
            "POST /shown HTTP/1.1\r\nHost: a\r\n{}\r\n{}",
            vector.head, vector.body
        );

        let statuses = send(gateway.address(), request.as_bytes());

        let whole: Vec<_> = upstream
            .requests()
            .into_iter()
            .filter(|seen| seen.complete)
            .collect();
        let refused = matches!(statuses.as_slice(), [400 | 501]) && whole.is_empty();
        let forwarded = match vector.may {
            May::Refuse => false,
            May::Forward(body) => {
                statuses == [200]
                    && whole.len() == 1
                    && whole[0].body == body.as_bytes()
                    && upstream.faults().is_empty()
            }
        };
        if !(refused || forwarded) {
            let seen: Vec<_> = upstream
                .bytes()
                .iter()
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
                .collect();
            wrong.push(format!(
                "{}: {statuses:?}, upstream saw {seen:#?} {:?}",
                vector.name,
                upstream.faults()
            ));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_request_never_hides_behind_another() {
    let length = HIDDEN.len();
    let requests = [
        // Whoever believes the length sees one request, whoever believes the chunks sees two.
        format!(
            "POST /shown HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}",
            length + 5
        ),
        format!(
            "POST /shown HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: {}\r\n\r\n0\r\n\r\n{HIDDEN}",
            length + 5
        ),
        format!(
            "POST /shown HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\nContent-Length: 0\r\n\r\n{HIDDEN}"
        ),
        format!(
            "POST /shown HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: {length}\r\n\r\n{HIDDEN}"
        ),
        format!(
            "POST /shown HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nContent-Length: {}\r\n\r\n0\r\n\r\n{HIDDEN}",
            length + 5
        ),
        format!(
            "POST /shown HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: {}\r\n\r\n0\r\n\r\n{HIDDEN}",
            length + 5
        ),
        format!(
            "POST /shown HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: {}\r\n\r\n0\r\n\r\n{HIDDEN}",
            length + 5
        ),
        format!(
            "POST /shown HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"
        ),
        format!(
            "GET /shown HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: {length}\r\n\r\n{HIDDEN}"
        ),
        format!(
            "GET /shown HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}"
        ),
    ];

    for request in requests {
        let upstream = Upstream::echo();
        let gateway = Recipe::to(upstream.address()).start();
        let statuses = send(gateway.address(), request.as_bytes());

        let targets: Vec<_> = upstream
            .requests()
            .iter()
            .map(|seen| seen.head.target().to_owned())
            .collect();
        assert!(
            !targets.iter().any(|target| target == "/hidden") && targets.len() < 2,
            "{request:?}: {targets:?}"
        );
        assert_eq!(
            (statuses.len(), upstream.faults().len()),
            (1, 0),
            "{request:?}: {statuses:?} {:?}",
            upstream.faults()
        );
    }
}

#[test]
fn a_refusal_closes_the_connection() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(format!(
        "POST /shown HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{HIDDEN}"
    ));
    let response = client.response();

    assert_eq!(response.status, 400);
    assert_eq!((client.until_closed(), upstream.connections()), (Vec::new(), 0));
}

#[test]
fn bytes_that_are_not_http_are_refused() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address())
        .limit("header_time = \"500ms\"")
        .start();

    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1 x\r\nHost: a\r\n\r\n",
        b"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let statuses = send(gateway.address(), bytes);

        assert!(
            matches!(statuses.as_slice(), [] | [400..=599]),
            "{bytes:?}: {statuses:?}"
        );
    }
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn an_upstream_answer_that_is_ambiguous_is_not_passed_on() {
    for fields in [
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 3\r\nX-A: a\0b\r\n",
        "Content-Length : 3\r\n",
    ] {
        let upstream = Upstream::start(move |turn| {
            turn.read_body();
            turn.write(format!("HTTP/1.1 200 OK\r\n{fields}\r\nabcd"));
            graylane_testkit::Next::Close
        });
        let gateway = Recipe::to(upstream.address()).start();
        let response = gateway.client().get("/", &[]);

        assert_eq!(
            (response.status, response.fault()),
            (502, "upstream-broken"),
            "{fields:?}"
        );
    }
}

#[test]
fn an_upstream_answer_with_chunks_and_a_length_is_passed_on_by_its_chunks() {
    let upstream = Upstream::start(|turn| turn.chunked("Content-Length: 3\r\n", &["12345678"], ""));
    let gateway = Recipe::to(upstream.address()).start();

    let response = gateway.client().get("/", &[]);

    assert_eq!((response.text().as_str(), response.complete), ("12345678", true));
    assert_eq!(response.header("content-length"), None);
}

#[test]
fn an_upstream_answer_in_a_coding_that_ends_here_is_not_passed_on() {
    for coding in [
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "chunked\r\nTransfer-Encoding: chunked",
    ] {
        let upstream = Upstream::start(move |turn| {
            turn.read_body();
            turn.write(format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"
            ));
            graylane_testkit::Next::Close
        });
        let gateway = Recipe::to(upstream.address()).start();

        let response = gateway.client().get("/", &[]);

        assert_eq!(
            (response.status, response.fault()),
            (502, "upstream-broken"),
            "{coding:?}"
        );
    }
}
