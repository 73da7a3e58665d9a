use graylane_proxy::{Fate, Queues};
use graylane_testkit::{Client, LIMIT, Traffic, Upstream, eventually};

use crate::scene::{Scene, told, wait, web};

/// Clients that stay open are not to be waited for.
const SHORT: &str = "[drain]\nidle_grace = \"100ms\"";

/// Clients on kept and on new connections that expect this answer.
fn traffic(scene: &Scene, body: &'static str) -> Traffic {
    Traffic::start(scene.address, 4, move |client, connection| {
        let response = client.try_request("GET", "/", &[connection], b"")?;
        let text = response.text();
        (text == body).then_some(()).ok_or(text)
    })
}

/// A client whose request is sent, and whom nobody may have accepted yet.
fn waiting(scene: &Scene) -> Client {
    let mut client = scene.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client
}

#[test]
fn while_it_is_paused_nobody_is_accepted_and_those_who_are_here_go_on() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(upstream.address(), SHORT);
    let mut here = scene.client();
    here.get("/", &[]);

    scene.pause();
    let mut waiting = waiting(&scene);
    let goes_on = (0..10).all(|_| told(&here.get("/", &[])) == ("served".to_owned(), false));
    let open = scene.shared.counters().open();
    scene.gateway.resume();

    assert!(goes_on);
    assert_eq!(open, 1);
    assert_eq!(waiting.response().status, 200);
    assert!(scene.end().is_lossless());
}

#[test]
fn while_one_listener_is_paused_the_others_are_served() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::with_another(upstream.address(), SHORT);

    scene.gateway.pause_only(&[web()]);
    wait(scene.gateway.paused());
    let mut waiting = waiting(&scene);
    let other = scene.client_of("xtra").get("/", &[]).status;
    let accepted = scene.gateway.ledger().accepted;
    scene.gateway.resume();

    assert_eq!((other, accepted), (200, 1));
    assert_eq!(waiting.response().status, 200);
    assert!(scene.end().is_lossless());
}

#[test]
fn who_came_during_a_pause_is_served_after_it_however_often_it_happens() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(upstream.address(), SHORT);

    for _ in 0..50 {
        scene.pause();
        let mut clients: Vec<_> = (0..3).map(|_| waiting(&scene)).collect();
        scene.gateway.resume();

        // The one event that told of them may have come before, during or after the pause.
        for client in &mut clients {
            assert_eq!(client.response().status, 200);
        }
    }
}

#[test]
fn pausing_and_resuming_under_load_loses_nothing() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(upstream.address(), SHORT);
    let traffic = traffic(&scene, "served");

    for _ in 0..30 {
        traffic.until_more(20);
        scene.pause();
        scene.gateway.resume();
    }
    traffic.end();

    let ledger = scene.end();
    assert!(ledger.is_lossless() && ledger.adds_up(), "{ledger:?}");
}

#[test]
fn once_it_is_paused_not_one_more_is_accepted() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(upstream.address(), SHORT);
    let traffic = traffic(&scene, "served");

    let rounds = (0..200).map(|_| {
        traffic.until_more(4);
        scene.pause();
        let accepted = scene.gateway.ledger().accepted;
        drop(scene.client());
        let late = scene.gateway.ledger().accepted - accepted;
        scene.gateway.resume();
        late
    });
    let late: u64 = rounds.sum();
    traffic.end();

    assert_eq!(late, 0);
}

#[test]
fn what_waits_in_the_queue_of_a_paused_gateway_is_the_successors() {
    let (one, two) = (Upstream::fixed("one"), Upstream::fixed("two"));
    let old = Scene::start(one.address(), SHORT);
    let new = old.successor(two.address(), SHORT);
    old.pause();
    let mut waiting = waiting(&old);

    old.gateway.drain(Queues::Leave(&[web()]));
    let old = old.ended();
    new.gateway.resume();

    assert_eq!(told(&waiting.response()).0, "two");
    assert_eq!((old.accepted, one.requests().len()), (0, 0));
    assert!(new.end().is_lossless());
}

#[test]
fn a_queue_that_nobody_takes_over_is_emptied() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(upstream.address(), SHORT);
    scene.pause();
    let mut waiting: Vec<_> = (0..5).map(|_| waiting(&scene)).collect();

    scene.gateway.drain(Queues::Leave(&[]));
    let answers: Vec<_> = waiting
        .iter_mut()
        .map(|client| told(&client.response()))
        .collect();
    let ledger = scene.ended();

    assert_eq!(answers, vec![("served".to_owned(), true); 5]);
    assert_eq!((ledger.accepted, ledger.of(Fate::Drained)), (5, 5));
}

#[test]
fn after_a_successor_gave_up_the_old_one_accepts_again() {
    let (one, two) = (Upstream::fixed("one"), Upstream::fixed("two"));
    let old = Scene::start(one.address(), SHORT);
    let new = old.successor(two.address(), SHORT);
    old.pause();
    new.gateway.resume();
    assert_eq!(told(&old.client().get("/", &[])).0, "two");

    new.pause();
    let mut waiting = waiting(&old);
    new.gateway.drain(Queues::Leave(&[web()]));
    old.gateway.resume();

    assert_eq!(told(&waiting.response()).0, "one");
    assert!(new.ended().is_lossless() && old.end().is_lossless());
}

#[test]
fn switching_back_and_forth_under_load_refuses_nobody() {
    let (one, two) = (Upstream::fixed("served"), Upstream::fixed("served"));
    let old = Scene::start(one.address(), SHORT);
    let new = old.successor(two.address(), SHORT);
    let traffic = traffic(&old, "served");

    for _ in 0..10 {
        for (from, to) in [(&old, &new), (&new, &old)] {
            traffic.until_more(20);
            from.pause();
            to.gateway.resume();
        }
    }
    traffic.end();

    eventually(LIMIT, "both have served", || {
        !one.requests().is_empty() && !two.requests().is_empty()
    });
    assert!(new.end().is_lossless() && old.end().is_lossless());
}
