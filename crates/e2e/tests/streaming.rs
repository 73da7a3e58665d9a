//! Bodies of any size pass in constant memory: whoever does not read makes the other side wait.
//!
//! `GRAYLANE_E2E_STREAM` says how many megabytes move each way (10240 for the 10 GB run).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use graylane_testkit::{Client, Gate, Gateway, LIMIT, Next, Pattern, Recipe, Turn, Upstream, eventually};

const MB: u64 = 1_000_000;

/// Socket buffers of both connections and both directions, at the most that the system lets them grow to, and more: a
/// gateway that reads ahead without limit is far above it.
const IN_FLIGHT: u64 = 64 * MB;

/// What one exchange may cost the gateway in memory beyond what it had before.
const MEMORY: u64 = 24 * MB;

fn total() -> u64 {
    let megabytes = std::env::var("GRAYLANE_E2E_STREAM")
        .ok()
        .map(|text| text.parse::<u64>().expect("a number of MB"));
    let total = megabytes.unwrap_or(512) * MB;
    assert!(total > 2 * IN_FLIGHT, "too small to show anything");
    total
}

fn gateway(upstream: &Upstream) -> Gateway {
    Recipe::to(upstream.address())
        .limit("body = \"100GB\"")
        .limit("response_time = \"10m\"")
        .start()
}

/// Waits until the count has stood still for a while: somebody is waiting for somebody else.
fn until_still(count: &AtomicU64) -> u64 {
    let (mut last, mut since) = (0, Instant::now());
    eventually(LIMIT, "the stream stands still", || {
        let now = count.load(Ordering::SeqCst);
        if now != last || now == 0 {
            (last, since) = (now, Instant::now());
        }
        since.elapsed() > Duration::from_millis(400)
    });
    last
}

/// Reads a body that must be the pattern and answers with its length, or why it is wrong.
fn verify(turn: &mut Turn<'_>) -> Next {
    let (pattern, mut length, mut right) = (Pattern::new(), 0, true);
    let end = turn.stream_body(&mut |piece| {
        right &= pattern.matches(length, piece);
        length += piece.len() as u64;
    });
    turn.fixed(
        200,
        &if right && end.is_some() {
            length.to_string()
        } else {
            format!("wrong before {length}")
        },
    )
}

#[test]
fn an_upstream_that_does_not_read_makes_the_client_wait_and_the_gateway_keeps_little() {
    let gate = Gate::new();
    let upstream = Upstream::start_narrow(256 * 1024, {
        let gate = gate.clone();
        move |turn| {
            gate.pass();
            verify(turn)
        }
    });
    let (gateway, total, pattern) = (gateway(&upstream), total(), Pattern::new());
    let before = gateway.resident_memory();
    let mut client = gateway.client();

    client.send(format!(
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {total}\r\n\r\n"
    ));
    client.set_limit(Duration::from_millis(400));
    let mut sent = 0;
    while let Ok(bytes) = client.wire().send_some(pattern.from(sent, total)) {
        sent += bytes as u64;
        assert!(
            sent <= IN_FLIGHT,
            "the gateway took {sent} bytes that nobody read"
        );
    }
    let blocked_at = sent;
    gate.open();
    client.set_limit(LIMIT);
    while sent < total {
        sent += client.wire().send_some(pattern.from(sent, total)).unwrap() as u64;
    }
    let response = client.response();

    assert_eq!((response.status, response.text()), (200, total.to_string()));
    let more = gateway.peak_memory().saturating_sub(before);
    assert!(more < MEMORY, "{more} bytes more; blocked at {blocked_at}");
}

#[test]
fn a_client_that_does_not_read_makes_the_upstream_wait_and_the_gateway_keeps_little() {
    let (total, poured) = (total(), Arc::new(AtomicU64::new(0)));
    let upstream = Upstream::start({
        let poured = Arc::clone(&poured);
        move |turn| {
            let pattern = Pattern::new();
            turn.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n"));
            while poured.load(Ordering::SeqCst) < total {
                let Ok(bytes) = turn
                    .wire()
                    .send_some(pattern.from(poured.load(Ordering::SeqCst), total))
                else {
                    return Next::Close;
                };
                poured.fetch_add(bytes as u64, Ordering::SeqCst);
            }
            Next::Close
        }
    });
    let (gateway, pattern) = (gateway(&upstream), Pattern::new());
    let before = gateway.resident_memory();
    let mut client = Client::connect_narrow(gateway.address(), 128 * 1024);

    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let stood_at = until_still(&poured);
    let (mut length, mut right) = (0, true);
    let response = client.stream_response(false, &mut |piece| {
        right &= pattern.matches(length, piece);
        length += piece.len() as u64;
    });

    assert!(
        stood_at <= IN_FLIGHT,
        "the gateway took {stood_at} bytes that nobody read"
    );
    assert_eq!((length, right, response.unwrap().complete), (total, true, true));
    let more = gateway.peak_memory().saturating_sub(before);
    assert!(more < MEMORY, "{more} bytes more; stood at {stood_at}");
}

#[test]
fn a_chunked_stream_passes_both_ways_at_once() {
    const PIECES: u64 = 400;
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let pattern = Pattern::new();
        for _ in 0..PIECES {
            turn.write("20000\r\n");
            turn.write(&pattern.from(0, u64::MAX)[..0x20000]);
            turn.write("\r\n");
        }
        let (mut length, mut right) = (0, true);
        let whole = turn.stream_body(&mut |piece| {
            right &= pattern.matches(length, piece);
            length += piece.len() as u64;
        });
        let verdict = format!("{:<20}", if right && whole.is_some() { length } else { 0 });
        turn.write(format!("14\r\n{verdict}\r\n0\r\n\r\n"));
        Next::Close
    });
    let gateway = gateway(&upstream);
    let mut client = gateway.client();
    let mut sender = client.wire().stream().try_clone().unwrap();

    let sending = std::thread::spawn(move || {
        use std::io::Write;
        let pattern = Pattern::new();
        sender.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        for piece in 0..PIECES {
            sender.write_all(b"1f400\r\n")?;
            sender.write_all(&pattern.from(piece * 0x1f400, u64::MAX)[..0x1f400])?;
            sender.write_all(b"\r\n")?;
        }
        sender.write_all(b"0\r\n\r\n")
    });
    let response = client.response();

    sending.join().unwrap().unwrap();
    assert_eq!(response.body.len() as u64, PIECES * 0x20000 + 20);
    let verdict = String::from_utf8_lossy(&response.body[response.body.len() - 20..])
        .trim()
        .to_owned();
    assert_eq!(
        (verdict, response.complete),
        ((PIECES * 0x1f400).to_string(), true)
    );
}
