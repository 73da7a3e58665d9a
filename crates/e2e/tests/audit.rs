//! The audit log of a running gateway: whole whatever happens, and without it nothing changes.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use graylane_testkit::{Gateway, LIMIT, Ran, Recipe, Setup, Traffic, grayctl, run};
use serde_json::Value;

fn text(body: &str) -> String {
    let recipe = Recipe::new().lane_lines("stable", &format!("respond = {{ body = {body:?} }}\n"));
    recipe.server("state = \"state\"").with_token().text()
}

fn verify(folder: &Path) -> Ran {
    run(Command::new(grayctl())
        .args(["audit", "verify"])
        .arg(folder.join("state")))
}

fn entries(folder: &Path) -> Vec<Value> {
    let log = fs::read_to_string(folder.join("state/audit.jsonl")).unwrap();
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        // A build of another channel tells that it runs for dev.
        .filter(|entry: &Value| entry["key"] != "env")
        .collect()
}

fn actions(folder: &Path) -> Vec<String> {
    let of = |entry: &Value| entry["action"].as_str().unwrap_or_default().to_owned();
    entries(folder).iter().map(of).collect()
}

fn body(gateway: &Gateway) -> String {
    gateway.client().get("/", &[]).text()
}

#[test]
fn every_change_is_told_with_who_what_and_from_what_to_what() {
    let setup = Setup::new(&text("one"));
    let gateway = setup.start();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let fields = [
        ("Authorization", "Bearer test"),
        ("traceparent", trace),
        ("Connection", "close"),
    ];
    let admin = || graylane_testkit::Client::connect(gateway.admin());

    admin().request("PUT", "/config", &fields, text("two").as_bytes());
    admin().request("PUT", "/config", &fields, b"[");

    let entries = entries(setup.folder());
    assert_eq!(
        actions(setup.folder()),
        ["start", "accept", "change", "reject"],
        "{entries:?}"
    );
    let change = &entries[2];
    assert_eq!(
        ["key", "old", "new", "trace"].map(|name| change[name].as_str().unwrap_or_default()),
        [
            "lanes.shop.stable.respond.body",
            "\"one\"",
            "\"two\"",
            "4bf92f3577b34da6a3ce929d0e0e4736"
        ]
    );
    assert_eq!(
        (&change["actor"]["token"], &change["revision"]),
        (&"ops".into(), &2.into())
    );
    assert!(change["actor"]["user"].as_str().unwrap().starts_with("uid "));
    assert!(change["source"].as_str().unwrap().contains("graylane.toml:"));
    assert!(change["digest"].as_str().unwrap().len() == 64);
    assert!(
        entries[3]["reason"]
            .as_str()
            .unwrap()
            .contains("graylane.toml:1:")
    );
    assert!(
        !fs::read_to_string(setup.path("state/audit.jsonl"))
            .unwrap()
            .contains("Bearer")
    );
}

#[test]
fn the_chain_goes_on_over_changes_restarts_and_a_kill_and_shows_what_was_touched() {
    let setup = Setup::new(&text("0"));
    for round in 0..3 {
        let mut gateway = setup.start();
        for n in 0..5 {
            gateway.order("PUT", "/config", text(&format!("{round} {n}")));
            gateway.order("PUT", "/config", "[");
        }
        if round == 1 {
            gateway.signal("KILL");
        } else {
            gateway.terminate();
        }
        gateway.wait(LIMIT);
    }
    let whole = verify(setup.folder());
    let log = setup.path("state/audit.jsonl");
    let lines = fs::read_to_string(&log).unwrap();

    fs::write(&log, lines.replacen("\"0 1\\\"\"", "\"0 9\\\"\"", 1)).unwrap();
    let changed = verify(setup.folder());
    fs::write(
        &log,
        lines
            .lines()
            .skip(1)
            .map(|line| format!("{line}\n"))
            .collect::<String>(),
    )
    .unwrap();
    let removed = verify(setup.folder());

    assert_eq!(whole.code, 0, "{whole:?}");
    assert_eq!([changed.code, removed.code], [30; 2], "{changed:?} {removed:?}");
}

#[test]
fn two_gateways_never_write_one_log() {
    let setup = Setup::new(&text("one"));
    let _gateway = setup.start();

    let second = setup.run(&["serve"]);

    assert_eq!(second.code, 19, "{second:?}");
    assert!(
        second.stderr.contains("only one process may write it"),
        "{second:?}"
    );
}

