//! Upstreams that fail: what is tried again, what never is, and what the client gets.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use graylane_testkit::{DeadEnd, Gate, LIMIT, Next, Recipe, Upstream, eventually};
use socket2::{Domain, Socket, Type};

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

#[test]
fn an_endpoint_that_could_not_be_reached_in_time_costs_the_next_one_none_of_its_own() {
    let upstream = Upstream::fixed("served");
    let full = FullQueue::new();
    let gateway = Recipe::new()
        .lane("stable", &[upstream.address(), full.address()])
        .limit("connect_time = \"1500ms\"\nresponse_time = \"1s\"")
        .start();
    let mut client = gateway.client();

    let statuses: Vec<_> = (0..4).map(|_| client.get("/", &[]).status).collect();

    assert_eq!(statuses, [200; 4]);
}

/// A service that retries so often after all that it can, out of a budget that does not end.
fn retrying(times: u8) -> String {
    format!(
        "retries = {{ times = {times}, budget = 100, backoff = \"1ms\", \
         on = [\"broken\", \"timeout\", \"502\", \"503\", \"504\"] }}"
    )
}

#[test]
fn an_error_that_another_endpoint_does_not_have_is_not_seen() {
    for status in [502, 503, 504] {
        let (ill, well) = (
            Upstream::start(move |turn| turn.fixed(status, "ill")),
            Upstream::fixed("well"),
        );
        let gateway = Recipe::new()
            .lane("stable", &[ill.address(), well.address()])
            .service(&retrying(1))
            .server("workers = 1")
            .start();
        let mut client = gateway.client();

        let served = (0..40).filter(|_| client.get("/", &[]).text() == "well").count();

        assert_eq!(served, 40, "{status}");
        let asked = ill.requests().len();
        assert!(asked > 0, "{status}");
        assert_eq!(gateway.metrics().sum("graylane_retries_total", &[]), asked as f64);
        // The answer was short and all there, so its connection was used again.
        assert_eq!(ill.connections(), 1, "{status}");
    }
}

#[test]
fn an_answer_that_nobody_wants_is_not_waited_for() {
    let ill = Upstream::start(|turn| {
        turn.write("HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nsome");
        turn.hang()
    });
    let well = Upstream::fixed("well");
    let gateway = Recipe::new()
        .lane("stable", &[ill.address(), well.address()])
        .service(&retrying(1))
        .start();
    let mut client = gateway.client();

    let served = (0..20).filter(|_| client.get("/", &[]).text() == "well").count();

    assert_eq!(served, 20);
    eventually(LIMIT, "its connections are closed", || ill.open() == 0);
}

#[test]
fn an_error_without_anybody_else_to_ask_is_passed_on_as_it_is() {
    let ill = || Upstream::start(|turn| turn.fixed_with(503, "Retry-After: 7\r\n", "ill"));
    let (one, other) = (ill(), ill());

    for (endpoints, asked) in [
        (vec![one.address()], 1),
        (vec![one.address(), other.address()], 2),
    ] {
        let before = one.requests().len() + other.requests().len();
        let gateway = Recipe::new()
            .lane("stable", &endpoints)
            .service(&retrying(5))
            .start();

        let response = gateway.client().get("/", &[]);

        assert_eq!((response.status, &*response.text()), (503, "ill"));
        assert_eq!(response.header("retry-after"), Some("7"));
        // Each once, however often it might be.
        assert_eq!(one.requests().len() + other.requests().len() - before, asked);
    }
}

#[test]
fn what_an_endpoint_may_have_acted_on_is_not_asked_of_another() {
    let ill = || Upstream::start(|turn| turn.fixed(503, "ill"));
    let (one, other) = (ill(), ill());
    let gateway = Recipe::new()
        .lane("stable", &[one.address(), other.address()])
        .service(&retrying(5))
        .start();
    let mut client = gateway.client();

    for (method, body) in [("POST", "x"), ("PUT", "x"), ("DELETE", ""), ("GET", "x")] {
        let before = one.requests().len() + other.requests().len();

        let response = client.request(method, "/", &[], body.as_bytes());

        assert_eq!((response.status, &*response.text()), (503, "ill"), "{method}");
        let asked = one.requests().len() + other.requests().len() - before;
        assert_eq!(asked, 1, "{method}");
    }
}

#[test]
fn a_client_that_has_heard_of_an_endpoint_hears_the_rest_from_it() {
    let early = || {
        Upstream::start(|turn| {
            turn.read_body();
            turn.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
            turn.fixed(503, "ill")
        })
    };
    let (one, other) = (early(), early());
    let gateway = Recipe::new()
        .lane("stable", &[one.address(), other.address()])
        .service(&retrying(5))
        .start();

    let response = gateway.client().get("/", &[]);

    assert_eq!(response.status, 503);
    assert_eq!(one.requests().len() + other.requests().len(), 1);
}

