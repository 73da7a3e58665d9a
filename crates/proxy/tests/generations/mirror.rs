//! Copies of requests, modules, and generations that go.

use std::sync::atomic::Ordering::SeqCst;

use graylane_testkit::{Gate, LIMIT, Upstream, eventually};

use crate::scene::{SHOP, Scene, exchanges, lane, named};

/// A baseline whose requests all go to `next` as well.
fn mirrored(stable: &Upstream, next: &Upstream) -> String {
    let stable = lane("stable", "", &[stable.address()]);
    let next = lane("next", "", &[next.address()]);
    format!("{SHOP}{stable}{next}[lanes.shop.stable.mirror]\nto = \"next\"\nshare = 100\n")
}

fn until_ended(scene: &Scene, copies: f64) {
    eventually(LIMIT, "the copies have ended", || {
        let metrics = scene.metrics();
        metrics.sum("graylane_mirrored_total", &[]) == copies
            && metrics.sum("graylane_mirror_in_flight", &[]) == 0.0
    });
}

#[test]
fn modules_are_not_asked_about_copies_and_not_told_of_them() {
    let (stable, next) = (named("stable"), named("next"));
    let scene = Scene::start(&mirrored(&stable, &next));

    for _ in 0..10 {
        scene.client().get("/", &[]);
    }
    until_ended(&scene, 10.0);

    let seen = &scene.seen;
    assert_eq!((seen.admitted.load(SeqCst), seen.observed.load(SeqCst)), (10, 10));
    assert_eq!(
        (next.requests().len(), exchanges(&scene.metrics(), "next")),
        (10, 0.0)
    );
    assert_eq!(*seen.wrong.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn a_generation_goes_with_its_last_copy() {
    let gate = Gate::new();
    let stable = named("stable");
    let next = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            gate.pass();
            turn.fixed(200, "late")
        }
    });
    let scene = Scene::start(SHOP_ALONE);
    let first = scene.replace(&mirrored(&stable, &next));
    scene.client().get("/", &[]);
    next.until_request("the copy arrived", |_| true);

    let text = format!("{SHOP}{}", lane("stable", "", &[stable.address()]));
    scene.replace(&text);
    scene.replace(&text);
    let while_under_way = first.upgrade().is_some();
    gate.open();

    assert!(while_under_way);
    eventually(LIMIT, "the old generation is gone", || {
        // Who changes the configuration takes old ones apart, and workers let go of them with their next request.
        scene.client().get("/", &[]);
        scene.replace(&text);
        first.upgrade().is_none()
    });
    assert_eq!(scene.end(), 0);
}

/// Nobody is asked, so nobody need listen.
const SHOP_ALONE: &str = "[services.shop]\n[lanes.shop.stable]\nendpoints = [\"127.0.0.1:9\"]\n";
