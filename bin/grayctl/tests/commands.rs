//! The real program, run on small made-up artifacts.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

#[path = "../../../crates/inspect/tests/support/elf.rs"]
mod support;
use support::{elf, notes};

const RELEASE: [(&str, &[&str]); 4] = [
    ("dev", &["debug-dump", "log:debug"]),
    ("prod", &["breaker"]),
    ("staging", &["breaker", "debug-dump", "log:debug"]),
    ("canary", &["breaker", "canary-log"]),
];

fn grayctl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_grayctl"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn write_artifact(folder: &Path, channel: &str, notes_of: &str, commit: &str, modules: &[&str]) {
    let folder = folder.join("dist").join(channel);
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("graylane"),
        elf(&notes(&[notes_of], &format!("1.4.2 {commit}"), modules)),
    )
    .unwrap();
    let crates = modules.iter().filter(|name| !name.contains(':'));
    let sources: String = crates
        .map(|name| format!(" crates/mod-{name}/src/lib.rs"))
        .collect();
    fs::write(
        folder.join("graylane.d"),
        format!("graylane: bin/graylane/src/main.rs{sources}\n"),
    )
    .unwrap();
}

/// A release whose expectations are blessed already.
fn release() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (channel, modules) in RELEASE {
        write_artifact(folder.path(), channel, channel, "ab12cd34", modules);
    }
    assert_eq!(
        grayctl(folder.path(), &["prove", "--dist", "dist", "--bless"])
            .status
            .code(),
        Some(0)
    );
    folder
}

#[test]
fn a_blessed_release_is_proven() {
    let release = release();

    let (code, out, _) = said(&grayctl(release.path(), &["prove", "--dist", "dist"]));

    assert_eq!(
        out,
        "graylane 1.4.2 of commit ab12cd34\n\n\
         module      dev           prod          staging       canary\n\
         breaker     absent        present       present       present\n\
         canary-log  absent        absent        absent        present\n\
         debug-dump  present       absent        present       absent\n\
         log:debug   present       absent        present       absent\n\n\
         proven: markers, sources and expectations agree in every channel\n"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn a_module_that_leaks_is_a_surprise_with_an_exit_code_and_a_hint() {
    let release = release();
    write_artifact(
        release.path(),
        "prod",
        "prod",
        "ab12cd34",
        &["breaker", "debug-dump"],
    );

    let (code, out, err) = said(&grayctl(release.path(), &["prove", "--dist", "dist"]));

    assert_eq!(code, Some(20));
    assert!(
        out.contains("surprise [unexpected]: prod: debug-dump is present, expected absent\n"),
        "{out}"
    );
    assert!(err.contains("\nhint: do not publish."), "{err}");
}

#[test]
fn the_json_names_the_matrix_and_the_surprises() {
    let release = release();
    write_artifact(release.path(), "canary", "canary", "ab12cd34", &["breaker"]);

    let (code, out, _) = said(&grayctl(release.path(), &["prove", "--dist", "dist", "--json"]));

    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(20));
    assert_eq!(value["proven"], false);
    assert_eq!(value["modules"]["canary-log"]["prod"], "not-proven");
    let codes: Vec<_> = value["surprises"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert_eq!(codes, ["not-proven", "unexpected"]);
}

#[test]
fn bless_writes_nothing_where_more_is_wrong_than_the_expectation() {
    let release = release();
    let expected = release.path().join("ci/expected/canary.txt");
    let before = fs::read_to_string(&expected).unwrap();
    write_artifact(release.path(), "canary", "prod", "ab12cd34", &["breaker"]);

    let (code, out, _) = said(&grayctl(release.path(), &["prove", "--dist", "dist", "--bless"]));

    assert_eq!(code, Some(20));
    assert!(out.contains("surprise [wrong-channel]: canary: "), "{out}");
    assert_eq!(fs::read_to_string(expected).unwrap(), before);
}

#[test]
fn artifacts_of_two_commits_are_refused() {
    let release = release();
    write_artifact(
        release.path(),
        "canary",
        "canary",
        "ffffffff",
        &["breaker", "canary-log"],
    );

    let (code, out, err) = said(&grayctl(release.path(), &["prove", "--dist", "dist"]));

    assert_eq!((code, out.as_str()), (Some(21), ""));
    assert!(err.contains("not one release"), "{err}");
}

#[test]
fn a_missing_artifact_is_named() {
    let release = release();
    fs::remove_file(release.path().join("dist/staging/graylane")).unwrap();

    let (code, _, err) = said(&grayctl(release.path(), &["prove", "--dist", "dist"]));

    assert_eq!(code, Some(10));
    assert!(err.contains("dist/staging/graylane: cannot be read"), "{err}");
}

#[test]
fn an_expectation_that_cannot_be_read_is_named_with_its_line() {
    let release = release();
    fs::write(release.path().join("ci/expected/prod.txt"), "breaker maybe\n").unwrap();

    let (code, _, err) = said(&grayctl(release.path(), &["prove", "--dist", "dist"]));

    assert_eq!(code, Some(12));
    assert!(
        err.contains("ci/expected/prod.txt: line 1: `breaker maybe`"),
        "{err}"
    );
}

#[test]
fn inspect_prints_a_table_or_json() {
    let release = release();

    let (code, table, _) = said(&grayctl(release.path(), &["inspect", "dist/staging/graylane"]));
    let (_, json, _) = said(&grayctl(
        release.path(),
        &["inspect", "dist/staging/graylane", "--json"],
    ));

    assert_eq!(code, Some(0));
    assert!(
        table.starts_with("channel     staging\nversion     1.4.2\ncommit      ab12cd34\n"),
        "{table}"
    );
    assert!(
        table.contains("modules     breaker, debug-dump\nstatements  log:debug\n"),
        "{table}"
    );
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["channels"], serde_json::json!(["staging"]));
    assert_eq!(value["build_id"], "abcdef01");
}

#[test]
fn inspect_tells_apart_what_cannot_be_read_and_what_is_not_graylane() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("script"), "#!/bin/sh\n").unwrap();

    let answers = ["missing", "script", env!("CARGO_BIN_EXE_grayctl")]
        .map(|file| said(&grayctl(folder.path(), &["inspect", file])));

    assert_eq!(
        answers.each_ref().map(|(code, ..)| *code),
        [Some(10), Some(11), Some(11)]
    );
    assert!(
        answers[0].2.contains("No such file or directory"),
        "{}",
        answers[0].2
    );
    assert!(
        answers[2]
            .2
            .contains("is not a graylane binary, or its notes were removed\nhint: "),
        "{}",
        answers[2].2
    );
}

#[test]
fn every_exit_code_stands_in_the_help_and_completions_are_written() {
    let folder = tempfile::tempdir().unwrap();

    let (_, help, _) = said(&grayctl(folder.path(), &["--help"]));
    let (code, script, _) = said(&grayctl(folder.path(), &["completion", "bash"]));

    for line in [
        "  10  a file",
        "  11  the file",
        "  12  a committed",
        "  20  `prove`",
        "  21  `prove`",
        "  30  `audit verify`",
        "  31  `audit show --seq`",
    ] {
        assert!(help.contains(line), "{line}: {help}");
    }
    assert_eq!(code, Some(0));
    assert!(script.contains("complete -F _grayctl"), "{script}");
}