/// While there is no room: changes are refused and told so, what runs goes on, and nothing of them is left.
fn assert_serves_but_changes_nothing(gateway: &Gateway, setup: &Setup) {
    let before = fs::read(setup.path("graylane.toml")).unwrap();
    let traffic = Traffic::start(gateway.address(), 1, |client, connection| {
        let text = client.try_request("GET", "/", &[connection], b"")?.text();
        (text == "one").then_some(()).ok_or(text)
    });

    let put = gateway.order("PUT", "/config", text("two"));
    traffic.until_more(50);
    traffic.end();

    assert_eq!(put.status, 507, "{}", put.text());
    // Of the state folder, whichever of its files has no room first.
    assert!(put.text().contains("make room"), "{}", put.text());
    assert_eq!(gateway.revision(), 1);
    assert_eq!(fs::read(setup.path("graylane.toml")).unwrap(), before);
    assert_eq!(gateway.metrics().sum("graylane_config_rejected", &[]), 1.0);
}

/// There is room again.
fn assert_changes_again(gateway: &Gateway, setup: &Setup) {
    let put = gateway.order("PUT", "/config", text("three"));

    assert_eq!(
        (put.status, body(gateway).as_str()),
        (200, "three"),
        "{}",
        put.text()
    );
    let verified = verify(setup.folder());
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(actions(setup.folder()).contains(&"accept".to_owned()));
}

#[test]
fn a_log_that_may_not_grow_refuses_changes_until_it_may() {
    let prlimit = ["env", "--ignore-signal=XFSZ", "prlimit", "--fsize=100000:"];
    let setup = Setup::new(&text("one")).through(&prlimit);
    let gateway = setup.start();
    // Up to a few bytes below the limit: a refused change has a reason that is longer.
    let log = setup.path("state/audit.jsonl");
    let fill = |gateway: &Gateway| {
        let length = fs::metadata(&log).unwrap().len();
        gateway.order("PUT", "/config", format!("[\n# {}", "x".repeat(3000)));
        fs::metadata(&log).unwrap().len() > length
    };
    while fill(&gateway) {}

    assert_serves_but_changes_nothing(&gateway, &setup);
    let pid = format!("--pid={}", gateway.pid());
    let raised = run(Command::new("prlimit").args([&pid, "--fsize=unlimited:"]));

    assert_eq!(raised.code, 0, "{raised:?}");
    assert_changes_again(&gateway, &setup);
}

/// A small file system of its own, until this is dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None` where nobody lets us mount one: the test with a limit on the size of files is then the only one.
    fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let mut mount = Command::new("mount");
        let ran = run(mount
            .args(["-t", "tmpfs", "-o", "size=64k,mode=700", "none"])
            .arg(&at));
        if ran.code != 0 {
            eprintln!(
                "LEFT OUT: no small file system can be mounted here: {}",
                ran.stderr
            );
            return None;
        }
        Some(Self(at))
    }

    fn fill(&self) {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.0.join("filler"))
            .unwrap();
        while file.write_all(&[0; 512]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

#[test]
fn a_full_disk_refuses_changes_until_there_is_room() {
    let setup = Setup::new(&text("one"));
    let Some(disk) = Disk::mount(setup.path("state")) else {
        return;
    };
    let gateway = setup.start();
    disk.fill();
    // The last page of the log may have room for one more entry.
    for _ in 0..20 {
        gateway.order("PUT", "/config", format!("[\n# {}", "x".repeat(3000)));
    }

    assert_serves_but_changes_nothing(&gateway, &setup);
    disk.make_room();

    assert_changes_again(&gateway, &setup);
}

#[test]
fn a_gateway_whose_log_cannot_take_the_start_does_not_start() {
    let setup = Setup::new(&text("one"));
    let Some(disk) = Disk::mount(setup.path("state")) else {
        return;
    };
    disk.fill();

    let ran = setup.run(&["serve"]);

    assert_eq!(ran.code, 19, "{ran:?}");
    assert!(ran.stderr.contains("hint: make room"), "{ran:?}");
}

#[test]
fn a_change_of_many_long_flags_is_told_in_short_and_not_refused() {
    let long = |word: &str| {
        let flag = |n: u64| {
            let text = word.repeat(450);
            format!(
                "[flags.flag-{n}]\nstate = \"enabled\"\ndefaultVariant = \"a\"\n[flags.flag-{n}.variants]\na = '{text}'\n"
            )
        };
        (0..2000).map(flag).collect::<String>()
    };
    let recipe = Recipe::new().lane_lines("stable", "respond = {}\n");
    let gateway = recipe
        .server("state = \"state\"")
        .with_token()
        .more("[flags]\nfiles = [\"flags.toml\"]\n")
        .setup()
        .file("flags.toml", long("\"a\"\"b"))
        .start();

    let answer = gateway.order("PUT", "/flags", long("\"c\"\"d"));

    assert_eq!(answer.status, 200, "{}", answer.text());
    let log = fs::read_to_string(gateway.folder().join("state/audit.jsonl"));
    assert!(log.is_ok_and(|log| log.contains("more keys and flags")));
}
