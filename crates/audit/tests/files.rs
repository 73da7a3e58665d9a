//! Logs in real files.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use graylane_audit::{
    AppendError, Broken, Entry, Fault, Filter, Follow, Head, LockError, Log, OpenError, Options, RECOVERED,
    ROTATED, Reader, Record, VerifyError, last, verify,
};

const SMALL: Options = Options { file_limit: 1000 };

fn entry(second: u64, key: &str) -> Entry {
    let mut entry = Entry::new(UNIX_EPOCH + Duration::from_secs(second), "set");
    entry.key = Some(key.to_owned());
    entry
}

fn open(folder: &Path, options: Options) -> Log {
    Log::open(&folder.join("audit.jsonl"), options).unwrap()
}

/// A log of 12 entries in several files.
fn rotated(folder: &Path) -> Head {
    let mut log = open(folder, SMALL);
    for second in 0..8 {
        log.append(&[entry(second, "lanes.shop")]).unwrap();
    }
    log.head()
}

fn broken(result: Result<graylane_audit::Verified, VerifyError>) -> Broken {
    match result {
        Err(VerifyError::Broken(broken)) => broken,
        other => panic!("{other:?}"),
    }
}

fn records(folder: &Path) -> Vec<Record> {
    let items = Reader::open(folder).unwrap();
    items.map(|item| item.unwrap().record.unwrap()).collect()
}

#[test]
fn only_the_owner_may_read_the_files_and_the_log_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path(), SMALL)
        .append(&[entry(0, "a"), entry(0, "b")])
        .unwrap();

    let mut log = open(folder.path(), SMALL);
    let head = log.append(&[entry(1, "c")]).unwrap();

    let mode = |name: &str| {
        fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("audit.jsonl"), mode("audit.jsonl.lock")), (0o600, 0o600));
    assert_eq!((first.seq, head.seq), (2, 3));
    let verified = verify(folder.path(), Some(first)).unwrap();
    assert_eq!(
        (verified.entries, verified.first, verified.last),
        (3, Some(1), Some(head))
    );
}

#[test]
fn a_second_writer_is_refused_and_told_who_holds_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let held = Log::open(&path, SMALL).unwrap();

    let second = Log::open(&path, SMALL);
    drop(held);
    let third = Log::open(&path, SMALL);

    let Err(OpenError::Lock { source, .. }) = second else {
        panic!("{second:?}");
    };
    assert!(
        matches!(source, LockError::Held { pid } if pid == std::process::id()),
        "{source}"
    );
    assert!(third.is_ok());
}

#[test]
fn a_full_file_is_put_aside_and_the_chain_goes_on_in_the_next() {
    let folder = tempfile::tempdir().unwrap();

    let head = rotated(folder.path());

    let verified = verify(folder.path(), Some(head)).unwrap();
    assert!(verified.files > 2, "{verified:?}");
    assert_eq!(verified.last, Some(head));
    let records = records(folder.path());
    assert!(records.iter().map(|record| record.seq).eq(1..=head.seq));
    let notes: Vec<_> = records.iter().filter(|record| record.action == ROTATED).collect();
    assert_eq!(notes.len(), verified.files - 1);
    assert_eq!(notes[0].key.as_deref(), Some("audit.1.jsonl"));
    assert!(fs::metadata(folder.path().join("audit.1.jsonl")).unwrap().len() <= SMALL.file_limit);
}

#[test]
fn a_missing_or_misnamed_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let head = rotated(folder.path());
    let files = verify(folder.path(), None).unwrap().files;
    let second = records(folder.path())
        .iter()
        .find(|record| record.action == ROTATED)
        .unwrap()
        .seq;
    let at = |first: u64| folder.path().join(format!("audit.{first}.jsonl"));

    fs::rename(at(second), at(second + 1)).unwrap();
    let misnamed = broken(verify(folder.path(), None));
    fs::remove_file(at(second + 1)).unwrap();
    let missing = broken(verify(folder.path(), None));
    fs::remove_file(at(1)).unwrap();
    let first_missing = broken(verify(folder.path(), None));
    let alone = verify(&folder.path().join("audit.jsonl"), Some(head)).unwrap();

    assert!(files > 2);
    assert_eq!(misnamed.what, Fault::Misnamed { named: second + 1 });
    assert!(
        matches!(missing.what, Fault::FileMissing { last } if last >= second),
        "{missing}"
    );
    assert!(
        matches!(first_missing.what, Fault::FileMissing { .. }),
        "{first_missing}"
    );
    assert_eq!((missing.line, alone.files, alone.last), (1, 1, Some(head)));
}

#[test]
fn a_torn_tail_is_kept_aside_and_the_next_entry_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    open(folder.path(), SMALL).append(&[entry(0, "a")]).unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"seq\":2,\"ti").unwrap();

    let torn = broken(verify(folder.path(), None));
    let head = open(folder.path(), SMALL).append(&[entry(1, "b")]).unwrap();

    assert_eq!((torn.line, torn.what), (2, Fault::Torn { bytes: 12 }));
    assert_eq!(
        fs::read(folder.path().join("audit.2.torn")).unwrap(),
        b"{\"seq\":2,\"ti"
    );
    let records = records(folder.path());
    assert_eq!(
        (records[1].action.as_str(), records[1].key.as_deref()),
        (RECOVERED, Some("audit.2.torn"))
    );
    let verified = verify(folder.path(), None).unwrap();
    assert_eq!(
        (verified.entries, verified.recovered, verified.last),
        (3, 1, Some(head))
    );
}

