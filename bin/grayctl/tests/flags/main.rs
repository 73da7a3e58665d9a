//! `grayctl flags`, run on real files.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod diff;
mod docs;
mod explain;
mod lint;
mod live;
mod set;
mod show;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const TOML: &str = r#"# Who gets what.
bucketing = "flagd-v2"
revision = 6

[evaluators]
staff.ends_with = [{ var = "email" }, "@a.example"]

[flags.base]
state = "enabled"   # for all
variants = { on = true, off = false }
default = "on"

[flags.shop-v2]
state = "gray-5" # slowly
targeting.if = [{ "$ref" = "staff" }, "on"]
prerequisites = [{ flag = "base" }]
metadata = { team = "pay" }

[flags.theme]
state = "enabled"
variants = { dark = "d", light = "l" }
targeting = '{"fractional": [["dark", 30], ["light", 70]]}'

[flags.third]
state = "on"
hash_mod = { mod = 3, key = "uid", threshold = 1 }
"#;

const JSON: &str = r#"{
  "metadata": {"revision": 9, "bucketing": "flagd-v2"},
  "flags": {
    "limit": {
      "state": "ENABLED",
      "variants": {"low": 1, "high": 10}
    },
    "one": {"state": "DISABLED", "variants": {"low": {"x": 1}}, "defaultVariant": "low"}
  }
}
"#;

/// A folder with files of flags.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("flags.toml", TOML);
        folder.write("team.json", JSON);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs `grayctl flags` in the folder: exit code, output, messages.
    fn flags(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        self.flags_with(arguments, &[])
    }

    fn flags_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grayctl"));
        command.arg("flags").args(arguments).current_dir(self.0.path());
        command.env_remove("GRAYLANE_TOKEN").env_remove("GRAYSCALE_ON");
        command.envs(variables.iter().copied());
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let (_, out, err) = self.flags(arguments);
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"))
    }
}
