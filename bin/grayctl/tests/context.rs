//! `grayctl context`: what it prints, how it ends, and that stock tools agree.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// What a command left behind: exit code, output, messages.
type Ran = (i32, String, String);

fn context(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_grayctl"))
        .arg("context")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A folder with a key.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let (code, _, err) = context(folder.path(), &["keygen", "edge.key"]);
    assert_eq!(code, 0, "{err}");
    folder
}

/// How the key, the lane and the host are given.
fn about<'a>(key: &'a str, lane: &'a str, host: &'a str) -> [&'a str; 8] {
    [
        "--key-file",
        "edge.key",
        "--key-name",
        key,
        "--lane",
        lane,
        "--host",
        host,
    ]
}

fn sign(folder: &Path, more: &[&str]) -> String {
    let arguments = [&["sign"], &about("edge", "canary", "shop.example")[..], more].concat();
    let (code, out, err) = context(folder, &arguments);
    assert_eq!(code, 0, "{err}");
    out.trim_end().to_owned()
}

fn verify(folder: &Path, about: &[&str], more: &[&str], signature: &str) -> Ran {
    context(folder, &[&["verify"], about, more, &[signature]].concat())
}

#[test]
fn a_key_is_for_its_owner_alone_and_not_written_over() {
    let folder = folder();
    let file = folder.path().join("edge.key");
    let first = fs::read_to_string(&file).unwrap();

    let (again, _, err) = context(folder.path(), &["keygen", "edge.key"]);
    let kept = fs::read_to_string(&file).unwrap();
    let (forced, out, _) = context(folder.path(), &["keygen", "--force", "edge.key"]);

    assert_eq!(first.trim_end().len(), 64);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!((again, kept.as_str(), forced), (15, first.as_str(), 0));
    assert!(err.contains("hint: ") && !out.contains(first.trim_end()), "{err}");
    assert_ne!(fs::read_to_string(&file).unwrap(), first);
}

#[test]
fn a_signature_holds_for_its_lane_host_and_key() {
    let folder = folder();
    let line = sign(folder.path(), &[]);
    let value = line.strip_prefix("X-Gray-Signature: ").unwrap();

    for (key, lane, host, expected) in [
        ("edge", "canary", "shop.example", 0),
        ("edge", "canary", "SHOP.example.", 0),
        ("edge", "stable", "shop.example", 16),
        ("edge", "canary", "pay.example", 16),
        ("other", "canary", "shop.example", 16),
    ] {
        for signature in [line.as_str(), value] {
            let (code, _, err) = verify(folder.path(), &about(key, lane, host), &[], signature);

            assert_eq!(code, expected, "{key} {lane} {host}: {err}");
        }
    }
}

#[test]
fn a_signature_that_does_not_hold_is_explained() {
    let folder = folder();
    let about = about("edge", "canary", "shop.example");
    let long = sign(folder.path(), &["--for", "2h"]);
    let cases = [
        (long.as_str(), "too-long-lived", "it holds for too long"),
        ("v1:edge:1000000000:00", "malformed", "it is no signature"),
        (
            "v1:edge:1000000000:0000000000000000000000000000000000000000000000000000000000000000",
            "expired",
            "it held until 2001-09-09T01:46:40Z",
        ),
    ];

    for (signature, reason, words) in cases {
        let (code, out, err) = verify(folder.path(), &about, &["--json"], signature);

        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (code, &report["valid"], &report["reason"]),
            (16, &false.into(), &reason.into())
        );
        assert!(err.contains(words) && err.contains("hint: "), "{err}");
    }
    let (code, out, _) = verify(folder.path(), &about, &["--max-age", "3h"], &long);
    assert_eq!(code, 0);
    assert!(
        out.starts_with("it holds: lane canary at shop.example, until "),
        "{out}"
    );
}

#[test]
fn openssl_makes_the_same_of_the_documented_text() {
    let folder = folder();
    let line = sign(folder.path(), &[]);
    let parts: Vec<&str> = line.split(':').collect();
    let (expires, mac) = (parts[3], parts[4]);
    let script = format!(
        "printf 'graylane gray v1\\nshop.example\\ncanary\\nedge\\n{expires}\\n' | \
         openssl dgst -sha256 -mac HMAC -macopt hexkey:\"$(cat edge.key)\""
    );

    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();

    if !output.status.success() && std::env::var_os("CI").is_none_or(|ci| ci != "true") {
        eprintln!("NOT TESTED against openssl: it is missing");
        return;
    }
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.trim_end().ends_with(mac), "{told}");
}

#[test]
fn what_can_be_no_key_lane_host_or_time_is_refused() {
    let folder = folder();
    fs::write(folder.path().join("short.key"), "ab".repeat(31)).unwrap();
    let sign = |key: &str, lane: &str, host: &str, time: &str| {
        let (code, _, err) = context(
            folder.path(),
            &[
                "sign",
                "--key-file",
                key,
                "--key-name",
                "edge",
                "--lane",
                lane,
                "--host",
                host,
                "--for",
                time,
            ],
        );
        (code, err)
    };

    let (short, words) = sign("short.key", "canary", "a.b", "1m");
    let (absent, _) = sign("none.key", "canary", "a.b", "1m");

    assert_eq!((short, absent), (15, 15));
    assert!(
        words.contains("it has 31 bytes") && !words.contains("abab"),
        "{words}"
    );
    for (lane, host, time) in [
        ("a b", "a.b", "1m"),
        ("a", "a.b:80", "1m"),
        ("a", "http://a", "1m"),
        ("a", "a.b", "25h"),
    ] {
        assert_eq!(sign("edge.key", lane, host, time).0, 2, "{lane} {host} {time}");
    }
}
