//! Over HTTP/1.1: what has begun ends well, and the process after it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use graylane_testkit::{Client, Gate, Gateway, LIMIT, Next, Recipe, Upstream, eventually};

/// An upstream that answers `/slow` only when the gate is open, and everything else at once.
fn gated(gate: &Gate) -> Upstream {
    let gate = gate.clone();
    Upstream::start(move |turn| {
        if turn.head.target() == "/slow" {
            gate.pass();
        }
        turn.fixed(200, "served")
    })
}

/// A client whose request is in flight.
fn in_flight(gateway: &Gateway, upstream: &Upstream) -> Client {
    let mut client = gateway.client();
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    upstream.until_request("the slow request arrived", |seen| seen.head.target() == "/slow");
    client
}

#[test]
fn an_exchange_in_flight_ends_well_and_the_process_after_it() {
    let gate = Gate::new();
    let upstream = gated(&gate);
    let mut gateway = Recipe::to(upstream.address()).start();
    let mut client = in_flight(&gateway, &upstream);

    gateway.terminate();
    gateway.until_event("draining");
    gate.open();
    let response = client.response();

    assert_eq!(
        (response.status, response.text().as_str(), response.complete),
        (200, "served", true)
    );
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(client.until_closed(), b"");
    assert_eq!(gateway.wait(LIMIT), 0);
    let stopped = gateway.until_event("stopped");
    assert_eq!((&stopped["served"], &stopped["cut"]), (&1.into(), &0.into()));
}

#[test]
fn an_idle_gateway_ends_at_once() {
    let upstream = Upstream::fixed("x");
    let mut gateway = Recipe::to(upstream.address()).start();
    let since = Instant::now();

    gateway.terminate();

    assert_eq!(gateway.wait(LIMIT), 0);
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
}

#[test]
fn an_interrupt_drains_too() {
    let gate = Gate::new();
    let upstream = gated(&gate);
    let mut gateway = Recipe::to(upstream.address()).start();
    let mut client = in_flight(&gateway, &upstream);

    gateway.signal("INT");
    gateway.until_event("draining");
    gate.open();

    assert_eq!((client.response().status, gateway.wait(LIMIT)), (200, 0));
}

#[test]
fn a_request_already_on_its_way_on_an_idle_connection_is_answered() {
    let upstream = Upstream::fixed("served");
    let mut gateway = Recipe::to(upstream.address())
        .drain("idle_grace = \"3s\"")
        .start();
    let mut client = gateway.client();
    client.get("/first", &[]);

    gateway.terminate();
    gateway.until_event("draining");
    let response = client.get("/second", &[]);

    assert_eq!(
        (response.status, response.header("connection")),
        (200, Some("close"))
    );
    assert_eq!((client.until_closed().len(), gateway.wait(LIMIT)), (0, 0));
}

#[test]
fn an_idle_connection_is_closed_after_its_grace() {
    let upstream = Upstream::fixed("served");
    let mut gateway = Recipe::to(upstream.address())
        .drain("idle_grace = \"300ms\"")
        .start();
    let mut client = gateway.client();
    client.get("/", &[]);
    let since = Instant::now();

    gateway.terminate();
    let rest = client.until_closed();

    assert!(
        rest.is_empty() && since.elapsed() >= Duration::from_millis(250),
        "{:?}",
        since.elapsed()
    );
    assert_eq!(gateway.wait(LIMIT), 0);
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
}

#[test]
fn while_it_drains_it_takes_no_new_clients_and_is_not_ready() {
    let gate = Gate::new();
    let upstream = gated(&gate);
    let mut gateway = Recipe::to(upstream.address()).start();
    let mut client = in_flight(&gateway, &upstream);

    gateway.terminate();
    gateway.until_event("draining");
    eventually(LIMIT, "new clients are refused", || {
        Client::try_connect(gateway.address()).is_err()
    });
    let (ready, healthy) = (gateway.ask("/readyz"), gateway.ask("/healthz"));
    gate.open();

    assert_eq!(
        (ready.status, &ready.json()["ready"], &ready.json()["draining"]),
        (503, &false.into(), &true.into())
    );
    assert_eq!(healthy.status, 200);
    assert_eq!((client.response().status, gateway.wait(LIMIT)), (200, 0));
}

