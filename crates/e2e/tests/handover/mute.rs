//! A next process that never asks for anything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use graylane_handover::{Fate, News};
use graylane_testkit::{Gateway, LIMIT, Recipe, Upstream, binary, eventually};

use crate::stage::{ask_for, follow, probation, standing};

/// Begins to run, and does nothing ever after: a jump to itself.
const SPIN: &[u8] = if cfg!(target_arch = "aarch64") {
    &[0, 0, 0, 0x14]
} else {
    &[0xeb, 0xfe]
};

/// A gateway whose next process has a moment to ask.
fn hasty(upstream: &Upstream) -> Gateway {
    let recipe = probation(Recipe::to(upstream.address()), "60s");
    recipe.more("ready_within = \"300ms\"\n").start()
}

/// Puts these bytes into an executable file of the gateway's folder.
fn executable(gateway: &Gateway, bytes: &[u8]) -> PathBuf {
    let (draft, file) = (gateway.folder().join("draft"), gateway.folder().join("mute"));
    fs::write(&draft, bytes).unwrap();
    // Written by a process that ends: one that another test starts meanwhile must not hold it open.
    let write = "cp \"$1\" \"$2\" && chmod 755 \"$2\"";
    let command = Command::new("sh")
        .args(["-c", write, "sh"])
        .args([&draft, &file])
        .status();
    assert!(command.unwrap().success());
    file
}

/// The binary with another first instruction. Whoever only reads it finds all that makes it one of ours.
fn spinning(binary: &Path) -> Vec<u8> {
    let mut bytes = fs::read(binary).unwrap();
    let word = |at: usize, size: usize| {
        let mut word = [0; 8];
        word[..size].copy_from_slice(&bytes[at..at + size]);
        usize::try_from(u64::from_le_bytes(word)).unwrap()
    };
    // The file's head and the heads of its segments (ELF-64 object file format).
    let (entry, heads, size, count) = (word(24, 8), word(32, 8), word(54, 2), word(56, 2));
    let first = (0..count).map(|nth| heads + nth * size).find_map(|head| {
        let (loaded, offset) = (word(head, 4) == 1, word(head + 8, 8));
        let (address, length) = (word(head + 16, 8), word(head + 32, 8));
        let within = loaded && (address..address + length).contains(&entry);
        within.then(|| offset + entry - address)
    });
    let first = first.unwrap();
    bytes[first..first + SPIN.len()].copy_from_slice(SPIN);
    bytes
}

fn is_gone(pid: u64) -> bool {
    !Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn one_of_our_binaries_is_ended_and_the_operator_told_that_nothing_has_changed() {
    let upstream = Upstream::fixed("served");
    let gateway = hasty(&upstream);
    let file = executable(&gateway, &spinning(&binary()));

    let mut following = follow(&gateway, &file);
    following.until("started");
    let told = following.told();

    let reason = told.outcome["reason"].as_str().unwrap();
    assert_eq!(told.code, 51, "{told:?}");
    assert!(
        reason.contains("asked for nothing within `handover.ready_within` (300ms)"),
        "{reason}"
    );
    assert!(told.stderr.contains("nothing has changed"), "{told:?}");
    assert!(is_gone(following.pid()));
    assert_eq!(standing(&gateway)["state"], "serving");
    assert_eq!(gateway.client().get("/", &[]).text(), "served");
}

#[test]
fn a_script_is_ended_too() {
    let upstream = Upstream::fixed("served");
    let gateway = hasty(&upstream);
    let file = executable(&gateway, b"#!/bin/sh\nexec sleep 60\n");

    let mut switching = ask_for(&gateway, &file);
    let News::Progress(started) = switching.next(LIMIT).unwrap() else {
        panic!("it is not started");
    };
    let ended = switching.next(LIMIT).unwrap();

    let pid = started.pid.unwrap().into();
    assert!(
        matches!(&ended, News::Outcome(one) if one.fate == Fate::Failed),
        "{ended:?}"
    );
    eventually(LIMIT, "it is ended", || is_gone(pid));
    assert_eq!(gateway.client().get("/", &[]).text(), "served");
}

#[test]
fn one_does_not_outlive_a_gateway_that_is_told_to_end() {
    let upstream = Upstream::fixed("served");
    let mut gateway = probation(Recipe::to(upstream.address()), "60s").start();
    let file = executable(&gateway, &spinning(&binary()));
    let mut following = follow(&gateway, &file);
    let started = following.until("started");

    gateway.terminate();
    let told = following.told();

    let reason = told.outcome["reason"].as_str().unwrap();
    assert_eq!((told.code, gateway.wait(LIMIT)), (51, 0), "{told:?}");
    assert!(reason.contains("was told to end"), "{reason}");
    assert!(is_gone(started["pid"].as_u64().unwrap()));
}
