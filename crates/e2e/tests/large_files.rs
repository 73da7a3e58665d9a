//! Files that are far too large: refused by their size, in a memory that does not depend on it.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use graylane_testkit::{Ran, binary, run};
use tempfile::TempDir;

const LARGE: u64 = 100 << 20;
/// The address space of the command, in KiB: the gateway itself, what it reads at most of a file, and room for one copy.
const SPACE: u32 = 192 << 10;

/// Checks a configuration within [`SPACE`].
fn check(file: &Path) -> Ran {
    let limited = format!("ulimit -v {SPACE} && exec \"$@\"");
    run(Command::new("sh")
        .args(["-c", &limited, "sh"])
        .arg(binary())
        .args(["check", "-c"])
        .arg(file))
}

/// A file of that size that takes no room on the disk.
fn grow(path: &Path) {
    let file = File::options().append(true).create(true).open(path);
    let grown = file.and_then(|file| file.set_len(LARGE));
    grown.expect("a writable temporary folder");
}

#[test]
fn a_configuration_of_a_hundred_megabytes_is_refused_by_its_size() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("graylane.toml");
    grow(&file);

    let ran = check(&file);

    assert_eq!(ran.code, 10, "{ran:?}");
    assert!(
        ran.stderr.contains("graylane.toml") && ran.stderr.contains("hint:"),
        "{ran:?}"
    );
}

#[test]
fn flags_of_a_hundred_megabytes_are_refused_by_their_size_and_at_their_place() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("graylane.toml");
    let right = "[flags]\nfiles = [\"small.json\", \"large.json\"]\n[listeners.web]\naddress = \"127.0.0.1:0\"\n\
                 [services.shop]\n[lanes.shop.stable]\nrespond = { body = \"x\" }\n";
    fs::write(&file, right).expect("a writable temporary folder");
    for name in ["small.json", "large.json"] {
        fs::write(folder.path().join(name), "{\"flags\": {}}").expect("a writable temporary folder");
    }
    let small = check(&file);
    grow(&folder.path().join("large.json"));

    let large = check(&file);

    assert_eq!(small.code, 0, "{small:?}");
    assert_eq!(large.code, 10, "{large:?}");
    assert!(large.stderr.contains("graylane.toml:2:"), "{large:?}");
    assert!(large.stderr.contains("large.json"), "{large:?}");
}
