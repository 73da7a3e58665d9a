//! What a peer forwards, kept byte for byte: the recording end of one peer in one lane.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use graylane_testkit::strict::{self, Reading};
use graylane_testkit::unbroken;

use crate::meaning::Meaning;

/// What came since it was last taken.
#[derive(Debug, Default)]
pub struct Kept {
    /// The whole requests, in the order of their ends.
    pub seen: Vec<Meaning>,
    /// Their bytes, connection by connection.
    pub streams: Vec<(u64, Vec<u8>)>,
    /// What no strict reader takes.
    pub wrong: Option<String>,
}

/// A listener and what is connected to it. It never blocks.
#[derive(Debug)]
pub struct Upstream {
    pub listener: TcpListener,
    pub links: Vec<Link>,
    kept: Kept,
    accepted: u64,
}

/// One connection.
#[derive(Debug)]
pub struct Link {
    pub socket: TcpStream,
    number: u64,
    /// What came and is no whole request yet.
    bytes: Vec<u8>,
    pub over: bool,
}

impl Upstream {
    /// One on a port that the system chose.
    pub fn bind() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        listener
            .set_nonblocking(true)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            listener,
            links: Vec::new(),
            kept: Kept::default(),
            accepted: 0,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound socket")
    }

    pub fn take(&mut self) -> Kept {
        std::mem::take(&mut self.kept)
    }

    /// Takes whoever waits to be let in.
    pub fn accept(&mut self) {
        while let Ok((socket, _)) = self.listener.accept() {
            // A socket without these would only be slow, or show its error at the first read.
            let _ = socket.set_nonblocking(true);
            let _ = socket.set_nodelay(true);
            self.accepted += 1;
            self.links.push(Link {
                socket,
                number: self.accepted,
                bytes: Vec::new(),
                over: false,
            });
        }
    }

    /// Reads what is there on one connection and answers the whole requests in it.
    pub fn read(&mut self, index: usize) {
        let mut buffer = [0; 16 * 1024];
        let link = &mut self.links[index];
        loop {
            match unbroken(|| link.socket.read(&mut buffer)) {
                Ok(0) => link.over = true,
                Ok(got) => {
                    link.bytes.extend_from_slice(&buffer[..got]);
                    if got == buffer.len() {
                        continue;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => link.over = true,
            }
            break;
        }
        link.answer(&mut self.kept);
    }

    /// Forgets the connections that are over.
    pub fn sweep(&mut self) {
        self.links.retain(|link| !link.over);
    }
}

impl Link {
    fn answer(&mut self, kept: &mut Kept) {
        let mut answers = Vec::new();
        let mut at = 0;
        loop {
            match strict::request(&self.bytes[at..]) {
                Reading::Whole(request) => {
                    let bytes = &self.bytes[at..at + request.length];
                    at += request.length;
                    match kept.streams.iter_mut().find(|(number, _)| *number == self.number) {
                        Some((_, stream)) => stream.extend_from_slice(bytes),
                        None => kept.streams.push((self.number, bytes.to_vec())),
                    }
                    kept.seen.push(Meaning::of(&request));
                    answers.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
                    if request.method != "HEAD" {
                        answers.extend_from_slice(b"ok");
                    }
                    self.over |= request.is_last();
                }
                Reading::Part => break,
                Reading::Wrong(what) => {
                    let text = String::from_utf8_lossy(&self.bytes[at..]).into_owned();
                    kept.wrong = Some(format!("{what}: {text:?}"));
                    self.over = true;
                    break;
                }
            }
        }
        self.bytes.drain(..at);
        // Answers are small, and a peer that has gone away needs none.
        if !answers.is_empty() && self.socket.write_all(&answers).is_err() {
            self.over = true;
        }
    }
}
