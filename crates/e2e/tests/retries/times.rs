//! The times that a service gives its endpoints.

use std::net::SocketAddr;
use std::time::Duration;

use graylane_testkit::{Gate, Next, Recipe, Upstream};
use socket2::{Domain, Socket, Type};

use super::retrying;

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
fn the_time_of_the_whole_exchange_ends_the_wait_before_a_retry() {
    let busy = || Upstream::start(|turn| turn.fixed(503, "busy"));
    let (one, other) = (busy(), busy());
    let gateway = Recipe::new()
        .lane("stable", &[one.address(), other.address()])
        .service("timeouts = { exchange = \"100ms\" }")
        .service("retries = { budget = 100, backoff = \"1h\", max_backoff = \"1h\", on = [\"503\"] }")
        .start();
    let mut client = gateway.client();

    let response = client.get("/", &[]);

    assert_eq!((response.status, response.fault()), (504, "upstream-timeout"));
    assert_eq!(one.requests().len() + other.requests().len(), 1);
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
