//! Checks in the words of gRPC.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::thread;

use graylane_testkit::{LIMIT, eventually};

use super::{checked, until};

/// A server of gRPC that knows one call, byte by byte. It says the status of the health of everything that it is asked for,
/// and with 255 that it does not know the call.
fn grpc_server(status: Arc<AtomicU8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let status = status.load(SeqCst);
            thread::spawn(move || answer_grpc(stream.unwrap(), status));
        }
    });
    address
}

/// A frame of HTTP/2 (RFC 9113, section 4.1) of the stream 1, or of the connection.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
    frame.extend_from_slice(payload);
    frame
}

/// A field as a literal that is not indexed (RFC 7541, section 6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let mut field = vec![0, name.len() as u8];
    field.extend_from_slice(name.as_bytes());
    field.push(value.len() as u8);
    field.extend_from_slice(value.as_bytes());
    field
}

fn answer_grpc(mut stream: std::net::TcpStream, status: u8) {
    const PREFACE: usize = 24;
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    let mut preface = [0; PREFACE];
    if stream.read_exact(&mut preface).is_err() {
        return;
    }
    let _ = stream.write_all(&frame(SETTINGS, 0, 0, &[]));
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).is_err() {
            return;
        }
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        if stream.read_exact(&mut payload).is_err() {
            return;
        }
        // The end of the request, with its only message.
        if head[3] == DATA && head[4] & 1 == 1 {
            break;
        }
    }
    let mut begin = vec![0x88];
    begin.extend(field("content-type", "application/grpc"));
    let code = |code: &str| field("grpc-status", code);
    let answer = if status == 255 {
        begin.extend(code("12"));
        frame(HEADERS, 5, 1, &begin)
    } else {
        let message = [0, 0, 0, 0, 2, 0x08, status];
        [
            frame(HEADERS, 4, 1, &begin),
            frame(DATA, 0, 1, &message),
            frame(HEADERS, 5, 1, &code("0")),
        ]
        .concat()
    };
    let _ = stream.write_all(&answer);
    // Until the gateway closes it.
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn a_server_of_grpc_is_asked_in_its_own_words() {
    let status = Arc::new(AtomicU8::new(1));
    let at = grpc_server(Arc::clone(&status));
    let gateway = checked(&[at], "kind = \"grpc\", fails = 1, passes = 1").start();
    until(&gateway, at, true);

    for (said, words) in [(2, "it says NOT_SERVING"), (255, "grpc-status 12, UNIMPLEMENTED")] {
        status.store(said, SeqCst);
        eventually(LIMIT, words, || {
            let one = until(&gateway, at, false);
            one["checks"]["last"]["found"]
                .as_str()
                .unwrap()
                .starts_with(words)
        });
    }
    status.store(1, SeqCst);
    until(&gateway, at, true);

    let labels = [("result", "not-serving")];
    assert!(gateway.metrics().sum("graylane_health_checks_total", &labels) >= 1.0);
}
