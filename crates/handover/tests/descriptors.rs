//! Descriptors: many, too many, surplus ones; and none is left open.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod sides;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use graylane_handover::{Ended, LinkError, State, Step, TakeError, VisitError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sides::{Old, both, hello_of, message_with, new};

/// The tests here count what the process has open, so that they go one by one.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The old side hands that many listeners over: some sockets under many names.
fn hand_over_many(old: &Old, sockets: &[TcpListener], names: &[String]) -> Result<(), LinkError> {
    let listeners = names
        .iter()
        .zip(sockets.iter().cycle())
        .map(|(name, socket)| sides::listener(name, socket))
        .collect::<Vec<_>>();
    let giving = old.taken_over().accept(&sides::hello("old")).unwrap();
    match giving.hand_over(&old.door, &listeners, &State::default()) {
        Ok(_) => Ok(()),
        Err(Ended::Broken { source, .. }) => Err(source),
        Err(Ended::Died { .. }) => Err(LinkError::HungUp),
        Err(other) => panic!("{other:?}"),
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("listener:{number}")).collect()
}

#[test]
fn six_hundred_listeners_keep_their_names() {
    let _alone = alone();
    let old = Old::new();
    let sockets = [(); 7].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let names = names(600);

    let (handed, (inherited, _warming)) = both(
        || hand_over_many(&old, &sockets, &names),
        || new(&old.folder).receive().unwrap(),
    );

    handed.unwrap();
    assert_eq!(inherited.listeners.len(), 600);
    for (number, listener) in inherited.listeners.into_iter().enumerate() {
        assert_eq!(listener.name, names[number]);
        let socket = TcpListener::from(listener.socket);
        assert_eq!(
            socket.local_addr().unwrap(),
            sockets[number % 7].local_addr().unwrap()
        );
    }
}

#[test]
fn names_that_are_there_twice_or_are_ours_or_none_are_not_handed_over() {
    let _alone = alone();
    for wrong in ["listener:0", "handover:door", "", "a\nb"] {
        let old = Old::new();
        let names = ["listener:0".to_owned(), wrong.to_owned()];

        let (handed, received) = both(
            || hand_over_many(&old, std::slice::from_ref(&old.web), &names),
            || new(&old.folder).receive(),
        );

        assert!(
            matches!(handed, Err(LinkError::Malformed { .. })),
            "{wrong:?}: {handed:?}"
        );
        assert!(matches!(received, Err(TakeError::Returned(_))), "{received:?}");
    }
}

#[test]
fn nothing_stays_open_after_a_handover_or_half_of_one() {
    let _alone = alone();
    let old = Old::new();
    let sockets = [TcpListener::bind("127.0.0.1:0").unwrap()];
    let names = names(300);
    let before = open();

    for round in 0..6 {
        let (handed, received) = both(
            || hand_over_many(&old, &sockets, &names),
            || match round % 2 {
                0 => new(&old.folder).receive().map(|_| ()),
                // It leaves while descriptors are under way to it.
                _ => {
                    drop(new(&old.folder));
                    Ok(())
                }
            },
        );
        drop((handed, received));

        assert_eq!(open(), before, "round {round}");
    }
}

#[test]
fn descriptors_that_were_not_announced_are_closed() {
    let _alone = alone();
    let old = Old::new();
    let surplus = [old.web.as_fd(); 3];
    let stream = old.stranger();
    let visitor = old.visitor();
    let before = open();
    sides::write_with(&stream, &hello_of(1, 1), &surplus).unwrap();

    let visit = visitor.listen();

    let Err(VisitError::Broken(LinkError::Descriptors { announced, found, .. })) = visit else {
        panic!("{visit:?}");
    };
    assert_eq!((announced, found), (0, 3));
    assert_eq!(
        open(),
        before - 1,
        "the visitor's own is closed, and nothing was added"
    );
}

#[test]
fn descriptors_that_nobody_asked_for_are_closed() {
    let _alone = alone();
    let hello = hello_of(1, 1);
    let (head, body) = hello.split_at(16);
    let announced = message_with(1, sides::HELLO, 3, body);
    for within_the_body in [false, true] {
        let old = Old::new();
        let surplus = [old.web.as_fd(); 3];
        let mut stream = old.stranger();
        let visitor = old.visitor();
        let before = open();
        if within_the_body {
            stream.write_all(head).unwrap();
            sides::write_with(&stream, body, &surplus).unwrap();
        } else {
            sides::write_with(&stream, &announced, &surplus).unwrap();
        }

        let visit = visitor.listen().unwrap();

        assert_eq!(open(), before);
        drop(visit);
    }
}

#[test]
fn announced_descriptors_that_do_not_come_are_an_error() {
    let _alone = alone();
    let old = Old::new();
    let mut stream = old.stranger();
    stream
        .write_all(&message_with(1, sides::HELLO, 2, &hello_of(1, 1)[16..]))
        .unwrap();

    let visit = old.visit();

    assert!(matches!(
        visit,
        Err(VisitError::Broken(LinkError::Descriptors {
            announced: 2,
            found: 0,
            ..
        }))
    ));
}

#[test]
fn a_process_that_may_open_no_more_files_says_so_and_closes_what_came() {
    let _alone = alone();
    let old = Old::new();
    let sockets = [TcpListener::bind("127.0.0.1:0").unwrap()];
    let names = names(100);
    let most = getrlimit(Resource::Nofile);
    let before = open();

    let (_, received) = both(
        || hand_over_many(&old, &sockets, &names),
        || {
            let taker = new(&old.folder);
            let few = Rlimit {
                current: Some(before as u64 + 20),
                ..most
            };
            setrlimit(Resource::Nofile, few).unwrap();
            let received = taker.receive();
            setrlimit(Resource::Nofile, most).unwrap();
            received
        },
    );

    let Err(TakeError::Broken { step, source }) = received else {
        panic!("{received:?}");
    };
    assert!(
        step == Step::Listeners && matches!(source, LinkError::CutOff),
        "{source}"
    );
    assert_eq!(open(), before);
}

#[test]
fn what_is_handed_over_is_closed_in_programs_that_are_started() {
    let _alone = alone();
    let old = Old::new();
    let (handed, (inherited, _warming)) = both(
        || hand_over_many(&old, std::slice::from_ref(&old.web), &names(1)),
        || new(&old.folder).receive().unwrap(),
    );
    handed.unwrap();

    let flags = rustix::io::fcntl_getfd(&inherited.listeners[0].socket).unwrap();

    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
}

#[test]
fn each_step_can_go_to_a_thread_of_its_own() {
    fn goes<T: Send + 'static>() {}

    goes::<(
        graylane_handover::Door,
        graylane_handover::Visitor,
        graylane_handover::Errand,
    )>();
    goes::<(
        graylane_handover::Giver,
        graylane_handover::Probation,
        graylane_handover::Committed,
    )>();
    goes::<(
        graylane_handover::WarmingUp,
        graylane_handover::Beating,
        graylane_handover::Settling,
    )>();
}