#[test]
fn damage_before_the_end_is_no_torn_tail() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut log = open(folder.path(), Options::default());
    for second in 0..5 {
        log.append(&[entry(second, "a")]).unwrap();
    }
    drop(log);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen(":02.000Z", ":09.000Z", 1)).unwrap();

    let opened = Log::open(&path, Options::default());

    assert!(
        matches!(opened, Err(OpenError::Broken { line: 3, .. })),
        "{opened:?}"
    );
    let broken = broken(verify(folder.path(), None));
    assert_eq!(
        (broken.line, broken.seq, broken.what),
        (3, Some(3), Fault::Changed)
    );
}

#[test]
fn a_noted_head_shows_that_the_end_was_cut_off_or_everything_written_anew() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut log = open(folders[0].path(), SMALL);
    let early = log.append(&[entry(0, "a")]).unwrap();
    let late = log.append(&[entry(1, "b")]).unwrap();
    open(folders[1].path(), SMALL)
        .append(&[entry(0, "forged")])
        .unwrap();
    let path = folders[0].path().join("audit.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.split_inclusive('\n').next().unwrap()).unwrap();

    let unnoticed = verify(folders[0].path(), Some(early));
    let cut = broken(verify(folders[0].path(), Some(late)));
    let forged = broken(verify(folders[1].path(), Some(early)));

    assert!(unnoticed.is_ok());
    assert_eq!((cut.line, cut.what), (2, Fault::CutOff { noted: 2 }));
    assert_eq!((forged.line, forged.what), (1, Fault::NotTheHead));
}

#[test]
fn a_log_that_somebody_else_touches_is_not_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut log = open(folder.path(), SMALL);
    log.append(&[entry(0, "a")]).unwrap();

    OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(b"x")
        .unwrap();
    let touched = log.append(&[entry(1, "b")]);
    fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    let moved = log.append(&[entry(1, "b")]);

    assert!(matches!(touched, Err(AppendError::Touched { .. })), "{touched:?}");
    assert!(matches!(moved, Err(AppendError::Moved)), "{moved:?}");
}

#[test]
fn a_call_that_is_too_large_is_refused_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path(), Options::default());
    let large = vec![entry(0, &"k".repeat(4000)); 2200];

    let refused = log.append(&large);

    assert!(
        matches!(refused, Err(AppendError::TooLarge { .. })),
        "{refused:?}"
    );
    assert_eq!(fs::metadata(folder.path().join("audit.jsonl")).unwrap().len(), 0);
    assert_eq!(verify(folder.path(), None).unwrap().entries, 0);
}

#[test]
fn the_last_entries_are_found_across_files_and_through_a_filter() {
    let folder = tempfile::tempdir().unwrap();
    let head = rotated(folder.path());
    let since = Filter {
        since: Some(UNIX_EPOCH + Duration::from_secs(3)),
        key: Some("lanes".to_owned()),
        action: Some("set".to_owned()),
        seq: None,
    };
    let near_miss = Filter {
        key: Some("lane".to_owned()),
        ..Filter::default()
    };

    let newest = last(folder.path(), 4, &Filter::default()).unwrap();
    let filtered = last(folder.path(), 100, &since).unwrap();
    let none = last(folder.path(), 100, &near_miss).unwrap();

    let numbers = newest.iter().map(|item| item.record.as_ref().unwrap().seq);
    assert!(numbers.eq(head.seq - 3..=head.seq));
    assert_eq!((filtered.len(), none.len()), (5, 0));
}

#[test]
fn who_follows_sees_every_entry_once_across_rotations() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path(), SMALL);
    log.append(&[entry(0, "before")]).unwrap();
    let mut follow = Follow::after(folder.path().to_owned(), log.head().seq);

    let mut seen = Vec::new();
    for second in 0..30 {
        log.append(&[entry(second, "a"), entry(second, "b")]).unwrap();
        if second % 7 == 0 {
            seen.extend(follow.poll().unwrap());
        }
    }
    seen.extend(follow.poll().unwrap());

    let numbers = seen.iter().map(|item| item.record.as_ref().unwrap().seq);
    assert!(numbers.eq(2..=log.head().seq));
    assert_eq!(follow.poll().unwrap(), []);
}

#[test]
fn a_log_that_is_being_written_and_rotated_can_be_verified_and_read_without_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path(), Options { file_limit: 2000 });
    log.append(&[entry(0, "a")]).unwrap();
    let done = AtomicBool::new(false);

    thread::scope(|scope| {
        scope.spawn(|| {
            for second in 0..700 {
                log.append(&[entry(second, "a"), entry(second, "b"), entry(second, "c")])
                    .unwrap();
            }
            done.store(true, Ordering::Release);
        });
        let mut read = 0;
        while !done.load(Ordering::Acquire) || read == 0 {
            read += 1;
            let verified = verify(folder.path(), None);
            let numbers = Reader::open(folder.path())
                .unwrap()
                .filter_map(|item| item.unwrap().record);
            let numbers: Vec<_> = numbers.map(|record| record.seq).collect();

            assert!(verified.is_ok(), "{verified:?}");
            assert!(numbers.iter().copied().eq(1..=numbers.len() as u64));
        }
    });
}
