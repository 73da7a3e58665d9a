//! The next process came as far as being ready, or serving, and the one before goes on after all.

use std::net::TcpListener;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use graylane_handover::{
    Beat, Beating, Course, Door, Fate, Folder, Handing, Hello, News, Patience, Probation, State, Trust, Turn,
    Visit,
};
use graylane_testkit::{Client, DeadEnd, Gate, Gateway, LIMIT, Recipe, Upstream, binary, eventually};

use crate::stage::{
    ask_for, follow, long, made_up, next, probation, recipe, signal, standing, stop, traffic, until_back,
};

/// A made-up next process that may accept, and never does.
fn going(gateway: &Gateway) -> Beating {
    let (inherited, warming) = made_up(gateway);
    let names: Vec<&str> = inherited.listeners.iter().map(|one| &*one.name).collect();
    match warming.ready(&names).unwrap() {
        Turn::Go(beating) => beating,
        other => panic!("{other:?}"),
    }
}

fn beat(exchanges: u64, errors: u64) -> Beat {
    Beat {
        exchanges,
        errors,
        healthy: true,
        ..Beat::default()
    }
}

#[test]
fn one_that_dies_before_it_accepts_costs_nobody_an_answer() {
    let upstream = Upstream::fixed("served");
    let gateway = recipe(upstream.address()).start();
    let traffic = traffic(gateway.address());
    traffic.until_more(50);

    drop(going(&gateway));
    let reason = until_back(&gateway);
    traffic.until_more(50);
    traffic.end();

    assert!(reason.contains("hung up"), "{reason}");
    assert_eq!(standing(&gateway)["last"]["fate"], "failed");
}

#[test]
fn one_that_dies_on_probation_costs_nobody_else_an_answer() {
    let upstream = Upstream::fixed("served");
    let gateway = long(&upstream).start();
    let traffic = traffic(gateway.address());
    traffic.until_more(50);

    let mut beating = going(&gateway);
    beating.accepting();
    drop(beating);
    let reason = until_back(&gateway);
    traffic.until_more(50);
    traffic.end();

    assert!(reason.contains("hung up"), "{reason}");
    assert_eq!(standing(&gateway)["last"]["fate"], "returned");
    assert_eq!(
        gateway
            .metrics()
            .sum("graylane_handovers_total", &[("result", "returned")]),
        1.0
    );
}

#[test]
fn one_that_tells_of_many_errors_is_sent_back() {
    let upstream = Upstream::fixed("served");
    let gateway = long(&upstream).start();
    let mut beating = going(&gateway);
    beating.accepting();

    let mut exchanges = 0;
    let reason = loop {
        exchanges += 50;
        let beat = Beat {
            open: 3,
            ..beat(exchanges, exchanges * 9 / 10)
        };
        match beating.beat(&beat, Duration::from_millis(20)) {
            Course::On(on) => beating = on,
            Course::Returned(reason, _) => break reason,
            other => panic!("{other:?}"),
        }
    };

    assert!(reason.contains("exchanges failed"), "{reason}");
    assert!(until_back(&gateway).contains("serves worse"));
    assert_eq!(standing(&gateway)["last"]["held"], 3);
}

#[test]
fn one_that_says_that_it_is_not_well_is_sent_back_with_its_words() {
    let upstream = Upstream::fixed("served");
    let gateway = long(&upstream).start();
    let mut beating = going(&gateway);
    beating.accepting();
    let ill = Beat {
        note: Some("worker 1 has stood still for 2 s".to_owned()),
        ..Beat::default()
    };

    let reason = loop {
        match beating.beat(&ill, Duration::from_millis(20)) {
            Course::On(on) => beating = on,
            Course::Returned(reason, _) => break reason,
            other => panic!("{other:?}"),
        }
    };

    assert!(reason.contains("worker 1 has stood still"), "{reason}");
    let _ = until_back(&gateway);
    assert_eq!(gateway.client().get("/", &[]).status, 200);
}

