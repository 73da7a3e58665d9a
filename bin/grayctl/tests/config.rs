//! `grayctl config`: what it prints, how it ends, and that the stock minisign agrees.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const CONFIGURATION: &str = "\
revision = 7
listeners.web.address = \"127.0.0.1:8080\"
admin.tokens.ops.sha256 = \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"

[services.shop]

[lanes.shop.stable]
respond = {}
";

/// What a command left behind: exit code, output, messages.
type Ran = (i32, String, String);

fn told(output: &Output) -> Ran {
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn grayctl(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grayctl"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GRAYLANE_")) {
        command.env_remove(name);
    }
    told(
        &command
            .args(["config"])
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap(),
    )
}

/// The stock tool with something to read on its input; `None`, said loudly, where it is not installed.
fn minisign(folder: &Path, arguments: &[&str], input: &str) -> Option<Ran> {
    let child = Command::new("minisign")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "minisign is missing: run ci/setup"
        );
        eprintln!("NOT TESTED against the stock minisign: it is missing, run ci/setup");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Some(told(&child.wait_with_output().unwrap()))
}

/// A folder with a configuration and a pair of keys.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("graylane.toml"), CONFIGURATION).unwrap();
    let (code, _, err) = grayctl(folder.path(), &["keygen", "--no-password"]);
    assert_eq!(code, 0, "{err}");
    folder
}

#[test]
fn what_is_signed_here_the_stock_tool_verifies_and_so_do_we() {
    let folder = folder();

    let (signed, out, _) = grayctl(folder.path(), &["sign", "graylane.toml"]);
    let (verified, report, _) = grayctl(
        folder.path(),
        &["verify", "--trust", "graylane.pub", "graylane.toml"],
    );

    assert_eq!((signed, verified), (0, 0), "{report}");
    assert_eq!(out, "graylane.toml: revision 7, graylane.toml.minisig\n");
    assert!(report.contains("graylane.toml: signed by "), "{report}");
    assert!(report.ends_with("\tfile:graylane.toml\trevision:7\n"), "{report}");
    let stock = minisign(
        folder.path(),
        &["-V", "-p", "graylane.pub", "-m", "graylane.toml"],
        "",
    );
    if let Some((code, out, err)) = stock {
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("Signature and comment signature verified"), "{out}");
        assert!(out.contains("revision:7"), "{out}");
    }
}

#[test]
fn what_the_stock_tool_signs_we_verify_hashed_or_not() {
    let folder = folder();
    let key = ["-G", "-W", "-p", "stock.pub", "-s", "stock.key"];
    if minisign(folder.path(), &key, "").is_none() {
        return;
    }

    for legacy in [&[][..], &["-l"]] {
        let arguments = [&["-S", "-s", "stock.key", "-m", "graylane.toml"], legacy].concat();
        let signed = minisign(folder.path(), &arguments, "").unwrap();
        assert_eq!(signed.0, 0, "{signed:?}");

        let verified = grayctl(
            folder.path(),
            &["verify", "--trust", "stock.pub", "graylane.toml"],
        );

        assert_eq!(verified.0, 0, "{legacy:?} {verified:?}");
    }
    // And its key signs here as well.
    let signed = grayctl(folder.path(), &["sign", "--secret", "stock.key", "graylane.toml"]);
    assert_eq!(signed.0, 0, "{signed:?}");
    let stock = minisign(
        folder.path(),
        &["-V", "-p", "stock.pub", "-m", "graylane.toml"],
        "",
    )
    .unwrap();
    assert_eq!(stock.0, 0, "{stock:?}");
}

#[test]
fn the_password_of_a_stock_key_is_asked_for_on_the_terminal() {
    let folder = folder();
    let key = ["-G", "-p", "stock.pub", "-s", "stock.key"];
    if minisign(folder.path(), &key, "secret\nsecret\n").is_none() {
        return;
    }
    let sign = |password: &str| {
        // `script` gives the command a terminal of its own.
        let command = format!(
            "{} config sign --secret stock.key graylane.toml",
            env!("CARGO_BIN_EXE_grayctl")
        );
        let mut child = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(password.as_bytes())
            .unwrap();
        told(&child.wait_with_output().unwrap())
    };

    let (wrong, right) = (sign("wrong\n"), sign("secret\n"));

    assert_eq!(wrong.0, 15, "{wrong:?}");
    assert!(wrong.1.contains("or the password is wrong"), "{wrong:?}");
    assert_eq!(right.0, 0, "{right:?}");
    let verified = grayctl(
        folder.path(),
        &["verify", "--trust", "stock.pub", "graylane.toml"],
    );
    assert_eq!(verified.0, 0, "{verified:?}");
}

