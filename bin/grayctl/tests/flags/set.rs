use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

#[test]
fn only_the_state_and_the_revision_change() {
    let folder = Folder::new();

    let (code, out, _) = folder.flags(&["set", "shop-v2", "gray-12.5", "flags.toml", "team.json"]);

    assert_eq!(
        out,
        "flags.toml:3: revision 6 -> 7\nflags.toml:14: state \"gray-5\" -> \"gray-12.5\"\n"
    );
    assert_eq!(
        folder.text("flags.toml"),
        TOML.replace("\"gray-5\"", "\"gray-12.5\"")
            .replace("revision = 6", "revision = 7")
    );
    assert_eq!(folder.text("team.json"), JSON);
    assert_eq!(code, Some(0));
}

#[test]
fn json_stays_byte_for_byte() {
    let folder = Folder::new();

    folder.flags(&[
        "set",
        "limit",
        "off",
        "flags.toml",
        "team.json",
        "--default",
        "high",
    ]);

    assert_eq!(
        folder.text("team.json"),
        JSON.replace("\"revision\": 9", "\"revision\": 10").replace(
            "\"state\": \"ENABLED\",\n",
            "\"state\": \"DISABLED\",\n      \"defaultVariant\": \"high\",\n"
        )
    );
}

#[test]
fn a_default_is_written_as_its_file_writes() {
    for (name, before, after) in [
        (
            "a.toml",
            "[flags.a]\nstate = \"on\" # x\nvariants = { x = 1 }\n",
            "[flags.a]\nstate = \"on\" # x\ndefault = \"x\"\nvariants = { x = 1 }\n",
        ),
        (
            "a.toml",
            "flags.a.variants.x = 1\nflags.a.state = true",
            "flags.a.variants.x = 1\nflags.a.state = true\nflags.a.default = \"x\"",
        ),
        (
            "a.toml",
            "[flags]\na = { state = 1, variants.x = 1 }\n",
            "[flags]\na = { state = 1, default = \"x\", variants.x = 1 }\n",
        ),
        (
            "a.toml",
            "[[flags]]\nkey = \"a\"\nstate = 1\nvariants.x = 1\n",
            "[[flags]]\nkey = \"a\"\nstate = 1\ndefault = \"x\"\nvariants.x = 1\n",
        ),
        (
            "a.json",
            r#"{"flags":{"a":{"state":"ENABLED","variants":{"x":1}}}}"#,
            r#"{"flags":{"a":{"state":"ENABLED", "defaultVariant": "x","variants":{"x":1}}}}"#,
        ),
        (
            "a.json",
            r#"{"flags":[{"key":"a","state":"ENABLED","variants":{"x":1},"defaultVariant":null}]}"#,
            r#"{"flags":[{"key":"a","state":"ENABLED","variants":{"x":1},"defaultVariant":"x"}]}"#,
        ),
    ] {
        let folder = Folder::new();
        folder.write(name, before);

        let (code, out, err) = folder.flags(&["set", "a", "keep", "--default", "x", name]);

        assert_eq!(folder.text(name), after, "{out}{err}");
        assert_eq!(code, Some(0));
    }
}

#[test]
fn what_the_gateway_would_refuse_is_not_written() {
    let folder = Folder::new();

    let (range, _, err) = folder.flags(&["set", "shop-v2", "gray-101", "flags.toml"]);
    let (variant, _, hint) = folder.flags(&["set", "theme", "keep", "--default", "drak", "flags.toml"]);
    let (word, _, _) = folder.flags(&["set", "shop-v2", "5", "flags.toml"]);

    assert!(
        err.starts_with("error: `gray-101` is out of range\n --> flags.toml:14:9\n"),
        "{err}"
    );
    assert!(
        hint.starts_with("error: there is no variant `drak`\n --> flags.toml:21:1\n"),
        "{hint}"
    );
    assert_eq!((range, variant, word), (Some(13), Some(13), Some(2)));
    assert_eq!(folder.text("flags.toml"), TOML);
}

#[test]
fn what_means_the_same_is_no_change() {
    let folder = Folder::new();

    let (_, out, _) = folder.flags(&["set", "third", "enabled", "flags.toml"]);

    assert_eq!(out, "nothing to change\n");
    assert_eq!(folder.text("flags.toml"), TOML);
}

#[test]
fn a_dry_run_writes_nothing() {
    let folder = Folder::new();

    let told = folder.json(&["set", "base", "off", "flags.toml", "--dry-run", "--json"]);

    assert_eq!(
        told["changes"][1],
        serde_json::json!({"key": "state", "old": "\"enabled\"", "new": "\"disabled\"", "line": 9})
    );
    assert_eq!(told["written"], false);
    assert_eq!(folder.text("flags.toml"), TOML);
}

#[test]
fn the_file_keeps_its_mode_its_mark_and_its_link_and_leaves_no_draft() {
    let folder = Folder::new();
    folder.write("real.toml", &format!("\u{feff}{TOML}"));
    fs::set_permissions(folder.path("real.toml"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.toml", folder.path("link.toml")).unwrap();

    folder.flags(&["set", "base", "off", "link.toml"]);

    let mode = fs::metadata(folder.path("real.toml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(
        fs::symlink_metadata(folder.path("link.toml"))
            .unwrap()
            .is_symlink()
    );
    assert!(folder.text("real.toml").starts_with("\u{feff}# Who"));
    assert!(folder.text("real.toml").contains("revision = 7"));
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 4);
}

#[test]
fn a_signature_that_no_longer_fits_is_told() {
    let folder = Folder::new();
    folder.write("flags.toml.minisig", "untrusted comment: x\n");

    let (_, out, _) = folder.flags(&["set", "base", "off", "flags.toml"]);

    assert!(
        out.ends_with("flags.toml.minisig no longer fits: sign the file again\n"),
        "{out}"
    );
}
