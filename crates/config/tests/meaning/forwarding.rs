//! How endpoints are asked.

use std::time::Duration;

use graylane_config::{LaneFallback, RetryOn};

use super::*;

/// The service `shop` with these lines, and a lane `canary` with those.
fn shop(service: &str, canary: &str) -> String {
    format!("[services.shop]\n{service}\n[lanes.shop.canary]\n{canary}\n")
}

#[test]
fn a_service_that_states_nothing_is_asked_as_it_always_was() {
    let config = read(&format!("{START}{}", shop("", "endpoints = [\"a:1\"]")));

    let shop = &config.services[0];
    assert_eq!(shop.fallback, LaneFallback::Baseline);
    assert_eq!(
        (
            shop.timeouts.connect,
            shop.timeouts.attempt,
            shop.timeouts.exchange
        ),
        (None, None, None)
    );
    assert_eq!((shop.retries.times, shop.retries.budget.steps()), (1, 20_000));
    assert!(shop.retries.on.has(RetryOn::BROKEN) && !shop.retries.on.has(RetryOn::TIMEOUT));
    assert!(
        [502, 503, 504]
            .iter()
            .all(|status| !shop.retries.on.has(RetryOn::status(*status)))
    );
    assert_eq!(
        (shop.lanes[1].panic.steps(), shop.lanes[1].slow_start),
        (50_000, None)
    );
}

#[test]
fn an_endpoint_is_an_address_or_a_table_with_a_weight() {
    let lane = "endpoints = [\"a:1\", { url = \"https://b\", weight = 3 }, { url = \"c:1\" }]";

    let config = read(&format!("{START}{}", shop("", lane)));

    let Upstream::Endpoints(endpoints) = &config.services[0].lanes[1].upstream else {
        panic!("endpoints")
    };
    let found: Vec<_> = endpoints
        .iter()
        .map(|one| (&*one.host, one.port, one.weight))
        .collect();
    assert_eq!(found, [("a", 1, 1), ("b", 443, 3), ("c", 1, 1)]);
}

#[test]
fn one_wait_that_is_stated_bends_the_default_of_the_other() {
    for (text, expected) in [
        ("backoff = \"1s\"", (1_000, 1_000)),
        ("max_backoff = \"5ms\"", (5, 5)),
        ("backoff = \"20ms\"\nmax_backoff = \"1s\"", (20, 1_000)),
    ] {
        let config = read(&format!(
            "{START}[services.shop]\n[services.shop.retries]\n{text}\n"
        ));

        let retries = &config.services[0].retries;
        let expected = (
            Duration::from_millis(expected.0),
            Duration::from_millis(expected.1),
        );
        assert_eq!((retries.backoff, retries.max_backoff), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_where_it_stands() {
    for (service, lane, lines) in [
        ("fallback = \"stable\"", "respond = {}", vec![2]),
        (
            "retries = { on = [\"broken\", \"500\"] }",
            "respond = {}",
            vec![2],
        ),
        ("retries = { times = 11 }", "respond = {}", vec![2]),
        (
            "retries = { backoff = \"2s\", max_backoff = \"1s\" }",
            "respond = {}",
            vec![2],
        ),
        (
            "timeouts = { try = \"9s\", exchange = \"8s\" }",
            "respond = {}",
            vec![2],
        ),
        (
            "timeouts = { connect = \"9s\", exchange = \"8s\" }",
            "respond = {}",
            vec![2],
        ),
        ("timeouts = { try = \"0s\" }", "respond = {}", vec![2]),
        ("", "endpoints = [{ url = \"a:1\", weight = 0 }]", vec![4]),
        ("", "endpoints = [{ url = \"a:1\", weight = 101 }]", vec![4]),
        ("", "endpoints = [{ weight = 2 }]", vec![4]),
        ("", "endpoints = [{ url = \"a:1\", wieght = 2 }]", vec![4]),
        ("", "endpoints = [\"a:1\", { url = \"a:1\" }]", vec![4]),
        ("", "endpoints = [7, { url = \"ftp://a\" }]", vec![4, 4]),
        ("", "endpoints = [\"a:1\"]\npanic = 101", vec![5]),
        ("", "endpoints = [\"a:1\"]\nslow_start = \"0s\"", vec![5]),
    ] {
        assert_eq!(refused(&shop(service, lane)), lines, "{service} {lane}");
    }
}