#[test]
fn a_secret_key_is_its_owners_alone_and_never_written_over_by_accident() {
    let folder = folder();
    let secret = folder.path().join("graylane.key");
    let before = fs::read_to_string(&secret).unwrap();

    let again = grayctl(folder.path(), &["keygen", "--no-password"]);
    let kept = fs::read_to_string(&secret).unwrap();
    let forced = grayctl(folder.path(), &["keygen", "--no-password", "--force", "--json"]);

    assert_eq!(again.0, 15, "{again:?}");
    assert_eq!(
        again.2,
        "error: graylane.key is there already\nhint: name another file, or write over it with --force\n"
    );
    assert_eq!(kept, before);
    let made: Value = serde_json::from_str(&forced.1).unwrap();
    let public = fs::read_to_string(folder.path().join("graylane.pub")).unwrap();
    assert!(public.contains(made["key"].as_str().unwrap()), "{made}");
    assert_ne!(fs::read_to_string(&secret).unwrap(), before);
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn two_trusted_keys_count_while_one_replaces_the_other() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    grayctl(
        folder.path(),
        &[
            "keygen",
            "--no-password",
            "--secret",
            "new.key",
            "--public",
            "new.pub",
        ],
    );
    let both = [
        fs::read_to_string(path("graylane.pub")),
        fs::read_to_string(path("new.pub")),
    ]
    .map(Result::unwrap);
    fs::write(path("trusted.pub"), both.concat()).unwrap();
    let verify = |trust: &str| {
        grayctl(
            folder.path(),
            &["verify", "--json", "--trust", trust, "graylane.toml"],
        )
    };

    grayctl(folder.path(), &["sign", "graylane.toml"]);
    let (by_old, only_new) = (verify("trusted.pub"), verify("new.pub"));
    grayctl(folder.path(), &["sign", "--secret", "new.key", "graylane.toml"]);
    let by_new = verify("trusted.pub");

    assert_eq!((by_old.0, by_new.0, only_new.0), (0, 0, 14));
    let report: Value = serde_json::from_str(&only_new.1).unwrap();
    assert_eq!(report["valid"], false);
    let message = report["files"][0]["message"].as_str().unwrap();
    assert!(message.ends_with(", which is not trusted"), "{message}");
    let hint = report["files"][0]["hint"].as_str().unwrap();
    assert!(hint.contains(report["trusted"][0].as_str().unwrap()), "{hint}");
}

#[test]
fn a_file_that_was_changed_or_never_signed_ends_with_14() {
    let folder = folder();
    grayctl(folder.path(), &["sign", "graylane.toml"]);
    fs::write(
        folder.path().join("graylane.toml"),
        CONFIGURATION.replace('7', "8"),
    )
    .unwrap();
    fs::write(folder.path().join("other.toml"), "").unwrap();

    let (code, out, err) = grayctl(
        folder.path(),
        &["verify", "--trust", "graylane.pub", "graylane.toml", "other.toml"],
    );

    assert_eq!(code, 14);
    assert!(
        out.contains("does not fit: the document or the signature was changed"),
        "{out}"
    );
    assert!(
        out.contains("other.toml is not signed: there is no other.toml.minisig"),
        "{out}"
    );
    assert_eq!(
        err,
        "error: 2 of 2 signatures do not count\nhint: sign the files again with a trusted key: grayctl config sign FILE\n"
    );
}

#[test]
fn a_file_without_a_revision_is_signed_with_a_warning_and_flagd_json_has_one() {
    let folder = folder();
    fs::write(
        folder.path().join("flags.json"),
        "{\"flags\": {}, \"metadata\": {\"revision\": 3}}",
    )
    .unwrap();
    fs::write(folder.path().join("plain.toml"), "a = 1\n").unwrap();

    let (code, out, _) = grayctl(folder.path(), &["sign", "flags.json", "plain.toml"]);

    assert_eq!(code, 0);
    assert_eq!(
        out,
        "flags.json: revision 3, flags.json.minisig\nplain.toml: NO revision: prod will not take it, plain.toml.minisig\n"
    );
}

