//! Clients that come over TLS: their connections do not move, since their keys would have to.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use graylane_testkit::frame::{ACK, PING};
use graylane_testkit::{Authority, Client, Gateway, H2, LIMIT, Recipe, Round, Setup, Upstream, binary};

use crate::stage::{Asking, next, probation, recipe, switch, switched_twice};

/// No stream has a higher number: nothing is refused yet.
const NOT_YET: u32 = (1 << 31) - 1;
const HOST: &str = "shop.example";

/// A gateway with TLS at its only listener.
fn secured(recipe: &Recipe, authority: &Authority) -> Setup {
    let issued = authority.give(&[HOST]);
    let tls = "[listeners.web.tls]\ncertificates = [{ certificate = \"shop.pem\", key = \"shop.key\" }]\n";
    let setup = recipe.clone().more(tls).setup();
    setup
        .file("shop.pem", &issued.certificate)
        .file("shop.key", &issued.key)
}

fn connect(gateway: &Gateway, authority: &Authority, protocol: &str) -> Client {
    Client::try_secured(gateway.address(), authority, HOST, protocol).unwrap()
}

/// Asks, and gives the body and what is said of the connection.
fn get(client: &mut Client) -> (String, Option<String>) {
    let response = client.get("/", &[("Host", HOST)]);
    let connection = response.header("connection").map(str::to_owned);
    (response.text(), connection)
}

fn closing(body: &str) -> (String, Option<String>) {
    (body.to_owned(), Some("close".to_owned()))
}

#[test]
fn an_idle_connection_of_http1_is_answered_once_more_where_it_is_and_a_new_one_by_the_next_process() {
    let (authority, upstream) = (Authority::new(), Upstream::fixed("before"));
    let other = Upstream::fixed("next");
    // Long enough for one request.
    let recipe =
        probation(Recipe::to(upstream.address()), "3s").drain("idle_grace = \"1m\"\nlimit = \"10m\"");
    let setup = secured(&recipe, &authority);
    let mut gateway = setup.start();
    let mut idle = connect(&gateway, &authority, "http/1.1");
    get(&mut idle);

    let endpoints = format!("lanes.shop.stable.endpoints=[\"{}\"]", other.address());
    let next = next(&setup.argument("--set").argument(endpoints));
    let on_probation = get(&mut idle);
    gateway.until_event("draining");
    let last = get(&mut idle);
    let mut fresh = connect(&next, &authority, "http/1.1");
    let there = get(&mut fresh);

    assert_eq!(on_probation, ("before".to_owned(), None));
    assert_eq!(last, closing("before"));
    assert_eq!(there, ("next".to_owned(), None));
    assert_eq!((idle.until_closed(), gateway.wait(LIMIT)), (Vec::new(), 0));
    assert_eq!(gateway.until_event("stopped")["connections"]["drained"], 1);
}

// The grace of a drain does not count after a commit: a connection that cannot move stays for as long as the process does.
#[test]
fn an_idle_connection_of_http1_is_answered_though_its_grace_is_over() {
    let (authority, upstream) = (Authority::new(), Upstream::fixed("served"));
    let recipe = recipe(upstream.address()).drain("idle_grace = \"100ms\"\nlimit = \"10m\"");
    let setup = secured(&recipe, &authority);
    let mut gateway = setup.start();
    let mut idle: Vec<_> = (0..4)
        .map(|_| connect(&gateway, &authority, "http/1.1"))
        .collect();
    idle.iter_mut().for_each(|client| drop(get(client)));

    let next = next(&setup);
    gateway.until_event("draining");
    let stays: Vec<bool> = idle
        .iter_mut()
        .map(|client| client.stays_silent(Duration::from_millis(300)))
        .collect();
    let last: Vec<_> = idle.iter_mut().map(get).collect();
    let there = get(&mut connect(&next, &authority, "http/1.1"));

    assert_eq!(stays, [true; 4]);
    assert_eq!(last, vec![closing("served"); 4]);
    assert_eq!(there, ("served".to_owned(), None));
    assert_eq!(gateway.wait(LIMIT), 0, "{}", gateway.stderr());
}

// Who asks again is served by the process that goes on: those who are idle need not keep the other one.
#[test]
fn an_idle_connection_does_not_keep_a_process_that_is_sent_back() {
    let (authority, upstream) = (Authority::new(), Upstream::fixed("served"));
    let recipe = probation(Recipe::to(upstream.address()), "60s");
    let setup = secured(
        &recipe.drain("idle_grace = \"100ms\"\nlimit = \"10m\""),
        &authority,
    );
    let gateway = setup.start();
    let mut next = next(&setup);
    let mut idle = connect(&next, &authority, "http/1.1");
    get(&mut idle);

    next.terminate();

    assert_eq!(next.wait(LIMIT), 0, "{}", next.stderr());
    assert_eq!(next.until_event("stopped")["connections"]["closed_idle"], 1);
    assert_eq!(idle.until_finished(), b"");
    assert_eq!(get(&mut connect(&gateway, &authority, "http/1.1")).0, "served");
}

