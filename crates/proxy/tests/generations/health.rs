//! Checks of endpoints, over changes of the configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use graylane_proxy::EndpointReport;
use graylane_testkit::{DeadEnd, Gate, LIMIT, Upstream, eventually};

use crate::scene::{SHOP, Scene, lane};

/// Checks under way at most.
const AT_A_TIME: usize = 128;

/// A lane whose endpoints differ by a port that nobody asks: all checks go to one server.
fn all_checked_at(server: &Upstream, ports: std::ops::Range<u16>, settings: &str) -> String {
    let port = server.address().port();
    let endpoints: Vec<_> = ports.map(|port| ([127, 0, 0, 1], port).into()).collect();
    let health = format!("health = {{ kind = \"http\", port = {port}, {settings} }}");
    SHOP.to_owned() + &lane("stable", &health, &endpoints)
}

fn first_round(scene: &Scene, limit: Duration) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(scene.shared.first_round(limit))
}

fn report(scene: &Scene) -> Vec<EndpointReport> {
    scene.shared.health().report(&scene.shared.current())
}

fn failed(one: &EndpointReport) -> u64 {
    one.checked.as_ref().map_or(0, |checked| checked.failed)
}

#[test]
fn a_first_round_ends_when_everybody_was_checked_once_however_many_and_so_many_at_a_time() {
    let (gate, now, most) = (Gate::new(), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let server = Upstream::start({
        let (gate, most) = (gate.clone(), Arc::clone(&most));
        move |turn| {
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            gate.pass();
            now.fetch_sub(1, SeqCst);
            turn.fixed(200, "")
        }
    });
    let scene = Scene::start(&all_checked_at(
        &server,
        1..301,
        "interval = \"1h\", timeout = \"1m\"",
    ));

    let too_soon = first_round(&scene, Duration::from_millis(1));
    eventually(LIMIT, "as many as may be are under way", || {
        most.load(SeqCst) >= AT_A_TIME
    });
    gate.open();
    let whole = first_round(&scene, LIMIT);

    assert_eq!((too_soon, whole), (false, true));
    assert_eq!(most.load(SeqCst), AT_A_TIME);
    assert!(report(&scene).iter().all(|one| one.healthy));
}

#[test]
fn a_first_round_without_checks_has_nothing_to_wait_for() {
    let scene = Scene::start(&(SHOP.to_owned() + &lane("stable", "", &[([127, 0, 0, 1], 1).into()])));

    assert!(first_round(&scene, LIMIT));
    assert!(report(&scene)[0].checked.is_none());
}

#[test]
fn who_stays_keeps_what_is_known_and_who_comes_is_checked_at_once() {
    let dead = DeadEnd::new();
    let alive = Upstream::fixed("well");
    let tcp = "health = { kind = \"tcp\", interval = \"1h\" }";
    let scene = Scene::start(&(SHOP.to_owned() + &lane("stable", tcp, &[dead.address()])));
    first_round(&scene, LIMIT);
    let before = report(&scene).remove(0);

    scene.replace(&(SHOP.to_owned() + &lane("stable", tcp, &[alive.address(), dead.address()])));
    let whole = first_round(&scene, LIMIT);
    let after = report(&scene);

    assert!(whole);
    assert!(!before.healthy && failed(&before) == 1);
    assert!(after[0].healthy && !after[1].healthy, "{after:?}");
    let since = |one: &EndpointReport| one.checked.as_ref().and_then(|checked| checked.since);
    assert_eq!((failed(&after[1]), since(&after[1])), (1, since(&before)));
}

#[test]
fn a_thousand_changes_under_checks_that_hang_leave_nothing_behind() {
    let hanging = Upstream::start(|turn| turn.hang());
    let settings = "interval = \"100ms\", timeout = \"1m\"";
    let scene = Scene::start(&all_checked_at(&hanging, 1..3, settings));

    let mut generations = Vec::new();
    for round in 0..1_000 {
        let first = 10 + round * 3;
        generations.push(scene.replace(&all_checked_at(&hanging, first..first + 3, settings)));
    }
    let well = Upstream::fixed("well");
    scene.replace(&all_checked_at(&well, 1..3, settings));
    let whole = first_round(&scene, LIMIT);

    assert!(
        whole,
        "whoever hangs takes nobody's place for longer than it is there"
    );
    assert!(report(&scene).iter().all(|one| one.healthy));
    eventually(LIMIT, "no check of who is gone is under way", || {
        hanging.open() == 0
    });
    scene.replace(&all_checked_at(&well, 1..3, settings));
    eventually(LIMIT, "no generation is kept", || {
        generations
            .iter()
            .all(|generation| generation.upgrade().is_none())
    });
}

#[test]
fn the_checks_end_with_the_gateway() {
    let hanging = Upstream::start(|turn| turn.hang());
    let scene = Scene::start(&all_checked_at(&hanging, 1..3, "timeout = \"1m\""));
    eventually(LIMIT, "checks are under way", || hanging.open() == 2);

    let shared = Arc::clone(&scene.shared);
    scene.end();

    eventually(LIMIT, "the thread has ended", || Arc::strong_count(&shared) == 1);
    eventually(LIMIT, "its checks have ended", || hanging.open() == 0);
}
