//! Files that change on the disk, in every way in which people and programs change them.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use graylane_testkit::{Gateway, LIMIT, Recipe, Setup, Traffic, eventually, replace};
use serde_json::Value;

fn answering(body: &str) -> String {
    Recipe::new()
        .lane_lines("stable", &format!("respond = {{ body = {body:?} }}\n"))
        .server("state = \"state\"")
        .text()
}

fn body(gateway: &Gateway) -> String {
    gateway.client().get("/", &[]).text()
}

fn until_body(gateway: &Gateway, wanted: &str) {
    eventually(LIMIT, &format!("the answer is {wanted}"), || {
        body(gateway) == wanted
    });
}

/// The entries of the audit log with this action.
fn audited(folder: &Path, action: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("state/audit.jsonl")).unwrap();
    let entries = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.filter(|entry| entry["action"] == action).collect()
}

#[test]
fn a_file_that_is_written_in_place_comes_into_use_by_itself() {
    let gateway = Gateway::start(&answering("one"));

    fs::write(gateway.file(), answering("two")).unwrap();

    until_body(&gateway, "two");
    assert_eq!(gateway.changes("file", "accepted"), 1);
}

#[test]
fn a_file_that_an_editor_puts_in_place_of_another_comes_into_use() {
    let gateway = Gateway::start(&answering("one"));

    replace(&gateway.file(), answering("two"));
    until_body(&gateway, "two");
    // The other habit: the old one is kept aside, and the new one begun under its name.
    fs::rename(gateway.file(), gateway.folder().join("graylane.toml~")).unwrap();
    fs::write(gateway.file(), answering("three")).unwrap();

    until_body(&gateway, "three");
    assert_eq!(gateway.revision(), 3);
}

#[test]
fn a_file_that_is_written_slowly_comes_into_use_when_it_is_whole() {
    let gateway = Gateway::start(&answering("one"));
    let traffic = Traffic::start(gateway.address(), 1, |client, connection| {
        let text = client.try_request("GET", "/", &[connection], b"")?.text();
        matches!(&*text, "one" | "two").then_some(()).ok_or(text)
    });
    let two = answering("two");

    // Emptied first, and then written in pieces, each of which is no configuration.
    let mut file = File::create(gateway.file()).unwrap();
    let reason = gateway.until_rejected("graylane.toml");
    for piece in two.as_bytes().chunks(two.len() / 8) {
        file.write_all(piece).unwrap();
        traffic.until_more(200);
    }

    until_body(&gateway, "two");
    gateway.until_nothing_is_rejected();
    traffic.end();
    assert!(!reason.is_empty());
    assert_eq!(gateway.revision(), 2);
}

#[test]
fn a_swapped_link_as_kubernetes_swaps_it_changes_all_files_at_once() {
    let setup = Setup::new("");
    let put = |folder: &str, word: &str, share: &str| {
        fs::create_dir(setup.path(folder)).unwrap();
        let text = Recipe::new()
            .lane_lines("stable", &format!("respond = {{ body = \"{word} stable\" }}\n"))
            .lane_lines(
                "canary",
                &format!("flag = \"shop-v2\"\nrespond = {{ body = \"{word} canary\" }}\n"),
            )
            .more("[flags]\nfiles = [\"flags.toml\"]\n")
            .text();
        let flags = format!("[flags.shop-v2]\nstate = \"{share}\"\n");
        fs::write(setup.path(folder).join("graylane.toml"), text).unwrap();
        fs::write(setup.path(folder).join("flags.toml"), flags).unwrap();
    };
    put("..2026_01_01", "one", "gray-0");
    put("..2026_01_02", "two", "gray-100");
    symlink("..2026_01_01", setup.path("..data")).unwrap();
    fs::remove_file(setup.path("graylane.toml")).unwrap();
    for name in ["graylane.toml", "flags.toml"] {
        symlink(format!("..data/{name}"), setup.path(name)).unwrap();
    }
    let gateway = setup.variable("GRAYSCALE_ON", "true").start();
    let traffic = Traffic::start(gateway.address(), 1, |client, connection| {
        let text = client.try_request("GET", "/", &[connection], b"")?.text();
        matches!(&*text, "one stable" | "two canary")
            .then_some(())
            .ok_or(text)
    });
    traffic.until_more(10);

    symlink("..2026_01_02", gateway.folder().join("..data_tmp")).unwrap();
    fs::rename(
        gateway.folder().join("..data_tmp"),
        gateway.folder().join("..data"),
    )
    .unwrap();
    fs::remove_dir_all(gateway.folder().join("..2026_01_01")).unwrap();

    until_body(&gateway, "two canary");
    traffic.end();
    assert_eq!(gateway.revision(), 2);
}

#[test]
fn a_file_that_vanishes_is_told_and_forgiven_when_it_comes_back() {
    let gateway = Gateway::start(&answering("one"));

    fs::remove_file(gateway.file()).unwrap();
    gateway.until_rejected("cannot read");
    let meanwhile = body(&gateway);
    fs::write(gateway.file(), answering("one")).unwrap();
    gateway.until_nothing_is_rejected();

    assert_eq!((meanwhile.as_str(), gateway.revision()), ("one", 1));
}

#[test]
fn a_bad_file_shows_everywhere_until_a_good_one_comes() {
    let gateway = Gateway::start(&answering("one"));

    fs::write(gateway.file(), "[listeners\n").unwrap();
    let reason = gateway.until_rejected("graylane.toml:1:");
    let readiness = gateway.readiness();
    let metric = gateway.metrics().sum("graylane_config_rejected", &[]);
    let rejects = audited(gateway.folder(), "reject");
    let served = body(&gateway);
    fs::write(gateway.file(), answering("two")).unwrap();
    until_body(&gateway, "two");
    gateway.until_nothing_is_rejected();

    assert_eq!(
        (&readiness["ready"], metric, served.as_str()),
        (&true.into(), 1.0, "one")
    );
    let told = rejects[0]["reason"].as_str().unwrap();
    assert!(
        told.contains("graylane.toml:1:") && reason.contains("graylane.toml:1:"),
        "{told}\n{reason}"
    );
    assert_eq!(
        (&rejects[0]["source"], &rejects[0]["revision"]),
        (&"file".into(), &2.into())
    );
    assert_eq!(gateway.metrics().sum("graylane_config_rejected", &[]), 0.0);
    assert_eq!(audited(gateway.folder(), "accept").len(), 1);
}

#[test]
fn a_mistake_that_is_seen_twice_is_told_once() {
    let gateway = Gateway::start(&answering("one"));

    fs::write(gateway.file(), "[listeners\n").unwrap();
    gateway.until_rejected("graylane.toml:1:");
    // After that time the watch tells of the file of the environment, which is not there, and all is read again.
    std::thread::park_timeout(Duration::from_secs(3));

    assert_eq!(audited(gateway.folder(), "reject").len(), 1);
    assert_eq!(gateway.stderr().matches("is refused").count(), 1);
}

#[test]
fn the_file_of_the_environment_may_come_and_go_later() {
    let gateway = Gateway::start(&answering("one"));
    let file = gateway.folder().join("graylane.dev.toml");

    fs::write(&file, "[lanes.shop.stable]\nrespond = { body = \"two\" }\n").unwrap();
    until_body(&gateway, "two");
    fs::remove_file(&file).unwrap();

    until_body(&gateway, "one");
    assert_eq!(gateway.revision(), 3);
}
