//! What the operator of a switch that comes to nothing is told, and where nothing can be told.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use graylane_testkit::{Gate, Gateway, LIMIT, Ran, Upstream, binary, eventually, grayctl, run};
use serde_json::Value;

use crate::stage::{follow, long, signal, standing, stop, until_back};

/// `grayctl switch status`, which whoever does not know is told to ask.
fn status(gateway: &Gateway) -> Value {
    let mut command = Command::new(grayctl());
    command.args(["switch", "status", "--json", "--folder"]);
    let ran: Ran = run(command.arg(gateway.folder().join("run")));
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.json()
}

#[test]
fn an_operator_whose_gateway_dies_in_the_middle_is_told_whom_to_ask() {
    let upstream = Upstream::fixed("served");
    let gateway = long(&upstream).start();
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
    let upstream = Upstream::gated(&gate, "served");
    let mut gateway = long(&upstream).drain("limit = \"10m\"").start();
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
    let upstream = Upstream::fixed("served");
    let gateway = long(&upstream).start();
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

#[test]
fn an_operator_is_told_what_became_of_the_connections_of_one_that_was_sent_back() {
    let (gate, never) = (Gate::new(), Gate::new());
    let upstream = Upstream::start({
        let (gate, never) = (gate.clone(), never.clone());
        move |turn| {
            match turn.head.target() {
                "/slow" => gate.pass(),
                "/never" => never.pass(),
                _ => {}
            }
            turn.fixed(200, "served")
        }
    });
    let recipe = long(&upstream).drain("idle_grace = \"100ms\"\nlimit = \"3s\"");
    let gateway = recipe.start();
    let mut following = follow(&gateway, &binary());
    following.until("accepting");
    let [mut idle, mut busy, mut stuck] = [(); 3].map(|()| gateway.client());
    idle.get("/", &[]);
    for (client, target) in [(&mut busy, "/slow"), (&mut stuck, "/never")] {
        client.send(format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n"));
        upstream.until_request("an exchange is under way", |seen| seen.head.target() == target);
    }

    signal(following.operator(), "INT");
    // Of the new process, which has the same output.
    gateway.until_event("draining");
    gate.open();
    let last = busy.response();
    let told = following.told();
    never.open();

    assert_eq!((last.status, told.code), (200, 52), "{told:?}");
    let ledger = &told.outcome["ledger"];
    let fates = ["drained", "closed_idle", "handed_over", "cut"].map(|fate| ledger[fate].as_u64());
    assert_eq!(fates, [Some(1), Some(1), Some(0), Some(1)], "{told:?}");
    assert!(
        told.stderr.contains("1 drained, 1 closed idle, 1 cut"),
        "{told:?}"
    );
    assert_eq!(standing(&gateway)["last"]["ledger"], *ledger);
    assert_eq!(idle.until_closed(), b"");
}

#[test]
fn an_operator_who_presses_ctrl_c_calls_the_switch_off_and_is_told_how_it_ended() {
    let upstream = Upstream::fixed("served");
    let gateway = long(&upstream).start();
    let mut child = Command::new(grayctl())
        .args(["switch", "--folder"])
        .arg(gateway.folder().join("run"))
        .arg("--binary")
        .arg(binary())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let accepting = lines.find(|line| line.contains("probation")).unwrap();

    signal(child.id().into(), "INT");
    let rest: Vec<String> = lines.collect();
    let code = child.wait().unwrap().code();

    assert!(accepting.contains("60s"), "{accepting}");
    assert_eq!(code, Some(52), "{rest:?}");
    assert!(until_back(&gateway).contains("the operator called it off"));
    assert_eq!(gateway.client().get("/", &[]).status, 200);
}
