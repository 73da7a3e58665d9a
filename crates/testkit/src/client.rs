use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::authority::Authority;
use crate::head::{Fields, Framing, Head};
use crate::secured::Secured;
use crate::wait::LIMIT;
use crate::wire::Wire;

/// An answer as a client saw it.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Its head.
    pub head: Head,
    /// What came of its body.
    pub body: Vec<u8>,
    /// The fields after a chunked body.
    pub trailers: Fields,
    /// The statuses of the interim answers before it, such as 100.
    pub interim: Vec<u16>,
    /// Whether the body reached the end that its framing promised.
    pub complete: bool,
}

impl Response {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.value(name)
    }

    /// The word of `X-Graylane-Fault`, or nothing.
    pub fn fault(&self) -> &str {
        self.header("x-graylane-fault").unwrap_or_default()
    }
}

/// A connection that sends whatever bytes it is given.
#[derive(Debug)]
pub struct Client {
    wire: Wire,
}

impl Client {
    /// Connects.
    ///
    /// # Panics
    /// When that fails.
    pub fn connect(to: SocketAddr) -> Self {
        Self::try_connect(to).unwrap_or_else(|error| panic!("cannot connect to {to}: {error}"))
    }

    /// Connects.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn try_connect(to: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            wire: Wire::new(TcpStream::connect_timeout(&to, LIMIT)?, LIMIT),
        })
    }

    /// Connects over TLS to a server of that name, which has its certificate from this authority and speaks this protocol:
    /// `http/1.1` or `h2`.
    ///
    /// # Errors
    /// Those of the socket and of the handshake.
    pub fn try_secured(
        to: SocketAddr,
        authority: &Authority,
        name: &str,
        protocol: &str,
    ) -> io::Result<Self> {
        let mut client = Self::try_connect(to)?;
        let shake = |stream: &mut TcpStream| Secured::shake(stream, authority, name, protocol);
        client.wire.secure(shake)?;
        Ok(client)
    }

    pub(crate) fn is_secured(&self) -> bool {
        self.wire.is_secured()
    }

    /// Connects from an address of this machine, such as 127.0.3.4.
    ///
    /// # Panics
    /// When that fails.
    pub fn connect_from(from: IpAddr, to: SocketAddr) -> Self {
        let connect = || {
            let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
            socket.bind(&SocketAddr::new(from, 0).into())?;
            socket.connect(&to.into())?;
            io::Result::Ok(socket)
        };
        let socket = connect().unwrap_or_else(|error| panic!("cannot connect from {from} to {to}: {error}"));
        Self {
            wire: Wire::new(socket.into(), LIMIT),
        }
    }

    /// Connects with a receive buffer of about so many bytes, so that a reader who does not read is felt soon.
    ///
    /// # Panics
    /// When that fails.
    pub fn connect_narrow(to: SocketAddr, receive: usize) -> Self {
        let connect = || {
            let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
            socket.set_recv_buffer_size(receive)?;
            socket.connect(&to.into())?;
            io::Result::Ok(socket)
        };
        let socket = connect().unwrap_or_else(|error| panic!("cannot connect to {to}: {error}"));
        Self {
            wire: Wire::new(socket.into(), LIMIT),
        }
    }

    /// How long a read or a write may take from now on, instead of [`LIMIT`].
    ///
    /// # Panics
    /// When the limit is zero.
    pub fn set_limit(&self, limit: Duration) {
        self.wire
            .stream()
            .set_read_timeout(Some(limit))
            .expect("a limit above zero");
        self.wire
            .stream()
            .set_write_timeout(Some(limit))
            .expect("a limit above zero");
    }

    /// The connection below.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// This end's address.
    ///
    /// # Panics
    /// Never, once connected.
    pub fn local(&self) -> SocketAddr {
        self.wire.stream().local_addr().expect("a connected socket")
    }

    /// Sends bytes.
    ///
    /// # Panics
    /// When the other side has closed.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.wire.send(bytes).expect("the other side reads");
    }

    /// Sends a GET with these further fields and reads the answer.
    ///
    /// # Panics
    /// When there is none.
    pub fn get(&mut self, target: &str, fields: &[(&str, &str)]) -> Response {
        self.send(head("GET", target, fields));
        self.response()
    }

    /// Sends a POST with a `Content-Length` and reads the answer.
    ///
    /// # Panics
    /// When there is none.
    pub fn post(&mut self, target: &str, body: &[u8]) -> Response {
        let length = body.len().to_string();
        let mut request = head("POST", target, &[("Content-Length", &length)]).into_bytes();
        request.extend_from_slice(body);
        self.send(request);
        self.response()
    }

    /// Sends a request with this body, its `Content-Length` and these further fields, and reads the answer.
    ///
    /// # Panics
    /// When there is none.
    pub fn request(&mut self, method: &str, target: &str, fields: &[(&str, &str)], body: &[u8]) -> Response {
        // A server that refuses a body answers before it has come: what is left of it then cannot be sent.
        let _ = self.try_send(method, target, fields, body);
        self.response()
    }

    pub(crate) fn try_send(
        &mut self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let length = body.len().to_string();
        let fields = [fields, &[("Content-Length", &length)]].concat();
        let mut request = head(method, target, &fields).into_bytes();
        request.extend_from_slice(body);
        self.wire.send(request)
    }

    /// Reads the answer to a request other than HEAD.
    ///
    /// # Panics
    /// When there is none.
    pub fn response(&mut self) -> Response {
        self.try_response(false).expect("an answer")
    }

    /// Reads the answer to a HEAD.
    ///
    /// # Panics
    /// When there is none.
    pub fn response_to_head(&mut self) -> Response {
        self.try_response(true).expect("an answer")
    }

    /// Reads an answer; `bodiless` where the request was a HEAD.
    ///
    /// # Errors
    /// Those of the socket, a head that is wrong or cut off, or none. A body that is cut off is no error: the response
    /// then is not complete.
    pub fn try_response(&mut self, bodiless: bool) -> io::Result<Response> {
        let mut body = Vec::new();
        let mut response = self.stream_response(bodiless, &mut |piece| body.extend_from_slice(piece))?;
        response.body = body;
        Ok(response)
    }

    /// Reads an answer whose body is given to `sink` and not kept.
    ///
    /// # Errors
    /// As [`Client::try_response`].
    pub fn stream_response(&mut self, bodiless: bool, sink: &mut dyn FnMut(&[u8])) -> io::Result<Response> {
        let (head, interim) = self.response_head()?;
        let status = head.status();
        let framing = head.framing()?;
        let none = bodiless || matches!(status, 101 | 204 | 304);
        let framing = if none { Framing::Length(0) } else { framing };
        let (complete, trailers) = match self.wire.body(framing, true, sink) {
            Ok(trailers) => (true, trailers),
            Err(error) if is_cut(&error) => (false, Fields::new()),
            Err(error) => return Err(error),
        };
        Ok(Response {
            status,
            head,
            body: Vec::new(),
            trailers,
            interim,
            complete,
        })
    }

    /// Reads the head of an answer and leaves its body; also the statuses of interim answers before it.
    ///
    /// # Errors
    /// Those of the socket, a head that is wrong or cut off, or none.
    pub fn response_head(&mut self) -> io::Result<(Head, Vec<u16>)> {
        let mut interim = Vec::new();
        loop {
            let none = || io::Error::new(io::ErrorKind::UnexpectedEof, "closed before an answer");
            let head = self.wire.head()?.ok_or_else(none)?;
            match head.status() {
                status @ (100 | 102..=199) => interim.push(status),
                _ => return Ok((head, interim)),
            }
        }
    }

    /// Says that nothing more will be sent.
    ///
    /// # Panics
    /// When the connection is gone.
    pub fn finish(&self) {
        self.wire.finish().expect("an open connection");
    }

    /// Waits until the other side has closed, and gives what came before that.
    ///
    /// # Panics
    /// When it does not within the limit.
    pub fn until_closed(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        loop {
            match self.wire.some() {
                Ok(bytes) if bytes.is_empty() => return rest,
                Ok(bytes) => rest.extend_from_slice(&bytes),
                Err(error) if is_cut(&error) => return rest,
                Err(error) => panic!("the connection was not closed: {error}"),
            }
        }
    }

    /// Everything that still comes, until the other side says that it has finished: over TLS by `close_notify`.
    ///
    /// # Panics
    /// When it breaks off, or stays open.
    pub fn until_finished(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        loop {
            match self.wire.some() {
                Ok(bytes) if bytes.is_empty() => return rest,
                Ok(bytes) => rest.extend_from_slice(&bytes),
                Err(error) => panic!("the connection was not finished: {error}"),
            }
        }
    }

    /// Whether nothing comes within this time, and the connection stays open.
    ///
    /// # Panics
    /// When the connection breaks.
    pub fn stays_silent(&mut self, time: Duration) -> bool {
        self.set_limit(time);
        let silent = match self.wire.some() {
            Ok(_) => false,
            Err(error) if is_blocked(&error) => true,
            Err(error) => panic!("the connection broke: {error}"),
        };
        self.set_limit(LIMIT);
        silent
    }
}

/// Whether a socket's limit ran out.
pub(crate) fn is_blocked(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Whether the other side closed or reset.
pub(crate) fn is_cut(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(
        error.kind(),
        UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe
    )
}

/// The text of a request's head; `Host: test.local` unless the fields have one.
fn head(method: &str, target: &str, fields: &[(&str, &str)]) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text.push_str("Host: test.local\r\n");
    }
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text
}
