//! What one client may use, and what it gets when it wants more.

use std::time::{Duration, Instant};

use graylane_testkit::{Client, Gate, Gateway, LIMIT, Next, Recipe, Upstream, eventually};

/// Sends the request and makes sure that it never reached the upstream.
fn refused(upstream: &Upstream, gateway: &Gateway, request: &str) -> u16 {
    let mut client = gateway.client();
    // The gateway may answer before everything is sent.
    let _ = client.wire().send(request);
    let response = client.response();
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
    response.status
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).limit("head = \"8KiB\"").start();
    let long = "x".repeat(9 * 1024);

    let in_a_field = refused(
        &upstream,
        &gateway,
        &format!("GET / HTTP/1.1\r\nHost: a\r\nX-A: {long}\r\n\r\n"),
    );
    let in_the_target = refused(
        &upstream,
        &gateway,
        &format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
    );
    let without_end = refused(
        &upstream,
        &gateway,
        &format!("GET / HTTP/1.1\r\nHost: a\r\n{}", "X-A: b\r\n".repeat(2_000)),
    );

    assert_eq!(in_a_field, 431);
    assert!(matches!(in_the_target, 414 | 431), "{in_the_target}");
    assert_eq!(without_end, 431);
}

#[test]
fn a_head_within_the_limit_is_served() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).limit("head = \"32KiB\"").start();
    let long = "x".repeat(30 * 1024);

    let response = gateway.client().get("/", &[("X-A", &long)]);

    assert_eq!(response.status, 200);
    assert_eq!(upstream.only_request().head.value("x-a"), Some(long.as_str()));
}

#[test]
fn too_many_header_fields_are_refused() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).limit("headers = 10").start();
    let fields = |count: usize| "X-A: 1\r\n".repeat(count);

    let eleven = refused(
        &upstream,
        &gateway,
        &format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", fields(10)),
    );
    let mut client = gateway.client();
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", fields(9)));
    let ten = client.response().status;

    assert_eq!((eleven, ten), (431, 200));
}

#[test]
fn a_body_announced_too_large_is_refused_before_it_comes() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).limit("body = 1000").start();
    let mut client = gateway.client();

    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    let response = client.response();

    assert_eq!((response.status, response.fault()), (413, "body-too-large"));
    assert!(upstream.requests().is_empty());
    assert_eq!(gateway.client().post("/", &[b'x'; 1000]).json()["length"], 1000);
}

#[test]
fn a_chunked_body_that_grows_too_large_is_refused_and_never_complete_upstream() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).limit("body = 1000").start();
    let mut client = gateway.client();

    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(format!("258\r\n{}\r\n", "x".repeat(600)));
    let _ = client
        .wire()
        .send(format!("258\r\n{}\r\n0\r\n\r\n", "x".repeat(600)));
    let response = client.response();

    assert_eq!((response.status, response.fault()), (413, "body-too-large"));
    client.until_closed();
    assert!(
        upstream.requests().iter().all(|seen| !seen.complete),
        "{:?}",
        upstream.requests()
    );
}

#[test]
fn the_default_limit_of_a_body_is_ten_megabytes() {
    let upstream = Upstream::fixed("got it");
    let gateway = Recipe::to(upstream.address()).start();

    let mut client = gateway.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000001\r\n\r\n");
    let more = client.response();
    let most = gateway.client().post("/", &vec![b'x'; 10_000_000]);

    assert_eq!((more.status, most.status), (413, 200));
}

#[test]
fn a_slow_head_is_cut_off() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address())
        .limit("header_time = \"300ms\"")
        .start();
    let mut client = gateway.client();
    let since = Instant::now();

    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-A: ");
    let answer = String::from_utf8(client.until_closed()).unwrap();

    assert!(
        since.elapsed() >= Duration::from_millis(250) && since.elapsed() < Duration::from_secs(5),
        "{since:?}"
    );
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
}

#[test]
fn a_head_that_trickles_does_not_gain_time() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address())
        .limit("header_time = \"300ms\"")
        .start();
    let mut client = gateway.client();
    let since = Instant::now();

    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-A: ");
    client.set_limit(Duration::from_millis(20));
    eventually(Duration::from_secs(5), "the connection is cut off", || {
        let sent = client.wire().send("x").is_ok();
        // Twenty milliseconds without an answer pace the trickle; an end or an answer is what is waited for.
        let silent = client
            .wire()
            .some()
            .is_err_and(|error| matches!(error.kind(), std::io::ErrorKind::WouldBlock));
        !(sent && silent)
    });

    assert!(
        since.elapsed() >= Duration::from_millis(250),
        "{:?}",
        since.elapsed()
    );
    assert!(upstream.requests().is_empty());
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address())
        .limit("idle_time = \"400ms\"")
        .start();
    let (mut fresh, mut used, mut busy) = (gateway.client(), gateway.client(), gateway.client());
    used.get("/", &[]);
    let since = Instant::now();

    while since.elapsed() < Duration::from_millis(700) {
        assert_eq!(busy.get("/", &[]).status, 200);
    }

    assert_eq!((fresh.until_closed().len(), used.until_closed().len()), (0, 0));
    assert!(since.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_body_that_stalls_is_given_up() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address())
        .limit("idle_time = \"400ms\"")
        .start();
    let mut client = gateway.client();
    let since = Instant::now();

    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    let response = client.response();

    assert_eq!((response.status, response.fault()), (408, "request-timeout"));
    assert!(since.elapsed() < Duration::from_secs(5));
    client.until_closed();
    assert!(upstream.requests().iter().all(|seen| !seen.complete));
}

