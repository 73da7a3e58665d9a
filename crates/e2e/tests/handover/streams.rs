//! Clients that speak HTTP/2: their connections do not move, they are asked to leave.

use std::collections::BTreeMap;

use graylane_testkit::frame::{ACK, DATA, PING};
use graylane_testkit::{Client, Gate, Gateway, H2, LIMIT, Round, Upstream, binary};

use crate::stage::{Asking, next, recipe, switch, switched_twice};

/// No stream has a higher number: nothing is refused yet.
const NOT_YET: u32 = (1 << 31) - 1;

fn connect(gateway: &Gateway) -> H2 {
    H2::begin(gateway.client(), "a").unwrap()
}

/// What came, until so many streams have ended and as many GOAWAYs were read.
fn read(client: &mut H2, streams: usize, leaving: usize) -> (BTreeMap<u32, String>, Vec<(u32, u32)>) {
    let (mut bodies, mut words, mut ended) = (BTreeMap::<u32, String>::new(), Vec::new(), 0);
    while ended < streams || words.len() < leaving {
        let frame = client.frame().unwrap();
        words.extend(frame.leaves());
        ended += usize::from(frame.stream != 0 && frame.ends(frame.stream));
        if frame.kind == DATA {
            let body = bodies.entry(frame.stream).or_default();
            body.push_str(&String::from_utf8_lossy(&frame.payload));
        }
    }
    (bodies, words)
}

#[test]
fn streams_end_where_they_began_and_the_next_connection_is_the_next_processs() {
    let gate = Gate::new();
    let upstream = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            if turn.connection == 0 {
                gate.pass();
            }
            turn.fixed(200, "before")
        }
    });
    let other = Upstream::fixed("next");
    let setup = recipe(upstream.address()).setup();
    let mut gateway = setup.start();
    let mut client = connect(&gateway);
    client.ask(1).unwrap();
    upstream.until_request("a stream is under way", |_| true);

    let endpoints = format!("lanes.shop.stable.endpoints=[\"{}\"]", other.address());
    let next = next(&setup.argument("--set").argument(endpoints));
    let first = client.until_leaving();
    let ping = client.until(|frame| frame.is(PING)).payload;
    // Sent by a client that has not seen the first yet.
    client.ask(3).unwrap();
    client.send(PING, ACK, 0, &ping);
    let (crossing, second) = read(&mut client, 1, 1);
    let mut fresh = connect(&next);
    fresh.ask(1).unwrap();
    let there = fresh.answer(1);
    gate.open();
    let under_way = client.answer(1);

    assert_eq!((first, second), ((NOT_YET, 0), vec![(3, 0)]));
    assert_eq!(crossing, BTreeMap::from([(3, "before".to_owned())]));
    assert_eq!((&*under_way, &*there), (&b"before"[..], &b"next"[..]));
    assert_eq!((client.until_closed(), gateway.wait(LIMIT)), (Vec::new(), 0));
    assert_eq!(gateway.until_event("stopped")["connections"]["drained"], 1);
}

#[test]
fn one_switch_after_the_other_under_load_loses_no_stream() {
    let upstream = Upstream::fixed("served");
    let mut gateway = recipe(upstream.address()).start();
    let to = gateway.address();
    let rounds = (0..6).map(|_| {
        let mut asking = Asking::new(move || H2::begin(Client::try_connect(to)?, "a"));
        Box::new(move || asking.round()) as Round
    });

    switched_twice(&mut gateway, rounds.collect());
}

#[test]
fn a_stream_that_is_open_at_the_limit_is_cut_and_counted() {
    let upstream = Upstream::start(|turn| turn.hang());
    let mut gateway = recipe(upstream.address()).drain("limit = \"300ms\"").start();
    let (mut client, mut idle) = (connect(&gateway), connect(&gateway));
    client.ask(1).unwrap();
    idle.until(|frame| frame.flags & ACK != 0);
    upstream.until_request("a stream is under way", |_| true);

    let switched = switch(&gateway, &binary());
    let code = gateway.wait(LIMIT);

    assert_eq!((switched.ran.code, code), (53, 16), "{switched:?}");
    assert_eq!((switched.count("cut"), switched.count("closed_idle")), (1, 1));
    assert_eq!(gateway.until_event("stopped")["connections"]["cut"], 1);
    client.until_closed();
    idle.until_closed();
}
