//! Which endpoint of a lane: the one with less to do, by weight, and what it costs when one dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use graylane_testkit::{Gate, Gateway, Recipe, Traffic, Upstream};

#[test]
fn an_endpoint_that_is_slow_is_not_asked_while_another_one_is_free() {
    let gate = Gate::new();
    let slow = Upstream::gated(&gate, "slow");
    let fast = Upstream::fixed("fast");
    let gateway = Recipe::new()
        .lane("stable", &[slow.address(), fast.address()])
        .server("workers = 1")
        .start();
    let mut stuck = gateway.client();
    let stuck = thread::spawn(move || while stuck.get("/", &[]).text() != "slow" {});
    slow.until_request("the slow one has something to do", |_| true);
    let mut client = gateway.client();

    let served = (0..100).filter(|_| client.get("/", &[]).text() == "fast").count();

    gate.open();
    assert_eq!(served, 100);
    assert!(stuck.join().is_ok());
}

#[test]
fn endpoints_are_asked_by_their_weights() {
    let (light, heavy) = (Upstream::fixed("light"), Upstream::fixed("heavy"));
    let endpoints = format!(
        "endpoints = [\"{}\", {{ url = \"http://{}\", weight = 3 }}]\n",
        light.address(),
        heavy.address()
    );
    let gateway = Recipe::new().lane_lines("stable", &endpoints).start();
    let mut client = gateway.client();

    (0..800).for_each(|_| assert_eq!(client.get("/", &[]).status, 200));

    // Five standard deviations of 800 draws of which a quarter is expected.
    let asked = light.requests().len();
    assert!(asked.abs_diff(200) < 62, "{asked}");
}

/// Who dies at once and as a whole: a process of its own.
fn endpoint() -> Gateway {
    Recipe::new()
        .lane_lines("stable", "respond = { body = \"served\" }\n")
        .start()
}

#[test]
fn an_endpoint_that_is_killed_costs_no_more_than_what_was_under_way_there_once() {
    const PAIRS: usize = 4;
    let mut endpoints = [endpoint(), endpoint(), endpoint()];
    let addresses: Vec<_> = endpoints.iter().map(Gateway::address).collect();
    let gateway = Recipe::new().lane("stable", &addresses).start();
    let safe = Traffic::start(gateway.address(), PAIRS, |client, connection| {
        let answer = client.try_request("GET", "/", &[connection], b"")?;
        (answer.text() == "served").then_some(()).ok_or(answer.text())
    });
    let broken = Arc::new(AtomicUsize::new(0));
    let unsafe_ones = Traffic::start(gateway.address(), PAIRS, {
        let broken = Arc::clone(&broken);
        move |client, connection| {
            let answer = client.try_request("POST", "/", &[connection], b"body")?;
            match answer.fault() {
                "upstream-broken" => {
                    broken.fetch_add(1, SeqCst);
                    Ok(())
                }
                _ => (answer.text() == "served").then_some(()).ok_or(answer.text()),
            }
        }
    });
    safe.until_more(200);
    unsafe_ones.until_more(200);

    endpoints[1].signal("KILL");
    endpoints[1].wait(graylane_testkit::LIMIT);
    safe.until_more(1_000);
    unsafe_ones.until_more(1_000);

    safe.end();
    unsafe_ones.end();
    let broken = broken.load(SeqCst);
    assert!(broken <= 2 * PAIRS, "{broken}");
}
