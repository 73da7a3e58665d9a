//! The operator does not learn how a switch ends.

use std::process::Command;

use graylane_testkit::{Gate, Gateway, LIMIT, Ran, Recipe, Upstream, binary, eventually, grayctl, run};
use serde_json::Value;

use crate::stage::{follow, probation, signal, standing, stop, until_back};

/// `grayctl switch status`, which whoever does not know is told to ask.
fn status(gateway: &Gateway) -> Value {
    let mut command = Command::new(grayctl());
    command.args(["switch", "status", "--json", "--folder"]);
    let ran: Ran = run(command.arg(gateway.folder().join("run")));
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.json()
}

fn long() -> (Upstream, Gateway) {
    let upstream = Upstream::fixed("served");
    let gateway = probation(Recipe::to(upstream.address()), "60s").start();
    (upstream, gateway)
}

#[test]
fn an_operator_whose_gateway_dies_in_the_middle_is_told_whom_to_ask() {
    let (_upstream, gateway) = long();
    let mut following = follow(&gateway, &binary());
    following.until("accepting");
    let new = following.pid();

    signal(gateway.pid().into(), "KILL");
    eventually(LIMIT, "the new process goes on alone", || {
        let now = standing(&gateway);
        now["pid"] == new && now["state"] == "serving"
    });
    let now = status(&gateway);
    let served = gateway.client().get("/", &[]).status;
    let told = following.told();

    assert_eq!(told.code, 54, "{told:?}");
    assert!(told.stderr.contains("died in the middle"), "{told:?}");
    assert!(told.stderr.contains("`grayctl switch status`"), "{told:?}");
    assert_ne!(told.outcome["event"], "outcome");
    assert_eq!((&now["pid"], &now["state"]), (&new.into(), &"serving".into()));
    assert_eq!(served, 200);
}

#[test]
fn an_operator_whose_gateway_is_told_to_end_is_told_what_became_of_the_switch() {
    let gate = Gate::new();
    let upstream = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            gate.pass();
            turn.fixed(200, "served")
        }
    });
    let recipe = probation(Recipe::to(upstream.address()), "60s").drain("limit = \"10m\"");
    let mut gateway = recipe.start();
    let mut following = follow(&gateway, &binary());
    following.until("accepting");
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    upstream.until_request("the new process has an exchange under way", |_| true);

    gateway.terminate();
    let told = following.told();
    gate.open();

    assert_eq!(client.response().status, 200);
    assert_eq!((told.code, gateway.wait(LIMIT)), (52, 0), "{told:?}");
    let reason = told.outcome["reason"].as_str().unwrap();
    assert!(reason.contains("it was told to end by SIGTERM"), "{reason}");
}

#[test]
fn an_operator_who_presses_ctrl_c_twice_leaves_the_switch_to_itself() {
    let (_upstream, gateway) = long();
    let mut following = follow(&gateway, &binary());
    following.until("accepting");
    // It does not hear the first one before the second is pressed.
    stop(gateway.pid().into());

    signal(following.operator(), "INT");
    following.until("calling-off");
    signal(following.operator(), "INT");
    let told = following.told();
    gateway.signal("CONT");
    let reason = until_back(&gateway);

    assert_eq!(told.code, 54, "{told:?}");
    assert!(told.stderr.contains("goes on by itself"), "{told:?}");
    assert!(told.stderr.contains("`grayctl switch status`"), "{told:?}");
    assert!(reason.contains("the operator called it off"), "{reason}");
    assert_eq!(status(&gateway)["pid"], gateway.pid());
    assert_eq!(gateway.client().get("/", &[]).status, 200);
}
