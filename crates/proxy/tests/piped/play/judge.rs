//! What must hold, whatever was said.

use super::pipes::{Peer, Played};
use super::reader::{Framing, Message, Next, Reader};
use super::script::{Act, Plan};

/// Fields that the gateway writes into requests itself.
const OWN_OF_REQUESTS: [&str; 11] = [
    "connection",
    "forwarded",
    "grpc-timeout",
    "te",
    "traceparent",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-gray-version",
];
/// Fields that it writes into answers.
const OWN_OF_ANSWERS: [&str; 5] = [
    "connection",
    "date",
    "transfer-encoding",
    "upgrade",
    "x-gray-version",
];
/// What ends with a connection.
const HOP_BY_HOP: [&str; 5] = [
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "http2-settings",
];
/// What no trailer may be (RFC 9110, section 6.5.1), or the gateway alone may say.
const NO_TRAILERS: [&str; 9] = [
    "connection",
    "content-length",
    "forwarded",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-gray-version",
];
/// The gateway's own faults: status and word.
const FAULTS: [(u16, &str); 14] = [
    (400, "bad-request"),
    (414, "target-too-long"),
    (431, "head-too-large"),
    (505, "version-not-served"),
    (413, "body-too-large"),
    (417, "expectation"),
    (408, "request-timeout"),
    (501, "method-not-served"),
    (404, "no-service"),
    (503, "no-endpoint"),
    (502, "unreachable"),
    (504, "upstream-timeout"),
    (504, "deadline-exceeded"),
    (502, "upstream-broken"),
];
/// Those after which nothing on the connection can be trusted to be a request.
const FINAL: [u16; 8] = [400, 408, 413, 414, 417, 431, 501, 505];

/// What a client may have sent before it is not read any more.
const MAX_AHEAD: usize = 60_000;

/// A request as the client sent it, and what it got; the request is missing where it could not be read.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Option<Message>,
    pub(crate) interim: Vec<Message>,
    pub(crate) answer: Option<Message>,
    /// What the client got in another protocol.
    tunnel: Option<Vec<u8>>,
    /// What it sent in it.
    entered: Vec<u8>,
}

/// A request as an endpoint received it, and what it said.
#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) request: Message,
    /// Not even the head came as a whole.
    is_cut: bool,
    interim: Vec<Message>,
    answer: Option<Message>,
    /// Whether the endpoint said anything.
    silent: bool,
    received: Vec<u8>,
    tunnel: Vec<u8>,
    step: u32,
}

/// Judges, and gives what the client saw, and what endpoints received, in the order of time.
///
/// # Panics
/// Where anything is not as it must be.
pub(crate) fn judge(plan: &Plan, played: &Played) -> (Vec<Exchange>, Vec<Try>) {
    let exchanges = exchanges(&played.client);
    let mut tries: Vec<_> = played.endpoints.iter().flat_map(tries).collect();
    tries.sort_by_key(|one| one.step);
    for one in tries.iter().filter(|one| !one.is_cut) {
        forwarded(plan, played, &one.request);
    }
    belong(&exchanges, &tries, &played.client);
    answered(&exchanges, &tries);
    let stalled = played.stalled.first().copied().unwrap_or_default();
    assert!(stalled <= played.client.said.len(), "more was read than was said");
    let answers = exchanges.iter().filter(|exchange| exchange.answer.is_some());
    assert!(
        played.observed >= answers.count() as u64,
        "an exchange was not observed"
    );
    if !played.client.left {
        assert!(
            played.observed <= exchanges.len() as u64,
            "an exchange was observed twice"
        );
    }
    leaves(plan, played, &exchanges);
    (exchanges, tries)
}

