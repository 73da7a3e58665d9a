//! Attacks on the frames of HTTP/2: each is given up or held back, the memory stays bounded, others are served meanwhile.

use std::time::{Duration, Instant};

use graylane_testkit::{Gateway, LIMIT, Recipe, Upstream, eventually};

use crate::h2_frames::{END_HEADERS, END_STREAM, End, H2, Kind, STATUS_200, fields, frame};

const MIB: u64 = 1 << 20;
const PLAIN: [(&[u8], &[u8]); 4] = [
    (b":method", b"GET"),
    (b":scheme", b"http"),
    (b":authority", b"a"),
    (b":path", b"/flood"),
];

fn start() -> (Upstream, Gateway) {
    let upstream = Upstream::start(|turn| match turn.head.target() {
        "/large" => turn.pour(64 << 20),
        _ => turn.fixed(200, "served"),
    });
    let gateway = Recipe::to(upstream.address())
        .limit("idle_time = \"2s\"")
        .limit("header_time = \"2s\"")
        .start();
    serve(&gateway);
    (upstream, gateway)
}

/// Another client gets what it asks for.
fn serve(gateway: &Gateway) {
    let response = gateway.client().get("/other", &[]);
    assert_eq!((response.status, response.text().as_str()), (200, "served"));
}

/// Sends what `next` gives until the gateway ends the connection or takes no more; whether it did before so many bytes.
fn flood(h2: &mut H2, most: u64, mut next: impl FnMut() -> Vec<u8>) -> bool {
    h2.client.set_limit(Duration::from_millis(500));
    let (since, mut sent) = (Instant::now(), 0);
    while sent < most && since.elapsed() < LIMIT {
        let piece = next();
        if !h2.send(&piece) {
            return true;
        }
        sent += piece.len() as u64;
    }
    false
}

/// Requests on the odd streams, one after the other.
fn requests() -> impl FnMut(bool) -> Vec<u8> {
    let block = fields(&PLAIN);
    let mut stream = 1;
    move |reset| {
        let mut frames = Vec::new();
        for _ in 0..100 {
            frames.extend(frame(Kind::Headers, END_HEADERS | END_STREAM, stream, &block));
            if reset {
                frames.extend(frame(Kind::Reset, 0, stream, &8_u32.to_be_bytes()));
            }
            stream += 2;
        }
        frames
    }
}

#[test]
fn streams_that_are_opened_and_reset_at_once_are_held_back() {
    // CVE-2023-44487.
    let (upstream, gateway) = start();
    let before = gateway.resident_memory();
    let mut h2 = H2::new(gateway.client());
    let mut next = requests();

    let ended = flood(&mut h2, 64 * MIB, || next(true));

    assert!(ended, "it takes resets on and on");
    serve(&gateway);
    assert!(gateway.resident_memory().saturating_sub(before) < 16 * MIB);
    let asked = upstream.requests().len();
    assert!(asked < 5_000, "{asked} requests reached the endpoint");
}

#[test]
fn more_streams_than_allowed_are_refused() {
    let (_upstream, gateway) = start();
    let before = gateway.resident_memory();
    let mut h2 = H2::new(gateway.client());
    let mut next = requests();

    flood(&mut h2, 4 * MIB, || next(false));

    serve(&gateway);
    assert!(gateway.resident_memory().saturating_sub(before) < 16 * MIB);
}

#[test]
fn a_head_in_endless_continuations_ends_the_connection() {
    // CVE-2024-27316 and its like.
    let (_upstream, gateway) = start();
    let before = gateway.resident_memory();
    for name in [&b"x-a"[..], b""] {
        let mut h2 = H2::new(gateway.client());
        h2.send(&frame(Kind::Headers, 0, 1, &fields(&PLAIN)));
        let piece = if name.is_empty() {
            frame(Kind::Continuation, 0, 1, b"").repeat(100)
        } else {
            frame(Kind::Continuation, 0, 1, &fields(&[(name, b"b")]).repeat(100))
        };

        let ended = flood(&mut h2, 64 * MIB, || piece.clone());

        assert!(ended, "it reads on and on");
        serve(&gateway);
        assert!(gateway.resident_memory().saturating_sub(before) < 16 * MIB);
    }
}

