//! Hostile endpoints: what an answer can say in two ways is not passed on, and no answer reaches a request that is not
//! its own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use graylane_testkit::{Gate, LIMIT, Next, Recipe, Response, Upstream, eventually, unbroken};

/// What a client gets from an endpoint that sends these bytes and closes.
fn answered(bytes: &[u8]) -> Option<Response> {
    let bytes = bytes.to_vec();
    let upstream = Upstream::start(move |turn| {
        turn.read_body();
        turn.write(&bytes);
        Next::Close
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();
    client.send("GET /case HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let response = client.try_response(false).ok()?;
    assert_eq!(client.until_closed(), b"", "more than one answer");
    Some(response)
}

#[test]
fn an_ambiguous_answer_is_not_passed_on() {
    let mut passed = Vec::new();
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x3\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: \u{b}chunked\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 3\r\n",
        "HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 3\r\n",
        "HTTP/1.1 200 OK\r\nX-A: b\rContent-Length: 3\r\n",
        "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 3\r\n",
        "HTTP/1.1 200 OK\r\n X-A: b\r\nContent-Length: 3\r\n",
        "HTTP/1.1 200 OK\r\nX-A: \0\r\nContent-Length: 3\r\n",
        "HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 3\r\n",
        "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 3\r\n",
        "HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 3\r\n",
        "HTTP/1.1 200 O\0K\r\nContent-Length: 3\r\n",
        "HTTP/1.1 200 O\rK\r\nContent-Length: 3\r\n",
        "HTTP/1.1  200 OK\r\nContent-Length: 3\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 3\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 3\r\n",
        "HTTP/1.1 +20 OK\r\nContent-Length: 3\r\n",
        "HTTP/1.1 000 OK\r\nContent-Length: 3\r\n",
        "HTTP/1.1 abc OK\r\nContent-Length: 3\r\n",
        "HTTP/1.1\r\nContent-Length: 3\r\n",
        "HTTP/2.0 200 OK\r\nContent-Length: 3\r\n",
        "HTTP/1.2 200 OK\r\nContent-Length: 3\r\n",
        "http/1.1 200 OK\r\nContent-Length: 3\r\n",
        "ICY 200 OK\r\nContent-Length: 3\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 3\r\n",
        " HTTP/1.1 200 OK\r\nContent-Length: 3\r\n",
        "abc",
        // An upgrade that nobody asked for.
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n",
    ] {
        let response = answered(format!("{head}\r\nabc").as_bytes());

        let fault = response
            .as_ref()
            .map(|response| (response.status, response.fault()));
        if fault != Some((502, "upstream-broken")) {
            passed.push(format!("{head:?}: {response:?}"));
        }
    }

    assert!(
        passed.is_empty(),
        "{} passed on:\n{}",
        passed.len(),
        passed.join("\n")
    );
}

#[test]
fn a_chunked_answer_that_breaks_is_never_whole() {
    for body in [
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\r\n0\r\nX-A : b\r\n\r\n",
        "3\r\nabc\r\n0\r\nX-A: b\nX-B: c\r\n\r\n",
        "3\r\nabc\r\n0\r\nX-A: \0\r\n\r\n",
        "3\r\nabc\r\n",
        "3\r\nabc\r\n0\r\n",
        "",
    ] {
        // A length beside it changes nothing: the chunks alone say where the end is (RFC 9112, section 6.3).
        for length in ["", "Content-Length: 3\r\n"] {
            let head = format!("HTTP/1.1 200 OK\r\n{length}Transfer-Encoding: chunked\r\n\r\n");
            let response = answered(format!("{head}{body}").as_bytes());

            let whole = response
                .as_ref()
                .is_some_and(|response| response.status == 200 && response.complete);
            assert!(!whole, "{head}{body:?}: {response:?}");
        }
    }
}

#[test]
fn a_second_answer_reaches_nobody() {
    let extra = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    for first in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n",
    ] {
        // The second answer comes in the same bytes, or when the connection has been put back.
        for at_once in [true, false] {
            let gate = Gate::new();
            let upstream = Upstream::start({
                let gate = gate.clone();
                move |turn| {
                    turn.read_body();
                    let text = if at_once {
                        [first, extra].concat()
                    } else {
                        first.to_owned()
                    };
                    turn.write(text);
                    if !at_once {
                        gate.pass();
                        turn.write(extra);
                    }
                    turn.hang()
                }
            });
            let gateway = Recipe::to(upstream.address()).start();
            let mut client = gateway.client();

            let mut bodies = Vec::new();
            for _ in 0..3 {
                let response = client.get("/", &[]);
                bodies.push((response.status, response.text()));
                gate.open();
                if !at_once {
                    eventually(LIMIT, "the connection with more on it is closed", || {
                        upstream.open() == 0
                    });
                }
            }

            assert!(
                bodies
                    .iter()
                    .all(|(status, text)| *status != 502 && text != "evil"),
                "{first:?}: {bodies:?}"
            );
            assert_eq!(
                upstream.connections(),
                3,
                "a connection was used again: {first:?}"
            );
        }
    }
}

#[test]
fn the_body_that_an_answer_to_head_must_not_have_reaches_nobody() {
    let upstream = Upstream::start(|turn| {
        turn.read_body();
        turn.write(
            "HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil\r\n\r\n",
        );
        turn.hang()
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for _ in 0..3 {
        client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        let response = client.response_to_head();
        assert_eq!(
            (response.status, response.header("content-length")),
            (200, Some("45"))
        );
    }

    assert_eq!(upstream.connections(), 3, "a connection was used again");
}

#[test]
fn answers_that_came_before_the_request_are_not_kept_for_the_next() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Two answers as soon as there is a connection; then it only reads.
    thread::spawn(move || {
        for socket in listener.incoming().take(8) {
            let mut socket = socket.unwrap();
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly";
            let _ = socket.write_all([answer, answer].concat().as_bytes());
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while matches!(unbroken(|| socket.read(&mut buffer)), Ok(1..)) {}
            });
        }
    });
    let gateway = Recipe::to(address).limit("response_time = \"1s\"").start();

    for _ in 0..4 {
        let mut client = gateway.client();
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let response = client.response();
        assert!(matches!(response.status, 200 | 502), "{response:?}");
        assert_eq!(client.until_closed(), b"");
    }
}