/// A client that ends its side is all that it takes to end, but where an endpoint does not listen or the client has sent far
/// ahead: else somebody forgot to ask to be woken.
fn leaves(plan: &Plan, played: &Played, exchanges: &[Exchange]) {
    let mut segments = plan.endpoints.iter().flat_map(|(_, script)| script);
    let is_heard = segments.all(|segment| segment.act != Act::Deafen) && played.client.said.len() < MAX_AHEAD;
    let is_tunnel = exchanges.iter().any(|exchange| exchange.tunnel.is_some());
    // Who breaks off its body after the answer has begun gets the rest of that.
    let is_half = exchanges.last().is_some_and(|exchange| {
        let is_whole = exchange.request.as_ref().is_some_and(|request| request.complete);
        exchange.answer.is_some() && !is_whole
    });
    assert!(
        played.endings <= 1 || !is_heard || is_tunnel || is_half,
        "nobody saw that the client left"
    );
}

/// Reads what the client saw beside what it said.
fn exchanges(client: &Peer) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let mut sent = Reader::lenient(&client.said, true);
    let mut got = Reader::strict(&client.heard, client.end.is_some());
    let mut is_over = false;
    loop {
        let request = match sent.request() {
            Next::Message(message) => Some(message),
            Next::Nothing => break,
            Next::Cut | Next::Junk(_) => None,
        };
        let goes_on = request.as_ref().is_some_and(|request| request.complete);
        let mut exchange = Exchange {
            request,
            interim: Vec::new(),
            answer: None,
            tunnel: None,
            entered: Vec::new(),
        };
        if !is_over {
            is_over = !read_answer(&mut exchange, &mut got, client);
        }
        if exchange.tunnel.is_some() {
            exchange.entered = sent.rest().to_vec();
            exchanges.push(exchange);
            return exchanges;
        }
        exchanges.push(exchange);
        // A client that left has not seen all that there was.
        if !goes_on || (is_over && !client.left) {
            break;
        }
    }
    assert!(
        got.rest().is_empty(),
        "more was answered than was asked: {}",
        got.rest().escape_ascii()
    );
    exchanges
}

/// Reads the answers to one request; whether another one can follow.
fn read_answer(exchange: &mut Exchange, got: &mut Reader<'_>, client: &Peer) -> bool {
    let asked = exchange.request.as_ref().map(Message::asks).unwrap_or_default();
    loop {
        let message = match got.answer(asked) {
            Next::Message(message) => message,
            Next::Nothing => return false,
            Next::Cut => {
                assert!(client.end.is_some() || client.left, "a head was never finished");
                // A head that was cut is all that there is.
                *got = Reader::strict(b"", true);
                return false;
            }
            Next::Junk(why) => panic!("the client got {why}: {}", client.heard.escape_ascii()),
        };
        check_answer(&message, exchange.request.as_ref());
        if (100..200).contains(&message.status()) && message.status() != 101 {
            assert!(!asked.is_old, "an interim answer for who does not know them");
            exchange.interim.push(message);
            continue;
        }
        let closes = message.only("connection") == Some(b"close");
        let is_fault = own_fault(&message);
        if is_fault && FINAL.contains(&message.status()) {
            assert!(closes, "a connection goes on after a fault: {message:?}");
        }
        if message.status() == 101 {
            exchange.tunnel = Some(got.rest().to_vec());
        } else if closes {
            assert!(
                got.rest().is_empty(),
                "something follows the last answer: {message:?}"
            );
            // With the answer that was written as a whole, not with the client's own end.
            if is_fault && message.complete && !client.left {
                assert!(client.end.is_some(), "the connection was not closed");
            }
        }
        let goes_on = message.complete && !closes && message.framing != Framing::UntilClose;
        assert!(message.framing != Framing::UntilClose || closes, "{message:?}");
        exchange.answer = Some(message);
        return goes_on;
    }
}

fn check_answer(message: &Message, request: Option<&Message>) {
    let status = message.status();
    for name in HOP_BY_HOP {
        assert!(!message.has(name), "{name} was passed on: {message:?}");
    }
    assert!(message.all("transfer-encoding").count() <= 1, "{message:?}");
    assert!(message.all("content-length").count() <= 1, "{message:?}");
    let is_old = request.is_some_and(|request| request.asks().is_old);
    for (at, connection) in message.all("connection").enumerate() {
        let is_known = match status {
            101 => connection == b"upgrade",
            _ => connection == b"close" || (connection == b"keep-alive" && is_old),
        };
        assert!(at == 0 && is_known, "{message:?}");
    }
    assert_eq!(message.has("upgrade"), status == 101, "{message:?}");
    check_trailers(message);
}

