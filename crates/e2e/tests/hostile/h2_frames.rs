//! Frames of HTTP/2 (RFC 9113) as bytes, so that a client can say what no library would let it say.

use graylane_testkit::Client;

/// The kinds of frames that are needed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Data = 0,
    Headers = 1,
    Reset = 3,
    Settings = 4,
    Ping = 6,
    WindowUpdate = 8,
    Continuation = 9,
}

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
/// The kind of the frame that ends a connection.
const GO_AWAY: u8 = 7;

/// A frame.
pub(crate) fn frame(kind: Kind, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind as u8, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Fields as HPACK literals (RFC 7541, section 6.2.2): no table, no Huffman code, any bytes.
pub(crate) fn fields(fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            length(&mut block, text.len());
            block.extend_from_slice(text);
        }
    }
    block
}

/// RFC 7541, section 5.1, with a prefix of seven bits.
fn length(block: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(127) else {
        block.push(u8::try_from(length).unwrap());
        return;
    };
    block.push(127);
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    block.push(u8::try_from(rest).unwrap());
}

/// How a stream or its connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It was answered; the first byte of the head's block, which is the status where that is a common one.
    Answered(u8),
    /// It alone was reset.
    Reset,
    /// The whole connection was ended.
    Closed,
}

/// The first byte of an answer's block where its status is 200 (RFC 7541, appendix A).
pub(crate) const STATUS_200: u8 = 0x88;
/// The same for 400.
pub(crate) const STATUS_400: u8 = 0x8c;

/// A client that has sent the preface and its settings.
pub(crate) struct H2 {
    pub(crate) client: Client,
    read: Vec<u8>,
}

impl H2 {
    pub(crate) fn new(mut client: Client) -> Self {
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        client.send(frame(Kind::Settings, 0, 0, b""));
        Self {
            client,
            read: Vec::new(),
        }
    }

    /// Sends frames; what a connection that has ended takes no more does not matter.
    pub(crate) fn send(&mut self, frames: &[u8]) -> bool {
        self.client.wire().send(frames).is_ok()
    }

    /// Reads until this stream has ended. Settings and pings are acknowledged.
    pub(crate) fn until_end(&mut self, stream: u32) -> End {
        let mut status = 0;
        loop {
            let Some((kind, flags, of, payload)) = self.next() else {
                return End::Closed;
            };
            let is = |each: Kind| kind == each as u8;
            let own = of == stream;
            if is(Kind::Settings) && flags & ACK == 0 {
                self.send(&frame(Kind::Settings, ACK, 0, b""));
            } else if is(Kind::Ping) && flags & ACK == 0 {
                self.send(&frame(Kind::Ping, ACK, 0, &payload));
            } else if kind == GO_AWAY {
                return End::Closed;
            } else if is(Kind::Reset) && own {
                return if status == 0 {
                    End::Reset
                } else {
                    End::Answered(status)
                };
            } else if is(Kind::Headers) && own && status == 0 {
                status = payload.first().copied().unwrap_or_default();
            }
            if (is(Kind::Data) || is(Kind::Headers)) && own && flags & END_STREAM != 0 {
                return End::Answered(status);
            }
        }
    }

    /// The next frame: kind, flags, stream, payload.
    fn next(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        loop {
            if let [a, b, c, kind, flags, s0, s1, s2, s3, rest @ ..] = self.read.as_slice() {
                let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
                if rest.len() >= length {
                    let stream = u32::from_be_bytes([*s0, *s1, *s2, *s3]);
                    let frame = (*kind, *flags, stream, rest[..length].to_vec());
                    self.read.drain(..9 + length);
                    return Some(frame);
                }
            }
            match self.client.wire().some() {
                Ok(bytes) if !bytes.is_empty() => self.read.extend_from_slice(&bytes),
                _ => return None,
            }
        }
    }
}
