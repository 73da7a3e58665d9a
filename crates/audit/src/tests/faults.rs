use super::unsteady::Unsteady;
use super::{call, names};
use crate::files::CURRENT;
use crate::log::{AppendError, Log, Options};
use crate::verify::verify_at_rest as once;

const SMALL: Options = Options { file_limit: 1000 };

fn open(disk: &Unsteady, options: Options) -> Log {
    Log::open_on(Box::new(disk.clone()), names(), options).unwrap()
}

#[test]
fn whichever_operation_fails_the_call_leaves_nothing_and_the_next_one_works() {
    let folder = tempfile::tempdir().unwrap();
    let mut nth = 0;
    loop {
        let disk = Unsteady::default();
        let mut log = open(&disk, SMALL);
        log.append(&call(0, 3)).unwrap();
        let head = log.head();
        // Large enough that the file is full: every kind of operation is in this call.
        let begin = disk.operations();
        disk.fail(nth);

        let result = log.append(&call(1, 2));

        if result.is_ok() {
            // The failing operation is one of those that were never reached.
            assert!(
                disk.operations() <= begin + nth,
                "operation {nth} failed in silence"
            );
            // Rename, create, sync the folder, write, sync.
            assert_eq!(nth, 5);
            break;
        }
        assert_eq!(log.head(), head);
        disk.copy_to(folder.path());
        let seen = once(folder.path(), None).unwrap();
        assert_eq!(seen.entries, 3, "operation {nth}");
        log.append(&call(2, 2)).unwrap();
        disk.copy_to(folder.path());
        let seen = once(folder.path(), Some(head)).unwrap();
        assert_eq!((seen.entries, seen.files), (6, 2), "operation {nth}");
        nth += 1;
    }
}

#[test]
fn while_the_disk_is_full_every_call_is_refused_and_afterwards_it_goes_on() {
    let (disk, folder) = (Unsteady::default(), tempfile::tempdir().unwrap());
    let mut log = open(&disk, Options::default());
    log.append(&call(0, 1)).unwrap();

    disk.set_full(true);
    let refused = [log.append(&call(1, 1)), log.append(&call(2, 5))];
    disk.set_full(false);
    let taken = log.append(&call(3, 1)).unwrap();

    for refused in refused {
        assert!(matches!(refused, Err(AppendError::Write(_))), "{refused:?}");
    }
    disk.copy_to(folder.path());
    assert_eq!(once(folder.path(), None).unwrap().last, Some(taken));
    assert_eq!(taken.seq, 2);
}

#[test]
fn what_cannot_be_taken_back_at_once_is_taken_back_before_the_next_call() {
    let (disk, folder) = (Unsteady::default(), tempfile::tempdir().unwrap());
    let mut log = open(&disk, Options::default());
    log.append(&call(0, 1)).unwrap();
    // Write, sync, and then taking back twice.
    disk.fail(1);
    disk.fail(2);
    disk.fail(3);

    let first = log.append(&call(1, 1));
    let second = log.append(&call(2, 1));
    disk.clear_failures();
    log.append(&call(3, 1)).unwrap();

    assert!(matches!(first, Err(AppendError::Write(_))), "{first:?}");
    assert!(matches!(second, Err(AppendError::Repair(_))), "{second:?}");
    disk.copy_to(folder.path());
    assert_eq!(once(folder.path(), None).unwrap().entries, 2);
    let text = std::fs::read_to_string(folder.path().join(CURRENT)).unwrap();
    assert!(text.contains("\"3.0\""), "{text}");
}
