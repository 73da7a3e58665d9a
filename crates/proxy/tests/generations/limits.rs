//! What a client may do follows the configuration, also on a connection that was made under an older one.

use std::time::Duration;

use graylane_testkit::Upstream;

use crate::scene::{SHOP, Scene, lane, named};

#[test]
fn the_limit_of_a_body_holds_from_the_next_exchange_of_a_connection() {
    let stable = named("stable");
    let shop = format!("{SHOP}{}", lane("stable", "", &[stable.address()]));
    let scene = Scene::start(&shop);
    let mut client = scene.client();

    let before = client.post("/", &[b'x'; 100]);
    scene.replace(&format!("{shop}[limits]\nbody = \"99 B\"\n"));
    let after = client.post("/", &[b'x'; 100]);

    assert_eq!((before.status, after.status), (200, 413));
}

#[test]
fn a_peer_is_trusted_from_the_exchange_after_the_configuration_says_so_and_no_longer_than_that() {
    let (stable, canary) = (named("stable"), named("canary"));
    let shop = format!(
        "{SHOP}{}{}",
        lane("stable", "", &[stable.address()]),
        lane("canary", "weight = 0", &[canary.address()])
    );
    let trusting = format!("{shop}[server]\ntrusted_peers = [\"127.0.0.0/8\"]\n");
    let scene = Scene::start(&shop);
    let mut client = scene.client();

    let lanes = [&shop, &trusting, &shop].map(|text| {
        scene.replace(text);
        client.get("/", &[("X-Gray-Version", "canary")]).text()
    });

    assert_eq!(
        lanes,
        ["stable as stable", "canary as canary", "stable as stable"]
    );
}

#[test]
fn the_idle_time_of_a_connection_is_that_of_its_latest_exchange() {
    let stable = named("stable");
    let shop = format!("{SHOP}{}", lane("stable", "", &[stable.address()]));
    let scene = Scene::start(&format!("{shop}[limits]\nidle_time = \"10m\"\n"));
    let mut client = scene.client();
    client.get("/", &[]);

    scene.replace(&format!("{shop}[limits]\nidle_time = \"100ms\"\n"));
    let is_kept = client.stays_silent(Duration::from_millis(300));
    client.get("/", &[]);

    assert!(is_kept, "what waits, waits as long as it was told to");
    assert!(client.until_closed().is_empty());
}

#[test]
fn more_connections_are_let_in_as_soon_as_the_limit_says_so() {
    let stable = Upstream::fixed("stable");
    let shop = format!("{SHOP}{}", lane("stable", "", &[stable.address()]));
    let limited = |connections| format!("{shop}[limits]\nconnections = {connections}\n");
    let scene = Scene::start(&limited(1));
    let (mut first, mut second) = (scene.client(), scene.client());
    first.get("/", &[]);

    second.send("GET / HTTP/1.1\r\nHost: test.local\r\n\r\n");
    let waits = second.stays_silent(Duration::from_millis(200));
    scene.replace(&limited(2));
    let answered = second.response();

    assert!(waits);
    assert_eq!(answered.status, 200);
    assert_eq!(first.get("/", &[]).status, 200);
}
