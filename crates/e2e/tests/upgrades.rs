//! Upgraded connections: bytes both ways, and the end of each way on its own.

use graylane_testkit::{LIMIT, Next, Recipe, Upstream, eventually};

const ASKING: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                      Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[test]
fn an_upgraded_connection_carries_bytes_both_ways() {
    let upstream = Upstream::start(|turn| turn.upgrade_and_echo("websocket", ""));
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(ASKING);
    let (head, _) = client.response_head().unwrap();
    for round in 0_u8..20 {
        let bytes = [round, 0, 255, b'\r', b'\n', round];
        client.send(bytes);
        let mut back = Vec::new();
        client
            .wire()
            .exactly(6, &mut |piece| back.extend_from_slice(piece))
            .unwrap();

        assert_eq!(back, bytes);
    }

    assert_eq!((head.status(), head.value("upgrade")), (101, Some("websocket")));
    assert!(
        head.value("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("upgrade")),
        "{head:?}"
    );
    let seen = upstream.only_request().head;
    assert_eq!(
        (seen.value("upgrade"), seen.value("sec-websocket-version")),
        (Some("websocket"), Some("13"))
    );
    assert!(
        seen.value("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("upgrade")),
        "{seen:?}"
    );
    assert_eq!(seen.value("x-gray-version"), Some("stable"));
}

#[test]
fn a_client_that_has_finished_still_hears_the_upstream() {
    let upstream = Upstream::start(|turn| turn.upgrade_and_echo("websocket", "last words"));
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(ASKING);
    client.response_head().unwrap();
    client.send("ping");
    client.finish();

    assert_eq!(client.until_closed(), b"pinglast words");
}

#[test]
fn an_upstream_that_has_finished_still_hears_the_client() {
    let upstream = Upstream::start(|turn| {
        turn.write(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
        );
        turn.wire().finish().expect("an open connection");
        // The rest of what the client sends is kept by the recording of the connection.
        while matches!(turn.wire().some(), Ok(bytes) if !bytes.is_empty()) {}
        Next::Close
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(ASKING);
    client.response_head().unwrap();
    let hello = client.until_closed();
    client.send("still here");
    client.finish();

    assert_eq!(hello, b"hello");
    eventually(LIMIT, "the upstream heard it", || {
        upstream.bytes()[0].ends_with(b"still here")
    });
    eventually(LIMIT, "both connections have ended", || upstream.open() == 0);
}

#[test]
fn bytes_sent_along_with_the_upgrade_answer_are_not_lost() {
    let upstream = Upstream::start(|turn| {
        turn.write(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nat once",
        );
        Next::Close
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(ASKING);
    client.response_head().unwrap();

    assert_eq!(client.until_closed(), b"at once");
}

#[test]
fn an_upgrade_that_the_upstream_declines_is_an_ordinary_exchange() {
    let upstream = Upstream::fixed("no chat here");
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(ASKING);
    let response = client.response();

    assert_eq!((response.status, response.text().as_str()), (200, "no chat here"));
    assert_eq!(client.get("/next", &[]).status, 200);
}

#[test]
fn an_upgrade_not_named_in_connection_is_not_passed_on() {
    let upstream = Upstream::fixed("plain");
    let gateway = Recipe::to(upstream.address()).start();

    let response = gateway.client().get("/", &[("Upgrade", "websocket")]);

    assert_eq!(response.status, 200);
    assert!(!upstream.only_request().head.has("upgrade"));
}

#[test]
fn an_upgrade_that_nobody_asked_for_is_a_broken_upstream() {
    let upstream = Upstream::start(|turn| turn.upgrade_and_echo("websocket", ""));
    let gateway = Recipe::to(upstream.address()).start();

    let response = gateway.client().get("/", &[]);

    assert_eq!((response.status, response.fault()), (502, "upstream-broken"));
}

#[test]
fn a_client_that_goes_away_ends_the_upstream_connection() {
    let upstream = Upstream::start(|turn| turn.upgrade_and_echo("websocket", ""));
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();
    client.send(ASKING);
    client.response_head().unwrap();

    drop(client);

    eventually(LIMIT, "the upstream connection has ended", || {
        upstream.open() == 0
    });
}

#[test]
fn an_upgrade_of_an_old_client_or_to_http_2_is_not_passed_on() {
    for (version, protocol) in [("1.0", "websocket"), ("1.1", "h2c"), ("1.1", "websocket, H2C")] {
        let upstream = Upstream::fixed("plain");
        let gateway = Recipe::to(upstream.address()).start();
        let mut client = gateway.client();

        client.send(format!(
            "GET / HTTP/{version}\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n"
        ));
        let response = client.response();

        assert_eq!(response.status, 200, "{version} {protocol}");
        assert!(
            !upstream.only_request().head.has("upgrade"),
            "{version} {protocol}"
        );
    }
}

#[test]
fn an_upgrade_in_the_middle_of_a_request_is_a_broken_upstream() {
    let upstream = Upstream::start(|turn| turn.upgrade_and_echo("echo", ""));
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 10\r\n\r\nfirst",
    );
    let response = client.response();

    assert_eq!((response.status, response.fault()), (502, "upstream-broken"));
}
