//! A thousand replacements of the configuration while requests run: each is served by one of them, and none is lost.

use std::net::SocketAddr;
use std::sync::Weak;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

use graylane_proxy::Generation;
use graylane_testkit::{Client, LIMIT, Response, eventually};

use crate::scene::{SHOP, Scene, WORKERS, exchanges, lane, named};

const ROUNDS: usize = 1_000;
const KEPT: usize = 4;
const FRESH: usize = 2;

/// The configuration of a round. All users go to one lane, in the next round to the other, and each shape numbers
/// services, lanes and endpoints differently, with lanes and endpoints that only this round has.
fn configuration(round: usize, stable: SocketAddr, canary: SocketAddr) -> String {
    let weight = if round.is_multiple_of(2) { 0 } else { 100 };
    let stable = lane("stable", "", &[stable]);
    let canary = lane("canary", &format!("weight = {weight}"), &[canary]);
    // Nobody is sent there, so nobody need listen.
    let port = 20_000 + round;
    match round % 5 {
        0 | 1 => format!("{SHOP}{stable}{canary}"),
        2 => format!("{SHOP}{canary}{stable}"),
        3 => format!(
            "{SHOP}[lanes.shop.only-{round}]\nweight = 0\nendpoints = [\"http://127.0.0.1:{port}\"]\n{canary}{stable}"
        ),
        _ => format!(
            "[services.blog]\nhosts = [\"blog.test\"]\n[lanes.blog.stable]\n\
             endpoints = [\"http://127.0.0.1:{port}\", \"http://127.0.0.1:9\"]\n{SHOP}{stable}{canary}"
        ),
    }
}

/// Fails unless the status, the lane that the client is told, the lane that the endpoint was told, and who answered, are
/// all of one generation.
fn assert_one_generation(response: &Response) {
    let lane = response.header("x-gray-version").unwrap_or("nothing");
    assert_eq!(
        (response.status, response.text()),
        (200, format!("{lane} as {lane}"))
    );
}

/// Asks until told to stop; how often.
fn ask(at: SocketAddr, stop: &AtomicBool, keeps: bool) -> u64 {
    let (mut client, mut asked) = (Client::connect(at), 0);
    while !stop.load(SeqCst) {
        assert_one_generation(&client.get("/", &[("X-User-Id", "7")]));
        asked += 1;
        if !keeps {
            client = Client::connect(at);
        }
    }
    asked
}

/// Scrapes until told to stop, and fails when a counter falls.
fn watch(scene: &Scene, stop: &AtomicBool) -> usize {
    let (mut scrapes, mut before) = (0, [0.0; 2]);
    while !stop.load(SeqCst) {
        let page = scene.metrics();
        let now = ["stable", "canary"].map(|lane| exchanges(&page, lane));
        assert!(
            now[0] >= before[0] && now[1] >= before[1],
            "{before:?}, then {now:?}"
        );
        (before, scrapes) = (now, scrapes + 1);
    }
    scrapes
}

/// Replaces the configuration so often, each time after at least one more exchange.
fn replace_all(scene: &Scene, stable: SocketAddr, canary: SocketAddr) -> Vec<Weak<Generation>> {
    (1..=ROUNDS)
        .map(|round| {
            let before = scene.shared.counters().ended();
            eventually(LIMIT, "requests run", || scene.shared.counters().ended() > before);
            // One that is thrown away leaves nothing behind.
            drop(scene.next(&configuration(round + 1, stable, canary)));
            scene.replace(&configuration(round, stable, canary))
        })
        .collect()
}

/// Ends the threads also where the test fails on the way.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn every_exchange_is_of_one_generation_and_none_is_lost_in_a_thousand_replacements() {
    let (stable, canary) = (named("stable"), named("canary"));
    let scene = Scene::start(&configuration(0, stable.address(), canary.address()));
    let stop = AtomicBool::new(false);

    let (asked, scrapes, generations) = thread::scope(|scope| {
        let stopping = Stop(&stop);
        let asking: Vec<_> = (0..KEPT + FRESH)
            .map(|number| {
                let (at, stop) = (scene.address, &stop);
                scope.spawn(move || ask(at, stop, number < KEPT))
            })
            .collect();
        let watching = scope.spawn(|| watch(&scene, &stop));
        let generations = replace_all(&scene, stable.address(), canary.address());
        drop(stopping);
        let asked: Vec<u64> = asking.into_iter().map(|one| one.join().unwrap()).collect();
        (asked, watching.join().unwrap(), generations)
    });

    let all: u64 = asked.iter().sum();
    assert!(asked.iter().all(|&asked| asked > 0) && scrapes > 0, "{asked:?}");
    assert!(all >= ROUNDS as u64);
    eventually(LIMIT, "every exchange is observed", || {
        scene.seen.observed.load(SeqCst) == all
    });
    let page = scene.metrics();
    assert_eq!(
        exchanges(&page, "stable") + exchanges(&page, "canary"),
        all as f64
    );
    assert_eq!(*scene.seen.wrong.lock().unwrap(), Vec::<String>::new());
    assert_eq!(scene.seen.used.load(SeqCst), ROUNDS as u64);
    for upstream in [&stable, &canary] {
        assert!(
            upstream.connections() <= WORKERS * (KEPT + FRESH),
            "{} connections: the pool was lost on the way",
            upstream.connections()
        );
        assert_eq!(upstream.faults(), Vec::<String>::new());
    }
    eventually(LIMIT, "old generations are gone", || {
        scene.replace(&configuration(0, stable.address(), canary.address()));
        generations.iter().filter(|one| one.strong_count() > 0).count() == 0
    });
    assert!(scene.seen.alive.load(SeqCst) <= 2 + WORKERS as u64);
    assert_eq!(scene.end(), 0);
}