#[test]
fn one_that_falls_silent_is_sent_back() {
    let upstream = Upstream::fixed("served");
    let gateway = long(&upstream).start();
    let mut beating = going(&gateway);

    beating.accepting();
    let reason = until_back(&gateway);

    assert!(reason.contains("no sign of life"), "{reason}");
    assert_eq!(gateway.client().get("/", &[]).status, 200);
}

#[test]
fn a_real_one_that_is_killed_on_probation_takes_only_its_own_exchanges_along() {
    let upstream = Upstream::fixed("served");
    let setup = long(&upstream).setup();
    let gateway = setup.start();
    let mut old = gateway.client();
    old.get("/", &[]);
    let mut next = next(&setup);
    let mut new = next.client();

    let (before, after) = (old.get("/", &[]).status, new.get("/", &[]).status);
    next.signal("KILL");
    next.wait(LIMIT);
    let again = Client::connect(gateway.address()).get("/", &[]);
    let reason = until_back(&gateway);

    assert_eq!((before, after, again.status), (200, 200, 200));
    assert!(new.until_closed().is_empty());
    assert_eq!(old.get("/", &[]).status, 200);
    assert!(reason.contains("died"), "{reason}");
}

#[test]
fn a_real_one_whose_lane_is_dead_is_sent_back_and_says_so_with_its_exit_code() {
    let (upstream, dead) = (Upstream::fixed("served"), DeadEnd::new());
    let setup = long(&upstream).setup();
    let gateway = setup.start();
    let endpoints = format!("lanes.shop.stable.endpoints=[\"{}\"]", dead.address());
    let worse = setup.argument("--set").argument(endpoints);
    let mut next = next(&worse);

    eventually(LIMIT, "the next process is sent back", || {
        // Each of these is answered by whoever accepts now.
        Client::connect(gateway.address()).get("/", &[("Connection", "close")]);
        standing(&gateway)["pid"] == gateway.pid()
    });

    assert_eq!(next.wait(LIMIT), 21, "{}", next.stderr());
    assert!(next.stderr().contains("exchanges failed"), "{}", next.stderr());
    assert_eq!(gateway.client().get("/", &[]).status, 200);
}

#[test]
fn a_real_one_that_does_not_know_the_service_is_sent_back() {
    let upstream = Upstream::fixed("served");
    let setup = long(&upstream).setup();
    let gateway = setup.start();
    let mut client = gateway.client();
    (0..30).for_each(|_| drop(client.get("/", &[])));
    let worse = setup
        .argument("--set")
        .argument("services.shop.hosts=[\"elsewhere.test\"]");
    let mut next = next(&worse);

    eventually(LIMIT, "the next process is sent back", || {
        Client::connect(gateway.address()).get("/", &[("Connection", "close")]);
        standing(&gateway)["pid"] == gateway.pid()
    });

    assert_eq!(next.wait(LIMIT), 21, "{}", next.stderr());
    assert!(
        next.stderr().contains("requests were refused"),
        "{}",
        next.stderr()
    );
    assert_eq!(gateway.client().get("/", &[]).status, 200);
}

#[test]
fn a_real_one_that_finds_a_lane_down_is_sent_back_though_nobody_asked_that_lane() {
    let (upstream, dead) = (Upstream::fixed("served"), DeadEnd::new());
    let checks = "health = { kind = \"tcp\", interval = \"100ms\", timeout = \"100ms\" }\n";
    let canary = format!("endpoints = [\"http://{}\"]\n{checks}", upstream.address());
    let lanes = Recipe::to(upstream.address()).lane_lines("canary", &canary);
    let setup = probation(lanes, "60s").setup();
    let gateway = setup.start();
    let endpoints = format!("lanes.shop.canary.endpoints=[\"{}\"]", dead.address());

    let mut next = next(&setup.argument("--set").argument(endpoints));
    let reason = until_back(&gateway);

    assert_eq!(next.wait(LIMIT), 21, "{}", next.stderr());
    assert!(
        reason.contains("lane shop/canary has no healthy endpoint"),
        "{reason}"
    );
}

