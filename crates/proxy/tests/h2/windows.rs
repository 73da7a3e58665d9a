//! What either side is told that it may send.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bytes::Bytes;
use graylane_testkit::{Gate, Upstream};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::scene::{Client, Scene, run, send_all, until};

const KIB: u32 = 1024;

/// The settings (RFC 9113, section 6.5.2) and the window of the connection, as the first frames tell them.
fn told(mut from: impl Read) -> (BTreeMap<u16, u32>, u32) {
    let (mut settings, mut window) = (None, None);
    while settings.is_none() || window.is_none() {
        let mut head = [0; 9];
        from.read_exact(&mut head).unwrap();
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        from.read_exact(&mut payload).unwrap();
        match head[3..] {
            [4, 0, ..] => settings = Some(payload.chunks_exact(6).map(setting).collect()),
            [8, _, 0, 0, 0, 0] => window = Some(65_535 + number(&payload)),
            _ => {}
        }
    }
    (settings.unwrap(), window.unwrap())
}

fn setting(entry: &[u8]) -> (u16, u32) {
    (u16::from_be_bytes([entry[0], entry[1]]), number(&entry[2..]))
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes.try_into().unwrap())
}

#[test]
fn a_client_is_told_what_it_may_have_and_send() {
    let upstream = Upstream::fixed("");
    let limits = "[limits]\nstreams = 7\nhead = 8192\nheaders = 20";
    let scene = Scene::with(upstream.address(), limits);

    let (settings, window) = run(async {
        let mut stream = TcpStream::connect(scene.address).await.unwrap();
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
            .await
            .unwrap();
        let stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        told(stream)
    });

    let head = 8192 + 20 * 32;
    assert_eq!(settings, BTreeMap::from([(3, 7), (4, 256 * KIB), (6, head)]));
    assert_eq!(window, 1024 * KIB);
}

#[test]
fn an_endpoint_is_told_what_it_may_send_and_that_it_may_push_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let scene = Scene::before_h2(listener.local_addr().unwrap());

    let (settings, window) = run(async {
        let mut client = Client::connect(scene.address).await;
        let (_answer, _body) = client.begin("GET", "/", &[], true);
        let heard = tokio::task::spawn_blocking(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 24]).unwrap();
            told(stream)
        });
        heard.await.unwrap()
    });

    assert_eq!((settings[&2], settings[&4]), (0, 128 * KIB));
    assert!(settings.contains_key(&6), "{settings:?}");
    assert_eq!(window, 100 * 128 * KIB);
}

/// Neither a stream nor an endpoint that takes nothing can use up what the others have.
#[test]
fn an_upload_that_nobody_takes_does_not_hold_up_another() {
    let (gate, taken) = (Gate::new(), Arc::<AtomicU64>::default());
    let upstream = {
        let (gate, taken) = (gate.clone(), Arc::clone(&taken));
        Upstream::start_narrow(8 * 1024, move |turn| {
            if turn.head.target() == "/held" {
                gate.pass();
            }
            turn.stream_body(&mut |piece| {
                taken.fetch_add(piece.len() as u64, SeqCst);
            });
            turn.fixed(200, "")
        })
    };
    let scene = Scene::with(upstream.address(), "[limits]\nbody = 100000000");
    const SIZE: usize = 20_000_000;

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (held, mut stream) = client.begin("POST", "/held", &[], false);
        let held_body = tokio::spawn(async move { send_all(&mut stream, vec![0; SIZE].into()).await });
        until(|| upstream.requests().len() == 1).await;
        for _ in 0..3 {
            let (answer, mut stream) = client.begin("POST", "/", &[], false);
            send_all(&mut stream, Bytes::from(vec![0; 500_000]))
                .await
                .unwrap();
            assert_eq!(answer.await.unwrap().status(), 200);
        }
        assert_eq!(taken.load(SeqCst), 3 * 500_000);
        gate.open();

        held_body.await.unwrap().unwrap();
        assert_eq!(held.await.unwrap().status(), 200);
    });
    assert_eq!(taken.load(SeqCst), 3 * 500_000 + SIZE as u64);
}
