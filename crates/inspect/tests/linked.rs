//! Real files: this test program carries notes, and is inspected as linked, stripped, and without section headers.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use graylane_inspect::{InspectError, inspect};

graylane_note::channel!("staging");
graylane_note::build!("1.2.3 0123abcd");
graylane_note::linked!("probe");

fn copy(folder: &Path, arguments: &[&str]) -> PathBuf {
    let copy = folder.join("probe");
    let program = std::env::current_exe().unwrap();
    let status = Command::new("objcopy")
        .args(arguments)
        .arg(program)
        .arg(&copy)
        .status()
        .unwrap();
    assert!(status.success());
    copy
}

#[test]
fn a_stripped_file_says_the_same_as_the_linked_one() {
    let folder = tempfile::tempdir().unwrap();
    let stripped = copy(folder.path(), &["--strip-all", "-R", ".comment"]);

    let before = inspect(&std::env::current_exe().unwrap()).unwrap();
    let after = inspect(&stripped).unwrap();

    assert_eq!(before.channels, ["staging"]);
    assert_eq!(before.modules.len(), 1);
    assert_eq!(
        (&after.channels, &after.modules),
        (&before.channels, &before.modules)
    );
    assert_eq!(after.text, before.text);
    assert!(after.text.is_some() && after.size < before.size);
}

#[test]
fn wiped_section_headers_take_the_sizes_but_not_the_notes() {
    let folder = tempfile::tempdir().unwrap();
    let file = copy(folder.path(), &["--strip-all"]);
    let mut bytes = std::fs::read(&file).unwrap();
    // e_shoff, then e_shentsize, e_shnum and e_shstrndx.
    bytes[40..48].fill(0);
    bytes[58..64].fill(0);
    std::fs::write(&file, bytes).unwrap();

    let report = inspect(&file).unwrap();

    assert_eq!((report.text, report.channels), (None, vec!["staging".to_owned()]));
}

#[test]
fn a_file_whose_notes_were_removed_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = copy(folder.path(), &["--remove-section", ".note.graylane"]);

    assert!(matches!(inspect(&file), Err(InspectError::NoNotes)));
}

#[test]
fn a_download_that_broke_off_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = copy(folder.path(), &["--strip-all"]);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();

    assert!(matches!(inspect(&file), Err(InspectError::Damaged)));
}
