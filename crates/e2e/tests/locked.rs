//! `--env prod`: only what a trusted key signed counts, and nothing that is older than what counted before.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use graylane_testkit::{Gateway, LIMIT, Ran, Recipe, Signer, eventually, grayctl, replace, run};
use serde_json::Value;

fn text(revision: u64, body: &str) -> String {
    let recipe = Recipe::new()
        .lane_lines("stable", &format!("respond = {{ body = {body:?} }}\n"))
        .server("state = \"state\"")
        .with_token();
    format!("revision = {revision}\n{}", recipe.text())
}

/// Changes the file and signs it.
fn put(gateway: &Gateway, signer: &Signer, text: &str) {
    fs::write(gateway.file(), text).unwrap();
    signer.sign(&gateway.file());
}

fn body(gateway: &Gateway) -> String {
    gateway.client().get("/", &[]).text()
}

fn until_body(gateway: &Gateway, wanted: &str) {
    eventually(LIMIT, &format!("the answer is {wanted}"), || {
        body(gateway) == wanted
    });
}

fn end(mut gateway: Gateway) {
    gateway.terminate();
    assert_eq!(gateway.wait(LIMIT), 0);
}

fn assert_refused(ran: &Ran, words: &str) {
    assert_eq!(ran.code, 18, "{ran:?}");
    assert!(
        ran.stderr.contains(words) && ran.stderr.contains("hint: "),
        "{words}: {}",
        ran.stderr
    );
}

fn audited(folder: &Path, action: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("state/audit.jsonl")).unwrap();
    let entries = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.filter(|entry| entry["action"] == action).collect()
}

#[test]
fn what_the_stock_minisign_signed_starts_and_the_audit_log_names_the_signer() {
    let Some(signer) = Signer::new() else { return };
    let setup = signer.locked(&text(5, "five"));

    let gateway = setup.start();

    assert_eq!(body(&gateway), "five");
    let start = &audited(setup.folder(), "start")[0];
    let id = start["actor"]["signer"].as_str().unwrap_or_default();
    let comment = fs::read_to_string(signer.public()).unwrap();
    assert!(
        !id.is_empty() && comment.to_lowercase().contains(&id.to_lowercase()),
        "{id} {comment}"
    );
}

#[test]
fn what_is_not_signed_or_by_a_stranger_or_changed_since_ends_with_18() {
    let (Some(signer), Some(stranger)) = (Signer::new(), Signer::new()) else {
        return;
    };
    let setup = signer.locked(&text(5, "five"));
    let file = setup.path("graylane.toml");

    fs::write(&file, text(6, "changed")).unwrap();
    let changed = setup.run(&["serve"]);
    stranger.sign(&file);
    let foreign = setup.run(&["serve"]);
    fs::remove_file(setup.path("graylane.toml.minisig")).unwrap();
    let unsigned = setup.run(&["serve"]);

    assert_refused(&changed, "does not fit");
    assert_refused(&foreign, "graylane.toml");
    assert_refused(&unsigned, "is not signed");
}

#[test]
fn what_everybody_may_write_does_not_count() {
    let Some(signer) = Signer::new() else { return };
    let setup = signer.locked(&text(5, "five"));
    let open = |name: &str, mode| {
        fs::set_permissions(setup.path(name), fs::Permissions::from_mode(mode)).unwrap();
        let ran = setup.run(&["serve"]);
        fs::set_permissions(setup.path(name), fs::Permissions::from_mode(mode & !0o022)).unwrap();
        ran
    };

    for (name, mode) in [("graylane.toml", 0o646), ("trusted.pub", 0o666), ("", 0o777)] {
        assert_refused(&open(name, mode), "may be written by everybody");
    }
    assert_eq!(setup.run(&["check"]).code, 0);
}

