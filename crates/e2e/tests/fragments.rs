//! Exchanges of every kind, cut into pieces at random: what one side sent is what the other side saw.
//!
//! The plan of an exchange follows from its number, so the client and the upstream each make it for themselves, and a
//! failure is repeated by its number.

use std::thread;

use graylane_testkit::{Client, Next, Recipe, Recorded, Turn, Upstream};

const CLIENTS: u64 = 4;
const EXCHANGES: u64 = 120;
const LARGEST: u64 = 20_000;

/// xorshift64*: enough to make plans, and the same everywhere.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % limit
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    fn body(&mut self) -> Vec<u8> {
        let limit = self.of(&[1, 10, 1_000, LARGEST]);
        (0..self.below(limit)).map(|_| self.below(256) as u8).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Absent,
    Length,
    Chunked,
    Close,
}

#[derive(Debug)]
struct Message {
    framing: Framing,
    body: Vec<u8>,
    trailer: bool,
    closes: bool,
}

#[derive(Debug)]
struct Plan {
    number: u64,
    method: &'static str,
    request: Message,
    status: u16,
    answer: Message,
    interim: u64,
    early: bool,
}

impl Plan {
    fn new(number: u64) -> Self {
        let random = &mut Random::new(number);
        let method = random.of(&["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);
        let framing = random.of(&[Framing::Absent, Framing::Length, Framing::Chunked]);
        let request = Message::new(random, framing);
        let status = random.of(&[200, 200, 200, 201, 204, 304, 404, 500, 599]);
        let framing = random.of(&[Framing::Length, Framing::Chunked, Framing::Close]);
        let mut answer = Message::new(random, framing);
        answer.closes |= framing == Framing::Close;
        if matches!(status, 204 | 304) || method == "HEAD" {
            answer.body.clear();
            answer.framing = Framing::Absent;
            answer.trailer = false;
        }
        Self {
            number,
            method,
            request,
            status,
            answer,
            interim: random.below(3),
            early: random.one_in(4),
        }
    }

    fn request(&self) -> Vec<u8> {
        let mut bytes = format!(
            "{} /{} HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n",
            self.method, self.number
        )
        .into_bytes();
        self.request.write(self.number, &mut bytes);
        bytes
    }

    fn answer(&self) -> Vec<u8> {
        let mut bytes = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(self.interim as usize);
        bytes.extend_from_slice(format!("HTTP/1.1 {} Scripted\r\n", self.status).as_bytes());
        self.answer.write(self.number, &mut bytes);
        bytes
    }

    /// What the upstream does.
    fn play(&self, turn: &mut Turn<'_>) -> Next {
        let random = &mut Random::new(!self.number >> 1);
        if !self.early && !turn.read_body() {
            return Next::Close;
        }
        cut(random, &self.answer(), &mut |piece| turn.write(piece));
        if turn.read_body() && !self.answer.closes {
            Next::Keep
        } else {
            Next::Close
        }
    }

    /// What the client does: the connection for the next exchange comes back, where it is still there.
    fn ask(&self, mut client: Client) -> Option<Client> {
        let random = &mut Random::new(!self.number >> 2);
        cut(random, &self.request(), &mut |piece| {
            client.wire().send(piece).is_ok()
        });
        let response = client.try_response(self.method == "HEAD");
        let response = response.unwrap_or_else(|error| panic!("{error}: {self:?}"));

        assert_eq!(response.status, self.status, "{self:?}");
        assert!(response.complete && response.body == self.answer.body, "{self:?}");
        let trailers = self.answer.trailers(self.number);
        assert_eq!(lower(&response.trailers), trailers, "{self:?}");
        let closes = response
            .header("connection")
            .is_some_and(|value| value == "close");
        assert_eq!(closes, self.request.closes, "{self:?}");
        (!closes).then_some(client)
    }

    /// What the upstream must have seen.
    fn check(&self, seen: &Recorded) {
        assert_eq!(seen.head.method(), self.method, "{self:?}");
        assert!(
            seen.complete && seen.body == self.request.body,
            "{self:?}: {seen:?}"
        );
        assert_eq!(
            lower(&seen.trailers),
            self.request.trailers(self.number),
            "{self:?}"
        );
    }
}

impl Message {
    fn new(random: &mut Random, framing: Framing) -> Self {
        let body = if framing == Framing::Absent {
            Vec::new()
        } else {
            random.body()
        };
        Self {
            framing,
            body,
            trailer: framing == Framing::Chunked && random.one_in(2),
            closes: random.one_in(6),
        }
    }

    /// The rest of the head, and the body.
    fn write(&self, number: u64, out: &mut Vec<u8>) {
        if self.closes {
            out.extend_from_slice(b"Connection: close\r\n");
        }
        if self.trailer {
            out.extend_from_slice(b"Trailer: X-Sum\r\n");
        }
        match self.framing {
            Framing::Length => {
                out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.body.len()).as_bytes());
                out.extend_from_slice(&self.body);
            }
            Framing::Chunked => {
                out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                let random = &mut Random::new(number);
                let mut rest = &self.body[..];
                while !rest.is_empty() {
                    let (chunk, after) = rest.split_at(1 + random.below(rest.len() as u64) as usize);
                    out.extend_from_slice(format!("{:X};a=\"b\"\r\n", chunk.len()).as_bytes());
                    out.extend_from_slice(chunk);
                    out.extend_from_slice(b"\r\n");
                    rest = after;
                }
                out.extend_from_slice(b"0\r\n");
                for (name, value) in self.trailers(number) {
                    out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
                }
                out.extend_from_slice(b"\r\n");
            }
            Framing::Absent | Framing::Close => {
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(&self.body);
            }
        }
    }

