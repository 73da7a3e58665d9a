//! Files, variables and `--set` on the real gateway, and what counts in which environment.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use graylane_testkit::{Ran, binary, run};
use minisign::KeyPair;
use tempfile::TempDir;

const CONFIGURATION: &str = "\
revision = 1
listeners.web.address = \"127.0.0.1:0\"
admin.address = \"127.0.0.1:0\"
server.state = \"state\"
[services.shop]
[lanes.shop.stable]
respond = {}
[lanes.shop.canary]
respond = {}
";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        fs::write(folder.path("graylane.toml"), CONFIGURATION).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn graylane(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        run(Command::new(binary())
            .args(arguments)
            .envs(variables.iter().copied())
            .current_dir(self.0.path()))
    }

    /// Signs the file, and trusts who did.
    fn sign(&self, name: &str) {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let bytes = fs::read(self.path(name)).unwrap();
        let signature = minisign::sign(None, &pair.sk, Cursor::new(bytes), None, None).unwrap();
        fs::write(self.path(&format!("{name}.minisig")), signature.into_string()).unwrap();
        fs::write(self.path("trusted.pub"), pair.pk.to_box().unwrap().into_string()).unwrap();
    }
}

#[test]
fn variables_and_assignments_decide_who_gets_a_lane() {
    let folder = Folder::new();
    let weight = "--set=lanes.shop.canary.weight=0";
    let variable = [("GRAYLANE_LANES__SHOP__CANARY__WEIGHT", "100%")];
    let lane = |ran: &Ran| ran.json()["lane"].as_str().map(str::to_owned);

    let usual = folder.graylane(&["explain", "--host", "a", "--json"], &[]);
    let by_variable = folder.graylane(&["explain", "--host", "a", "--json"], &variable);
    let by_both = folder.graylane(&["explain", "--host", "a", "--json", weight], &variable);

    let lanes = [&usual, &by_variable, &by_both].map(lane);
    assert_eq!(
        lanes,
        ["stable", "canary", "stable"].map(|lane| Some(lane.to_owned()))
    );
}

#[test]
fn check_tells_the_origin_of_each_value() {
    let folder = Folder::new();
    fs::write(folder.path("graylane.canary.toml"), "[limits]\nheaders = 50\n").unwrap();
    let arguments = ["check", "--env", "canary", "--set", "limits.body=1MB", "--origin"];
    let variable = [("GRAYLANE_LIMITS__HEAD", "8KiB")];

    let table = folder.graylane(&arguments, &variable);
    let json = folder
        .graylane(&[&arguments[..], &["--json"]].concat(), &variable)
        .json();

    let rows: Vec<Vec<&str>> = table
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    for row in [
        ["limits.head", "\"8KiB\"", "GRAYLANE_LIMITS__HEAD"],
        ["limits.headers", "50", "graylane.canary.toml:2"],
        ["drain.limit", "\"30s\"", "default"],
        ["revision", "1", "graylane.toml:1"],
    ] {
        assert!(
            rows.iter().any(|other| *other == row),
            "{row:?} in {}",
            table.stdout
        );
    }
    let values = json["values"].as_array().unwrap();
    let body = values.iter().find(|one| one["key"] == "limits.body").unwrap();
    assert_eq!(
        (&body["value"], &body["origin"]),
        (&"\"1MB\"".into(), &"--set limits.body".into())
    );
    assert_eq!(json["environment"], "canary");
}

#[test]
fn what_an_environment_does_not_allow_ends_with_11() {
    let folder = Folder::new();
    folder.sign("graylane.toml");
    let trust = ("GRAYLANE_TRUST", "trusted.pub");
    let open = ("GRAYLANE_LIMITS__HEAD", "8KiB");
    let sensitive = ("GRAYLANE_SERVER__STATE", "/tmp");
    let check = |environment: &str, variable| {
        folder
            .graylane(&["check", "--env", environment], &[trust, variable])
            .code
    };

    let codes = ["dev", "staging", "canary", "prod"].map(|one| (check(one, open), check(one, sensitive)));

    assert_eq!(codes, [(0, 0), (0, 11), (0, 11), (11, 11)]);
}

#[test]
fn prod_takes_what_is_signed_and_ends_with_18_for_all_else() {
    let folder = Folder::new();
    let prod = ["check", "--env", "prod", "--trust", "trusted.pub"];
    let allow =
        |mode| fs::set_permissions(folder.path("graylane.toml"), fs::Permissions::from_mode(mode)).unwrap();

    let without_keys = folder.graylane(&prod, &[]);
    folder.sign("graylane.toml");
    let right = folder.graylane(&prod, &[]);
    allow(0o646);
    let open = folder.graylane(&prod, &[]);
    allow(0o644);
    fs::write(
        folder.path("graylane.toml"),
        format!("{CONFIGURATION}# changed\n"),
    )
    .unwrap();
    let changed = folder.graylane(&prod, &[]);

    assert_eq!(right.code, 0, "{right:?}");
    assert_eq!([without_keys.code, open.code, changed.code], [18; 3]);
    assert_eq!(
        open.stderr,
        "error: graylane.toml may be written by everybody: its mode is 646\nhint: chmod o-w graylane.toml\n"
    );
    assert!(
        changed
            .stderr
            .contains("hint: sign the document again after the last change"),
        "{changed:?}"
    );
}