#[test]
fn one_that_is_held_up_until_its_commit_was_taken_back_gives_everything_back() {
    let upstream = Upstream::fixed("served");
    let setup = recipe(upstream.address()).setup();
    let folder = Folder::open(&setup.path("run")).unwrap();
    let patience = Patience {
        turn: Duration::from_secs(3),
        ..Patience::default()
    };
    let door = Door::open(&folder, Trust::own(), patience).unwrap();
    let web = TcpListener::bind("127.0.0.1:0").unwrap();

    let (next, probation) = thread::scope(|scope| {
        let before = scope.spawn(|| made_up_before(&door, &web));
        (next(&setup), before.join().unwrap())
    });
    let mut next = next;
    stop(next.pid().into());
    let parted = probation.commit().unwrap_err().parted;
    next.signal("CONT");
    let ledger = parted.farewell(LIMIT, &mut || true).unwrap();

    assert_eq!(ledger["cut"], 0, "{ledger}");
    assert_eq!(next.wait(LIMIT), 21, "{}", next.stderr());
    let told = next.stderr();
    assert!(
        told.contains("the process before takes everything back"),
        "{told}"
    );
}

/// A process before that is made up, up to its watch over the next one.
fn made_up_before(door: &Door, web: &TcpListener) -> Probation {
    let giver = loop {
        match door.visitor(LIMIT).unwrap().unwrap().listen() {
            Ok(Visit::TakeOver(giver)) => break giver,
            // Somebody who only looked whether anybody is there.
            other => drop(other),
        }
    };
    let hello = Hello::of_this_process("none", "0.0.0", "dev", "none");
    let listeners = [Handing {
        name: "listener:web",
        kind: "tcp",
        socket: web.as_fd(),
    }];
    let giving = giver.accept(&hello).unwrap();
    let warming = giving.hand_over(door, &listeners, &State::default()).unwrap();
    warming.ready(LIMIT, &mut || None).unwrap().go().unwrap()
}

#[test]
fn another_switch_may_begin_while_one_that_was_sent_back_drains() {
    let never = Gate::new();
    let upstream = Upstream::gated(&never, "served");
    let gateway = long(&upstream).drain("limit = \"10m\"").start();
    let [mut first, mut second] = [(); 2].map(|()| None);
    let mut busy = None;
    for following in [&mut first, &mut second] {
        let following = following.insert(follow(&gateway, &binary()));
        following.until("accepting");
        if busy.is_none() {
            busy.insert(gateway.client())
                .send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            upstream.until_request("an exchange is under way", |_| true);
        }
        signal(following.operator(), "INT");
        following.until("back");
    }
    let told = second.unwrap().told();
    never.open();
    let (status, first) = (busy.unwrap().response().status, first.unwrap().told());

    assert_eq!(
        (status, told.code, first.code),
        (200, 52, 52),
        "{told:?} {first:?}"
    );
    assert_eq!(first.outcome["ledger"]["drained"], 1, "{first:?}");
    assert_eq!(told.outcome["ledger"]["drained"], 0, "{told:?}");
}

#[test]
fn one_that_is_told_to_end_on_probation_gives_everything_back() {
    let upstream = Upstream::fixed("served");
    let setup = long(&upstream).setup();
    let gateway = setup.start();
    let mut next = next(&setup);

    next.terminate();
    let code = next.wait(LIMIT);
    let reason = until_back(&gateway);

    assert_eq!(code, 0, "{}", next.stderr());
    assert!(reason.contains("SIGTERM"), "{reason}");
    assert_eq!(gateway.client().get("/", &[]).status, 200);
}

#[test]
fn when_the_process_before_is_told_to_end_both_do() {
    let upstream = Upstream::fixed("served");
    let setup = long(&upstream).setup();
    let mut gateway = setup.start();
    let mut next = next(&setup);

    gateway.terminate();

    assert_eq!(gateway.wait(LIMIT), 0, "{}", gateway.stderr());
    assert_eq!(next.wait(LIMIT), 21, "{}", next.stderr());
}

