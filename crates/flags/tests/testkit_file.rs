//! flagd's test kit: its file of flags, read as flagd reads it and as strictly as every other file.

use std::path::{Path, PathBuf};

use graylane_diagnostic::Source;
use graylane_flags::{Definitions, FlagSet, Options, ReadOptions};

/// The file; `None`, and a loud line, where the shared data are not on this machine.
fn testkit() -> Option<Source> {
    let shared = std::env::var_os("GRAYLANE_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let file = shared.join("flagd-evaluator/flags/testkit-flags.json");
    match std::fs::read_to_string(&file) {
        Ok(text) => Some(Source::new("testkit-flags.json", text)),
        Err(error) => {
            eprintln!("NOT RUN: {}: {error}", file.display());
            assert!(
                std::env::var_os("CI").is_none_or(|ci| ci != "true"),
                "the shared data are missing"
            );
            None
        }
    }
}

#[test]
fn read_as_flagd_the_file_is_whole() {
    let Some(source) = testkit() else { return };
    let as_flagd = ReadOptions {
        quarantine: false,
        as_flagd: true,
    };

    let reading = Definitions::read([&source], as_flagd).unwrap();

    let written: serde_json::Value = serde_json::from_str(source.text()).unwrap();
    let written = written["flags"].as_object().unwrap();
    assert_eq!(reading.definitions.flags.len(), written.len());
    let told: Vec<&str> = reading.left_out.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(told, ["there is no evaluator `nonexistent_evaluator`"]);
    let set = FlagSet::compile_as_flagd(&reading.definitions, Options::default()).unwrap();
    assert!(written.keys().all(|key| set.find(key).is_some()));
}

#[test]
fn in_quarantine_only_flags_with_broken_rules_are_left_out() {
    let Some(source) = testkit() else { return };
    let quarantine = ReadOptions {
        quarantine: true,
        as_flagd: false,
    };

    let reading = Definitions::read([&source], quarantine).unwrap();

    let set = FlagSet::compile(&reading.definitions, Options::default()).unwrap();
    let written: serde_json::Value = serde_json::from_str(source.text()).unwrap();
    let missing = written["flags"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|key| set.find(key).is_none());
    assert_eq!(
        missing.collect::<Vec<_>>(),
        [
            "ends-with-wrong-args-flag",
            "fractional-negative-weight-flag",
            "ref-to-nonexistent-evaluator-flag",
            "semver-invalid-operator-flag",
            "semver-wrong-args-flag",
            "starts-with-wrong-args-flag",
        ]
    );
    assert_eq!(reading.left_out.len(), 6);
    assert!(Definitions::read([&source], ReadOptions::default()).is_err());
}
