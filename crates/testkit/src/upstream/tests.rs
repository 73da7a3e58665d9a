use std::time::Duration;

use super::*;
use crate::client::Client;
use crate::wait::Gate;

#[test]
fn an_echo_tells_what_it_saw() {
    let upstream = Upstream::echo();
    let mut client = Client::connect(upstream.address());

    let response = client.post("/a?b", b"hello");

    let seen = response.json();
    assert_eq!(
        (response.status, &seen["method"], &seen["target"]),
        (200, &"POST".into(), &"/a?b".into())
    );
    assert_eq!((&seen["body"], &seen["length"]), (&"hello".into(), &5.into()));
    assert_eq!(
        upstream.bytes()[0],
        b"POST /a?b HTTP/1.1\r\nHost: test.local\r\nContent-Length: 5\r\n\r\nhello"
    );
    let recorded = upstream.only_request();
    assert_eq!(
        (recorded.body.as_slice(), recorded.complete),
        (&b"hello"[..], true)
    );
}

#[test]
fn a_connection_carries_several_requests_and_they_are_told_apart() {
    let upstream = Upstream::fixed("x");
    let mut client = Client::connect(upstream.address());

    client.get("/1", &[]);
    client.get("/2", &[]);
    Client::connect(upstream.address()).get("/3", &[]);

    let places: Vec<_> = upstream
        .requests()
        .iter()
        .map(|seen| (seen.connection, seen.nth))
        .collect();
    assert_eq!(places, [(0, 0), (0, 1), (1, 0)]);
    assert_eq!(upstream.connections(), 2);
}

#[test]
fn chunks_and_trailers_go_both_ways() {
    let upstream =
        Upstream::start(|turn| turn.chunked("Trailer: X-Sum\r\n", &["ab", "", "cde"][..1], "X-Sum: 2\r\n"));
    let mut client = Client::connect(upstream.address());

    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
    );
    let response = client.response();

    assert_eq!((response.text().as_str(), response.complete), ("ab", true));
    assert_eq!(response.trailers, [("X-Sum".to_owned(), "2".to_owned())]);
    let seen = upstream.only_request();
    assert_eq!((seen.body.as_slice(), seen.complete), (&b"abc"[..], true));
    assert_eq!(seen.trailers, [("X-T".to_owned(), "1".to_owned())]);
}

#[test]
fn an_ambiguous_request_is_noted_as_a_fault() {
    let upstream = Upstream::echo();
    let mut client = Client::connect(upstream.address());

    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
    client.until_closed();

    assert!(
        upstream.faults()[0].contains("ambiguous"),
        "{:?}",
        upstream.faults()
    );
}

#[test]
fn an_answer_that_is_cut_off_is_not_complete() {
    let upstream = Upstream::start(|turn| {
        turn.read_body();
        turn.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        Next::Close
    });
    let mut client = Client::connect(upstream.address());

    let response = client.get("/", &[]);

    assert_eq!((response.complete, response.text().as_str()), (false, "half"));
}

#[test]
fn an_answer_without_length_ends_with_the_connection() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 200 OK\r\n\r\nall");
        Next::Close
    });

    let response = Client::connect(upstream.address()).get("/", &[]);

    assert_eq!((response.complete, response.text().as_str()), (true, "all"));
}

#[test]
fn the_answer_to_a_head_has_no_body() {
    let upstream = Upstream::fixed("body");
    let mut client = Client::connect(upstream.address());

    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let response = client.response_to_head();

    assert_eq!(
        (response.header("content-length"), response.body.len()),
        (Some("4"), 0)
    );
    assert_eq!(client.get("/", &[]).text(), "body");
}

#[test]
fn an_upgraded_connection_sends_bytes_back_and_can_be_half_closed() {
    let upstream = Upstream::start(|turn| turn.upgrade_and_echo("test", "bye"));
    let mut client = Client::connect(upstream.address());

    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
    let (head, _) = client.response_head().unwrap();
    client.send("ping");
    client.finish();

    assert_eq!(head.status(), 101);
    assert_eq!(client.until_closed(), b"pingbye");
}

#[test]
fn interim_answers_are_told_apart_from_the_final_one() {
    let upstream = Upstream::echo();
    let mut client = Client::connect(upstream.address());

    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx");
    let response = client.response();

    assert_eq!((response.interim.as_slice(), response.status), (&[100][..], 200));
}

#[test]
fn a_server_that_does_not_read_makes_the_sender_wait() {
    let gate = Gate::new();
    let upstream = Upstream::start_narrow(64 * 1024, {
        let gate = gate.clone();
        move |turn| {
            gate.pass();
            turn.fixed(200, "done")
        }
    });
    let mut client = Client::connect(upstream.address());

    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n");
    client.set_limit(Duration::from_millis(200));
    let mut sent = 0;
    let blocked = loop {
        match client.wire().send_some(&[7; 65536]) {
            Ok(bytes) => sent += bytes,
            Err(error) => break error,
        }
    };
    gate.open();

    assert!(
        crate::client::is_blocked(&blocked) && sent < 33_554_432,
        "{blocked} after {sent}"
    );
}

#[test]
fn a_poured_body_is_the_pattern() {
    let upstream = Upstream::start(|turn| turn.pour(3_000_000));
    let pattern = crate::Pattern::new();

    let response = Client::connect(upstream.address()).get("/", &[]);

    assert_eq!(response.body.len(), 3_000_000);
    assert!(pattern.matches(0, &response.body));
}

#[test]
fn closing_the_connections_is_seen_by_idle_clients() {
    let upstream = Upstream::fixed("x");
    let mut client = Client::connect(upstream.address());
    client.get("/", &[]);

    upstream.close_connections();

    assert_eq!((client.until_closed().len(), upstream.open()), (0, 0));
}

#[test]
fn a_client_can_come_from_any_loopback_address() {
    let upstream = Upstream::fixed("x");

    let mut client = Client::connect_from([127, 0, 7, 9].into(), upstream.address());

    assert_eq!(client.local().ip().to_string(), "127.0.7.9");
    assert_eq!(client.get("/", &[]).status, 200);
}

#[test]
fn a_dead_end_refuses() {
    let dead = DeadEnd::new();

    let refused = Client::try_connect(dead.address()).unwrap_err();

    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
}
