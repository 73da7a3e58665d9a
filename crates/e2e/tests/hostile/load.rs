//! Whoever is slow, many, large or endless: the memory stays bounded, and others are served meanwhile.

use std::time::Duration;

use graylane_testkit::{Client, Gateway, LIMIT, Recipe, Upstream, eventually};

const MIB: u64 = 1 << 20;

/// A gateway with short limits before an upstream that answers.
fn start(change: impl FnOnce(Recipe) -> Recipe) -> (Upstream, Gateway) {
    let upstream = Upstream::fixed("served");
    let gateway = change(Recipe::to(upstream.address())).start();
    serve(&gateway);
    (upstream, gateway)
}

/// Another client gets what it asks for.
fn serve(gateway: &Gateway) {
    let response = gateway.client().get("/other", &[]);
    assert_eq!((response.status, response.text().as_str()), (200, "served"));
}

fn grown(gateway: &Gateway, before: u64) -> u64 {
    gateway.resident_memory().saturating_sub(before)
}

/// Sends the piece again and again until the gateway answers, closes or takes no more, or so many bytes are gone: how
/// many went.
fn pour(client: &mut Client, piece: &[u8], most: u64) -> u64 {
    let mut sent = 0;
    client.set_limit(Duration::from_millis(500));
    while sent < most && client.wire().send(piece).is_ok() {
        sent += piece.len() as u64;
        client.set_limit(Duration::from_millis(1));
        let silent = client
            .wire()
            .some()
            .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        client.set_limit(Duration::from_millis(500));
        if !silent {
            break;
        }
    }
    sent
}

#[test]
fn heads_that_come_byte_by_byte_are_given_up_and_others_served() {
    let (upstream, gateway) = start(|recipe| recipe.limit("header_time = \"1s\""));
    let before = gateway.resident_memory();
    let mut slow: Vec<_> = (0..200).map(|_| gateway.client()).collect();

    let head = b"GET /slow HTTP/1.1\r\nHost: a\r\nX-A: "
        .iter()
        .chain(std::iter::repeat(&b'x'));
    let mut most = 0;
    for &byte in head.take(10_000) {
        slow.retain_mut(|client| client.wire().send([byte]).is_ok());
        most = most.max(grown(&gateway, before));
        if slow.is_empty() {
            break;
        }
        serve(&gateway);
    }

    assert_eq!(slow.len(), 0, "slow heads live on");
    assert!(most < 8 * MIB, "{most} bytes for 200 slow heads");
    assert!(
        upstream
            .requests()
            .iter()
            .all(|seen| seen.head.target() == "/other")
    );
}

#[test]
fn bodies_that_stall_are_given_up_and_others_served() {
    let (_upstream, gateway) = start(|recipe| recipe.limit("idle_time = \"1s\""));
    let before = gateway.resident_memory();
    let mut slow: Vec<_> = (0..100).map(|_| gateway.client()).collect();
    for (number, client) in slow.iter_mut().enumerate() {
        let framed = if number % 2 == 0 {
            "Content-Length: 100000\r\n\r\nabc"
        } else {
            "Transfer-Encoding: chunked\r\n\r\n3\r\na"
        };
        client.send(format!("POST /slow HTTP/1.1\r\nHost: a\r\n{framed}"));
    }

    serve(&gateway);
    let statuses: Vec<_> = slow
        .iter_mut()
        .map(|client| client.try_response(false).map_or(0, |response| response.status))
        .collect();

    assert!(
        statuses.iter().all(|status| matches!(status, 0 | 408)),
        "{statuses:?}"
    );
    assert!(grown(&gateway, before) < 16 * MIB);
}