#[test]
fn endless_interim_answers_are_given_up() {
    for interim in [
        "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
    ] {
        let given_up = Gate::new();
        let upstream = Upstream::start({
            let given_up = given_up.clone();
            move |turn| {
                turn.read_body();
                let many = interim.repeat(100);
                while turn.write(&many) {}
                given_up.open();
                Next::Close
            }
        });
        let gateway = Recipe::to(upstream.address())
            .limit("response_time = \"1s\"")
            .start();
        let before = gateway.resident_memory();
        let mut client = gateway.client();

        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let response = client.try_response(false);

        assert!(response.is_err() || response.is_ok_and(|response| response.status == 502));
        given_up.pass();
        let grown = gateway.resident_memory().saturating_sub(before);
        assert!(grown < 16 << 20, "{grown} bytes more for {interim:?}");
    }
}

#[test]
fn interim_answers_go_before_their_answer_and_count_as_none() {
    let upstream = Upstream::start(|turn| {
        turn.read_body();
        turn.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        turn.fixed(200, "good")
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for _ in 0..2 {
        let response = client.get("/", &[]);
        assert_eq!((response.status, response.text().as_str()), (200, "good"));
        assert!(matches!(response.interim.as_slice(), [] | [103]), "{response:?}");
    }
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn a_trailer_of_an_answer_cannot_say_what_belongs_into_a_head() {
    let names = [
        "Transfer-Encoding",
        "Content-Length",
        "Connection",
        "Upgrade",
        "Trailer",
        "Set-Cookie",
        "Content-Type",
        "Content-Encoding",
        "X-Gray-Version",
        "X-MSE-Tag",
        "Dubbo.Tag",
        "X-Graylane-Fault",
        "Keep-Alive",
        "Proxy-Authenticate",
    ];
    let lines: String = names.map(|name| format!("{name}: chunked\r\n")).concat() + "X-Stays: 1\r\n";
    let body = format!("3\r\nabc\r\n0\r\n{lines}\r\n");

    let response =
        answered(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}").as_bytes()).unwrap();

    assert_eq!((response.text().as_str(), response.complete), ("abc", true));
    let stays = |(name, _): &(String, String)| name.eq_ignore_ascii_case("x-stays");
    assert!(response.trailers.iter().all(stays), "{:?}", response.trailers);
}

#[test]
fn what_concerns_the_endpoints_hop_goes_no_further_and_what_matters_is_not_named_away() {
    let response = answered(
        b"HTTP/1.1 200 OK\r\nConnection: X-Hop, Content-Length, Set-Cookie, Content-Type\r\nX-Hop: 1\r\n\
          Keep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nSet-Cookie: a=b\r\nContent-Type: text/plain\r\n\
          Content-Length: 3\r\n\r\nabc",
    )
    .unwrap();

    assert_eq!((response.text().as_str(), response.complete), ("abc", true));
    assert_eq!(
        (response.header("set-cookie"), response.header("content-type")),
        (Some("a=b"), Some("text/plain"))
    );
    for name in ["x-hop", "keep-alive", "proxy-authenticate"] {
        assert_eq!(response.header(name), None, "{name}");
    }
}

#[test]
fn an_endless_head_of_an_answer_is_given_up() {
    let upstream = Upstream::start(|turn| {
        turn.read_body();
        turn.write("HTTP/1.1 200 OK\r\n");
        while turn.write("X-A: b\r\n".repeat(1000)) {}
        Next::Close
    });
    let gateway = Recipe::to(upstream.address())
        .limit("response_time = \"5s\"")
        .start();
    let before = gateway.resident_memory();
    let client = gateway.client();
    client.set_limit(Duration::from_secs(15));

    let mut client = client;
    let response = client.get("/", &[]);

    assert_eq!((response.status, response.fault()), (502, "upstream-broken"));
    let grown = gateway.resident_memory().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more");
}