#[test]
fn a_body_that_is_still_being_sent_is_read_to_its_end() {
    let upstream = Upstream::echo();
    let mut gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf");
    upstream.until_request("the request arrived", |_| true);

    gateway.terminate();
    gateway.until_event("draining");
    client.send("more");

    assert_eq!(client.response().json()["body"], "halfmore");
    assert_eq!(gateway.wait(LIMIT), 0);
}

#[test]
fn an_exchange_that_outlives_the_limit_is_cut_and_the_exit_code_says_so() {
    let upstream = Upstream::start(|turn| turn.hang());
    let mut gateway = Recipe::to(upstream.address()).drain("limit = \"400ms\"").start();
    let mut client = in_flight(&gateway, &upstream);
    let since = Instant::now();

    gateway.terminate();
    let code = gateway.wait(LIMIT);

    assert_eq!(code, 16, "{}", gateway.stderr());
    assert!(since.elapsed() >= Duration::from_millis(350) && since.elapsed() < Duration::from_secs(3));
    assert_eq!(gateway.until_event("stopped")["cut"], 1);
    assert!(client.try_response(false).is_err());
}

#[test]
fn an_upgraded_connection_is_given_the_limit_too() {
    let upstream = Upstream::start(|turn| turn.upgrade_and_echo("test", "bye"));
    let mut gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
    client.response_head().unwrap();

    gateway.terminate();
    gateway.until_event("draining");
    client.send("still talking, ");
    client.finish();

    assert_eq!(client.until_closed(), b"still talking, bye");
    assert_eq!(gateway.wait(LIMIT), 0);
}

#[test]
fn a_second_signal_ends_at_once() {
    let upstream = Upstream::start(|turn| turn.hang());
    // Seven workers have nothing to do and end at the first signal: the second one must find them gone.
    let mut gateway = Recipe::to(upstream.address()).server("workers = 8").start();
    let _client = in_flight(&gateway, &upstream);
    gateway.terminate();
    gateway.until_event("draining");
    let since = Instant::now();

    gateway.terminate();

    assert_eq!(gateway.wait(LIMIT), 16, "{}", gateway.stderr());
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
}

#[test]
fn a_drain_under_load_loses_nothing() {
    let upstream = Upstream::fixed("served");
    let mut gateway = Recipe::to(upstream.address())
        .drain("idle_grace = \"1s\"")
        .start();
    let (served, lost, told) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let address = gateway.address();

    let code = std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                let mut client = Client::connect(address);
                // Each client goes on until it is told to close; until then every request must be answered.
                loop {
                    let sent = client.wire().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").is_ok();
                    let response = client
                        .try_response(false)
                        .ok()
                        .filter(|response| response.complete);
                    let Some(response) = response.filter(|response| sent && response.status == 200) else {
                        lost.fetch_add(1, Ordering::SeqCst);
                        return;
                    };
                    served.fetch_add(1, Ordering::SeqCst);
                    if response.header("connection") == Some("close") {
                        told.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                }
            });
        }
        eventually(LIMIT, "the load is on", || served.load(Ordering::SeqCst) > 500);
        gateway.terminate();
        gateway.wait(LIMIT)
    });

    assert_eq!(
        (code, lost.load(Ordering::SeqCst), told.load(Ordering::SeqCst)),
        (0, 0, 24)
    );
    assert_eq!(gateway.until_event("stopped")["cut"], 0);
}

