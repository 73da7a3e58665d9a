use graylane_proxy::{Fate, Ledger, Queues};
use graylane_testkit::{Client, Upstream};
use proptest::prelude::*;

use crate::scene::Scene;

/// An upstream that switches protocols, hangs, or answers.
fn upstream() -> Upstream {
    Upstream::start(|turn| match turn.head.target() {
        "/tunnel" => turn.upgrade_and_echo("test", "bye"),
        "/hang" => turn.hang(),
        _ => turn.fixed(200, "served"),
    })
}

#[test]
fn every_connection_has_one_fate() {
    let upstream = upstream();
    let scene = Scene::start(
        upstream.address(),
        "[drain]\nidle_grace = \"100ms\"\nlimit = \"600ms\"",
    );
    let mut gone = scene.client();
    gone.get("/", &[]);
    drop(gone);
    scene.until(Fate::Ended, 1);
    let mut idle = scene.client();
    idle.get("/", &[]);
    let silent = scene.client();
    let mut tunnel = scene.client();
    tunnel.send("GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
    tunnel.response_head().unwrap();
    let mut hanging = scene.client();
    hanging.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    upstream.until_request("it hangs", |seen| seen.head.target() == "/hang");
    scene.until_open(4);
    let mark = scene.gateway.ledger();

    let all = scene.end();

    let drain = all.since(&mark);
    let of = |fate| (all.of(fate), drain.of(fate));
    assert_eq!(of(Fate::Ended), (1, 0));
    assert_eq!(of(Fate::ClosedIdle), (2, 2));
    assert_eq!(of(Fate::Cut), (2, 2));
    assert_eq!((all.accepted, drain.accepted, drain.before), (5, 0, 4));
    assert!(all.adds_up() && drain.adds_up() && !drain.is_lossless());
    drop((idle, silent, tunnel, hanging));
}

#[test]
fn who_is_idle_when_the_limit_comes_is_closed_and_not_cut() {
    let upstream = upstream();
    let scene = Scene::start(
        upstream.address(),
        "[drain]\nidle_grace = \"10s\"\nlimit = \"200ms\"",
    );
    let mut client = scene.client();
    client.get("/", &[]);

    let ledger = scene.end();

    assert_eq!((ledger.of(Fate::ClosedIdle), ledger.is_lossless()), (1, true));
    assert!(client.until_closed().is_empty());
}

#[test]
fn a_stop_cuts_whatever_is_there() {
    let upstream = upstream();
    let scene = Scene::start(upstream.address(), "");
    let mut clients: Vec<_> = (0..5).map(|_| scene.client()).collect();
    clients.iter_mut().for_each(|client| drop(client.get("/", &[])));

    scene.gateway.stop();
    let ledger = scene.ended();

    assert_eq!((ledger.of(Fate::Cut), ledger.open), (5, 0));
    assert!(ledger.adds_up());
}

#[test]
fn a_slow_upload_that_ends_in_time_is_not_cut() {
    let upstream = Upstream::echo();
    let scene = Scene::start(upstream.address(), "");
    let mut client = scene.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    upstream.until_request("it has begun", |_| true);

    scene.gateway.drain(Queues::Empty);
    for byte in "0123456789".bytes() {
        client.send([byte]);
    }
    let answer = client.response();
    let ledger = scene.ended();

    assert_eq!(answer.json()["body"], "0123456789");
    assert_eq!((ledger.of(Fate::Drained), ledger.is_lossless()), (1, true));
}

/// What a client is in the middle of when the drain begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Nothing,
    HasAsked,
    SentHalf,
    Waits,
    Tunnels,
    HasLeft,
}

const TIMES: &str = "[limits]\nheader_time = \"100ms\"\n[drain]\nlimit = \"500ms\"\nidle_grace = \"100ms\"";

fn begin(scene: &Scene, upstream: &Upstream, doing: Doing) -> Option<Client> {
    let mut client = scene.client();
    let hangs = || {
        upstream
            .requests()
            .iter()
            .filter(|seen| seen.head.target() == "/hang")
            .count()
    };
    match doing {
        Doing::Nothing => {}
        Doing::HasAsked => drop(client.get("/", &[])),
        Doing::SentHalf => client.send("GET / HT"),
        Doing::Waits => {
            let before = hangs();
            client.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
            upstream.until_request("it waits", |_| hangs() > before);
        }
        Doing::Tunnels => {
            client.send("GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
            client.response_head().unwrap();
        }
        Doing::HasLeft => {
            client.get("/", &[]);
            return None;
        }
    }
    Some(client)
}

fn sums(ledgers: &[Ledger], of: impl Fn(&Ledger) -> u64) -> u64 {
    ledgers.iter().map(of).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn at_the_end_the_fates_add_up_to_the_connections(
        doings in prop::collection::vec(
            prop_oneof![
                Just(Doing::Nothing),
                Just(Doing::HasAsked),
                Just(Doing::SentHalf),
                Just(Doing::Waits),
                Just(Doing::Tunnels),
                Just(Doing::HasLeft),
            ],
            0..12,
        ),
        has_successor: bool,
    ) {
        let upstream = upstream();
        let old = Scene::start(upstream.address(), TIMES);
        let new = has_successor.then(|| old.successor(upstream.address(), TIMES));
        let clients: Vec<_> = doings.iter().map(|doing| begin(&old, &upstream, *doing)).collect();

        if let Some(new) = &new {
            old.pause();
            new.gateway.resume();
            old.hand_over(&new.gateway);
        }
        let old = old.end();
        let new = new.map(Scene::end);

        let ledgers: Vec<_> = [Some(old), new].into_iter().flatten().collect();
        prop_assert!(ledgers.iter().all(Ledger::adds_up), "{ledgers:?}");
        prop_assert_eq!(sums(&ledgers, |ledger| ledger.open), 0);
        prop_assert_eq!(sums(&ledgers, |ledger| ledger.accepted), doings.len() as u64);
        prop_assert_eq!(sums(&ledgers, |ledger| ledger.adopted), old.of(Fate::HandedOver));
        let cut = doings.iter().filter(|doing| matches!(doing, Doing::Waits | Doing::Tunnels)).count();
        prop_assert_eq!(sums(&ledgers, |ledger| ledger.of(Fate::Cut)), cut as u64);
        drop(clients);
    }
}