#[test]
fn a_head_that_unpacks_to_much_more_than_its_bytes_is_refused() {
    // One long field put into the table, then named by one byte each time.
    let (upstream, gateway) = start();
    let before = gateway.resident_memory();
    let mut block = fields(&PLAIN);
    block.extend_from_slice(b"\x40\x03x-a\x7f\xa1\x1e");
    block.extend_from_slice(&[b'b'; 4000]);
    block.extend_from_slice(&[0xbe; 4000]);
    let mut h2 = H2::new(gateway.client());

    let mut frames = frame(Kind::Headers, END_HEADERS | END_STREAM, 1, &block);
    frames.extend(frame(Kind::Headers, END_HEADERS | END_STREAM, 3, &fields(&PLAIN)));
    h2.send(&frames);
    let end = h2.until_end(1);

    assert_ne!(end, End::Answered(STATUS_200));
    serve(&gateway);
    assert!(gateway.resident_memory().saturating_sub(before) < 24 * MIB);
    let longest = upstream.bytes().iter().map(Vec::len).max();
    assert!(longest < Some(1 << 20), "{longest:?}");
}

#[test]
fn frames_that_only_cost_the_other_side_something_are_bounded() {
    let (_upstream, gateway) = start();
    let before = gateway.resident_memory();
    let floods = [
        frame(Kind::Ping, 0, 0, &[7; 8]),
        frame(Kind::Settings, 0, 0, &[0, 4, 0, 0, 255, 255]),
        frame(Kind::WindowUpdate, 0, 0, &[0, 0, 0, 1]),
    ];

    for each in floods {
        // It never reads what is sent back, so whoever keeps that would grow.
        let mut h2 = H2::new(gateway.client());
        let piece = each.repeat(1000);
        flood(&mut h2, 8 * MIB, || piece.clone());

        serve(&gateway);
        let grown = gateway.resident_memory().saturating_sub(before);
        assert!(grown < 16 * MIB, "{grown} bytes more");
    }
}

#[test]
fn empty_pieces_of_a_body_do_not_keep_a_stream_alive_for_nothing() {
    let (_upstream, gateway) = start();
    let before = gateway.resident_memory();
    let mut h2 = H2::new(gateway.client());
    let post = [(&b":method"[..], &b"POST"[..]), PLAIN[1], PLAIN[2], PLAIN[3]];
    h2.send(&frame(Kind::Headers, END_HEADERS, 1, &fields(&post)));
    let piece = frame(Kind::Data, 0, 1, b"").repeat(1000);

    flood(&mut h2, 8 * MIB, || piece.clone());

    serve(&gateway);
    assert!(gateway.resident_memory().saturating_sub(before) < 16 * MIB);
}

#[test]
fn windows_that_are_never_opened_hold_up_only_their_own_client() {
    let (upstream, gateway) = start();
    let before = gateway.resident_memory();
    let large = [PLAIN[0], PLAIN[1], PLAIN[2], (&b":path"[..], &b"/large"[..])];
    let mut starving: Vec<_> = (0..10).map(|_| H2::new(gateway.client())).collect();

    for h2 in &mut starving {
        // Each stream may send nothing, and neither may the connection for long.
        h2.send(&frame(Kind::Settings, 0, 0, &[0, 4, 0, 0, 0, 0]));
        for stream in 0..20 {
            h2.send(&frame(
                Kind::Headers,
                END_HEADERS | END_STREAM,
                1 + 2 * stream,
                &fields(&large),
            ));
        }
    }
    let asked = || {
        let requests = upstream.requests();
        requests
            .iter()
            .filter(|seen| seen.head.target() == "/large")
            .count()
    };
    eventually(LIMIT, "some of the large answers have begun", || asked() >= 10);
    let mut most = 0;
    for _ in 0..100 {
        serve(&gateway);
        most = most.max(gateway.resident_memory().saturating_sub(before));
    }

    assert!(most < 64 * MIB, "{most} bytes for 200 streams that nobody reads");
    drop(starving);
}

#[test]
fn a_client_that_says_nothing_after_its_preface_is_given_up() {
    let (_upstream, gateway) = start();
    let mut silent = H2::new(gateway.client());
    let mut half = gateway.client();
    half.send("PRI * HTTP/2.0\r\n\r\nS");

    assert_eq!(silent.until_end(1), End::Closed);
    half.until_closed();
}

#[test]
fn a_head_that_never_ends_is_given_up() {
    let (_upstream, gateway) = start();
    let mut h2 = H2::new(gateway.client());

    h2.send(&frame(Kind::Headers, END_STREAM, 1, &fields(&PLAIN)));

    assert_eq!(h2.until_end(1), End::Closed);
}
