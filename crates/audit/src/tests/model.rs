use std::path::Path;

use proptest::prelude::*;

use super::unsteady::Unsteady;
use super::{call, names};
use crate::log::{Log, Options};
use crate::read::Reader;
use crate::verify::verify_at_rest as once;

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    /// One of the next operations fails.
    Fail(usize),
    Full(bool),
    /// The power goes, and the log is opened again.
    Crash(Vec<u8>),
    /// Like a crash, in the middle of a call: its last operations did not happen.
    CrashDuring(usize, usize, Vec<u8>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let coins = || prop::collection::vec(any::<u8>(), 17);
    let step = prop_oneof![
        6 => (1..6usize).prop_map(Step::Append),
        2 => (0..8usize).prop_map(Step::Fail),
        1 => any::<bool>().prop_map(Step::Full),
        2 => coins().prop_map(Step::Crash),
        4 => (1..9usize, 0..6usize, coins()).prop_map(|(count, nth, coins)| Step::CrashDuring(count, nth, coins)),
    ];
    prop::collection::vec(step, 1..25)
}

/// The calls that a reader sees, each as (id, entries seen, entries that there should be).
fn seen(folder: &Path, disk: &Unsteady) -> Vec<(usize, usize, usize)> {
    disk.copy_to(folder);
    let mut calls: Vec<(usize, usize, usize)> = Vec::new();
    for item in Reader::open(folder).unwrap() {
        let record = item.unwrap().record.unwrap();
        if record.action != "set" {
            continue;
        }
        let (id, part) = record.key.as_ref().unwrap().split_once('.').unwrap();
        let count = record.new.unwrap().strip_prefix("of ").unwrap().parse().unwrap();
        match part {
            "0" => calls.push((id.parse().unwrap(), 1, count)),
            _ => calls.last_mut().unwrap().1 += 1,
        }
    }
    calls
}

fn open(disk: &Unsteady) -> Log {
    loop {
        // Opening makes a file at most, which may be told to fail.
        match Log::open_on(Box::new(disk.clone()), names(), Options { file_limit: 1500 }) {
            Ok(log) => return log,
            Err(error) => assert!(matches!(error.source, crate::scan::ScanError::Io(_)), "{error:?}"),
        }
    }
}

fn crash(disk: &Unsteady, coins: &[u8]) {
    let mut coins = coins
        .iter()
        .cycle()
        .zip(1usize..)
        .map(|(coin, salt)| usize::from(*coin) * salt);
    disk.crash(|sides| coins.next().unwrap() % sides);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_was_acknowledged_is_there_whole_and_in_order_whatever_fails_and_whenever_the_power_goes(steps in steps()) {
        let (disk, folder) = (Unsteady::default(), tempfile::tempdir().unwrap());
        let mut log = open(&disk);
        let mut acknowledged: Vec<(usize, usize, usize)> = Vec::new();
        // The last call that failed: after a crash it may be there, all of it.
        let mut doubtful = None;

        for (id, step) in steps.iter().chain(&[Step::Full(false), Step::Append(1)]).enumerate() {
            match step {
                Step::Append(count) => {
                    let done = log.append(&call(id, *count));
                    if done.is_ok() {
                        acknowledged.push((id, *count, *count));
                        prop_assert_eq!(&seen(folder.path(), &disk), &acknowledged);
                        prop_assert_eq!(once(folder.path(), None).unwrap().last, done.ok());
                    } else {
                        doubtful = Some((id, *count, *count));
                    }
                }
                Step::Fail(nth) => disk.fail(*nth),
                Step::Full(full) => disk.set_full(*full),
                Step::Crash(coins) => crash(&disk, coins),
                Step::CrashDuring(count, nth, coins) => {
                    (0..20).for_each(|more| disk.fail(nth + more));
                    match log.append(&call(id, *count)) {
                        Ok(_) => acknowledged.push((id, *count, *count)),
                        Err(_) => doubtful = Some((id, *count, *count)),
                    }
                    crash(&disk, coins);
                }
            }
            if matches!(step, Step::Crash(_) | Step::CrashDuring(..)) {
                disk.clear_failures();
                disk.set_full(false);
                log = open(&disk);
                // The first call cuts off what is torn.
                let after = (1000 + id, 1, 1);
                let head = log.append(&call(after.0, 1)).unwrap();
                let there = seen(folder.path(), &disk);
                if let Some(doubtful) = doubtful.take().filter(|doubtful| there.contains(doubtful)) {
                    acknowledged.push(doubtful);
                }
                acknowledged.push(after);
                prop_assert_eq!(&there, &acknowledged);
                prop_assert_eq!(once(folder.path(), None).unwrap().last, Some(head));
            }
            if id == steps.len() {
                disk.clear_failures();
            }
        }
        prop_assert_eq!(&seen(folder.path(), &disk), &acknowledged);
    }
}
