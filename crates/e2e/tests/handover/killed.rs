//! A real process is killed while real clients ask: what it held is lost with it, and nothing else.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use graylane_testkit::{Gate, Gateway, LIMIT, Recipe, Upstream, binary, eventually};

use crate::stage::{
    follow, next, probation, recipe, signal, standing, stop, traffic, until_alone, until_back,
};

/// The names of the threads that wait for somebody's word, as far as the kernel tells; many tell strangers nothing.
fn listening(pid: u64) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let read =
        |thread: &fs::DirEntry, name: &str| fs::read_to_string(thread.path().join(name)).unwrap_or_default();
    let waiting = threads
        .flatten()
        .filter(|thread| read(thread, "wchan").contains("poll"));
    waiting
        .map(|thread| read(&thread, "comm").trim_end().to_owned())
        .collect()
}

#[test]
fn the_next_one_between_ready_and_accepting() {
    let (shut, gate) = (Arc::new(AtomicBool::new(false)), Gate::new());
    let upstream = Upstream::start({
        let (shut, gate) = (Arc::clone(&shut), gate.clone());
        move |turn| {
            if turn.head.target() == "/check" && shut.load(SeqCst) {
                gate.pass();
            }
            turn.fixed(200, "served")
        }
    });
    let checks = "health = { kind = \"http\", path = \"/check\", interval = \"10m\", timeout = \"20s\" }\n";
    let lines = format!("endpoints = [\"http://{}\"]\n{checks}", upstream.address());
    let gateway = probation(Recipe::new().lane_lines("stable", &lines), "60s").start();
    if listening(gateway.pid().into()).is_empty() {
        // Nobody is asking yet, so there are threads that wait.
        eprintln!("left out: this kernel hides what threads wait for");
        return;
    }
    let checked = || {
        let requests = upstream.requests();
        requests
            .iter()
            .filter(|one| one.head.target() == "/check")
            .count()
    };
    eventually(LIMIT, "the process before has its first check", || checked() == 1);
    let traffic = traffic(gateway.address());
    traffic.until_more(50);
    shut.store(true, SeqCst);

    // The next one says that it is ready to a process that does not hear it yet, and hears no answer any more.
    let mut following = follow(&gateway, &binary());
    eventually(LIMIT, "the next process is held by its first check", || {
        checked() == 2
    });
    following.until("warming");
    stop(gateway.pid().into());
    gate.open();
    eventually(LIMIT, "the next process has said that it is ready", || {
        listening(following.pid()).iter().any(|name| name == "handover")
    });
    stop(following.pid());
    gateway.signal("CONT");
    following.until("ready");
    signal(following.pid(), "KILL");
    let reason = until_back(&gateway);
    let told = following.told();
    traffic.until_more(100);
    traffic.end();

    assert!(reason.contains("step accepting"), "{reason}");
    assert_eq!(standing(&gateway)["last"]["fate"], "failed");
    assert_eq!(told.code, 51, "{told:?}");
}

#[test]
fn the_one_before_on_probation() {
    let upstream = Upstream::fixed("served");
    let gateway_setup = probation(Recipe::to(upstream.address()), "60s").setup();
    let gateway = gateway_setup.start();
    let mut held = gateway.client();
    held.get("/", &[]);
    let next = next(&gateway_setup);
    // From here on it is the next one that accepts.
    let traffic = traffic(gateway.address());
    traffic.until_more(50);

    signal(gateway.pid().into(), "KILL");
    let lost = held.until_closed();
    until_alone(&next);
    traffic.until_more(100);
    traffic.end();

    assert!(lost.is_empty());
    assert_eq!(next.order("POST", "/reload", "").status, 200);
    assert!(next.stderr().contains("goes on alone"), "{}", next.stderr());
}

/// Client connections that came from the process before.
fn adopted(gateway: &Gateway) -> f64 {
    gateway.metrics().sum("graylane_connections_adopted_total", &[])
}

#[test]
fn the_one_before_in_its_drain() {
    let upstream = Upstream::start(|turn| match turn.head.target() {
        "/hang" => turn.hang(),
        _ => turn.fixed(200, "served"),
    });
    // A worker asks itself once before it is ready.
    let setup = recipe(upstream.address())
        .server("workers = 1")
        .drain("limit = \"10m\"")
        .setup();
    let mut gateway = setup.start();
    let mut held = gateway.client();
    held.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    upstream.until_request("an exchange is under way", |one| one.head.target() == "/hang");
    let mut idle = gateway.client();
    idle.get("/", &[]);
    let traffic = traffic(gateway.address());
    traffic.until_more(50);

    let next = next(&setup);
    gateway.until_event("draining");
    eventually(LIMIT, "every connection has moved that can", || {
        adopted(&next) >= 1.0 + 5.0
    });
    traffic.until_more(50);
    signal(gateway.pid().into(), "KILL");
    let lost = held.until_closed();
    let code = gateway.wait(LIMIT);
    eventually(LIMIT, "the next process has seen it", || {
        standing(&next)["still_draining"].is_null()
    });
    traffic.until_more(100);
    traffic.end();

    assert_eq!((lost.len(), code), (0, 128 + 9));
    assert_eq!(idle.get("/", &[]).text(), "served");
    assert_eq!(standing(&next)["state"], "serving");
    assert!(
        next.stderr().contains("died before it had drained"),
        "{}",
        next.stderr()
    );
}
