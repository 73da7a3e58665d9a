//! What only a file system that can be told to fail shows.

mod faults;
mod fuzz;
mod model;
mod unsteady;

use std::time::{Duration, UNIX_EPOCH};

use crate::entry::Entry;
use crate::files::Names;

fn names() -> Names {
    Names::of("audit.jsonl").unwrap()
}

/// The entries of one call: each knows the call and how many there are.
fn call(id: usize, count: usize) -> Vec<Entry> {
    let one = |part| {
        let mut entry = Entry::new(UNIX_EPOCH + Duration::from_secs(id as u64), "set");
        entry.key = Some(format!("{id}.{part}"));
        entry.new = Some(format!("of {count}"));
        entry
    };
    (0..count).map(one).collect()
}
