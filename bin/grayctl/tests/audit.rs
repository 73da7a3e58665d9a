//! `grayctl audit`, run on real logs.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use graylane_audit::{Entry, Log, Options};

fn grayctl(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grayctl"));
    command.arg("audit").args(arguments);
    command
}

fn said(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = grayctl(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn weight(second: u64, old: &str, new: &str) -> Entry {
    let mut entry = Entry::new(UNIX_EPOCH + Duration::from_secs(second), "override");
    entry.actor.user = Some("alice".to_owned());
    entry.source = Some("--set".to_owned());
    entry.key = Some("lanes.shop.canary.weight".to_owned());
    entry.old = Some(old.to_owned());
    entry.new = Some(new.to_owned());
    entry
}

fn rejected(second: u64) -> Entry {
    let mut entry = Entry::new(UNIX_EPOCH + Duration::from_secs(second), "rejected");
    entry.revision = Some(7);
    entry.reason = Some("not\u{1b}[31m signed".to_owned());
    entry
}

/// A folder with a log of four entries.
fn log() -> (tempfile::TempDir, String, Log) {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(&folder.path().join("audit.jsonl"), Options { file_limit: 3000 }).unwrap();
    log.append(&[weight(0, "1 %", "5 %"), weight(3600, "5 %", "9 %")])
        .unwrap();
    log.append(&[rejected(7200)]).unwrap();
    log.append(&[weight(9000, "9 %", "0 %")]).unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path, log)
}

fn file(folder: &str) -> String {
    fs::read_to_string(Path::new(folder).join("audit.jsonl")).unwrap()
}

#[test]
fn tail_shows_the_last_entries_short_and_aligned() {
    let (_folder, path, _log) = log();

    let (code, out, _) = said(&["tail", "-n", "2", &path]);

    assert_eq!(
        out,
        "     3  1970-01-01T02:00:00.000Z  rejected       -             revision 7  (not\\u{1b}[31m signed)\n     \
         4  1970-01-01T02:30:00.000Z  override       alice         lanes.shop.canary.weight  9 % -> 0 %  from --set\n"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn json_is_the_lines_as_they_are() {
    let (_folder, path, _log) = log();

    let (_, tail, _) = said(&["tail", "--json", &path]);
    let (_, show, _) = said(&["show", "--json", "--seq", "2", &path]);

    assert_eq!(tail, file(&path));
    assert_eq!(Some(show.trim_end()), file(&path).lines().nth(1));
}

#[test]
fn show_filters_by_time_key_and_action_and_shows_one_entry_in_full() {
    let (_folder, path, _log) = log();
    let numbers = |arguments: &[&str]| {
        let (_, out, _) = said(&[&["show"], arguments, &[&path]].concat());
        let numbers = out.lines().map(|line| line[..6].trim().parse::<u64>().unwrap());
        numbers.collect::<Vec<_>>()
    };

    let filtered = [
        numbers(&["--since", "1970-01-01T01:00:00Z"]),
        numbers(&["--since", "1970-01-01", "--key", "lanes.shop"]),
        numbers(&["--action", "rejected"]),
        numbers(&["--since", "2h"]),
    ];
    let (code, full, _) = said(&["show", "--seq", "3", &path]);
    let (missing, _, hint) = said(&["show", "--seq", "9", &path]);

    assert_eq!(filtered, [vec![2, 3, 4], vec![1, 2, 4], vec![3], vec![]]);
    assert_eq!(
        full,
        "seq         3\ntime        1970-01-01T02:00:00.000Z\naction      rejected\nrevision    7\n\
         reason      not\\u{1b}[31m signed\n"
    );
    assert_eq!((code, missing), (Some(0), Some(31)));
    assert!(
        hint.starts_with("error: the audit log has no entry 9\nhint: "),
        "{hint}"
    );
}

#[test]
fn verify_prints_the_head_that_it_takes_back_as_expectation() {
    let (_folder, path, log) = log();
    let head = log.head().to_string();

    let (code, out, _) = said(&["verify", &path]);
    let (expected, json, _) = said(&["verify", "--json", "--expect-head", &head, &path]);

    assert!(out.starts_with("verified: 4 entries in 1 file(s)\n"), "{out}");
    assert!(out.contains(&format!("head        {head}\n")), "{out}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["verified"], &json["head"]), (&true.into(), &head.into()));
    assert_eq!((code, expected), (Some(0), Some(0)));
}

#[test]
fn verify_names_the_place_of_what_is_wrong_and_has_an_exit_code_for_it() {
    let (_folder, path, log) = log();
    let head = log.head().to_string();
    let text = file(&path);
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let with = |text: String| {
        fs::write(Path::new(&path).join("audit.jsonl"), text).unwrap();
        said(&["verify", "--expect-head", &head, &path])
    };

    let (changed, _, changed_text) = with(text.replacen("9 %", "7 %", 1));
    let (removed, _, removed_text) = with([lines[0], lines[1], lines[3]].concat());
    let (swapped, _, _) = with([lines[0], lines[1], lines[3], lines[2]].concat());
    let (cut, _, cut_text) = with(lines[..3].concat());
    let (json, out, _) = said(&["verify", "--json", "--expect-head", &head, &path]);

    assert_eq!([changed, removed, swapped, cut, json], [Some(30); 5]);
    assert!(
        changed_text.contains("audit.jsonl: line 2: the entry was changed"),
        "{changed_text}"
    );
    assert!(
        removed_text.contains("line 3: entries are missing: 3 to 3"),
        "{removed_text}"
    );
    assert!(
        cut_text.contains("line 4: the end was cut off: entry 4 was noted"),
        "{cut_text}"
    );
    assert!(
        cut_text.contains("\nhint: keep the files as they are"),
        "{cut_text}"
    );
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&out["verified"], &out["broken"]["line"]),
        (&false.into(), &4.into())
    );
}

#[test]
fn a_log_that_is_not_there_is_not_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();

    let answers = [
        said(&["verify", path]),
        said(&["tail", path]),
        said(&["show", path]),
    ];

    for (code, _, err) in answers {
        assert_eq!(code, Some(10), "{err}");
        assert!(err.contains("\nhint: give the folder `server.state`"), "{err}");
    }
}

#[test]
fn a_head_or_time_that_is_none_is_a_mistake_of_usage() {
    let (_folder, path, _log) = log();

    let answers = [
        said(&["verify", "--expect-head", "4:abc", &path]),
        said(&["show", "--since", "yesterday", &path]),
    ];

    for (code, _, err) in answers {
        assert_eq!(code, Some(2), "{err}");
    }
}

#[test]
fn tail_follows_over_rotations() {
    let (_folder, path, mut log) = log();
    let mut child = grayctl(&["tail", "-n", "1", "-f", "--json", &path])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seq = || {
        let line = lines.next().unwrap().unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        value["seq"].as_u64().unwrap()
    };
    assert_eq!(seq(), 4);

    for second in 0..40 {
        log.append(&[weight(second, "0 %", "1 %")]).unwrap();
    }
    let head = log.head().seq;
    let seen: Vec<_> = (5..=head).map(|_| seq()).collect();

    child.kill().unwrap();
    child.wait().unwrap();
    assert!(Path::new(&path).join("audit.1.jsonl").exists());
    assert!(seen.into_iter().eq(5..=head));
}