    fn trailers(&self, number: u64) -> Vec<(String, String)> {
        let trailer = ("x-sum".to_owned(), number.to_string());
        self.trailer.then_some(trailer).into_iter().collect()
    }
}

fn lower(fields: &[(String, String)]) -> Vec<(String, String)> {
    let lower = |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
    fields.iter().map(lower).collect()
}

/// Sends the bytes: at once, in a few pieces, or in tiny ones at first.
fn cut(random: &mut Random, bytes: &[u8], send: &mut dyn FnMut(&[u8]) -> bool) {
    let (largest, tiny) = random.of(&[(u64::MAX, 0), (LARGEST / 4, 0), (500, 0), (3, 200), (1, 400)]);
    let mut at = 0;
    while at < bytes.len() {
        let largest = if tiny > 0 && at > tiny { LARGEST } else { largest };
        let left = (bytes.len() - at) as u64;
        let length = if largest == u64::MAX {
            left
        } else {
            (1 + random.below(largest)).min(left)
        };
        if !send(&bytes[at..at + length as usize]) {
            return;
        }
        at += length as usize;
        thread::yield_now();
    }
}

#[test]
fn whatever_is_sent_in_whatever_pieces_arrives_as_it_was_sent() {
    let upstream = Upstream::start(|turn| {
        let number = turn.head.target()[1..].parse().unwrap();
        Plan::new(number).play(turn)
    });
    let gateway = Recipe::to(upstream.address()).start();

    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let gateway = &gateway;
            scope.spawn(move || {
                let mut connection = None;
                for nth in 0..EXCHANGES {
                    let plan = Plan::new(client * EXCHANGES + nth);
                    connection = plan.ask(connection.take().unwrap_or_else(|| gateway.client()));
                }
            });
        }
    });

    for number in 0..CLIENTS * EXCHANGES {
        let target = format!("/{number}");
        let seen = upstream.until_request("the whole request arrived", |seen| {
            seen.head.target() == target && seen.complete
        });
        Plan::new(number).check(&seen);
    }
    assert_eq!(upstream.requests().len() as u64, CLIENTS * EXCHANGES);
    assert_eq!(upstream.faults(), Vec::<String>::new());
}