#[test]
fn nothing_overrides_a_locked_configuration() {
    let Some(signer) = Signer::new() else { return };
    let by_argument = signer
        .locked(&text(5, "five"))
        .argument("--set=limits.body=1MB")
        .run(&["serve"]);
    let by_variable = signer
        .locked(&text(5, "five"))
        .variable("GRAYLANE_LIMITS__BODY", "1MB")
        .run(&["serve"]);

    for ran in [by_argument, by_variable] {
        assert_eq!(ran.code, 11, "{ran:?}");
        for words in [
            "`limits.body` may not be overridden: prod is locked",
            "grayctl config sign",
        ] {
            assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_change_counts_when_document_and_signature_fit_and_the_revision_is_not_lower() {
    let Some(signer) = Signer::new() else { return };
    let setup = signer.locked(&text(5, "five"));
    let gateway = setup.start();

    put(&gateway, &signer, &text(6, "six"));
    until_body(&gateway, "six");
    put(&gateway, &signer, &text(5, "five again"));
    let older = gateway.until_rejected("has revision 5, but 6 was accepted before");
    let served = body(&gateway);
    replace(&gateway.file(), text(7, "unsigned"));
    gateway.until_rejected("does not fit");
    put(&gateway, &signer, &text(7, "seven"));
    until_body(&gateway, "seven");

    gateway.until_nothing_is_rejected();
    assert_eq!(served, "six");
    assert!(older.contains("hint: "), "{older}");
    assert!(audited(setup.folder(), "reject").len() >= 2);
    let accepted = audited(setup.folder(), "accept");
    assert!(accepted.iter().all(|entry| entry["actor"]["signer"].is_string()));
}

#[test]
fn no_older_revision_comes_back_with_a_restart() {
    let Some(signer) = Signer::new() else { return };
    let setup = signer.locked(&text(5, "five"));
    let gateway = setup.start();
    put(&gateway, &signer, &text(6, "six"));
    until_body(&gateway, "six");
    put(&gateway, &signer, &text(5, "five"));
    gateway.until_rejected("was accepted before");
    end(gateway);

    let older = setup.run(&["serve"]);
    fs::write(setup.path("graylane.toml"), text(6, "six")).unwrap();
    signer.sign(&setup.path("graylane.toml"));
    let same = setup.start();

    assert_refused(&older, "has revision 5, but 6 was accepted before");
    assert_eq!((body(&same).as_str(), same.revision()), ("six", 2));
}

#[test]
fn a_file_without_a_revision_is_refused() {
    let Some(signer) = Signer::new() else { return };
    let setup = signer
        .locked(&text(5, "five"))
        .file("graylane.toml", text(1, "x").replace("revision = 1\n", ""));
    signer.sign(&setup.path("graylane.toml"));

    let ran = setup.run(&["serve"]);

    assert_eq!(ran.code, 11, "{ran:?}");
    assert!(ran.stderr.contains("prod needs a revision in "), "{ran:?}");
}

#[test]
fn keys_are_rotated_by_trusting_both_for_a_while() {
    let (Some(old), Some(new)) = (Signer::new(), Signer::new()) else {
        return;
    };
    let setup = old.locked(&text(5, "five"));
    let gateway = setup.start();
    let trust = |lines: &str| replace(&setup.path("trusted.pub"), lines);

    trust(&format!("# old\n{}\n# new\n{}\n", old.line(), new.line()));
    put(&gateway, &new, &text(6, "by the new key"));
    until_body(&gateway, "by the new key");
    put(&gateway, &old, &text(7, "by the old key"));
    until_body(&gateway, "by the old key");
    trust(&format!("{}\n", new.line()));
    put(&gateway, &old, &text(8, "too late"));
    gateway.until_rejected("graylane.toml");
    put(&gateway, &new, &text(8, "in time"));

    until_body(&gateway, "in time");
}

#[test]
fn a_signed_bundle_is_put_and_kept_and_nothing_else_is() {
    let (Some(signer), Some(stranger)) = (Signer::new(), Signer::new()) else {
        return;
    };
    let setup = signer.locked(&text(5, "five"));
    let gateway = setup.start();

    let unsigned = gateway.order("PUT", "/config", text(6, "unsigned"));
    let foreign = gateway.order("PUT", "/config", stranger.bundle(&text(6, "foreign")));
    let changed = gateway.order(
        "PUT",
        "/config",
        signer.bundle(&text(6, "six")).replace("six", "SIX"),
    );
    let older = gateway.order("PUT", "/config", signer.bundle(&text(4, "four")));
    let served = body(&gateway);
    let signed = gateway.order("PUT", "/config", signer.bundle(&text(6, "six")));
    let then = body(&gateway);
    end(gateway);
    let restarted = setup.start();

    assert_eq!(
        [&unsigned, &foreign, &changed, &older].map(|answer| answer.status),
        [422; 4]
    );
    assert!(unsigned.text().contains("is not signed"), "{}", unsigned.text());
    assert_eq!(
        (served.as_str(), signed.status),
        ("five", 200),
        "{}",
        signed.text()
    );
    assert_eq!((then.as_str(), body(&restarted).as_str()), ("six", "six"));
    assert_eq!(fs::read_to_string(restarted.file()).unwrap(), text(6, "six"));
}

#[test]
fn files_of_flags_and_of_the_environment_need_signatures_too() {
    let Some(signer) = Signer::new() else { return };
    let setup = signer
        .locked(&text(5, "five"))
        .file(
            "graylane.prod.toml",
            "revision = 1\nflags.files = [\"flags.toml\"]\n",
        )
        .file("flags.toml", "revision = 1\n[flags.a]\nstate = \"gray-5\"\n");

    let first = setup.run(&["serve"]);
    signer.sign(&setup.path("graylane.prod.toml"));
    let second = setup.run(&["serve"]);
    signer.sign(&setup.path("flags.toml"));
    let gateway = setup.start();
    let unsigned = gateway.order("PUT", "/flags", "revision = 2\n[flags.a]\nstate = \"gray-6\"\n");
    let signed = signer.bundle("revision = 2\n[flags.a]\nstate = \"gray-6\"\n");
    let signed = gateway.order("PUT", "/flags", signed);

    assert_refused(&first, "graylane.prod.toml is not signed");
    assert_refused(&second, "flags.toml is not signed");
    assert_eq!((unsigned.status, signed.status), (422, 200), "{}", signed.text());
}

#[test]
fn what_grayctl_signs_counts_as_well() {
    let Some(signer) = Signer::new() else { return };
    let setup = signer
        .locked(&text(5, "five"))
        .file("graylane.toml", text(9, "nine"));
    let file = setup.path("graylane.toml");
    let can_sign = run(Command::new(grayctl()).args(["config", "sign", "--help"])).code == 0;
    if !can_sign {
        return eprintln!("LEFT OUT: this grayctl has no `config sign`");
    }

    let ran = run(Command::new(grayctl())
        .args(["config", "sign", "--secret"])
        .arg(signer.secret())
        .arg(&file));

    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(body(&setup.start()), "nine");
}
