use proptest::prelude::*;

use super::*;
use crate::encode;

fn read(bytes: &[u8]) -> Notes {
    let mut notes = Notes::default();
    notes.absorb(bytes, 4, Endian::Little);
    notes
}

#[test]
fn a_note_of_each_kind_is_read_back() {
    let mut bytes = encode(Kind::Channel, b"prod", Endian::Little);
    bytes.extend(encode(Kind::Build, b"1.4.2 ab12cd34", Endian::Little));
    bytes.extend(encode(Kind::Linked, b"breaker", Endian::Little));
    bytes.extend(encode(Kind::Emitted, b"breaker", Endian::Little));

    let notes = read(&bytes);

    assert!(notes.are_rooted());
    assert_eq!(notes.channels, BTreeSet::from(["prod".to_owned()]));
    let build = Build {
        version: "1.4.2".to_owned(),
        commit: "ab12cd34".to_owned(),
    };
    assert_eq!(notes.builds, BTreeSet::from([build]));
    assert_eq!(notes.linked, BTreeSet::from(["breaker".to_owned()]));
    assert_eq!(notes.emitted, notes.linked);
    assert_eq!(notes.unreadable, 0);
}

#[test]
fn a_marker_written_by_two_copies_of_one_function_counts_once() {
    let one = encode(Kind::Emitted, b"breaker", Endian::Little);

    let notes = read(&[one.clone(), one].concat());

    assert_eq!(notes.emitted.len(), 1);
}

#[test]
fn the_notes_of_other_owners_are_passed_over() {
    let mut bytes = b"\x04\0\0\0\x10\0\0\0\x01\0\0\0GNU\0................".to_vec();
    bytes.extend(encode(Kind::Channel, b"canary", Endian::Little));

    let notes = read(&bytes);

    assert_eq!(notes.channels, BTreeSet::from(["canary".to_owned()]));
    assert_eq!(notes.unreadable, 0);
}

#[test]
fn the_build_id_is_read_as_hexadecimal() {
    let bytes = b"\x04\0\0\0\x04\0\0\0\x03\0\0\0GNU\0\x0a\xff\x00\x10";

    let notes = read(bytes);

    assert_eq!(notes.build_id.as_deref(), Some("0aff0010"));
}

#[test]
fn a_segment_aligned_to_eight_pads_to_eight() {
    let mut bytes = b"\x04\0\0\0\x04\0\0\0\x05\0\0\0GNU\0....\0\0\0\0".to_vec();
    bytes.extend(b"\x04\0\0\0\x02\0\0\0\x03\0\0\0GNU\0\x0a\xff\0\0\0\0\0\0");
    let mut notes = Notes::default();

    notes.absorb(&bytes, 8, Endian::Little);

    assert_eq!((notes.build_id.as_deref(), notes.unreadable), (Some("0aff"), 0));
}

#[test]
fn big_endian_files_are_read_on_any_machine() {
    let mut notes = Notes::default();

    notes.absorb(&encode(Kind::Linked, b"breaker", Endian::Big), 4, Endian::Big);

    assert_eq!(notes.linked.len(), 1);
}

#[test]
fn a_text_that_could_steer_a_terminal_is_unreadable() {
    let notes = read(&encode(Kind::Linked, b"\x1b[2Jbreaker", Endian::Little));

    assert_eq!((notes.linked.len(), notes.unreadable), (0, 1));
}

#[test]
fn a_note_that_ends_past_its_segment_is_unreadable() {
    let whole = encode(Kind::Linked, b"breaker", Endian::Little);

    for cut in 1..whole.len() - 1 {
        let notes = read(&whole[..cut]);

        assert_eq!((notes.linked.len(), notes.unreadable), (0, 1), "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), align in any::<u64>()) {
        for endian in [Endian::Little, Endian::Big] {
            let mut notes = Notes::default();
            notes.absorb(&bytes, align, endian);
        }
    }

    #[test]
    fn flipped_bytes_in_sound_notes_never_panic_and_never_make_more_notes(
        flips in proptest::collection::vec((0_usize..62, any::<u8>()), 1..6)
    ) {
        let mut bytes = encode(Kind::Linked, b"breaker", Endian::Little);
        bytes.extend(encode(Kind::Emitted, b"breaker", Endian::Little));
        for (at, value) in flips {
            bytes[at] = value;
        }

        let notes = read(&bytes);

        prop_assert!(notes.linked.len() + notes.emitted.len() + notes.channels.len() + notes.builds.len() <= 2);
    }
}
