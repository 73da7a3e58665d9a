//! `Expect`: who is told to go on, and who is not.

use graylane_testkit::{Next, Recipe, Upstream};

const ASKING: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

#[test]
fn a_client_that_asks_is_told_to_go_on() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(ASKING);
    let interim = client.wire().head().unwrap().unwrap();
    client.send("hello");
    let response = client.response();

    assert_eq!((interim.status(), response.status), (100, 200));
    assert_eq!(response.json()["body"], "hello");
    assert_eq!(client.get("/next", &[]).status, 200);
}

#[test]
fn a_client_that_does_not_wait_to_be_told_is_served_too() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(format!("{ASKING}hello"));
    let response = client.response();

    assert_eq!(
        (response.status, &response.json()["body"]),
        (200, &"hello".into())
    );
}

#[test]
fn the_final_answer_of_an_upstream_that_wants_no_body_comes_through() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        Next::Close
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(ASKING);
    let response = client.response();

    assert_eq!((response.status, response.text().as_str()), (401, "no"));
}

#[test]
fn a_body_announced_too_large_is_refused_without_asking_for_it() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).limit("body = \"1KiB\"").start();
    let mut client = gateway.client();

    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\nExpect: 100-continue\r\n\r\n");
    let response = client.response();

    assert_eq!(
        (response.status, response.fault(), response.interim.len()),
        (413, "body-too-large", 0)
    );
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn another_expectation_is_refused() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();

    for expectation in ["200-ok", "100-continue, 200-ok", "100-continue=1"] {
        let response = gateway.client().get("/", &[("Expect", expectation)]);

        assert_eq!(
            (response.status, response.fault()),
            (417, "expectation"),
            "{expectation}"
        );
    }
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn an_old_client_is_not_told_to_go_on() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    // RFC 9110, section 10.1.1: a 100-continue expectation in an HTTP/1.0 request is ignored.
    client.send("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi");
    let response = client.response();

    assert_eq!((response.status, response.interim.len()), (200, 0));
}