#[test]
fn clients_that_come_and_go_during_a_drain_are_served_or_refused_and_never_half_served() {
    let upstream = Upstream::fixed("served");
    let mut gateway = Recipe::to(upstream.address()).start();
    let (served, half, over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let address = gateway.address();

    let code = std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let Ok(mut client) = Client::try_connect(address) else {
                        return;
                    };
                    // A connection that the gateway never accepted is reset by the system when the listener closes:
                    // such a client has no answer at all. A part of an answer would be the gateway's fault.
                    let sent = client
                        .wire()
                        .send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                    match client.try_response(false) {
                        Ok(response) if response.complete && response.status == 200 => {
                            served.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(_) => {
                            half.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(_) => drop(sent),
                    }
                }
            });
        }
        eventually(LIMIT, "the load is on", || served.load(Ordering::SeqCst) > 200);
        gateway.terminate();
        let code = gateway.wait(LIMIT);
        over.store(true, Ordering::SeqCst);
        code
    });

    assert_eq!((code, half.load(Ordering::SeqCst)), (0, 0));
    // What the upstream was asked and what clients got must agree: nothing was forwarded and then forgotten.
    assert_eq!(upstream.requests().len(), served.load(Ordering::SeqCst));
}

#[test]
fn an_answer_that_streams_while_the_drain_begins_is_streamed_to_its_end() {
    let gate = Gate::new();
    let upstream = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            turn.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            gate.pass();
            turn.write("6\r\nsecond\r\n0\r\n\r\n");
            Next::Close
        }
    });
    // Its head is out before the drain, without a word of closing: the connection ends when its grace does.
    let mut gateway = Recipe::to(upstream.address())
        .drain("idle_grace = \"300ms\"")
        .start();
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.response_head().unwrap();

    gateway.terminate();
    gateway.until_event("draining");
    gate.open();
    let rest = client.until_closed();

    assert!(
        rest.ends_with(b"second\r\n0\r\n\r\n"),
        "{}",
        String::from_utf8_lossy(&rest)
    );
    assert_eq!(gateway.wait(LIMIT), 0);
}

#[test]
fn the_end_of_an_answer_that_a_slow_client_has_yet_to_take_is_not_cut() {
    let long = "x".repeat(900_000);
    let gateway = Recipe::new()
        .lane_lines("stable", &format!("respond = {{ body = \"{long}\" }}\n"))
        .server("workers = 1")
        .drain("idle_grace = \"100ms\"")
        .start();
    let mut idle = gateway.client();
    let mut slow = Client::connect_narrow(gateway.address(), 4096);
    slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100));
    // The answers that the system's buffers take have ended; the next one fills the gateway's own.
    let ended = || gateway.metrics().sum("graylane_requests_total", &[]);
    let mut before = -1.0;
    eventually(LIMIT, "no more answers are taken", || {
        std::mem::replace(&mut before, ended()) == ended() && before > 0.0
    });

    gateway.terminate();
    idle.until_closed();
    let mut last = slow.response();
    while last.complete && last.header("connection") != Some("close") {
        last = slow.response();
    }

    assert!(last.complete);
    assert_eq!(last.body.len(), long.len());
}

#[test]
fn a_second_signal_ends_a_drain_that_some_workers_have_finished() {
    // The exchange occupies one worker; the others have nothing to wait for.
    let gate = Gate::new();
    let upstream = gated(&gate);
    let mut gateway = Recipe::to(upstream.address()).server("workers = 8").start();
    let mut client = in_flight(&gateway, &upstream);
    gateway.terminate();
    gateway.until_event("draining");
    eventually(LIMIT, "only the busy worker is left", || {
        threads(&gateway, "worker") == 1
    });

    gateway.terminate();
    let code = gateway.wait(LIMIT);

    assert_eq!(code, 16, "{}", gateway.stderr());
    assert_eq!(gateway.until_event("stopped")["cut"], 1);
    client.until_closed();
}

/// How many threads of this name the gateway has.
fn threads(gateway: &Gateway, name: &str) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", gateway.pid())).expect("a running process");
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.trim() == name)
        .count()
}