fn check_trailers(message: &Message) {
    for (name, _) in &message.trailers {
        assert!(
            !NO_TRAILERS.contains(&name.as_str()),
            "{name} is no trailer: {message:?}"
        );
    }
}

fn own_fault(message: &Message) -> bool {
    // A client of gRPC is told in the words of gRPC.
    let is_grpc = message.status() == 200 && message.has("grpc-status");
    FAULTS.iter().any(|(status, word)| {
        (*status == message.status() || is_grpc)
            && message
                .all("x-graylane-fault")
                .any(|value| value == word.as_bytes())
    })
}

/// Reads what one endpoint received beside what it said.
fn tries(endpoint: &Peer) -> Vec<Try> {
    let mut tries = Vec::new();
    let mut got = Reader::strict(&endpoint.heard, true);
    let mut said = Reader::lenient(&endpoint.said, endpoint.ended);
    loop {
        let (from, rest) = (endpoint.heard.len() - got.rest().len(), got.rest());
        let (request, is_cut) = match got.request() {
            Next::Message(message) => (message, false),
            Next::Cut => (Message::cut(rest, from), true),
            Next::Nothing => return tries,
            Next::Junk(why) => panic!("an endpoint got {why}: {}", endpoint.heard.escape_ascii()),
        };
        let before = endpoint
            .when
            .partition_point(|(offset, _)| *offset <= request.from);
        let mut one = Try {
            step: endpoint.when[before - 1].1,
            interim: Vec::new(),
            answer: None,
            silent: said.rest().is_empty(),
            received: Vec::new(),
            tunnel: Vec::new(),
            request,
            is_cut,
        };
        loop {
            match said.answer(one.request.asks()) {
                Next::Message(message) if message.status() == 101 => {
                    if one.request.has("upgrade") {
                        one.received = got.rest().to_vec();
                        got = Reader::strict(b"", true);
                        one.tunnel = said.rest().to_vec();
                    }
                    one.answer = Some(message);
                    break;
                }
                Next::Message(message) if message.status() < 200 => one.interim.push(message),
                Next::Message(message) => {
                    one.answer = Some(message);
                    break;
                }
                Next::Nothing | Next::Cut | Next::Junk(_) => break,
            }
        }
        let is_open = one.request.complete && one.answer.as_ref().is_some_and(|answer| answer.complete);
        tries.push(one);
        if !is_open {
            assert!(
                is_cut || got.rest().is_empty(),
                "a link was used again in the middle of an exchange: {}",
                got.rest().escape_ascii()
            );
            return tries;
        }
    }
}

/// What every request that goes on must be.
fn forwarded(plan: &Plan, played: &Played, request: &Message) {
    for name in [
        "host",
        "x-gray-version",
        "x-forwarded-for",
        "forwarded",
        "traceparent",
    ] {
        assert!(request.only(name).is_some(), "not one {name}: {request:?}");
    }
    for name in ["x-forwarded-proto", "x-forwarded-host"] {
        // What a trusted peer says of them stands as it is.
        let is_right = if plan.trusted {
            request.has(name)
        } else {
            request.only(name).is_some()
        };
        assert!(is_right, "not one {name}: {request:?}");
    }
    for name in HOP_BY_HOP {
        assert!(!request.has(name), "{name} was passed on: {request:?}");
    }
    let lanes: [&[u8]; 2] = [b"stable", b"gray"];
    assert!(
        request
            .only("x-gray-version")
            .is_some_and(|lane| lanes.contains(&lane)),
        "{request:?}"
    );
    let peer = played.peer.to_string();
    let named = request.only("x-forwarded-for").unwrap_or_default();
    assert!(named.ends_with(peer.as_bytes()), "{request:?}");
    assert!(
        plan.trusted || named == peer.as_bytes(),
        "a stranger was believed: {request:?}"
    );
    let has_upgrade = request.has("upgrade");
    assert_eq!(
        request.all("connection").count(),
        usize::from(has_upgrade),
        "{request:?}"
    );
    assert!(
        request.all("connection").all(|value| value == b"upgrade"),
        "{request:?}"
    );
    assert!(request.all("te").all(|value| value == b"trailers") && request.all("te").count() < 2);
    assert!(
        request
            .all("expect")
            .all(|value| value.eq_ignore_ascii_case(b"100-continue")),
        "{request:?}"
    );
    check_trailers(request);
}