#[test]
fn show_tells_every_value_with_its_origin_and_no_secret() {
    let folder = folder();
    fs::write(
        folder.path().join("graylane.staging.toml"),
        "server.state = \"s\"\n",
    )
    .unwrap();
    let arguments = ["show", "--env", "staging", "--set", "limits.body=1MB"];

    let (code, table, err) = grayctl(folder.path(), &arguments);
    let (_, json, _) = grayctl(folder.path(), &[&arguments[..], &["--json"]].concat());

    assert_eq!(code, 0, "{err}");
    let line = |key: &str| {
        table
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap()
            .split_whitespace()
    };
    assert!(line("server.state").eq(["server.state", "\"s\"", "graylane.staging.toml:1"]));
    assert!(line("limits.body").eq(["limits.body", "\"1MB\"", "--set", "limits.body"]));
    assert!(line("limits.headers").eq(["limits.headers", "100", "default"]));
    let shown: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&shown["environment"], &shown["revision"]),
        (&"staging".into(), &7.into())
    );
    assert_eq!(shown["overrides"][0]["key"], "limits.body");
    assert!(!table.contains("ba7816bf") && !json.contains("ba7816bf"));
}

#[test]
fn diff_names_the_keys_that_differ_and_ends_with_22() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "same.toml",
        &format!("# the same\n{}", CONFIGURATION.replace("= 7", "= 0x7")),
    );
    let other = CONFIGURATION
        .replace("= 7", "= 8")
        .replace("127.0.0.1:8080", "127.0.0.1:8081")
        .replace("ba7816bf", "aa7816bf")
        .replace("stable]", "stable]\n# comment");
    write("other.toml", &format!("{other}[limits]\nbody = \"1MB\"\n"));
    write("wrong.toml", "wrong = 1\n");
    let diff =
        |new: &str, more: &[&str]| grayctl(folder.path(), &[&["diff", "graylane.toml", new], more].concat());

    let (nothing, different) = (diff("graylane.toml", &[]), diff("other.toml", &[]));
    let (json, wrong, missing) = (
        diff("other.toml", &["--json"]),
        diff("wrong.toml", &[]),
        diff("none.toml", &[]),
    );

    assert_eq!((nothing.0, &*nothing.1), (0, ""));
    assert_eq!((different.0, &*different.2), (22, ""));
    let lines: Vec<&str> = different.1.lines().collect();
    assert!(
        lines[0].starts_with("admin.tokens.ops.sha256  sha256:"),
        "{lines:?}"
    );
    assert!(!different.1.contains("7816bf8f"), "{lines:?}");
    assert_eq!(
        lines[1..],
        [
            "limits.body              \"10MB\" -> \"1MB\"",
            "listeners.web.address    \"127.0.0.1:8080\" -> \"127.0.0.1:8081\"  (needs a restart)",
            "revision                 7 -> 8",
        ]
    );
    let report: Value = serde_json::from_str(&json.1).unwrap();
    assert_eq!((json.0, &report["same"]), (22, &false.into()));
    assert_eq!(report["keys"][2]["restart"], true);
    assert_eq!((wrong.0, missing.0), (13, 10));
    assert!(
        wrong
            .2
            .starts_with("error: a configuration has no `wrong`\n --> wrong.toml:1:1\n"),
        "{}",
        wrong.2
    );
    let spelling = diff("same.toml", &[]);
    assert_eq!((spelling.0, &*spelling.1), (0, ""));
}

#[test]
fn every_command_has_a_help_with_an_example() {
    let folder = TempDir::new().unwrap();

    for command in ["keygen", "sign", "verify", "show", "diff"] {
        let (code, out, _) = grayctl(folder.path(), &[command, "--help"]);

        assert_eq!(code, 0);
        assert!(
            out.contains("Example") && out.contains(&format!("grayctl config {command}")),
            "{out}"
        );
    }
}
