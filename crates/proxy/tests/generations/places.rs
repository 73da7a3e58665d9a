//! What goes on over a change of the configuration, and what ends with it.

use std::sync::atomic::Ordering::SeqCst;

use graylane_testkit::{Gate, LIMIT, Next, Upstream, eventually};

use crate::scene::{SHOP, Scene, exchanges, lane, named};

#[test]
fn the_counters_of_a_lane_go_on_while_it_is_there_and_end_with_it() {
    let (stable, canary) = (named("stable"), named("canary"));
    let stable_lane = lane("stable", "", &[stable.address()]);
    let canary_lane = lane("canary", "weight = 0", &[canary.address()]);
    let scene = Scene::start(&format!("{SHOP}{stable_lane}{canary_lane}"));
    let mut client = scene.client();
    let mut counted = |text: &str| {
        scene.replace(text);
        let before = scene.shared.counters().ended();
        client.get("/", &[]);
        eventually(LIMIT, "it is counted", || {
            scene.shared.counters().ended() > before
        });
        let page = scene.metrics();
        let lanes = page.label_values("graylane_requests_total", "lane");
        (exchanges(&page, "stable"), lanes.into_iter().collect::<Vec<_>>())
    };

    let both = counted(&format!("{SHOP}{canary_lane}{stable_lane}"));
    let alone = counted(&format!("{SHOP}{stable_lane}"));
    let renamed = counted(&format!(
        "{SHOP}baseline = \"next\"\n{}",
        lane("next", "", &[stable.address()])
    ));
    let again = counted(&format!("{SHOP}{stable_lane}"));

    assert_eq!(both, (1.0, vec!["canary".to_owned(), "stable".to_owned()]));
    assert_eq!(alone, (2.0, vec!["stable".to_owned()]));
    assert_eq!(renamed, (0.0, vec!["next".to_owned()]));
    assert_eq!(again, (1.0, vec!["stable".to_owned()]));
}

#[test]
fn a_kept_alive_connection_serves_its_endpoint_wherever_that_stands() {
    let (stable, canary) = (named("stable"), named("canary"));
    let stable_lane = lane("stable", "", &[stable.address()]);
    let canary_lane = lane("canary", "weight = 0", &[canary.address()]);
    let scene = Scene::start(&format!("{SHOP}{stable_lane}"));
    let mut client = scene.client();
    client.get("/", &[]);

    for text in [
        format!("{SHOP}{canary_lane}{stable_lane}"),
        format!(
            "{SHOP}{}",
            lane("stable", "", &[canary.address(), stable.address()])
        ),
    ] {
        scene.replace(&text);
        client.get("/", &[]);
    }
    // Whom the lane of two asks is drawn.
    eventually(LIMIT, "both endpoints were asked", || {
        client.get("/", &[]).text().starts_with("canary")
    });
    eventually(LIMIT, "and the other one again", || {
        client.get("/", &[]).text().starts_with("stable")
    });

    assert_eq!(stable.connections(), 1);
    assert_eq!(canary.connections(), 1);
}

#[test]
fn idle_connections_to_an_endpoint_that_is_gone_are_closed() {
    let (stable, next) = (named("stable"), named("next"));
    let scene = Scene::start(&format!("{SHOP}{}", lane("stable", "", &[stable.address()])));
    let mut client = scene.client();
    client.get("/", &[]);
    let before = stable.open();

    scene.replace(&format!("{SHOP}{}", lane("stable", "", &[next.address()])));

    assert_eq!(before, 1);
    eventually(LIMIT, "it is closed without another request", || {
        stable.open() == 0
    });
    assert_eq!(client.get("/", &[]).text(), "next as stable");
}

#[test]
fn an_exchange_with_an_endpoint_that_is_removed_meanwhile_ends_well() {
    let (arrived, go_on) = (Gate::new(), Gate::new());
    let slow = {
        let (arrived, go_on) = (arrived.clone(), go_on.clone());
        Upstream::start(move |turn| {
            arrived.open();
            go_on.pass();
            turn.fixed(200, "slow")
        })
    };
    let next = named("next");
    let scene = Scene::start(&format!("{SHOP}{}", lane("stable", "", &[slow.address()])));
    let mut client = scene.client();

    client.send("GET / HTTP/1.1\r\nHost: test.local\r\n\r\n");
    arrived.pass();
    scene.replace(&format!(
        "{SHOP}baseline = \"next\"\n{}",
        lane("next", "", &[next.address()])
    ));
    let mut other = scene.client();
    let meanwhile = other.get("/", &[]);
    go_on.open();
    let answer = client.response();

    assert_eq!(meanwhile.text(), "next as next");
    assert_eq!(
        (
            answer.status,
            answer.text().as_str(),
            answer.header("x-gray-version")
        ),
        (200, "slow", Some("stable"))
    );
    eventually(LIMIT, "its connection is not kept for nobody", || {
        slow.open() == 0
    });
    eventually(LIMIT, "both are observed", || {
        scene.seen.observed.load(SeqCst) == 2
    });
    assert_eq!(*scene.seen.wrong.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn a_long_answer_goes_on_over_many_replacements() {
    let gates: Vec<Gate> = (0..10).map(|_| Gate::new()).collect();
    let streaming = {
        let gates = gates.clone();
        Upstream::start(move |turn| {
            turn.read_body();
            turn.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for gate in &gates {
                gate.pass();
                turn.write("5\r\nhello\r\n");
            }
            turn.write("0\r\n\r\n");
            Next::Keep
        })
    };
    let (with, without) = (
        format!("{SHOP}{}", lane("stable", "", &[streaming.address()])),
        format!("{SHOP}[lanes.shop.stable]\nrespond = {{ body = \"other\" }}\n"),
    );
    let scene = Scene::start(&with);
    let mut client = scene.client();
    client.send("GET / HTTP/1.1\r\nHost: test.local\r\n\r\n");
    streaming.until_request("it has begun", |_| true);

    for gate in &gates {
        for text in [&without, &with, &without] {
            scene.replace(text);
        }
        gate.open();
    }
    let answer = client.response();

    assert!(answer.complete);
    assert_eq!(answer.text(), "hello".repeat(10));
    assert_eq!(client.get("/", &[]).text(), "other");
    assert_eq!(scene.end(), 0);
}

#[test]
fn ten_idle_connections_keep_no_generation_alive() {
    let stable = named("stable");
    let shop = format!("{SHOP}{}", lane("stable", "", &[stable.address()]));
    let scene = Scene::start(&shop);

    let (clients, generations): (Vec<_>, Vec<_>) = (0..10)
        .map(|_| {
            let generation = scene.replace(&shop);
            let mut client = scene.client();
            client.get("/", &[]);
            (client, generation)
        })
        .unzip();

    eventually(LIMIT, "the old ones are gone", || {
        scene.replace(&shop);
        generations.iter().all(|one| one.strong_count() == 0)
    });
    assert_eq!(clients.len(), 10);
}
