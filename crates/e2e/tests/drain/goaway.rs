//! Over HTTP/2, frame by frame: the first GOAWAY refuses nothing, the second tells what was taken (RFC 9113, section 6.8).

use graylane_testkit::{Client, Gate, Gateway, LIMIT, Recipe, Upstream};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
/// END_STREAM and END_HEADERS.
const WHOLE: u8 = 5;
/// `:method: GET`, `:scheme: http`, `:path: /`, `:authority: a` (RFC 7541, appendix A).
const GET: &[u8] = b"\x82\x86\x84\x41\x01a";
/// No stream has a higher number: nothing is refused yet.
const NOT_YET: u32 = (1 << 31) - 1;

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    fn ends(&self, stream: u32) -> bool {
        let carries = matches!(self.kind, DATA | HEADERS);
        carries && self.stream == stream && self.flags & END_STREAM != 0
    }

    /// The last stream that a GOAWAY says will be served, and its error.
    fn last(&self) -> (u32, u32) {
        let word = |at: usize| u32::from_be_bytes(self.payload[at..at + 4].try_into().expect("four bytes"));
        (word(0), word(4))
    }
}

/// A client that answers no ping by itself.
struct H2(Client);

impl H2 {
    fn connect(gateway: &Gateway) -> Self {
        let mut client = Self(gateway.client());
        client.0.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        client.send(SETTINGS, 0, 0, b"");
        client
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u8::try_from(payload.len()).expect("frames of a test are short");
        let mut frame = vec![0, 0, length, kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        self.0.send(frame);
    }

    fn ask(&mut self, stream: u32) {
        self.send(HEADERS, WHOLE, stream, GET);
    }

    fn next(&mut self) -> Frame {
        let mut bytes = Vec::new();
        self.read(9, &mut bytes);
        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        let mut payload = Vec::new();
        self.read(length, &mut payload);
        Frame {
            kind: bytes[3],
            flags: bytes[4],
            stream: u32::from_be_bytes([bytes[5], bytes[6], bytes[7], bytes[8]]),
            payload,
        }
    }

    fn read(&mut self, length: u32, into: &mut Vec<u8>) {
        let wire = self.0.wire();
        wire.exactly(length.into(), &mut |bytes| into.extend_from_slice(bytes))
            .expect("a whole frame");
    }

    /// The next frame of which this holds. Settings are acknowledged meanwhile.
    fn until(&mut self, wanted: impl Fn(&Frame) -> bool) -> Frame {
        loop {
            let frame = self.next();
            if frame.kind == SETTINGS && frame.flags & ACK == 0 {
                self.send(SETTINGS, ACK, 0, b"");
            }
            if wanted(&frame) {
                return frame;
            }
        }
    }
}

fn is(kind: u8) -> impl Fn(&Frame) -> bool {
    move |frame| frame.kind == kind && frame.flags & ACK == 0
}

#[test]
fn a_stream_that_crosses_the_first_goaway_is_served_and_the_second_names_it() {
    let gate = Gate::new();
    let upstream = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            gate.pass();
            turn.fixed(200, "served")
        }
    });
    let mut gateway = Recipe::to(upstream.address()).start();
    let mut client = H2::connect(&gateway);
    client.ask(1);
    upstream.until_request("it is under way", |_| true);

    gateway.terminate();
    let first = client.until(is(GOAWAY)).last();
    let ping = client.until(is(PING)).payload;
    // Sent by a client that has not seen the first yet.
    client.ask(3);
    client.send(PING, ACK, 0, &ping);
    let second = client.until(is(GOAWAY)).last();
    gate.open();
    let mut answered = Vec::new();
    while answered.len() < 2 {
        let frame = client.until(|frame| frame.ends(1) || frame.ends(3));
        answered.push(frame.stream);
    }
    answered.sort_unstable();

    assert_eq!((first, second), ((NOT_YET, 0), (3, 0)));
    assert_eq!(answered, [1, 3]);
    assert_eq!((client.0.until_closed(), gateway.wait(LIMIT)), (Vec::new(), 0));
    let stopped = gateway.until_event("stopped");
    assert_eq!(stopped["connections"]["drained"], 1, "{stopped}");
}

#[test]
fn an_idle_client_that_answers_the_ping_is_done_at_once() {
    let upstream = Upstream::fixed("served");
    let mut gateway = Recipe::to(upstream.address())
        .drain("idle_grace = \"20s\"")
        .start();
    let mut client = H2::connect(&gateway);
    client.ask(1);
    client.until(|frame| frame.ends(1));

    gateway.terminate();
    let first = client.until(is(GOAWAY)).last();
    let ping = client.until(is(PING)).payload;
    client.send(PING, ACK, 0, &ping);
    let second = client.until(is(GOAWAY)).last();

    assert_eq!((first, second), ((NOT_YET, 0), (1, 0)));
    assert_eq!((client.0.until_closed(), gateway.wait(LIMIT)), (Vec::new(), 0));
    assert_eq!(gateway.until_event("stopped")["connections"]["drained"], 1);
}

#[test]
fn an_idle_client_that_says_nothing_is_closed_after_its_grace() {
    let upstream = Upstream::fixed("served");
    let mut gateway = Recipe::to(upstream.address())
        .drain("idle_grace = \"200ms\"")
        .start();
    let mut client = H2::connect(&gateway);
    client.ask(1);
    client.until(|frame| frame.ends(1));

    gateway.terminate();
    let code = gateway.wait(LIMIT);

    assert_eq!(code, 0);
    assert_eq!(gateway.until_event("stopped")["connections"]["closed_idle"], 1);
}
