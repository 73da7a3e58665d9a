//! Connections and endpoints that fail: what is tried again whatever the service says, and what never is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use graylane_testkit::{DeadEnd, LIMIT, Next, Recipe, Upstream, eventually};

/// Answers the first request of its first connection, and closes that connection as the second request comes.
fn closing_as_a_request_comes() -> Upstream {
    Upstream::start(|turn| {
        if (turn.connection, turn.nth) == (0, 1) {
            Next::Close
        } else {
            turn.fixed(200, "served")
        }
    })
}

#[test]
fn a_safe_request_on_a_stale_connection_is_tried_again() {
    for method in ["GET", "HEAD", "OPTIONS"] {
        let upstream = closing_as_a_request_comes();
        let gateway = Recipe::to(upstream.address()).start();
        let mut client = gateway.client();
        client.get("/first", &[]);

        client.send(format!("{method} /second HTTP/1.1\r\nHost: a\r\n\r\n"));
        let response = if method == "HEAD" {
            client.response_to_head()
        } else {
            client.response()
        };

        assert_eq!(response.status, 200, "{method}");
        let seen: Vec<_> = upstream
            .requests()
            .iter()
            .map(|seen| (seen.connection, seen.head.target().to_owned()))
            .collect();
        assert_eq!(
            seen,
            [(0, "/first".into()), (0, "/second".into()), (1, "/second".into())],
            "{method}"
        );
        assert!(gateway.metrics().sum("graylane_retries_total", &[]) >= 1.0);
    }
}

#[test]
fn a_request_that_says_that_it_has_no_body_is_as_good_as_one_that_says_nothing() {
    let upstream = closing_as_a_request_comes();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();
    client.get("/first", &[]);

    let response = client.request("GET", "/second", &[], b"");

    assert_eq!((response.status, upstream.requests().len()), (200, 3));
}

