//! The module `breaker`, in the channels that carry it: a failing endpoint is left alone, and comes back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use graylane_testkit::{Build, DeadEnd, Gateway, LIMIT, Recipe, Upstream, eventually};

const RULES: &str = "[modules.breaker]\nconsecutive_failures = 3\nopen_for = \"300ms\"\n";

/// An upstream that answers 503 for as long as the switch is on.
fn failing(switch: &Arc<AtomicBool>) -> Upstream {
    let switch = Arc::clone(switch);
    Upstream::start(move |turn| {
        if switch.load(Ordering::SeqCst) {
            turn.fixed(503, "bad")
        } else {
            turn.fixed(200, "good")
        }
    })
}

fn state(gateway: &Gateway, endpoint: SocketAddr) -> f64 {
    gateway
        .metrics()
        .sum("graylane_breaker_state", &[("endpoint", &endpoint.to_string())])
}

#[test]
fn an_endpoint_that_fails_is_left_alone_and_comes_back_once_it_is_well() {
    if !Build::under_test().has("breaker") {
        return;
    }
    let ill = Arc::new(AtomicBool::new(true));
    let (bad, good) = (failing(&ill), Upstream::fixed("good"));
    let gateway = Recipe::new()
        .lane("stable", &[bad.address(), good.address()])
        .more(RULES)
        .start();
    let mut client = gateway.client();

    eventually(LIMIT, "the endpoint is open", || {
        client.get("/", &[]);
        state(&gateway, bad.address()) == 2.0
    });
    let asked = bad.requests().len();
    let served = (0..40).filter(|_| client.get("/", &[]).status == 200).count();
    let asked_while_open = bad.requests().len() - asked;
    ill.store(false, Ordering::SeqCst);
    eventually(LIMIT, "the endpoint is closed again", || {
        client.get("/", &[]);
        state(&gateway, bad.address()) == 0.0
    });

    // A probe now and then may still fail while forty requests are made.
    assert!(
        asked_while_open <= 4 && served >= 36,
        "{asked_while_open} {served}"
    );
    assert!((0..40).all(|_| client.get("/", &[]).status == 200));
    assert!(bad.requests().len() > asked + asked_while_open);
}

#[test]
fn an_endpoint_that_lies_to_its_checks_is_found_out_by_what_it_answers() {
    if !Build::under_test().has("breaker") {
        return;
    }
    let liar = Upstream::start(|turn| match turn.head.target() {
        "/healthz" => turn.fixed(200, "well"),
        _ => turn.fixed(503, "bad"),
    });
    let good = Upstream::fixed("good");
    let checks = "health = { kind = \"http\", path = \"/healthz\", interval = \"100ms\" }";
    let lines = format!(
        "endpoints = [\"http://{}\", \"http://{}\"]\n{checks}\n",
        liar.address(),
        good.address()
    );
    let gateway = Recipe::new()
        .lane_lines("stable", &lines)
        .more("[modules.breaker]\nconsecutive_failures = 3\nopen_for = \"1h\"\n")
        .start();
    let mut client = gateway.client();
    let checks = |liar: &Upstream| {
        let asked = liar.requests();
        asked.iter().filter(|one| one.head.target() == "/healthz").count()
    };

    eventually(LIMIT, "the endpoint is open", || {
        client.get("/", &[]);
        state(&gateway, liar.address()) == 2.0
    });
    let before = checks(&liar);
    eventually(LIMIT, "it lies again and again", || checks(&liar) >= before + 3);

    assert!((0..40).all(|_| client.get("/", &[]).status == 200));
    assert_eq!(state(&gateway, liar.address()), 2.0);
}

#[test]
fn the_only_endpoint_of_a_lane_is_never_taken_out_of_use() {
    if !Build::under_test().has("breaker") {
        return;
    }
    let bad = failing(&Arc::new(AtomicBool::new(true)));
    let gateway = Recipe::to(bad.address()).more(RULES).start();
    let mut client = gateway.client();

    let statuses: Vec<_> = (0..30).map(|_| client.get("/", &[]).text()).collect();

    assert_eq!(statuses, ["bad"; 30]);
    assert_eq!((bad.requests().len(), state(&gateway, bad.address())), (30, 0.0));
}

#[test]
fn a_lane_whose_endpoints_all_fail_keeps_half_of_them() {
    if !Build::under_test().has("breaker") {
        return;
    }
    let ill = Arc::new(AtomicBool::new(true));
    let bad: Vec<_> = (0..4).map(|_| failing(&ill)).collect();
    let addresses: Vec<_> = bad.iter().map(Upstream::address).collect();
    let gateway = Recipe::new()
        .lane("stable", &addresses)
        .more("[modules.breaker]\nconsecutive_failures = 2\nopen_for = \"30s\"\n")
        .start();
    let mut client = gateway.client();

    for _ in 0..60 {
        assert_eq!(client.get("/", &[]).text(), "bad");
    }

    let open = addresses
        .iter()
        .filter(|address| state(&gateway, **address) == 2.0)
        .count();
    assert_eq!(open, 2);
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_left_alone_too() {
    if !Build::under_test().has("breaker") {
        return;
    }
    let (dead, good) = (DeadEnd::new(), Upstream::fixed("good"));
    let gateway = Recipe::new()
        .lane("stable", &[dead.address(), good.address()])
        .more(RULES)
        .start();
    let mut client = gateway.client();

    eventually(LIMIT, "the endpoint is open", || {
        assert_eq!(client.get("/", &[]).status, 200);
        state(&gateway, dead.address()) == 2.0
    });

    assert_eq!(gateway.ask("/breaker").status, 200);
}