#[test]
fn readers_that_do_not_read_hold_up_only_themselves() {
    let upstream = Upstream::start(|turn| match turn.head.target() {
        "/large" => turn.pour(64 << 20),
        _ => turn.fixed(200, "served"),
    });
    let gateway = Recipe::to(upstream.address()).limit("idle_time = \"2s\"").start();
    serve(&gateway);
    let before = gateway.resident_memory();
    let mut slow: Vec<_> = (0..40)
        .map(|_| Client::connect_narrow(gateway.address(), 4096))
        .collect();

    for client in &mut slow {
        client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    let large = || {
        let requests = upstream.requests();
        requests
            .iter()
            .filter(|seen| seen.head.target() == "/large")
            .count()
    };
    eventually(LIMIT, "every slow reader has been asked for", || {
        large() == slow.len()
    });
    let mut most = 0;
    for _ in 0..200 {
        serve(&gateway);
        most = most.max(grown(&gateway, before));
    }

    assert!(most < 32 * MIB, "{most} bytes for 40 readers that do not read");
    drop(slow);
    eventually(LIMIT, "what they asked for is given up", || upstream.open() <= 4);
}

#[test]
fn more_connections_than_allowed_wait_and_are_served_when_others_leave() {
    let (_upstream, gateway) = start(|recipe| {
        recipe
            .limit("connections = 50")
            .limit("idle_time = \"1s\"")
            .limit("header_time = \"1s\"")
    });
    let before = gateway.resident_memory();

    let silent: Vec<_> = (0..150).map(|_| gateway.client()).collect();
    // It stands behind a hundred and fifty who say nothing.
    let response = gateway.client().get("/", &[]);

    assert_eq!(response.status, 200);
    assert!(grown(&gateway, before) < 8 * MIB);
    drop(silent);
}

#[test]
fn a_thousand_idle_connections_cost_little() {
    let (_upstream, gateway) = start(|recipe| recipe);
    let before = gateway.resident_memory();

    let mut idle: Vec<_> = (0..1000).map(|_| gateway.client()).collect();
    for client in &mut idle {
        assert_eq!(client.get("/", &[]).status, 200);
    }

    let each = grown(&gateway, before) / 1000;
    assert!(each < 16 * 1024, "{each} bytes for each idle connection");
}

#[test]
fn heads_without_end_are_refused_before_they_fill_the_memory() {
    let (upstream, gateway) = start(|recipe| recipe);
    let before = gateway.resident_memory();
    let starts_and_pieces: [(&str, &[u8]); 7] = [
        ("GET /", &[b'a'; 4096]),
        ("", &[b'A'; 4096]),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-A: ", &[b'a'; 4096]),
        ("GET / HTTP/1.1\r\nHost: a\r\n", &[b'a'; 4096]),
        ("GET / HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-A: ", &[b' '; 4096]),
        ("", b"\r\n"),
    ];

    for (start, piece) in starts_and_pieces {
        let mut clients: Vec<_> = (0..20).map(|_| gateway.client()).collect();
        let piece = piece.repeat(65536 / piece.len());
        for client in &mut clients {
            client.send(start);
            let sent = pour(client, &piece, 4 * MIB);
            assert!(sent < 4 * MIB, "it reads on and on: {start:?}");
        }
        serve(&gateway);
        let more = grown(&gateway, before);
        assert!(more < 16 * MIB, "{more} bytes for {start:?}");
    }
    assert!(
        upstream
            .requests()
            .iter()
            .all(|seen| seen.head.target() == "/other")
    );
}

#[test]
fn trailers_and_chunk_extensions_without_end_are_refused() {
    let (upstream, gateway) = start(|recipe| recipe);
    let before = gateway.resident_memory();
    let starts_and_pieces: [(&str, &[u8]); 5] = [
        ("0\r\n", b"X-A: b\r\n"),
        ("0\r\nX-A: ", b"aaaaaaaa"),
        ("3;", b"aaaaaaaa"),
        ("3;a=\"", b"aaaaaaaa"),
        ("", b"00000000"),
    ];

    for (start, piece) in starts_and_pieces {
        let mut client = gateway.client();
        client.send("POST /case HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send(start);
        let sent = pour(&mut client, &piece.repeat(8192), 16 * MIB);

        assert!(sent < 16 * MIB, "it reads on and on: {start:?}");
        serve(&gateway);
        let more = grown(&gateway, before);
        assert!(more < 16 * MIB, "{more} bytes for {start:?}");
    }
    assert!(
        upstream
            .requests()
            .iter()
            .all(|seen| seen.head.target() == "/other" || !seen.complete)
    );
}

#[test]
fn chunk_extensions_on_every_chunk_do_not_make_a_small_body_endless() {
    // Each line is within its limit, and the body never grows: the framing alone must run out at some time.
    let (_upstream, gateway) = start(|recipe| recipe.limit("body = 10000"));
    let mut client = gateway.client();
    let piece = format!("1;{}\r\na\r\n", "x".repeat(1000)).repeat(64);

    client.send("POST /case HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let sent = pour(&mut client, piece.as_bytes(), 64 * MIB);

    assert!(sent < 64 * MIB, "it reads on and on");
    serve(&gateway);
}

#[test]
fn a_body_of_many_tiny_chunks_arrives_whole() {
    let (upstream, gateway) = start(|recipe| recipe);
    let before = gateway.resident_memory();
    let mut client = gateway.client();

    client.send("POST /tiny HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..200 {
        client.send("1\r\na\r\n".repeat(1000));
    }
    client.send("0\r\n\r\n");
    let response = client.response();

    assert_eq!(response.status, 200);
    let seen = upstream.until_request("the tiny chunks", |seen| seen.head.target() == "/tiny");
    assert_eq!(seen.body.len(), 200_000);
    assert!(grown(&gateway, before) < 8 * MIB);
}

#[test]
fn requests_without_end_from_a_client_that_reads_no_answer_are_held_back() {
    let (_upstream, gateway) = start(|recipe| recipe.limit("idle_time = \"3s\""));
    let before = gateway.resident_memory();
    let mut client = Client::connect_narrow(gateway.address(), 4096);
    let piece = "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);

    // It reads no answer, so none ends this: only a gateway that takes no more does.
    client.set_limit(Duration::from_millis(500));
    let mut sent = 0;
    while sent < 64 * MIB && client.wire().send(&piece).is_ok() {
        sent += piece.len() as u64;
    }

    assert!(sent < 64 * MIB, "it reads on and on");
    serve(&gateway);
    assert!(grown(&gateway, before) < 8 * MIB);
}
