use std::thread;

use super::*;

fn take_all(connections: &Arc<Connections>) -> Vec<Permit> {
    std::iter::from_fn(|| connections.try_acquire()).collect()
}

#[test]
fn a_limit_that_rises_lets_more_in_at_once() {
    let connections = Connections::new(2);
    let open = take_all(&connections);

    connections.set_limit(5);

    assert_eq!((open.len(), take_all(&connections).len()), (2, 3));
}

#[test]
fn a_limit_that_falls_cuts_nobody_and_lets_nobody_in_until_enough_have_left() {
    let connections = Connections::new(4);
    let mut open = take_all(&connections);

    connections.set_limit(2);
    open.truncate(2);
    let at_the_limit = connections.try_acquire().is_none();
    open.truncate(1);

    assert!(at_the_limit);
    assert_eq!(take_all(&connections).len(), 1);
}

#[test]
fn a_limit_that_falls_and_rises_while_all_are_open_is_as_it_was() {
    let connections = Connections::new(4);
    let open = take_all(&connections);

    connections.set_limit(1);
    connections.set_limit(3);
    connections.set_limit(5);
    let more = take_all(&connections);

    assert_eq!((open.len(), more.len()), (4, 1));
    drop((open, more));
    assert_eq!(take_all(&connections).len(), 5);
}

#[test]
fn who_insists_is_let_in_over_the_limit_and_counts_against_it() {
    let connections = Connections::new(2);
    let mut open = take_all(&connections);

    let over = [connections.insist(), connections.insist()];
    open.clear();
    let at_the_limit = connections.try_acquire().is_none();
    drop(over);

    assert!(at_the_limit);
    assert_eq!(take_all(&connections).len(), 2);
}

#[test]
fn who_insists_and_leaves_before_the_others_leaves_the_limit_as_it_was() {
    let connections = Connections::new(2);
    let open = take_all(&connections);

    drop(connections.insist());
    let at_the_limit = connections.try_acquire().is_none();
    drop(open);

    assert!(at_the_limit);
    assert_eq!(take_all(&connections).len(), 2);
}

#[test]
fn no_permit_is_lost_or_made_while_threads_come_and_go_and_the_limit_changes() {
    let connections = Connections::new(8);

    let come_and_go = || {
        for _ in 0..20_000 {
            drop((
                connections.try_acquire(),
                connections.insist(),
                connections.try_acquire(),
            ));
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(come_and_go);
        }
        for round in 0..20_000 {
            connections.set_limit(round * 7 % 9);
        }
    });
    connections.set_limit(6);

    assert_eq!(take_all(&connections).len(), 6);
}
