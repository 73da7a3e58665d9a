use proptest::prelude::*;

use super::*;

#[path = "../../tests/support/elf.rs"]
mod support;
use support::{elf, notes};

#[test]
fn a_file_without_section_headers_still_says_what_it_is() {
    let file = elf(&notes(&["prod"], "1.4.2 ab12cd34", &["breaker", "log:debug"]));

    let report = report(&file).unwrap();

    assert_eq!(report.channels, ["prod"]);
    assert_eq!((&*report.version, &*report.commit), ("1.4.2", "ab12cd34"));
    assert_eq!(report.build_id.as_deref(), Some("abcdef01"));
    assert_eq!(
        report.modules,
        [Module {
            name: "breaker".to_owned(),
            linked: true,
            emitted: true
        }]
    );
    assert_eq!(report.statements, ["log:debug"]);
    assert_eq!((report.text, report.rodata), (None, None));
}

#[test]
fn what_is_no_elf_file_is_called_that() {
    let answers: [&[u8]; 3] = [b"", b"#!/bin/sh\necho graylane\n", &[0; 400]];

    assert!(
        answers
            .iter()
            .all(|bytes| matches!(report(bytes), Err(InspectError::NotElf)))
    );
}

#[test]
fn a_file_cut_off_anywhere_is_an_error() {
    let whole = elf(&notes(&["prod"], "1.4.2 ab12cd34", &["breaker"]));

    for length in 0..whole.len() {
        assert!(report(&whole[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn a_file_without_root_notes_is_never_clean() {
    let other = b"\x04\0\0\0\x04\0\0\0\x03\0\0\0GNU\0\xab\xcd\xef\x01";
    let no_channel = notes(&[], "1.4.2 ab12cd34", &["breaker"]);

    assert!(matches!(report(&elf(&[])), Err(InspectError::NoNotes)));
    assert!(matches!(report(&elf(other)), Err(InspectError::NoNotes)));
    assert!(matches!(report(&elf(&no_channel)), Err(InspectError::NoNotes)));
}

#[test]
fn two_builds_in_one_file_contradict_each_other() {
    let both = [
        notes(&["prod"], "1.4.2 ab", &[]),
        notes(&["prod"], "1.4.3 cd", &[]),
    ]
    .concat();

    assert!(matches!(report(&elf(&both)), Err(InspectError::BadNotes)));
}

#[test]
fn a_pipe_or_a_folder_is_not_waited_for() {
    let folder = std::env::temp_dir();

    assert!(matches!(inspect(&folder), Err(InspectError::NotAFile)));
    assert!(matches!(
        inspect(Path::new("/dev/zero")),
        Err(InspectError::NotAFile)
    ));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        _ = report(&bytes);
        _ = report(&[b"\x7fELF\x02\x01\x01".as_slice(), &bytes].concat());
        _ = report(&[b"\x7fELF\x01\x02\x01".as_slice(), &bytes].concat());
    }

    #[test]
    fn a_sound_file_with_flipped_bytes_never_panics(
        flips in proptest::collection::vec((0_usize..280, any::<u8>()), 1..8)
    ) {
        let mut file = elf(&notes(&["prod"], "1.4.2 ab12cd34", &["breaker", "log:debug"]));
        for (at, value) in flips {
            if let Some(byte) = file.get_mut(at) {
                *byte = value;
            }
        }

        _ = report(&file);
        _ = crate::debug::debug_lines(&file);
    }
}
