//! Endpoints that do not keep to the usual order of things, and clients that make the most of it.

use std::time::Duration;

use graylane_testkit::{Gate, LIMIT, Next, Recipe, Upstream, eventually};

#[test]
fn an_endpoint_that_does_not_read_makes_a_client_wait_that_sends_chunks() {
    // As much as the buffers of the system hold on the way, and more.
    const IN_FLIGHT: usize = 64_000_000;
    let gate = Gate::new();
    let upstream = Upstream::start_narrow(256 * 1024, {
        let gate = gate.clone();
        move |turn| {
            gate.pass();
            turn.fixed(200, "")
        }
    });
    let gateway = Recipe::to(upstream.address()).limit("body = \"100GB\"").start();
    let mut client = gateway.client();
    let chunk = [&b"10000\r\n"[..], &[b'x'; 0x10000], b"\r\n"].concat();

    client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.set_limit(Duration::from_millis(400));
    let mut sent = 0;
    while let Ok(bytes) = client.wire().send_some(&chunk[sent % chunk.len()..]) {
        sent += bytes;
        assert!(
            sent <= IN_FLIGHT,
            "the gateway took {sent} bytes that nobody read"
        );
    }
    gate.open();

    assert!(sent > 0);
}

#[test]
fn a_client_that_sends_all_before_it_reads_hears_an_endpoint_that_took_little_of_it() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmuch");
        Next::Close
    });
    let gateway = Recipe::to(upstream.address()).start();
    let body = vec![b'x'; 8_000_000];

    for _ in 0..10 {
        let response = gateway.client().post("/", &body);

        assert_eq!((response.status, response.text().as_str()), (413, "much"));
    }
}

#[test]
fn a_body_arrives_whole_though_its_client_leaves_with_an_early_answer() {
    const TIMES: usize = 100;
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
        turn.read_body();
        Next::Keep
    });
    let gateway = Recipe::to(upstream.address()).start();

    for _ in 0..TIMES {
        let mut client = gateway.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2000\r\n\r\n");
        for _ in 0..200 {
            client.send("0123456789");
        }
        assert_eq!(client.response().text(), "early");
    }

    eventually(LIMIT, "every body arrived", || {
        let seen = upstream.requests();
        seen.len() == TIMES && seen.iter().all(|seen| seen.complete)
    });
}

#[test]
fn a_status_of_its_own_keeps_the_name_that_its_endpoint_gave_it() {
    for name in ["Enhance Your Calm", ""] {
        let upstream = Upstream::start(move |turn| {
            turn.read_body();
            turn.write(format!("HTTP/1.1 599 {name}\r\nContent-Length: 0\r\n\r\n"));
            Next::Keep
        });
        let gateway = Recipe::to(upstream.address()).start();

        let response = gateway.client().get("/", &[]);

        assert_eq!(response.head.first, format!("HTTP/1.1 599 {name}"));
    }
}
