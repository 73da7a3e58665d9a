use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use graylane_testkit::{Next, Upstream};
use h2::Reason;
use h2::client::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scene::{Answer, Client, Scene, run, until};

#[test]
fn a_client_that_resets_what_it_asks_again_and_again_is_sent_away() {
    let seen = Arc::<AtomicUsize>::default();
    let upstream = Upstream::start({
        let seen = Arc::clone(&seen);
        move |turn| {
            turn.read_body();
            seen.fetch_add(1, SeqCst);
            while turn.wire().some().is_ok_and(|bytes| !bytes.is_empty()) {}
            Next::Close
        }
    });
    let scene = Scene::before(upstream.address());

    let error = run(async {
        let mut client = Client::connect(scene.address).await;
        for asked in 0..1_000 {
            let mut request = client.requests.clone();
            if let Err(error) = std::future::poll_fn(|cx| request.poll_ready(cx)).await {
                return error;
            }
            let (response, mut stream) = client.begin("GET", "/", &[], true);
            // It has got to the endpoint, so it is not one of those that the crate counts.
            until(|| client.is_over() || seen.load(SeqCst) > asked).await;
            stream.send_reset(Reason::CANCEL);
            drop(response);
        }
        panic!("nobody minded");
    });

    assert_eq!(error.reason(), Some(Reason::ENHANCE_YOUR_CALM));
    scene.until_idle();
}

#[test]
fn a_stream_whose_client_opens_no_window_is_reset() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::with(upstream.address(), "[limits]\nidle_time = \"300ms\"");

    run(async {
        let mut client = Client::with(scene.address, Builder::new().initial_window_size(0)).await;
        let (response, _) = client.begin("GET", "/", &[], true);
        let response = response.await.unwrap();
        assert_eq!(response.status(), 200);
        let read = Answer::read(response).await;

        assert!(read.is_err_and(|error| error.reason() == Some(Reason::CANCEL)));
    });
    scene.until_idle();
}

#[test]
fn a_connection_without_a_stream_is_closed_in_the_end() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::with(upstream.address(), "[limits]\nidle_time = \"300ms\"");

    run(async {
        let mut client = Client::connect(scene.address).await;
        assert_eq!(client.get("/", &[]).await.status(), 200);
        let ended = client.ended().await;

        assert!(ended.is_ok(), "{ended:?}");
    });
    scene.until_open(0);
}

#[test]
fn who_says_only_the_preface_is_not_waited_for() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::with(
        upstream.address(),
        "[limits]\nheader_time = \"300ms\"\n[drain]\nidle_grace = \"300ms\"",
    );

    run(async {
        let mut silent = TcpStream::connect(scene.address).await.unwrap();
        silent
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
            .await
            .unwrap();
        let mut all = Vec::new();
        silent.read_to_end(&mut all).await.unwrap();

        // It was told that there will be no more streams: a GOAWAY frame.
        assert!(all.windows(2).any(|two| two[1] == 7), "{all:?}");
        let mut half = TcpStream::connect(scene.address).await.unwrap();
        half.write_all(b"PRI * HTTP/2.0\r\n\r\nSM").await.unwrap();
        half.read_to_end(&mut all).await.unwrap();
    });
    scene.until_open(0);
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::with(upstream.address(), "[limits]\nhead = 8192\nheaders = 20");

    run(async {
        let mut client = Client::connect(scene.address).await;
        let large = "x".repeat(10_000);
        let answer = client.get("/", &[("x", &large)]).await;
        assert_eq!(answer.status(), 431);
        let names: Vec<_> = (0..30).map(|n| format!("x-{n}")).collect();
        let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        let answer = client.get("/", &fields).await;
        assert_eq!(answer.status(), 431);
        assert_eq!(client.get("/", &[]).await.status(), 200);
    });
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn a_flood_of_continuations_ends_the_connection() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::before(upstream.address());

    let sent = run(async {
        let mut stream = TcpStream::connect(scene.address).await.unwrap();
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x01\0\0\0\0\x01")
            .await
            .unwrap();
        let mut sent = 0;
        while sent < 1_000_000 && stream.write_all(b"\0\0\0\x09\0\0\0\0\x01").await.is_ok() {
            sent += 1;
        }
        sent
    });

    assert!(sent < 1_000_000);
    scene.until_open(0);
}

/// CVE-2025-8671: streams that the gateway itself has to reset.
#[test]
fn a_client_that_breaks_the_rules_again_and_again_is_sent_away() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::before(upstream.address());

    let last = run(async {
        let mut stream = TcpStream::connect(scene.address).await.unwrap();
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
        for id in (1..400_u32).step_by(2) {
            // HEADERS with END_STREAM and END_HEADERS: a GET of `/` with a pseudo-header behind a field.
            bytes.extend_from_slice(b"\0\0\x08\x01\x05");
            bytes.extend_from_slice(&id.to_be_bytes());
            bytes.extend_from_slice(b"\x82\x84\0\x01a\x01b\x86");
        }
        bytes.extend_from_slice(b"\0\0\x08\x06\0\0\0\0\0abcdefgh");
        stream.write_all(&bytes).await.unwrap();
        until_kind(&mut stream, &[PING, GOAWAY]).await
    });

    assert_eq!(last, Some(GOAWAY));
    assert_eq!(upstream.requests().len(), 0);
}

const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// Reads frames until one of these kinds, and gives which it was.
async fn until_kind(from: &mut (impl AsyncReadExt + Unpin), kinds: &[u8]) -> Option<u8> {
    let mut head = [0; 9];
    while from.read_exact(&mut head).await.is_ok() {
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        from.read_exact(&mut payload).await.ok()?;
        if kinds.contains(&head[3]) {
            return Some(head[3]);
        }
    }
    None
}

/// Sends this again and again, beside reading what comes, and gives how often it could before the connection was closed, and
/// the reason of the last GOAWAY.
async fn flood(scene: &Scene, frame: &[u8]) -> (usize, Option<u8>) {
    let mut stream = TcpStream::connect(scene.address).await.unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0")
        .await
        .unwrap();
    let (mut from, mut to) = stream.split();
    let many = frame.repeat(100);
    let sending = async {
        let mut sent = 0;
        while sent < 1_000_000 && to.write_all(&many).await.is_ok() {
            sent += 100;
        }
        sent
    };
    let reading = async {
        let (mut head, mut reason) = ([0; 9], None);
        while from.read_exact(&mut head).await.is_ok() {
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            if from.read_exact(&mut payload).await.is_err() {
                break;
            }
            if head[3] == 7 {
                reason = payload.get(7).copied();
            }
        }
        reason
    };
    tokio::join!(sending, reading)
}

#[test]
fn who_only_wants_to_be_acknowledged_is_sent_away() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::before(upstream.address());
    const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
    const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    const UNKNOWN: &[u8] = b"\0\0\0\xfe\0\0\0\0\0";

    for frame in [PING, SETTINGS, UNKNOWN] {
        let (sent, reason) = run(flood(&scene, frame));

        assert!(sent < 1_000_000, "{frame:?}: {sent} frames");
        // Where the client has more to send the system may reset the connection before it has read the reason.
        assert!(reason.is_none_or(|reason| reason == 11), "{reason:?}");
    }
    scene.until_open(0);
}
