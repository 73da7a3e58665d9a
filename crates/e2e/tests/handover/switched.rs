//! It goes well: nothing is lost, and everything goes on.

use std::env;
use std::process::Command;

use graylane_testkit::{LIMIT, Upstream, binary, grayctl, run};

use crate::stage::{Switched, recipe, standing, switch, traffic};

#[test]
fn one_switch_after_the_other_under_load_loses_nothing() {
    let switches = env::var("GRAYLANE_E2E_SWITCHES").map_or(2, |count| count.parse().unwrap());
    let upstream = Upstream::fixed("served");
    let mut gateway = recipe(upstream.address()).start();
    let traffic = traffic(gateway.address());
    traffic.until_more(200);

    let mut done: Vec<Switched> = Vec::new();
    for _ in 0..switches {
        done.push(switch(&gateway, &binary()));
        traffic.until_more(200);
    }
    traffic.end();

    for one in &done {
        assert_eq!((one.ran.code, one.count("cut")), (0, 0), "{one:?}");
    }
    assert!(done.windows(2).all(|two| two[1].outcome()["old"] == two[0].pid()));
    assert_eq!(gateway.wait(LIMIT), 0);
}

#[test]
fn what_is_cut_at_the_limit_of_the_drain_is_counted_and_said_by_the_exit_codes() {
    let upstream = Upstream::start(|turn| turn.upgrade_and_echo("test", "bye"));
    let mut gateway = recipe(upstream.address()).drain("limit = \"300ms\"").start();
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
    client.response_head().unwrap();

    let switched = switch(&gateway, &binary());
    let code = gateway.wait(LIMIT);

    assert_eq!((switched.ran.code, code), (53, 16), "{switched:?}");
    assert_eq!(
        (switched.count("cut"), switched.outcome()["fate"].as_str()),
        (1, Some("lossy"))
    );
    client.until_closed();
}

#[test]
fn the_operator_is_told_each_step_and_where_things_stand() {
    let upstream = Upstream::fixed("served");
    let gateway = recipe(upstream.address()).start();
    let status = |words: &[&str]| {
        let mut command = Command::new(grayctl());
        command.args(["switch", "status"]).args(words);
        run(command.arg("-c").arg(gateway.file()))
    };

    let before = status(&[]);
    let switched = switch(&gateway, &binary());
    let after = status(&["--json"]).json();

    assert!(before.stdout.contains("generation 1: serving"), "{before:?}");
    assert_eq!(
        switched.steps(),
        [
            "begun",
            "started",
            "hello",
            "warming",
            "ready",
            "accepting",
            "committed",
            "outcome"
        ]
    );
    assert_eq!(
        (&after["generation"], &after["pid"]),
        (&2.into(), &switched.pid().into())
    );
    assert_eq!(after["taken_over_from"], gateway.pid());
    assert_eq!(standing(&gateway)["state"], "serving");
}
