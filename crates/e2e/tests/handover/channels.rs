//! From one channel to another, and back: `GRAYLANE_OTHER_BIN` is a binary of that other one.

use graylane_testkit::{
    Build, DeadEnd, Gateway, LIMIT, Recipe, Upstream, binary, eventually, other_binary, replace,
};

use crate::stage::{probation, switch, traffic};
use crate::taken::{kept, verify};

/// What the process that answers says that it is.
fn channel(gateway: &Gateway) -> String {
    let version = gateway.ask("/version").json();
    version["channel"].as_str().unwrap().to_owned()
}

#[test]
fn one_channel_hands_over_to_another_and_back_and_nothing_is_lost() {
    let Some(other) = other_binary() else { return };
    let gateway = kept("one").start();
    let traffic = traffic(gateway.address());
    let accepted = gateway.order("PUT", "/config", kept("two").text()).status;

    let there = switch(&gateway, &other);
    let (at, taken) = (channel(&gateway), gateway.revision());
    traffic.until_more(100);
    let changed = gateway.order("PUT", "/config", kept("three").text()).status;
    let back = switch(&gateway, &binary());
    let (back_at, taken_back) = (channel(&gateway), gateway.revision());
    traffic.until_more(100);
    traffic.end();

    assert_eq!((accepted, changed), (200, 200));
    for one in [&there, &back] {
        assert_eq!((one.ran.code, one.count("cut")), (0, 0), "{one:?}");
    }
    assert_eq!(at, Build::of_binary(&other).channel);
    assert_eq!(back_at, Build::under_test().channel);
    assert_ne!(at, back_at);
    assert_eq!((taken, taken_back), (2, 3));
    assert_eq!(gateway.client().get("/", &[]).text(), "three");
    assert_eq!(
        verify(gateway.folder()),
        ["start", "accept", "change", "start", "accept", "change", "start"]
    );
}

#[test]
fn revisions_go_from_one_channel_to_another_and_back_though_no_disk_has_them() {
    let Some(other) = other_binary() else { return };
    let lanes = Recipe::new().lane_lines("stable", "respond = { body = \"served\" }\n");
    let recipe = probation(lanes, "100ms");
    let gateway = recipe.start();
    let reloaded = |headers: u32| {
        let text = recipe.clone().limit(&format!("headers = {headers}")).text();
        replace(&gateway.file(), text);
        gateway.order("POST", "/reload", "").status
    };
    let first = reloaded(50);

    let there = switch(&gateway, &other);
    let taken = gateway.revision();
    let second = reloaded(51);
    let back = switch(&gateway, &binary());

    assert_eq!((first, second), (200, 200));
    assert_eq!((there.ran.code, back.ran.code), (0, 0), "{there:?} {back:?}");
    assert_eq!((taken, gateway.revision()), (2, 3));
}

#[test]
fn what_the_breaker_found_out_goes_from_one_channel_to_another_and_back() {
    let Some(other) = other_binary() else { return };
    if ![Build::under_test(), Build::of_binary(&other)].map(|build| build.has("breaker"))[..].eq(&[true; 2]) {
        return;
    }
    let (dead, upstream) = (DeadEnd::new(), Upstream::fixed("served"));
    let rules = "[modules.breaker]\nconsecutive_failures = 1\nopen_for = \"10m\"\nmax_open_for = \"10m\"\n";
    let lanes = Recipe::new().lane("stable", &[dead.address(), upstream.address()]);
    let gateway = probation(lanes, "100ms").more(rules).start();
    let endpoint = dead.address().to_string();
    let state = || {
        let labels = [("endpoint", &*endpoint)];
        gateway.metrics().sum("graylane_breaker_state", &labels)
    };
    eventually(LIMIT, "the endpoint is open", || {
        gateway.client().get("/", &[]);
        state() == 2.0
    });

    let there = switch(&gateway, &other);
    let known_there = state();
    let back = switch(&gateway, &binary());

    assert_eq!((there.ran.code, back.ran.code), (0, 0), "{there:?} {back:?}");
    assert_eq!((known_there, state()), (2.0, 2.0));
}
