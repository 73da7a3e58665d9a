use std::fs;

use proptest::prelude::*;

use super::unsteady::Unsteady;
use super::{call, names};
use crate::files::CURRENT;
use crate::hash::Head;
use crate::log::{Log, Options};
use crate::read::{Filter, Reader, last};
use crate::scan::scan;
use crate::verify::verify_at_rest as once;

/// A log of ten entries as bytes.
fn genuine() -> (Vec<u8>, Head) {
    let (disk, folder) = (Unsteady::default(), tempfile::tempdir().unwrap());
    let mut log = Log::open_on(Box::new(disk.clone()), names(), Options::default()).unwrap();
    for id in 0..4 {
        log.append(&call(id, id + 1)).unwrap();
    }
    disk.copy_to(folder.path());
    (fs::read(folder.path().join(CURRENT)).unwrap(), log.head())
}

fn read_every_way(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(CURRENT);
    fs::write(&file, bytes).unwrap();
    let filter = Filter {
        key: Some("1".to_owned()),
        ..Filter::default()
    };
    last(folder.path(), 3, &filter).unwrap();
    assert!(Reader::open(&file).unwrap().all(|item| item.is_ok()));
    _ = scan(bytes, Head::START);
    _ = once(&file, None);
    once(folder.path(), None).is_ok()
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        read_every_way(&bytes);
    }

    #[test]
    fn no_lines_of_json_make_a_reader_panic(lines in prop::collection::vec(
        (any::<u64>(), any::<u64>(), any::<u64>(), "[0-9a-f]{64}", "[0-9a-f]{64}"), 0..6)
    ) {
        let text: String = lines.iter().map(|(seq, part, parts, prev, hash)| format!(
            "{{\"seq\":{seq},\"part\":{part},\"parts\":{parts},\"prev\":\"{prev}\",\"hash\":\"{hash}\"}}\n"
        )).collect();
        read_every_way(text.as_bytes());
    }

    #[test]
    fn a_log_with_a_changed_byte_is_broken(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let (mut bytes, _) = genuine();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(!read_every_way(&bytes));
    }

    #[test]
    fn a_log_in_which_lines_were_taken_out_doubled_or_swapped_is_broken(
        from in 0..10usize, to in 0..10usize, what in 0..3usize,
    ) {
        let (bytes, head) = genuine();
        let mut lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        match what {
            0 => _ = lines.remove(from),
            1 => lines.insert(to, lines[from]),
            _ if from == to => return Ok(()),
            _ => lines.swap(from, to),
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CURRENT), lines.concat()).unwrap();
        prop_assert!(once(folder.path(), Some(head)).is_err());
    }

    #[test]
    fn a_log_that_was_cut_off_is_broken_unless_a_whole_call_went_and_no_head_was_noted(len in any::<prop::sample::Index>()) {
        let (bytes, head) = genuine();
        let folder = tempfile::tempdir().unwrap();
        let kept = &bytes[..len.index(bytes.len())];
        fs::write(folder.path().join(CURRENT), kept).unwrap();
        let whole = kept.is_empty() || (kept.ends_with(b"\n") && {
            let entries = kept.iter().filter(|byte| **byte == b'\n').count();
            [1, 3, 6].contains(&entries)
        });
        prop_assert_eq!(once(folder.path(), None).is_ok(), whole);
        prop_assert!(once(folder.path(), Some(head)).is_err());
    }
}
