use std::io;

use serde_json::json;

use super::{Recorded, Shared};
use crate::head::{Fields, Framing, Head};
use crate::pattern::Pattern;
use crate::wire::Wire;

/// What an upstream does after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Waits for the next request, if this one was read to its end.
    Keep,
    /// Closes the connection.
    Close,
}

/// One request in the hands of a script, which reads and writes as it likes.
///
/// Writing to a gateway that has gone away is no error of a script, so failed writes end the turn quietly: each method
/// that answers says what to do next.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The head of the request.
    pub head: Head,
    /// On which connection, counted from 0.
    pub connection: usize,
    /// The how-manieth request of that connection, counted from 0.
    pub nth: usize,
    wire: &'a mut Wire,
    shared: &'a Shared,
    index: usize,
    read: bool,
}

impl<'a> Turn<'a> {
    pub(super) fn new(
        wire: &'a mut Wire,
        shared: &'a Shared,
        head: Head,
        connection: usize,
        nth: usize,
        index: usize,
    ) -> Self {
        Self {
            head,
            connection,
            nth,
            wire,
            shared,
            index,
            read: false,
        }
    }

    /// The connection itself.
    pub fn wire(&mut self) -> &mut Wire {
        self.wire
    }

    /// Whether the request was read to its end.
    pub(super) fn is_read(&self) -> bool {
        self.read
    }

    /// Reads the body to its end and records it; false where it does not come whole.
    pub fn read_body(&mut self) -> bool {
        if self.read {
            return true;
        }
        let mut body = Vec::new();
        let trailers = self.stream_body(&mut |piece| body.extend_from_slice(piece));
        let whole = trailers.is_some();
        self.record(|recorded| {
            recorded.body = body;
            recorded.trailers = trailers.unwrap_or_default();
        });
        whole
    }

    /// Reads the body to its end and gives it to `sink`; the trailers, or nothing where it does not come whole.
    pub fn stream_body(&mut self, sink: &mut dyn FnMut(&[u8])) -> Option<Fields> {
        if self.read {
            return Some(Fields::new());
        }
        if self
            .head
            .values("expect")
            .iter()
            .any(|value| value.eq_ignore_ascii_case("100-continue"))
            && !self.write("HTTP/1.1 100 Continue\r\n\r\n")
        {
            return None;
        }
        let read = self
            .head
            .framing()
            .and_then(|framing| self.wire.body(framing, false, sink));
        match read {
            Ok(trailers) => {
                self.read = true;
                self.record(|recorded| recorded.complete = true);
                Some(trailers)
            }
            Err(error) => {
                self.shared.note(&error);
                None
            }
        }
    }

    /// Sends bytes; false where the gateway has gone away.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.wire.send(bytes).is_ok()
    }

    /// Reads the request to its end and answers with this status and body, with `Content-Length`.
    pub fn fixed(&mut self, status: u16, body: &str) -> Next {
        self.fixed_with(status, "", body)
    }

    /// As [`Turn::fixed`], with further field lines, each ended by CRLF.
    pub fn fixed_with(&mut self, status: u16, fields: &str, body: &str) -> Next {
        if !self.read_body() {
            return Next::Close;
        }
        let sent = if self.head.method() == "HEAD" { "" } else { body };
        let length = body.len();
        self.keep(format!(
            "HTTP/1.1 {status} Scripted\r\nContent-Length: {length}\r\n{fields}\r\n{sent}"
        ))
    }

    /// Reads the request to its end and answers with what was seen of it:
    /// `{"method","target","headers":[[name,value]],"body","length","trailers":[[name,value]]}`, names in lower case.
    pub fn echo(&mut self) -> Next {
        if !self.read_body() {
            return Next::Close;
        }
        let lower = |fields: &Fields| -> Vec<_> {
            fields
                .iter()
                .map(|(name, value)| json!([name.to_ascii_lowercase(), value]))
                .collect()
        };
        let seen = {
            let requests = self.shared.requests.lock().expect("no holder panics");
            let recorded = &requests[self.index];
            json!({
                "method": self.head.method(),
                "target": self.head.target(),
                "headers": lower(&self.head.fields),
                "body": String::from_utf8_lossy(&recorded.body),
                "length": recorded.body.len(),
                "trailers": lower(&recorded.trailers),
            })
        };
        self.fixed_with(200, "Content-Type: application/json\r\n", &seen.to_string())
    }

    /// Reads the request to its end and answers in chunks, then with trailer lines, each ended by CRLF.
    pub fn chunked(&mut self, fields: &str, chunks: &[&str], trailers: &str) -> Next {
        if !self.read_body() {
            return Next::Close;
        }
        let mut answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{fields}\r\n");
        for chunk in chunks {
            answer.push_str(&format!("{:x}\r\n{chunk}\r\n", chunk.len()));
        }
        answer.push_str(&format!("0\r\n{trailers}\r\n"));
        self.keep(answer)
    }

    /// Reads the request to its end and answers with so many bytes of [`Pattern`].
    pub fn pour(&mut self, total: u64) -> Next {
        let pattern = Pattern::new();
        if !self.read_body() || !self.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n")) {
            return Next::Close;
        }
        let mut sent = 0;
        while sent < total {
            let piece = pattern.from(sent, total);
            if !self.write(piece) {
                return Next::Close;
            }
            sent += piece.len() as u64;
        }
        Next::Keep
    }

    /// Answers 101 and then sends every byte back until the gateway has finished, then a last word, and closes.
    pub fn upgrade_and_echo(&mut self, protocol: &str, last: &str) -> Next {
        let answer =
            format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n");
        let mut open = self.write(answer);
        while open {
            open = match self.wire.some() {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) => self.write(bytes),
                Err(_) => false,
            };
        }
        self.write(last);
        Next::Close
    }

    /// Never answers: waits until the gateway goes away.
    pub fn hang(&mut self) -> Next {
        self.read_body();
        while matches!(self.wire.some(), Ok(bytes) if !bytes.is_empty()) {}
        Next::Close
    }

    fn keep(&mut self, answer: String) -> Next {
        if self.write(answer) {
            Next::Keep
        } else {
            Next::Close
        }
    }

    fn record(&self, change: impl FnOnce(&mut Recorded)) {
        change(&mut self.shared.requests.lock().expect("no holder panics")[self.index]);
    }
}

/// How a request's body is framed, for scripts that send something before they read it.
impl Turn<'_> {
    /// Whether a body was announced.
    ///
    /// # Errors
    /// The framing is ambiguous.
    pub fn has_body(&self) -> io::Result<bool> {
        Ok(!matches!(
            self.head.framing()?,
            Framing::Unsaid | Framing::Length(0)
        ))
    }
}
