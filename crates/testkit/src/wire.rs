use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::head::{Fields, Framing, Head, field, wrong};
use crate::secured::Secured;

/// One end of a connection, with what was read and not yet used.
///
/// Reading is strict HTTP/1.1; writing is bytes. A copy of what was read can be kept in a tap, up to a limit.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    secured: Option<Secured>,
    buffer: Box<[u8]>,
    from: usize,
    to: usize,
    tap: Option<Arc<Mutex<Vec<u8>>>>,
}

/// So many bytes of each connection are kept: a streaming test must not fill the memory of the test itself.
const TAP: usize = 1 << 20;

impl Wire {
    /// The end of a connection; reads and writes fail after the limit.
    ///
    /// # Panics
    /// When the limit is zero.
    pub fn new(stream: TcpStream, limit: Duration) -> Self {
        stream.set_read_timeout(Some(limit)).expect("a limit above zero");
        stream.set_write_timeout(Some(limit)).expect("a limit above zero");
        stream.set_nodelay(true).expect("a TCP socket");
        Self {
            stream,
            secured: None,
            buffer: vec![0; 256 * 1024].into(),
            from: 0,
            to: 0,
            tap: None,
        }
    }

    /// From now on everything goes through this.
    pub(crate) fn secure(
        &mut self,
        shake: impl FnOnce(&mut TcpStream) -> io::Result<Secured>,
    ) -> io::Result<()> {
        self.secured = Some(shake(&mut self.stream)?);
        Ok(())
    }

    pub(crate) fn is_secured(&self) -> bool {
        self.secured.is_some()
    }

    pub(crate) fn tap(mut self, tap: Arc<Mutex<Vec<u8>>>) -> Self {
        self.tap = Some(tap);
        self
    }

    /// The socket itself.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The other end.
    ///
    /// # Panics
    /// When the connection never was.
    pub fn peer(&self) -> SocketAddr {
        self.stream.peer_addr().expect("a connected socket")
    }

    /// Sends all of it.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        match &mut self.secured {
            Some(secured) => secured.write_all(&mut self.stream, bytes.as_ref()),
            None => self.stream.write_all(bytes.as_ref()),
        }
    }

    /// Sends as much as the socket takes at once, in cleartext.
    ///
    /// # Errors
    /// Those of the socket; `WouldBlock` when it takes nothing within the limit.
    pub fn send_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unbroken(|| self.stream.write(bytes))
    }

    /// Says that nothing more will be sent.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn finish(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// The next bytes, whatever they are; none: the other side has finished.
    ///
    /// # Errors
    /// Those of the socket; `WouldBlock` when nothing comes within the limit.
    pub fn some(&mut self) -> io::Result<Vec<u8>> {
        if self.from == self.to {
            self.fill()?;
        }
        let bytes = self.buffer[self.from..self.to].to_vec();
        self.from = self.to;
        Ok(bytes)
    }

    /// The next head; none: the other side has finished before one.
    ///
    /// # Errors
    /// Those of the socket; a head that is wrong or cut off.
    pub fn head(&mut self) -> io::Result<Option<Head>> {
        let mut seen = Vec::new();
        loop {
            let Some(line) = self.line_or_end()? else {
                return if seen.is_empty() { Ok(None) } else { Err(cut()) };
            };
            seen.extend_from_slice(&line);
            if line == b"\r\n" {
                return Head::parse(&seen).map(Some);
            }
            if seen.len() > 4 << 20 {
                return Err(wrong("a head without end", ""));
            }
        }
    }

    /// The body that belongs to the head, given piece by piece to `sink`; its trailers.
    ///
    /// # Errors
    /// Those of the socket; framing that is wrong, and a body that is cut off.
    pub(crate) fn body(
        &mut self,
        framing: Framing,
        until_end: bool,
        sink: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Fields> {
        match framing {
            Framing::Length(length) => self.exactly(length, sink).map(|()| Fields::new()),
            Framing::Chunked => self.chunks(sink),
            Framing::Unsaid if until_end => self.rest(sink).map(|()| Fields::new()),
            Framing::Unsaid => Ok(Fields::new()),
        }
    }

    /// Exactly so many bytes.
    ///
    /// # Errors
    /// Those of the socket; the end before them.
    pub fn exactly(&mut self, length: u64, sink: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            if self.from == self.to && self.fill()? == 0 {
                return Err(cut());
            }
            let take = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(self.to - self.from);
            sink(&self.buffer[self.from..self.from + take]);
            self.from += take;
            left -= take as u64;
        }
        Ok(())
    }

    fn rest(&mut self, sink: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        loop {
            if self.from == self.to && self.fill()? == 0 {
                return Ok(());
            }
            sink(&self.buffer[self.from..self.to]);
            self.from = self.to;
        }
    }

    fn chunks(&mut self, sink: &mut dyn FnMut(&[u8])) -> io::Result<Fields> {
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default();
            let right = !size.is_empty() && size.len() <= 16 && size.bytes().all(|b| b.is_ascii_hexdigit());
            let size = if right {
                u64::from_str_radix(size, 16).ok()
            } else {
                None
            };
            let size = size.ok_or_else(|| wrong("this is no chunk size", &line))?;
            if size == 0 {
                break;
            }
            self.exactly(size, sink)?;
            if !self.line()?.is_empty() {
                return Err(wrong("a chunk is longer than it says", &line));
            }
        }
        let mut trailers = Fields::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(trailers);
            }
            trailers.push(field(&line)?);
        }
    }

    /// A line without its CRLF.
    fn line(&mut self) -> io::Result<String> {
        let line = self.line_or_end()?.ok_or_else(cut)?;
        let line = line
            .strip_suffix(b"\r\n")
            .ok_or_else(|| wrong("a bare line feed", &String::from_utf8_lossy(&line)))?;
        String::from_utf8(line.to_vec()).map_err(|_| wrong("a line that is not UTF-8", ""))
    }

    fn line_or_end(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        loop {
            if self.from == self.to && self.fill()? == 0 {
                return if line.is_empty() { Ok(None) } else { Err(cut()) };
            }
            let ready = &self.buffer[self.from..self.to];
            if let Some(end) = ready.iter().position(|&byte| byte == b'\n') {
                line.extend_from_slice(&ready[..=end]);
                self.from += end + 1;
                return Ok(Some(line));
            }
            line.extend_from_slice(ready);
            self.from = self.to;
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        (self.from, self.to) = (0, 0);
        self.to = unbroken(|| match &mut self.secured {
            Some(secured) => secured.read(&mut self.stream, &mut self.buffer),
            None => self.stream.read(&mut self.buffer),
        })?;
        if let Some(tap) = &self.tap {
            let mut kept = tap.lock().expect("no holder panics");
            let room = TAP.saturating_sub(kept.len()).min(self.to);
            kept.extend_from_slice(&self.buffer[..room]);
        }
        Ok(self.to)
    }
}

/// Asks again as long as the call is interrupted: a socket with a time limit says so when its process was held up, by a
/// snapshot of the machine say, also where no signal has a handler.
///
/// # Errors
/// Those of the call.
pub fn unbroken<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            ended => return ended,
        }
    }
}

fn cut() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the other side closed in the middle",
    )
}