/// Each request that an endpoint received is one that the client sent, in its order, and again only where that is safe.
fn belong(exchanges: &[Exchange], tries: &[Try], client: &Peer) {
    let mut last: Option<usize> = None;
    for (number, one) in tries.iter().enumerate().filter(|(_, one)| !one.is_cut) {
        let is_same = |at: &usize| {
            let request = exchanges[*at].request.as_ref();
            request.is_some_and(|request| is_passed_on(request, &one.request))
        };
        let again = last.filter(is_same).filter(|_| {
            let before = &tries[number - 1];
            let is_safe = matches!(one.request.method(), b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE");
            before.silent && is_safe && one.request.framing == Framing::Empty
        });
        let next = || (last.map_or(0, |last| last + 1)..exchanges.len()).find(is_same);
        last = again.or_else(next);
        assert!(
            last.is_some(),
            "nobody asked for this: {:?}\nof {exchanges:?}\nsaid: {}",
            one.request,
            client.said.escape_ascii()
        );
    }
}

/// Whether an endpoint may receive this for that.
fn is_passed_on(sent: &Message, received: &Message) -> bool {
    let is_framed = match (sent.framing, received.framing) {
        (Framing::Length(sent), Framing::Length(received)) => sent == received,
        (sent, received) => sent == received,
    };
    let is_whole = !received.complete || (sent.complete && sent.body.len() == received.body.len());
    is_framed
        && is_whole
        && sent.method() == received.method()
        && sent.target() == received.target()
        && sent.body.starts_with(&received.body)
        && received
            .trailers
            .iter()
            .all(|field| sent.trailers.contains(field))
        && received
            .fields
            .iter()
            .all(|field| OWN_OF_REQUESTS.contains(&field.0.as_str()) || sent.fields.contains(field))
}

/// Each answer is the gateway's own, or what an endpoint said to that very request.
fn answered(exchanges: &[Exchange], tries: &[Try]) {
    let mut tries = tries.iter();
    for exchange in exchanges {
        let Some(answer) = &exchange.answer else {
            assert!(exchange.interim.is_empty() || exchange.request.is_some());
            continue;
        };
        if own_fault(answer) || (answer.status() == 299 && answer.only("x-gray-version").is_none()) {
            continue;
        }
        let request = exchange.request.as_ref();
        let found = tries.find(|one| {
            request.is_some_and(|request| one.is_cut || is_passed_on(request, &one.request))
                && one.answer.as_ref().is_some_and(|said| is_answer(said, answer))
        });
        let Some(found) = found else {
            panic!("no endpoint said this to {request:?}\n{answer:?}")
        };
        assert!(
            exchange.interim.len() <= found.interim.len(),
            "interim answers of nobody: {exchange:?}"
        );
        if let Some(tunnel) = &exchange.tunnel {
            assert!(found.tunnel.starts_with(tunnel), "{exchange:?}");
            assert!(exchange.entered.starts_with(&found.received), "{exchange:?}");
        }
    }
}

fn is_answer(said: &Message, got: &Message) -> bool {
    let ends = got.complete && got.framing != Framing::UntilClose;
    said.status() == got.status()
        && said.body.starts_with(&got.body)
        && (!ends || (said.complete && said.body.len() == got.body.len()))
        && got.trailers.iter().all(|field| said.trailers.contains(field))
        && got
            .fields
            .iter()
            .all(|field| OWN_OF_ANSWERS.contains(&field.0.as_str()) || said.fields.contains(field))
}