#[test]
fn a_request_that_changes_something_is_never_sent_twice() {
    for method in ["POST", "PATCH", "PURGE"] {
        let upstream = closing_as_a_request_comes();
        let gateway = Recipe::to(upstream.address()).start();
        let mut client = gateway.client();
        client.get("/first", &[]);

        client.send(format!(
            "{method} /second HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        ));
        let response = client.response();

        assert_eq!(
            (response.status, response.fault()),
            (502, "upstream-broken"),
            "{method}"
        );
        assert_eq!(
            upstream
                .requests()
                .iter()
                .filter(|seen| seen.head.target() == "/second")
                .count(),
            1,
            "{method}"
        );
    }
}

#[test]
fn connections_that_the_upstream_closed_while_idle_are_not_felt() {
    let upstream = Upstream::fixed("served");
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();
    client.get("/", &[]);

    for _ in 0..5 {
        upstream.close_connections();

        assert_eq!(client.get("/", &[]).status, 200);
    }
}

#[test]
fn a_post_after_the_upstream_closed_an_idle_connection_is_served_once() {
    let upstream = Upstream::fixed("served");
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();
    client.get("/", &[]);
    upstream.close_connections();

    // The close may still be on its way: then the gateway cannot know whether the upstream got the request.
    let response = client.post("/post", b"x");

    let sent = upstream
        .requests()
        .iter()
        .filter(|seen| seen.head.method() == "POST")
        .count();
    assert!(
        matches!((response.status, sent), (200, 1) | (502, 0)),
        "{} after {sent}",
        response.status
    );
}

#[test]
fn an_upstream_that_closes_after_each_answer_serves_every_request() {
    let upstream = Upstream::start(|turn| {
        turn.fixed(200, "once");
        Next::Close
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    let served = (0..30).filter(|_| client.get("/", &[]).status == 200).count();

    assert_eq!((served, upstream.connections()), (30, 30));
}

#[test]
fn a_dead_endpoint_is_passed_over_even_for_a_post() {
    let (dead, alive) = (DeadEnd::new(), Upstream::echo());
    let gateway = Recipe::new()
        .lane("stable", &[dead.address(), alive.address()])
        .start();
    let mut client = gateway.client();

    // A refused connection has carried nothing, so that any request may go elsewhere.
    let served = (0..10)
        .filter(|_| client.post("/", b"hello").json()["body"] == "hello")
        .count();

    assert_eq!((served, alive.requests().len()), (10, 10));
}

#[test]
fn a_lane_whose_endpoints_are_all_dead_is_unreachable() {
    let (one, two) = (DeadEnd::new(), DeadEnd::new());
    let gateway = Recipe::new()
        .lane("stable", &[one.address(), two.address()])
        .start();
    let mut client = gateway.client();

    for _ in 0..3 {
        let response = client.get("/", &[]);

        assert_eq!((response.status, response.fault()), (502, "unreachable"));
    }
    assert!(
        gateway
            .metrics()
            .sum("graylane_faults_total", &[("fault", "unreachable")])
            >= 3.0
    );
}

#[test]
fn an_upstream_that_always_closes_is_not_asked_for_ever() {
    let upstream = Upstream::start(|_| Next::Close);
    let gateway = Recipe::to(upstream.address()).start();

    let response = gateway.client().get("/", &[]);

    assert_eq!((response.status, response.fault()), (502, "upstream-broken"));
    assert!(upstream.requests().len() <= 5, "{}", upstream.requests().len());
}

#[test]
fn an_answer_that_is_not_http_is_a_broken_upstream() {
    for garbage in [
        "hello\r\n\r\n",
        "\0\0\0\0\0\0\0\0",
        "HTTP/1.1 2OO OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        "SSH-2.0-x\r\n",
    ] {
        let upstream = Upstream::start(move |turn| {
            turn.read_body();
            turn.write(garbage);
            Next::Close
        });
        let gateway = Recipe::to(upstream.address()).start();

        let response = gateway.client().get("/", &[]);

        assert_eq!(
            (response.status, response.fault()),
            (502, "upstream-broken"),
            "{garbage:?}"
        );
    }
}

#[test]
fn an_answer_that_breaks_off_is_seen_to_break_off() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
    ] {
        let upstream = Upstream::start(move |turn| {
            turn.read_body();
            turn.write(answer);
            Next::Close
        });
        let gateway = Recipe::to(upstream.address()).start();
        let mut client = gateway.client();

        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        // The end may overtake the beginning: no answer at all and a 502 are as honest as a part of the answer.
        let whole = match client.try_response(false) {
            Ok(response) if response.status == 502 => continue,
            Ok(response) => response.complete || !"half".starts_with(&response.text()),
            Err(_) => false,
        };

        assert!(!whole && client.until_closed().is_empty(), "{answer:?}");
    }
}

#[test]
fn a_client_that_goes_away_ends_its_request_upstream() {
    let upstream = Upstream::start(|turn| turn.hang());
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();
    client.send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
    upstream.until_request("the request arrived", |seen| seen.head.target() == "/gone");

    drop(client);

    eventually(LIMIT, "the upstream is rid of the request", || {
        upstream.open() == 0
    });
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn an_upstream_that_fails_half_of_the_time_costs_no_safe_request() {
    let turns = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::start({
        let turns = Arc::clone(&turns);
        // Every other request finds its kept connection closed; a fresh connection is always served.
        move |turn| {
            let stale = turn.nth > 0 && turns.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
            if stale {
                Next::Close
            } else {
                turn.fixed(200, "served")
            }
        }
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    let served = (0..100).filter(|_| client.get("/", &[]).status == 200).count();

    assert_eq!(served, 100);
    assert!(turns.load(Ordering::SeqCst) > 20);
}

#[test]
fn a_connection_whose_upstream_left_a_body_unread_is_not_used_again() {
    let upstream = Upstream::start(|turn| {
        if turn.connection == 0 {
            turn.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
            return turn.hang();
        }
        turn.fixed(200, "served")
    });
    let gateway = Recipe::to(upstream.address()).server("workers = 1").start();
    let mut slow = gateway.client();
    slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nonly the beginning");
    let early = slow.response();

    let response = gateway.client().get("/", &[]);

    assert_eq!(early.text(), "early");
    assert_eq!((response.status, response.text().as_str()), (200, "served"));
}
