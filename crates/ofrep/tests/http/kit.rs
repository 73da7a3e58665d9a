//! A server with flags, and a client that sees the bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use graylane_diagnostic::Source;
use graylane_flags::{Definitions, FlagSet, Options, ReadOptions};
use graylane_ofrep::{Key, Published, Publisher, Server, Settings};
use serde_json::Value;
use sha2::{Digest, Sha256};
use socket2::{Domain, Socket, Type};

use crate::schema;

pub(crate) const FLAGS: &str = "/ofrep/v1/evaluate/flags";
/// For anything to happen that has to.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// The flags of most tests. `%limit%` is a value that a test may edit without touching the variant.
pub(crate) const SET: &str = r#"{
    "metadata": {"flagSetId": "shop"},
    "flags": {
        "plain": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on",
            "metadata": {"team": "pay", "sla": 1.5, "beta": true, "revision": 77}},
        "text": {"state": "ENABLED", "variants": {"a\"b": "quote \" and \u0001"}, "defaultVariant": "a\"b"},
        "whole": {"state": "ENABLED", "variants": {"one": %limit%, "two": 2}, "defaultVariant": "one"},
        "fraction": {"state": "ENABLED", "variants": {"one": 0.5, "two": 2}, "defaultVariant": "one"},
        "object": {"state": "ENABLED", "variants": {"o": {"a": [1, null, {"b": "c"}]}}, "defaultVariant": "o"},
        "country": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
            "targeting": {"if": [{"==": [{"var": "country"}, "CN"]}, "on"]}},
        "half": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
            "targeting": {"fractional": [["on", 1], ["off", 1]]}},
        "either": {"state": "ENABLED", "variants": {"known": 1, "unknown": 2}, "defaultVariant": "known",
            "targeting": {"if": [{"var": "targetingKey"}, "known", "unknown"]}},
        "gray": {"state": "gray-50", "variants": {"on": true, "off": false}, "defaultVariant": "off"},
        "code": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": null,
            "targeting": {"if": [{"var": "vip"}, "on"]}},
        "retired": {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"},
        "lost": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on",
            "targeting": {"if": [{"var": "lost"}, {"cat": ["no", "where"]}, "on"]}},
        "odd \"key\"/✓": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on"}
    }
}"#;

/// A server of a test.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) publisher: Publisher,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let publisher = Publisher::new(set(&usual(1), 1));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server::start(listener, settings, publisher.clone()).unwrap();
        Self { server, publisher }
    }

    pub(crate) fn line(&self) -> Line {
        Line::new(TcpStream::connect(self.server.address()).unwrap())
    }

    /// A connection whose client takes little at a time.
    pub(crate) fn narrow_line(&self) -> Line {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(1024).unwrap();
        socket.connect(&self.server.address().into()).unwrap();
        Line::new(socket.into())
    }

    /// Asks once, on a connection of its own.
    pub(crate) fn ask(&self, method: &str, target: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Reply {
        self.line().ask(method, target, headers, body)
    }

    pub(crate) fn flag(&self, key: &str, context: &str) -> Reply {
        let body = format!(r#"{{"context":{context}}}"#);
        self.ask("POST", &format!("{FLAGS}/{key}"), &[], body)
    }

    pub(crate) fn bulk(&self, headers: &[&str], context: &str) -> Reply {
        self.ask("POST", FLAGS, headers, format!(r#"{{"context":{context}}}"#))
    }
}

/// The usual flags, with that value of `whole`.
pub(crate) fn usual(limit: u32) -> String {
    SET.replace("%limit%", &limit.to_string())
}

pub(crate) fn set(text: &str, revision: u64) -> Published {
    let source = Source::new("flags.json", text.to_owned());
    let reading = Definitions::read([&source], ReadOptions::default());
    let reading = reading.unwrap_or_else(|wrong| panic!("{}", wrong.render(&source)));
    let flags = FlagSet::compile(&reading.definitions, Options { gray_on: true });
    Published {
        flags: Arc::new(flags.unwrap_or_else(|wrong| panic!("{}", wrong.render(&source)))),
        revision,
        digest: Sha256::digest(text).into(),
    }
}

pub(crate) fn key(name: &str, secret: &str) -> Key {
    Key {
        name: name.into(),
        sha256: Sha256::digest(secret).into(),
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// A connection.
pub(crate) struct Line(BufReader<TcpStream>);

impl Line {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    /// Sends bytes. The other side may have gone already; that shows when something is read.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.get_mut().write_all(bytes.as_ref());
    }

    pub(crate) fn ask(
        &mut self,
        method: &str,
        target: &str,
        headers: &[&str],
        body: impl AsRef<[u8]>,
    ) -> Reply {
        let body = body.as_ref();
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: flags\r\n");
        for header in headers {
            head += &format!("{header}\r\n");
        }
        if !body.is_empty() {
            head += &format!("content-length: {}\r\n", body.len());
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend_from_slice(body);
        self.send(bytes);
        self.reply()
    }

    pub(crate) fn reply(&mut self) -> Reply {
        let mut reply = self.head().expect("an answer");
        let length = reply
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        reply.body.resize(if reply.status == 304 { 0 } else { length }, 0);
        self.0.read_exact(&mut reply.body).unwrap();
        reply
    }

    /// The head of an answer; `None` where the connection ends before it.
    pub(crate) fn head(&mut self) -> Option<Reply> {
        let first = self.text_line()?;
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let lines = std::iter::from_fn(|| self.text_line().filter(|line| !line.is_empty()));
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Some(Reply {
            status,
            headers: headers.collect(),
            body: Vec::new(),
        })
    }

    /// A line without its end; `None` at the end of the connection.
    pub(crate) fn text_line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether the other side ends the connection, without sending anything more.
    pub(crate) fn ends(&mut self) -> bool {
        match self.0.by_ref().bytes().next() {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(error)) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    pub(crate) fn close_writing(&self) {
        self.stream().shutdown(Shutdown::Write).unwrap();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} stands twice");
        value
    }

    /// The body as JSON of that schema.
    pub(crate) fn json(&self, schema: &str) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        let value = serde_json::from_slice(&self.body).unwrap();
        schema::conforms(schema, &value);
        value
    }

    /// The body as a failure with that status and that word.
    pub(crate) fn fails(&self, status: u16, schema: &str, code: &str) -> Value {
        assert_eq!(self.status, status);
        let value = self.json(schema);
        assert_eq!(value["errorCode"], code, "{value}");
        value
    }
}
