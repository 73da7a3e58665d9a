//! HTTP/2, frame by frame (RFC 9113).

use std::io;

use crate::client::Client;

/// Kinds of frames, and their flags.
pub mod frame {
    #![expect(missing_docs, reason = "the names are those of RFC 9113, section 6")]

    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const ACK: u8 = 1;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
}

use frame::{ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, SETTINGS};

/// `:method: GET`, `:scheme:`, `:path: /`, and the name of `:authority:` (RFC 7541, appendix A).
const GET: [u8; 4] = [0x82, 0x86, 0x84, 0x01];
/// `:status: 200`.
const OK: u8 = 0x88;

/// A frame as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its kind: see [`frame`].
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream; 0 is the connection.
    pub stream: u32,
    /// What it carries.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Whether it is of that kind, and no acknowledgement.
    pub fn is(&self, kind: u8) -> bool {
        self.kind == kind && (matches!(kind, DATA | HEADERS) || self.flags & ACK == 0)
    }

    /// Whether it is the last one of that stream.
    pub fn ends(&self, stream: u32) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.stream == stream && self.flags & END_STREAM != 0
    }

    /// Whether it is the head of an answer with the status 200.
    pub fn is_ok(&self) -> bool {
        self.kind == HEADERS && self.payload.first() == Some(&OK)
    }

    /// The last stream that a GOAWAY says will be served, and its error; `None` for any other frame.
    pub fn leaves(&self) -> Option<(u32, u32)> {
        let word = |at: usize| Some(u32::from_be_bytes(self.payload.get(at..at + 4)?.try_into().ok()?));
        if self.kind == GOAWAY {
            word(0).zip(word(4))
        } else {
            None
        }
    }
}

/// A client that answers no ping by itself.
#[derive(Debug)]
pub struct H2 {
    client: Client,
    head: Vec<u8>,
}

impl H2 {
    /// Begins HTTP/2 on a new connection: by prior knowledge, or as both sides have agreed upon in TLS.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn begin(client: Client, authority: &str) -> io::Result<Self> {
        let mut head = GET.to_vec();
        // `:scheme: https` has the next number.
        head[1] += u8::from(client.is_secured());
        head.push(u8::try_from(authority.len()).map_err(io::Error::other)?);
        head.extend_from_slice(authority.as_bytes());
        let mut begun = Self { client, head };
        begun.client.wire().send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
        begun.try_send(SETTINGS, 0, 0, b"")?;
        Ok(begun)
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// When the other side has closed.
    pub fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.try_send(kind, flags, stream, payload)
            .expect("the other side reads");
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn try_send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let length = u8::try_from(payload.len()).map_err(io::Error::other)?;
        let mut frame = vec![0, 0, length, kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        self.client.wire().send(frame)
    }

    /// Asks for `/` on a new stream.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn ask(&mut self, stream: u32) -> io::Result<()> {
        let head = self.head.clone();
        self.try_send(HEADERS, END_STREAM | END_HEADERS, stream, &head)
    }

    /// The next frame. Settings are acknowledged.
    ///
    /// # Errors
    /// Those of the socket, or its end.
    pub fn frame(&mut self) -> io::Result<Frame> {
        let head = self.read(9)?;
        let payload = self.read(u32::from_be_bytes([0, head[0], head[1], head[2]]))?;
        let frame = Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        };
        if frame.is(SETTINGS) {
            self.try_send(SETTINGS, ACK, 0, b"")?;
        }
        Ok(frame)
    }

    fn read(&mut self, length: u32) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut sink = |piece: &[u8]| bytes.extend_from_slice(piece);
        self.client.wire().exactly(length.into(), &mut sink)?;
        Ok(bytes)
    }

    /// The next frame of which this holds.
    ///
    /// # Panics
    /// When there is none before the end.
    pub fn until(&mut self, wanted: impl Fn(&Frame) -> bool) -> Frame {
        loop {
            let frame = self.frame().expect("a whole frame");
            if wanted(&frame) {
                return frame;
            }
        }
    }

    /// The next GOAWAY: the last stream that will be served, and its error.
    ///
    /// # Panics
    /// When there is none before the end.
    pub fn until_leaving(&mut self) -> (u32, u32) {
        let frame = self.until(|frame| frame.kind == GOAWAY);
        frame.leaves().expect("a GOAWAY has two words")
    }

    /// Reads an answer to its end, and gives its body.
    ///
    /// # Panics
    /// When it is not 200, or is cut off.
    pub fn answer(&mut self, stream: u32) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let frame = self.until(|frame| frame.stream == stream);
            match frame.kind {
                HEADERS => assert!(frame.is_ok(), "{frame:?}"),
                DATA => body.extend_from_slice(&frame.payload),
                _ => panic!("the stream was broken off: {frame:?}"),
            }
            if frame.ends(stream) {
                return body;
            }
        }
    }

    /// Waits until the other side has closed, and gives what came before that.
    ///
    /// # Panics
    /// When it does not within the limit.
    pub fn until_closed(&mut self) -> Vec<u8> {
        self.client.until_closed()
    }
}
