//! Hostile endpoints that speak HTTP/2: what an answer may not say there is not written down for a client of HTTP/1.1.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use graylane_testkit::{Gateway, LIMIT, Recipe, Response, eventually, unbroken};

use crate::h2_frames::{END_HEADERS, END_STREAM, Kind, fields, frame};

type Fields<'a> = &'a [(&'a [u8], &'a [u8])];

const OK: (&[u8], &[u8]) = (b":status", b"200");

/// An endpoint that sends these frames as soon as a head has come on stream 1, then again and again, where it is asked to,
/// until nobody takes them. It reads on meanwhile.
fn endpoint(frames: Vec<u8>, endless: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let frames = frames.clone();
            thread::spawn(move || answer(socket, &frames, endless));
        }
    });
    address
}

fn answer(mut socket: TcpStream, frames: &[u8], endless: bool) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    if socket.write_all(&frame(Kind::Settings, 0, 0, b"")).is_err() {
        return;
    }
    let mut answered = false;
    while let Ok(got @ 1..) = unbroken(|| socket.read(&mut buffer)) {
        seen.extend_from_slice(&buffer[..got]);
        if !answered && has_head(&seen) {
            answered = true;
            let acknowledged = socket.write_all(&frame(Kind::Settings, 1, 0, b""));
            let mut open = acknowledged.is_ok() && socket.write_all(frames).is_ok();
            while open && endless {
                open = socket.write_all(frames).is_ok();
            }
        }
    }
}

/// Whether a head on stream 1 stands behind the preface.
fn has_head(seen: &[u8]) -> bool {
    let mut rest = seen.get(24..).unwrap_or_default();
    while let [a, b, c, kind, _, _, _, _, stream, behind @ ..] = rest {
        if *kind == Kind::Headers as u8 && *stream == 1 {
            return true;
        }
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        rest = behind.get(length..).unwrap_or_default();
    }
    false
}

fn gateway(endpoint: SocketAddr) -> Gateway {
    let lines = format!("endpoints = [\"{endpoint}\"]\nprotocol = \"http2\"\n");
    Recipe::new()
        .lane_lines("stable", &lines)
        .limit("response_time = \"2s\"")
        .limit("idle_time = \"1s\"")
        .start()
}