#[test]
fn an_idle_connection_of_http1_is_closed_by_the_limit_and_not_cut() {
    let (authority, upstream) = (Authority::new(), Upstream::fixed("served"));
    let recipe = recipe(upstream.address()).drain("limit = \"300ms\"");
    let mut gateway = secured(&recipe, &authority).start();
    let mut idle = connect(&gateway, &authority, "http/1.1");
    get(&mut idle);

    let switched = switch(&gateway, &binary());

    assert_eq!((switched.ran.code, gateway.wait(LIMIT)), (0, 0), "{switched:?}");
    assert_eq!((switched.count("closed_idle"), switched.count("cut")), (1, 0));
    assert_eq!(idle.until_finished(), b"");
}

#[test]
fn who_is_idle_for_too_long_is_told_the_end() {
    let (authority, upstream) = (Authority::new(), Upstream::fixed("served"));
    let recipe = recipe(upstream.address()).limit("idle_time = \"100ms\"");
    let gateway = secured(&recipe, &authority).start();
    let mut idle = connect(&gateway, &authority, "http/1.1");

    get(&mut idle);

    assert_eq!(idle.until_finished(), b"");
}

#[test]
fn a_client_of_http2_is_answered_where_it_is_until_it_has_left_and_then_by_the_next_process() {
    let (authority, upstream) = (Authority::new(), Upstream::fixed("before"));
    let other = Upstream::fixed("next");
    let recipe = recipe(upstream.address()).drain("idle_grace = \"1m\"\nlimit = \"10m\"");
    let setup = secured(&recipe, &authority);
    let mut gateway = setup.start();
    let mut client = H2::begin(connect(&gateway, &authority, "h2"), HOST).unwrap();
    client.ask(1).unwrap();
    client.answer(1);

    let endpoints = format!("lanes.shop.stable.endpoints=[\"{}\"]", other.address());
    let next = next(&setup.argument("--set").argument(endpoints));
    gateway.until_event("draining");
    let first = client.until_leaving();
    let ping = client.until(|frame| frame.is(PING)).payload;
    // Sent by a client that has not seen the first yet.
    client.ask(3).unwrap();
    let last = client.answer(3);
    client.send(PING, ACK, 0, &ping);
    let left = client.until_leaving();
    let mut fresh = H2::begin(connect(&next, &authority, "h2"), HOST).unwrap();
    fresh.ask(1).unwrap();
    let there = fresh.answer(1);

    assert_eq!((&*last, &*there), (&b"before"[..], &b"next"[..]));
    assert_eq!((first, left), ((NOT_YET, 0), (3, 0)));
    assert_eq!((client.until_closed(), gateway.wait(LIMIT)), (Vec::new(), 0));
    assert_eq!(gateway.until_event("stopped")["connections"]["drained"], 1);
}

/// A client of HTTP/1.1 that keeps its connection until it is told to close.
fn keeping(connect: impl Fn() -> io::Result<Client> + Send + 'static) -> Round {
    let mut kept = None;
    Box::new(move || {
        let mut client = kept
            .take()
            .map_or_else(&connect, Ok)
            .map_err(|error| error.to_string())?;
        let response = client.try_request("GET", "/", &[("Host", HOST)], b"")?;
        if response.status != 200 {
            return Err(format!("{} {}", response.status, response.fault()));
        }
        if response.header("connection") != Some("close") {
            kept = Some(client);
        }
        Ok(())
    })
}

#[test]
fn one_switch_after_the_other_under_load_loses_nothing() {
    let (authority, upstream) = (Arc::new(Authority::new()), Upstream::fixed("served"));
    let mut gateway = secured(&recipe(upstream.address()), &authority).start();
    let to = gateway.address();
    let over = |protocol| {
        let authority = Arc::clone(&authority);
        move || Client::try_secured(to, &authority, HOST, protocol)
    };
    let rounds = (0..3).flat_map(|_| {
        let connect = over("h2");
        let mut asking = Asking::new(move || H2::begin(connect()?, HOST));
        [keeping(over("http/1.1")), Box::new(move || asking.round())]
    });

    switched_twice(&mut gateway, rounds.collect());
}