#[test]
fn what_the_next_one_accepted_is_not_forgotten_when_it_is_gone() {
    let one = |body: &str| {
        let recipe = Recipe::new().lane_lines("stable", &format!("respond = {{ body = {body:?} }}\n"));
        probation(recipe.server("state = \"state\""), "60s")
    };
    let setup = one("one").setup();
    let gateway = setup.start();
    let next = next(&setup);
    let changed = next.order("PUT", "/config", one("two").text());
    let served = next.client().get("/", &[]).text();

    signal(next.pid().into(), "KILL");
    let _ = until_back(&gateway);
    eventually(LIMIT, "the change is in use here too", || {
        gateway.client().get("/", &[]).text() == "two"
    });
    let put = gateway.order("PUT", "/config", one("three").text());

    assert_eq!((changed.status, &*served), (200, "two"), "{}", changed.text());
    assert!(put.json()["revision"].as_u64() > changed.json()["revision"].as_u64());
    crate::taken::verify(setup.folder());
}

#[test]
fn one_that_hangs_on_probation_is_sent_back_and_does_not_keep_the_audit_log() {
    let recipe = |body: &str| {
        let lanes = Recipe::new().lane_lines("stable", &format!("respond = {{ body = {body:?} }}\n"));
        probation(lanes.server("state = \"state\""), "60s").drain("limit = \"100ms\"")
    };
    let gateway = recipe("one").start();
    let mut following = follow(&gateway, &binary());
    following.until("accepting");
    let pid = following.pid();

    signal(pid, "STOP");
    following.until("back");
    let refused = gateway.order("PUT", "/config", recipe("two").text()).status;
    let told = following.told();
    let is_there = Path::new(&format!("/proc/{pid}")).exists();
    eventually(LIMIT, "its lock has ended with it", || {
        gateway.order("PUT", "/config", recipe("two").text()).status == 200
    });

    let reason = told.outcome["reason"].as_str().unwrap();
    assert!(reason.contains("no sign of life"), "{reason}");
    assert_eq!((told.code, refused), (52, 503), "{told:?}");
    assert!(told.outcome["held"].is_u64(), "{told:?}");
    assert!(reason.contains("signal: 9") && !is_there, "{reason}");
    assert_eq!(gateway.client().get("/", &[]).text(), "two");
}

#[test]
fn an_operator_who_calls_off_before_the_new_process_asks_calls_off_nobody_elses_handover() {
    let upstream = Upstream::fixed("served");
    let gateway = recipe(upstream.address()).start();
    let file = gateway.folder().join("mute");
    // Written by a process that ends: one that another test starts meanwhile must not hold it open.
    let write = "printf '#!/bin/sh\nexec sleep 60\n' >\"$1\" && chmod 755 \"$1\"";
    let written = Command::new("sh").args(["-c", write, "sh"]).arg(&file).status();
    let mut switching = ask_for(&gateway, &file);
    let started = switching.next(LIMIT).unwrap();
    let (inherited, warming) = made_up(&gateway);

    switching.call_off();
    let ended = switching.next(LIMIT).unwrap();
    let names: Vec<&str> = inherited.listeners.iter().map(|one| &*one.name).collect();
    let Ok(Turn::Go(mut beating)) = warming.ready(&names) else {
        panic!("it is not its turn");
    };
    beating.accepting();
    let course = loop {
        match beating.beat(&beat(0, 0), Duration::from_millis(20)) {
            Course::On(on) => beating = on,
            other => break other,
        }
    };

    assert!(written.unwrap().success());
    assert!(
        matches!(&started, News::Progress(one) if one.step == "started"),
        "{started:?}"
    );
    assert!(
        matches!(&ended, News::Outcome(one) if one.fate == Fate::Failed),
        "{ended:?}"
    );
    assert!(matches!(course, Course::Committed(_)), "{course:?}");
}