/// What a client of HTTP/1.1 gets where the endpoint sends these frames.
fn answered(frames: Vec<u8>) -> Option<Response> {
    let gateway = gateway(endpoint(frames, false));
    let mut client = gateway.client();
    client.send("GET /case HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let response = client.try_response(false).ok()?;
    assert_eq!(client.until_closed(), b"", "more than one answer");
    Some(response)
}

fn head(flags: u8, lines: Fields<'_>) -> Vec<u8> {
    frame(Kind::Headers, END_HEADERS | flags, 1, &fields(lines))
}

fn data(flags: u8, body: &[u8]) -> Vec<u8> {
    frame(Kind::Data, flags, 1, body)
}

#[test]
fn a_plain_answer_over_http_2_is_passed_on() {
    let response = answered([head(0, &[OK, (b"x-a", b"b")]), data(END_STREAM, b"abc")].concat()).unwrap();

    assert_eq!((response.status, response.text().as_str()), (200, "abc"));
    assert_eq!((response.header("x-a"), response.complete), (Some("b"), true));
}

#[test]
fn a_head_that_would_break_lines_or_is_none_is_not_passed_on() {
    let heads: &[Fields<'_>] = &[
        &[OK, (b"x-a", b"b\r\nSet-Cookie: c=d")],
        &[
            OK,
            (
                b"x-a",
                b"b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
            ),
        ],
        &[OK, (b"x-a", b"b\nX-B: c")],
        &[OK, (b"x-a", b"b\rX-B: c")],
        &[OK, (b"x-a", b"b\0")],
        &[OK, (b"x-a\r\nx-b", b"c")],
        &[OK, (b"x-a: b\r\nx-b", b"c")],
        &[OK, (b"x a", b"b")],
        &[OK, (b"x-a:", b"b")],
        &[OK, (b"X-A", b"b")],
        &[OK, (b"", b"b")],
        &[(b":status", b"200\r\nX-A: b")],
        &[(b":status", b"200 OK")],
        &[(b":status", b"20")],
        &[(b":status", b"2000")],
        &[(b":status", b"+20")],
        &[(b":status", b"abc")],
        &[(b":status", b"000")],
        &[(b":status", b"")],
        &[(b":status", b"101")],
        &[(b"x-a", b"b")],
        &[(b"x-a", b"b"), OK],
        &[OK, OK],
        &[OK, (b":status", b"404")],
        &[OK, (b":x", b"b")],
        &[OK, (b"transfer-encoding", b"chunked")],
        &[OK, (b"connection", b"close")],
        &[OK, (b"upgrade", b"websocket")],
        &[OK, (b"content-length", b"+3")],
        &[OK, (b"content-length", b"3, 3")],
        &[OK, (b"content-length", b"3"), (b"content-length", b"4")],
        &[OK, (b"content-length", b"x")],
    ];
    let mut passed = Vec::new();
    for lines in heads {
        let response = answered([head(0, lines), data(END_STREAM, b"abc")].concat());

        if response.as_ref().is_none_or(|response| response.status != 502) {
            let name = String::from_utf8_lossy(&fields(lines)).into_owned();
            passed.push(format!("{name:?}: {response:?}"));
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
fn a_pseudo_header_of_a_request_in_an_answer_is_not_written_down() {
    // Malformed by RFC 9113, section 8.3, and read over by the `h2` crate: what goes on must show nothing of it.
    let response =
        answered([head(0, &[OK, (b":path", b"/evil")]), data(END_STREAM, b"abc")].concat()).unwrap();

    let shown = response.head.fields.iter().any(|(_, value)| value == "/evil");
    assert!(!shown && matches!(response.status, 200 | 502), "{response:?}");
}

#[test]
fn a_body_of_another_length_than_was_said_is_never_whole() {
    let lengths: [(&[u8], &[u8]); 4] = [
        (b"2", b"abc"),
        (b"0", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
        (b"4", b"abc"),
        (b"18446744073709551615", b"abc"),
    ];

    for (length, body) in lengths {
        let response = answered(
            [
                head(0, &[OK, (b"content-length", length)]),
                data(END_STREAM, body),
            ]
            .concat(),
        );

        let whole = response
            .as_ref()
            .is_some_and(|response| response.status == 200 && response.complete && response.body == body);
        assert!(!whole, "{length:?}: {response:?}");
    }
}

#[test]
fn a_body_that_is_cut_off_is_never_whole() {
    let starts = [
        [
            head(0, &[OK]),
            data(0, b"abc"),
            frame(Kind::Reset, 0, 1, &2_u32.to_be_bytes()),
        ]
        .concat(),
        [head(0, &[OK]), data(0, b"abc"), frame(Kind::Settings, 0, 3, b"")].concat(),
        [
            head(0, &[OK]),
            data(0, b"abc"),
            head(END_STREAM, &[(b"x-a", b"b\r\nX-B: c")]),
        ]
        .concat(),
    ];

    for frames in starts {
        let response = answered(frames.clone());

        let whole = response
            .as_ref()
            .is_some_and(|response| response.status == 200 && response.complete);
        assert!(!whole, "{frames:?}: {response:?}");
    }
}

#[test]
fn a_trailer_over_http_2_cannot_say_what_belongs_into_a_head() {
    let trailers: Fields<'_> = &[
        (b"content-length", b"9"),
        (b"set-cookie", b"a=b"),
        (b"x-gray-version", b"evil"),
        (b"x-graylane-fault", b"evil"),
        (b"x-stays", b"1"),
    ];

    let response = answered([head(0, &[OK]), data(0, b"abc"), head(END_STREAM, trailers)].concat()).unwrap();

    let stays = |(name, _): &(String, String)| name.eq_ignore_ascii_case("x-stays");
    assert_eq!((response.text().as_str(), response.complete), ("abc", true));
    assert!(response.trailers.iter().all(stays), "{:?}", response.trailers);
}

#[test]
fn frames_without_end_from_an_endpoint_are_given_up() {
    let floods = [
        head(0, &[(b":status", b"103"), (b"link", b"</a>")]).repeat(100),
        frame(Kind::Ping, 0, 0, &[7; 8]).repeat(1000),
        frame(Kind::Settings, 0, 0, &[0, 4, 0, 0, 255, 255]).repeat(1000),
        frame(Kind::Headers, 0, 1, &fields(&[OK])),
        [
            frame(Kind::Headers, 0, 1, &fields(&[OK])),
            frame(Kind::Continuation, 0, 1, b"").repeat(1000),
        ]
        .concat(),
    ];

    for frames in floods {
        let gateway = gateway(endpoint(frames.clone(), true));
        let before = gateway.resident_memory();
        let mut client = gateway.client();

        client.send("GET /case HTTP/1.1\r\nHost: a\r\n\r\n");
        let response = client.try_response(false);

        let status = response.map_or(502, |response| response.status);
        assert!(matches!(status, 502 | 504), "{status}");
        eventually(LIMIT, "the memory is bounded", || {
            gateway.resident_memory().saturating_sub(before) < 16 << 20
        });
    }
}