#[test]
fn connections_beyond_the_limit_wait_and_are_served_when_one_ends() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).limit("connections = 2").start();
    let (mut one, mut two) = (gateway.client(), gateway.client());
    assert_eq!((one.get("/", &[]).status, two.get("/", &[]).status), (200, 200));

    let mut three = gateway.client();
    three.send("GET /three HTTP/1.1\r\nHost: a\r\n\r\n");
    let waits = three.stays_silent(Duration::from_millis(300));
    let asked_meanwhile = upstream.requests().len();
    drop(one);
    let response = three.response();

    assert!(waits);
    assert_eq!(
        (asked_meanwhile, response.status, two.get("/", &[]).status),
        (2, 200, 200)
    );
}

#[test]
fn an_upstream_that_does_not_answer_in_time_is_given_up() {
    let upstream = Upstream::start(|turn| turn.hang());
    let gateway = Recipe::to(upstream.address())
        .limit("response_time = \"300ms\"")
        .start();
    let since = Instant::now();

    let response = gateway.client().get("/", &[]);

    assert_eq!((response.status, response.fault()), (504, "upstream-timeout"));
    assert!(since.elapsed() >= Duration::from_millis(250) && since.elapsed() < Duration::from_secs(5));
    eventually(LIMIT, "the upstream is rid of the request", || {
        upstream.open() == 0
    });
}

#[test]
fn an_answer_whose_body_takes_longer_than_its_head_may_is_not_cut() {
    let upstream = Upstream::start(|turn| {
        turn.read_body();
        turn.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
        for _ in 0..3 {
            let mut pause = Client::connect(turn.wire().stream().local_addr().expect("a bound socket"));
            // An idle connection of its own is the clock of this slow server.
            pause.stays_silent(Duration::from_millis(150));
            turn.write("x");
        }
        Next::Close
    });
    let gateway = Recipe::to(upstream.address())
        .limit("response_time = \"300ms\"")
        .start();

    let response = gateway.client().get("/", &[]);

    assert_eq!((response.text().as_str(), response.complete), ("xxx", true));
}

#[test]
fn a_listener_without_clients_takes_no_connection_from_the_others() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address())
        .limit("connections = 1")
        .more("[listeners.other]\naddress = \"127.0.0.1:0\"\n")
        .start();

    let statuses: Vec<_> = (0..10)
        .map(|_| gateway.client().get("/", &[("Connection", "close")]).status)
        .collect();

    assert_eq!(statuses, [200; 10]);
}

#[test]
fn a_body_that_comes_after_an_early_answer_is_not_taken_for_a_slow_head() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
        turn.read_body();
        Next::Close
    });
    let gateway = Recipe::to(upstream.address())
        .limit("header_time = \"200ms\"\nidle_time = \"5s\"")
        .start();
    let mut client = gateway.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    let early = client.response();

    for _ in 0..10 {
        client.send("x");
        assert!(client.stays_silent(Duration::from_millis(100)));
    }

    assert_eq!(early.text(), "early");
    upstream.until_request("the whole body arrived", |seen| seen.complete);
}

#[test]
fn a_body_that_nobody_reads_is_given_up_with_its_client() {
    let gate = Gate::new();
    let shut = gate.clone();
    let upstream = Upstream::start(move |turn| {
        turn.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
        shut.pass();
        Next::Close
    });
    let gateway = Recipe::to(upstream.address())
        .limit("body = \"100MB\"\nidle_time = \"1s\"")
        .start();
    let mut client = gateway.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n");
    let early = client.response();
    // As much of it as the buffers on the way hold.
    client.set_limit(Duration::from_millis(300));
    while client.wire().send_some(&[0; 65_536]).is_ok() {}

    drop(client);

    assert_eq!(early.text(), "early");
    eventually(LIMIT, "no connection is left", || {
        gateway.metrics().sum("graylane_connections", &[]) == 0.0
    });
    gate.open();
}