#[test]
fn a_connection_that_breaks_under_a_safe_request_is_made_up_for_by_another_endpoint() {
    // By default: nothing is said of retries. What it says before it breaks off is no answer.
    let breaks = Upstream::start(|turn| {
        turn.read_body();
        turn.write("HTTP/1.1 2");
        Next::Close
    });
    let well = Upstream::fixed("well");
    let gateway = Recipe::new()
        .lane("stable", &[breaks.address(), well.address()])
        .server("workers = 1")
        .start();
    let mut client = gateway.client();

    let served = (0..5).filter(|_| client.get("/", &[]).text() == "well").count();

    assert_eq!(served, 5);
}

#[test]
fn a_lane_that_fails_all_the_time_is_asked_little_more_often_than_it_would_be() {
    let ill = || Upstream::start(|turn| turn.fixed(503, "ill"));
    let (one, other) = (ill(), ill());
    let gateway = Recipe::new()
        .lane("stable", &[one.address(), other.address()])
        .service("retries = { times = 10, budget = 10, backoff = \"0s\", on = [\"503\"] }")
        .server("workers = 1")
        .start();
    let mut client = gateway.client();

    (0..200).for_each(|_| assert_eq!(client.get("/", &[]).status, 503));

    let page = gateway.metrics();
    let (retries, refused) = (
        page.sum("graylane_retries_total", &[]),
        page.sum("graylane_retries_refused_total", &[]),
    );
    assert_eq!(
        one.requests().len() + other.requests().len(),
        200 + retries as usize
    );
    assert_eq!(retries + refused, 200.0);
    // A tenth, five to begin with, and one for each second that this may take.
    assert!((20.0..=25.0 + 60.0).contains(&retries), "{retries}");
}

#[test]
fn an_endpoint_that_does_not_answer_in_time_is_made_up_for_by_another() {
    let (hangs, well) = (Upstream::start(|turn| turn.hang()), Upstream::fixed("well"));
    let gateway = Recipe::new()
        .lane("stable", &[hangs.address(), well.address()])
        .service("timeouts = { try = \"50ms\" }")
        .service(&retrying(1))
        .server("workers = 1")
        .start();
    let mut client = gateway.client();

    let served = (0..10).filter(|_| client.get("/", &[]).text() == "well").count();

    assert_eq!(served, 10);
    assert!(!hangs.requests().is_empty());
}

#[test]
fn the_time_of_the_whole_exchange_ends_every_try() {
    let hangs = || Upstream::start(|turn| turn.hang());
    let all = [hangs(), hangs(), hangs()];
    let addresses: Vec<_> = all.iter().map(Upstream::address).collect();
    let gateway = Recipe::new()
        .lane("stable", &addresses)
        .service("timeouts = { try = \"90ms\", exchange = \"100ms\" }")
        .service(&retrying(10))
        .start();
    let mut client = gateway.client();

    let response = client.get("/", &[]);

    assert_eq!((response.status, response.fault()), (504, "upstream-timeout"));
    // Three tries would be longer than that.
    let asked: usize = all.iter().map(|one| one.requests().len()).sum();
    assert!(asked < 3, "{asked}");
}

#[test]
fn the_time_of_the_exchange_ends_with_the_head_of_the_answer() {
    let gate = Gate::new();
    let upstream = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            turn.read_body();
            turn.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
            gate.pass();
            turn.write("body");
            Next::Keep
        }
    });
    let gateway = Recipe::to(upstream.address())
        .service("timeouts = { exchange = \"50ms\" }")
        .start();
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let (head, _) = client.response_head().unwrap();

    let is_open = client.stays_silent(Duration::from_millis(300));
    gate.open();

    assert_eq!((head.status(), is_open), (200, true));
    assert_eq!(client.until_closed(), b"body");
}

#[test]
fn a_service_may_wait_less_for_a_connection() {
    let (upstream, full) = (Upstream::fixed("served"), FullQueue::new());
    let gateway = Recipe::new()
        .lane("stable", &[upstream.address(), full.address()])
        .service("timeouts = { connect = \"50ms\" }")
        .limit("connect_time = \"1day\"")
        .start();
    let mut client = gateway.client();

    let statuses: Vec<_> = (0..6).map(|_| client.get("/", &[]).status).collect();

    assert_eq!(statuses, [200; 6]);
}

/// A listener whose queue is full, so that whoever connects waits.
struct FullQueue {
    listener: Socket,
    _waiting: Vec<Socket>,
}

impl FullQueue {
    fn new() -> Self {
        let open = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let listener = open();
        listener
            .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
            .unwrap();
        listener.listen(0).unwrap();
        let waiting = (0..4)
            .map(|_| {
                let socket = open();
                socket.set_nonblocking(true).unwrap();
                // It is still under way when this returns, and stays so.
                let _ = socket.connect(&listener.local_addr().unwrap());
                socket
            })
            .collect();
        Self {
            listener,
            _waiting: waiting,
        }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap().as_socket().unwrap()
    }
}
