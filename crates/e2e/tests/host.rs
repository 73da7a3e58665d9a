//! A request says exactly once, and without contradiction, which host it is for.

use graylane_testkit::{Recipe, Upstream};

/// Sends the bytes on a connection of their own; the status, after making sure that the connection was closed and that
/// no upstream was bothered.
fn refused(request: &str) -> u16 {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(request);
    let response = client.response();

    assert_eq!(client.until_closed(), b"", "{request:?}");
    assert_eq!(upstream.connections(), 0, "{request:?}");
    assert_eq!(response.fault(), "bad-request", "{request:?}");
    response.status
}

#[test]
fn a_request_without_a_host_is_refused_and_the_connection_closed() {
    assert_eq!(
        refused("GET / HTTP/1.1\r\nAccept: */*\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        400
    );
}

#[test]
fn a_request_with_two_hosts_is_refused_even_if_they_are_equal() {
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"), 400);
}

#[test]
fn a_target_that_contradicts_the_host_is_refused() {
    assert_eq!(
        refused("GET http://a.test/x HTTP/1.1\r\nHost: b.test\r\n\r\n"),
        400
    );
    assert_eq!(
        refused("GET http://a.test:81/x HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        400
    );
}

#[test]
fn a_host_that_is_none_is_refused() {
    for host in [
        "a b", "a/b", "user@a", "a,b", "a:80:80", "a:x", "[::1", "a\\b", "a?b", "a#b",
    ] {
        assert_eq!(
            refused(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")),
            400,
            "{host}"
        );
    }
}

#[test]
fn an_absolute_target_that_agrees_with_the_host_is_served_in_origin_form() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send("GET http://A.test/x?y HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let response = client.response();

    assert_eq!(
        (response.status, upstream.only_request().head.target()),
        (200, "/x?y")
    );
    assert!(
        upstream
            .only_request()
            .head
            .value("host")
            .unwrap()
            .eq_ignore_ascii_case("a.test")
    );
}

#[test]
fn hosts_with_ports_and_addresses_are_served() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for host in [
        "a.test:8080",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:80",
        "A-B.test",
        "xn--fiqs8s.test",
        "a_b.test",
    ] {
        let response = client.get("/", &[("Host", host)]);

        assert_eq!(response.status, 200, "{host}");
        assert_eq!(upstream.requests().pop().unwrap().head.value("host"), Some(host));
    }
}
