//! An upstream that keeps exactly what it is sent, and judges nothing while it does.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::strict::{self, Reading, Request};
use crate::wire::unbroken;

/// A running recorder on a port that the system chose.
///
/// It answers 200 to each request that a strict reader finds in what came, says nothing to the rest, and closes where
/// that reader gives up.
#[derive(Debug)]
pub struct Recorder {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    streams: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    socket: TcpStream,
    open: bool,
}

impl Recorder {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no port to be had.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback interface");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            while let Ok((socket, _)) = listener.accept() {
                if accepting.stopped.load(Ordering::SeqCst) {
                    return;
                }
                accept(&accepting, socket);
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What came on each connection so far, byte for byte, and whether it is still open.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn streams(&self) -> Vec<(Vec<u8>, bool)> {
        let streams = self.shared.streams.lock().expect("no holder panics");
        streams
            .iter()
            .map(|kept| (kept.bytes.clone(), kept.open))
            .collect()
    }

    /// The same, read strictly.
    pub fn read(&self) -> Vec<strict::Stream> {
        let streams = self.streams();
        streams.iter().map(|(bytes, _)| strict::stream(bytes)).collect()
    }

    /// Every whole request that came so far, connection by connection.
    pub fn requests(&self) -> Vec<Request> {
        self.read().into_iter().flat_map(|read| read.requests).collect()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Only a connection wakes `accept`; whether it succeeds does not matter.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
        if let Ok(streams) = self.shared.streams.lock() {
            for kept in streams.iter() {
                let _ = kept.socket.shutdown(Shutdown::Both);
            }
        }
    }
}

fn accept(shared: &Arc<Shared>, socket: TcpStream) {
    let Ok(copy) = socket.try_clone() else {
        return;
    };
    let index = {
        let mut streams = shared.streams.lock().expect("no holder panics");
        let (bytes, open) = (Vec::new(), true);
        streams.push(Kept {
            bytes,
            socket: copy,
            open,
        });
        streams.len() - 1
    };
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        record(&shared, index, socket);
        let mut streams = shared.streams.lock().expect("no holder panics");
        streams[index].open = false;
        // The copy that is kept would hold the connection open; it may have ended already.
        let _ = streams[index].socket.shutdown(Shutdown::Both);
    });
}

fn record(shared: &Shared, index: usize, mut socket: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    let mut answered = 0;
    loop {
        let Ok(got @ 1..) = unbroken(|| socket.read(&mut buffer)) else {
            return;
        };
        let mut answers = Vec::new();
        let goes_on = {
            let mut streams = shared.streams.lock().expect("no holder panics");
            let bytes = &mut streams[index].bytes;
            bytes.extend_from_slice(&buffer[..got]);
            answer(bytes, &mut answered, &mut answers)
        };
        if socket.write_all(&answers).is_err() || !goes_on {
            return;
        }
    }
}

/// Answers the whole requests behind `answered`; whether the connection goes on.
fn answer(bytes: &[u8], answered: &mut usize, answers: &mut Vec<u8>) -> bool {
    loop {
        match strict::request(&bytes[*answered..]) {
            Reading::Whole(request) => {
                *answered += request.length;
                let body = if request.method == "HEAD" { "" } else { "ok" };
                answers.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
                answers.extend_from_slice(body.as_bytes());
                if request.is_last() {
                    return false;
                }
            }
            Reading::Part => return true,
            Reading::Wrong(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;

    #[test]
    fn every_byte_is_kept_and_each_request_answered() {
        let recorder = Recorder::start();
        let mut client = Client::connect(recorder.address());
        let sent = b"POST /a HTTP/1.1\r\nHost: a\r\nX: \xff\r\nContent-Length: 2\r\n\r\n\0\nHEAD /b HTTP/1.1\r\nHost: a\r\n\r\n";

        client.send(sent);
        let (first, second) = (client.response(), client.response_to_head());

        assert_eq!(
            (first.status, first.text().as_str(), second.status),
            (200, "ok", 200)
        );
        assert_eq!(recorder.streams(), [(sent.to_vec(), true)]);
        assert_eq!(recorder.requests().len(), 2);
    }

    #[test]
    fn what_is_ambiguous_is_kept_and_ends_the_connection() {
        let recorder = Recorder::start();
        let mut client = Client::connect(recorder.address());

        client.send("GET / HTTP/1.1\nHost: a\n\n");

        assert!(client.until_closed().is_empty());
        assert_eq!(recorder.read()[0].wrong, Some("a bare line feed"));
    }
}
