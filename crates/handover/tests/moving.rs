//! Idle connections move after the commit, each of them to one owner.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod sides;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use graylane_handover::{Arrival, Committed, Course, Patience, Trust};
use serde_json::json;
use sides::*;

/// An old process that has committed, to a new one that is played by hand and says all this.
fn committed_to(old: &Old, also: &[u8]) -> (Committed, UnixStream) {
    let mut new = by_hand(old);
    for (kind, body) in [(READY, r#"{"claimed":[]}"#), (ACCEPTING, ""), (COMMITTED, "")] {
        new.write_all(&message(1, kind, body.as_bytes())).unwrap();
    }
    new.write_all(also).unwrap();
    (old.to_probation().unwrap().commit().unwrap(), new)
}

#[test]
fn a_connection_that_the_new_process_did_not_take_stays_with_the_old_one() {
    let old = Old::new();
    let (mut committed, new) = committed_to(&old, b"");
    let (mut client, mut idle) = UnixStream::pair().unwrap();
    // It has it in its socket when it dies.
    new.shutdown(std::net::Shutdown::Write).unwrap();

    let first = committed.move_connection("web", idle.as_fd());
    drop(new);
    let second = committed.move_connection("web", idle.as_fd());

    assert!(first.is_err() && second.is_err());
    idle.write_all(b"x").unwrap();
    client.read_exact(&mut [0]).unwrap();
}

#[test]
fn a_connection_that_the_new_process_cannot_serve_stays_with_the_old_one_and_none_follows() {
    let old = Old::new();
    let (mut client, mut idle) = UnixStream::pair().unwrap();

    let ((first, second), (by, last)) = both(
        || {
            let mut committed = old.to_probation().unwrap().commit().unwrap();
            let first = committed.move_connection("web", idle.as_fd());
            let second = committed.move_connection("web", idle.as_fd());
            committed.farewell(&json!({ "cut": 0 })).unwrap();
            (first, second)
        },
        || {
            let mut settling = match to_beating(&old.folder).beat(&healthy(), LONG) {
                Course::Committed(settling) => settling,
                other => panic!("{other:?}"),
            };
            let Arrival::Connection { listener, .. } = settling.next(LONG) else {
                panic!("no connection");
            };
            settling.not_taken("there is no such listener");
            (listener, settling.next(LONG))
        },
    );

    let first = first.unwrap_err().to_string();
    assert!(first.contains("there is no such listener"), "{first}");
    assert!(second.is_err());
    assert_eq!(by, "web");
    assert!(matches!(last, Arrival::Farewell(_)), "{last:?}");
    idle.write_all(b"x").unwrap();
    client.read_exact(&mut [0]).unwrap();
}

#[test]
fn a_connection_is_not_taken_before_the_new_process_says_so() {
    let old = Old::new();
    let (_client, idle) = UnixStream::pair().unwrap();

    let (moved, _) = both(
        || {
            let mut committed = old.to_probation().unwrap().commit().unwrap();
            let moved = committed.move_connection("web", idle.as_fd());
            committed.farewell(&json!({})).unwrap();
            moved
        },
        || {
            let Course::Committed(mut settling) = to_beating(&old.folder).beat(&healthy(), LONG) else {
                panic!("no commit");
            };
            // It forgets what it was given.
            drop(settling.next(LONG));
            settling.next(LONG)
        },
    );

    assert!(moved.is_err());
}

#[test]
fn a_new_process_that_hangs_may_have_taken_a_connection_but_gets_no_further_one() {
    let patience = Patience {
        answer: SHORT,
        ..Patience::default()
    };
    let old = Old::with(Trust::own(), patience);
    let (mut committed, _new) = committed_to(&old, b"");
    let (_client, idle) = UnixStream::pair().unwrap();

    let first = committed.move_connection("web", idle.as_fd());
    let second = committed.move_connection("web", idle.as_fd());

    assert!(first.is_ok() && second.is_err());
}

#[test]
fn each_connection_that_is_taken_makes_way_for_the_next() {
    let old = Old::new();
    let taken = message(1, TAKEN, b"").repeat(3);
    let (mut committed, _new) = committed_to(&old, &taken);
    let (_client, idle) = UnixStream::pair().unwrap();

    for _ in 0..3 {
        committed.move_connection("web", idle.as_fd()).unwrap();
    }
}
