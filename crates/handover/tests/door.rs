//! Who comes to the door, and what becomes of those who should not.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod sides;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use graylane_handover::{
    Caller, Door, DoorError, Fate, Folder, LinkError, News, Outcome, Patience, Progress, Refusal, TakeError,
    Trust, Visit, VisitError, Wanted,
};
use serde_json::json;
use sides::{LONG, Old, SHORT, both, hello, hello_of, message, new};

/// What shows that an old process goes on: the next one who comes is heard.
fn still_open(old: &Old) {
    let (giver, taker) = both(
        || old.taken_over().accept(&hello("old")),
        || sides::connect(&old.folder),
    );
    giver.unwrap();
    taker.unwrap();
}

/// All that comes up to the end of the connection.
fn everything(mut stream: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // One who hung up with something unread resets the connection; that is an end too.
    _ = stream.read_to_end(&mut bytes);
    bytes
}

#[test]
fn a_stranger_is_closed_without_a_word_and_counted() {
    let own = fs::metadata("/proc/self").map(|found| std::os::unix::fs::MetadataExt::uid(&found));
    let old = Old::with(Trust::only(own.unwrap() + 1), Patience::default());
    let mut stranger = old.stranger();
    stranger.write_all(&hello_of(1, 1)).unwrap();

    let visitor = old.door.visitor(LONG).unwrap();

    assert!(visitor.is_none());
    assert_eq!(old.door.turned_away(), 1);
    assert!(everything(stranger).is_empty());
}

#[test]
fn a_door_of_somebody_else_is_not_knocked_at() {
    let old = Old::new();
    let other = Trust::only(u32::MAX);

    let caller = Caller::connect(&old.folder, other, Patience::default());

    assert!(matches!(
        caller,
        Err(graylane_handover::CallError::Stranger { .. })
    ));
}

#[test]
fn the_socket_is_for_its_owner_alone() {
    let old = Old::new();

    let mode = fs::metadata(old.folder.path().join("handover.sock")).unwrap();

    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_folder_with_a_long_path_has_a_door_like_any_other() {
    let place = tempfile::tempdir().unwrap();
    let deep = place.path().join("d".repeat(200));
    fs::create_dir(&deep).unwrap();
    let folder = Folder::open(&deep.join("run")).unwrap();
    let door = Door::open(&folder, Trust::own(), Patience::default()).unwrap();

    let caller = Caller::connect(&folder, Trust::own(), Patience::default());

    assert_eq!(caller.unwrap().pid(), Some(std::process::id()));
    door.close();
}

#[test]
fn a_second_process_at_the_same_door_is_told_who_is_there() {
    let old = Old::new();

    let second = Door::open(&old.folder, Trust::own(), Patience::default());

    let own = std::process::id();
    assert!(matches!(second, Err(DoorError::Held { pid: Some(pid), .. }) if pid == own));
    still_open(&old);
}

#[test]
fn a_process_that_lost_its_lock_but_listens_is_not_thrown_out() {
    let old = Old::new();
    fs::remove_file(old.folder.path().join("handover.lock")).unwrap();

    let second = Door::open(&old.folder, Trust::own(), Patience::default());

    let own = std::process::id();
    assert!(matches!(second, Err(DoorError::Held { pid: Some(pid), .. }) if pid == own));
    still_open(&old);
}

#[test]
fn of_many_that_open_a_door_at_once_one_wins() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(&place.path().join("run")).unwrap();
    // What a dead process left, so that all want to take it away.
    drop(UnixListener::bind(folder.path().join("handover.sock")).unwrap());

    let doors = std::thread::scope(|scope| {
        let open = || Door::open(&folder, Trust::own(), Patience::default());
        let threads = [(); 8].map(|()| scope.spawn(open));
        threads.map(|thread| thread.join().unwrap())
    });

    let won = doors.iter().filter(|door| door.is_ok()).count();
    assert_eq!(won, 1, "{doors:?}");
    Caller::connect(&folder, Trust::own(), Patience::default()).unwrap();
}

#[test]
fn something_that_is_no_socket_is_left_where_it_is() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(&place.path().join("run")).unwrap();
    fs::write(folder.path().join("handover.sock"), "precious").unwrap();

    let door = Door::open(&folder, Trust::own(), Patience::default());

    assert!(matches!(door, Err(DoorError::InTheWay { .. })));
    assert_eq!(
        fs::read(folder.path().join("handover.sock")).unwrap(),
        b"precious"
    );
}

#[test]
fn a_door_that_was_closed_or_left_leads_to_nobody() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(&place.path().join("run")).unwrap();
    let open = || Door::open(&folder, Trust::own(), Patience::default()).unwrap();

    for leave in [Door::close, drop] {
        leave(open());

        assert!(matches!(sides::connect(&folder), Err(TakeError::NobodyThere)));
    }
}

#[test]
fn a_second_new_process_is_refused_and_told_who_came_first() {
    let old = Old::new();
    let _stream = sides::by_hand(&old);
    let first = old.taken_over();

    let (visit, second) = both(|| old.visit(), || sides::connect(&old.folder));

    let own = std::process::id();
    assert!(matches!(visit, Err(VisitError::Refused { refusal: Refusal::Busy { pid }, .. }) if pid == own));
    assert!(matches!(second, Err(TakeError::Refused(Refusal::Busy { pid })) if pid == own));
    drop(first);
    still_open(&old);
}

#[test]
fn a_visitor_of_another_protocol_is_told_which_one_is_spoken() {
    for (versions, expected) in [
        ((0, 0), Refusal::ProtocolTooOld { oldest: 1 }),
        ((7, 9), Refusal::ProtocolTooNew { newest: 1 }),
    ] {
        let old = Old::new();
        let mut stream = old.stranger();
        stream.write_all(&hello_of(versions.0, versions.1)).unwrap();

        let visit = old.visit();

        assert!(matches!(visit, Err(VisitError::Refused { refusal, .. }) if refusal == expected));
        let told = String::from_utf8_lossy(&everything(stream)).into_owned();
        assert!(
            told.ends_with(&serde_json::to_string(&expected).unwrap()),
            "{told}"
        );
        still_open(&old);
    }
}

#[test]
fn a_newer_visitor_that_still_speaks_our_protocol_is_heard() {
    let old = Old::new();
    let mut stream = old.stranger();
    stream.write_all(&hello_of(1, 9)).unwrap();

    let giving = old.taken_over().accept(&hello("old")).unwrap();

    drop(giving);
    let told = String::from_utf8_lossy(&everything(stream)).into_owned();
    assert!(told.contains(r#""protocol":1,"#), "{told}");
}

#[test]
fn a_visitor_that_makes_no_sense_is_sent_away_and_nothing_else_happens() {
    let hello = hello_of(1, 1);
    let garbage: [(&str, &[u8]); 7] = [
        ("another protocol", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("nothing", b""),
        ("half a head", &hello[..7]),
        ("half a body", &hello[..hello.len() - 3]),
        ("no JSON", &message(1, 1, b"{{{")),
        ("a kind that nobody knows", &message(1, 999, b"")),
        ("another step", &message(1, 8, b"")),
    ];
    for (what, bytes) in garbage {
        let old = Old::new();
        let mut stream = old.stranger();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();

        let visit = old.visit();

        assert!(matches!(visit, Err(VisitError::Broken(_))), "{what}: {visit:?}");
        still_open(&old);
    }
}

#[test]
fn a_message_that_claims_to_be_huge_is_not_waited_for() {
    let old = Old::new();
    let mut stream = old.stranger();
    let mut head = message(1, 1, b"");
    head[12..].copy_from_slice(&u32::MAX.to_be_bytes());
    stream.write_all(&head).unwrap();

    let visit = old.visit();

    let size = u32::MAX as usize;
    assert!(
        matches!(visit, Err(VisitError::Broken(LinkError::TooLarge { size: claimed })) if claimed == size)
    );
}

#[test]
fn a_visitor_that_says_nothing_or_drips_is_not_waited_for() {
    for bytes in [0, 5, 20] {
        let old = Old::hasty();
        let mut stream = old.stranger();
        stream.write_all(&hello_of(1, 1)[..bytes]).unwrap();

        let visit = old.visit();

        assert!(
            matches!(visit, Err(VisitError::Broken(LinkError::TooSlow { .. }))),
            "{visit:?}"
        );
    }
}

#[test]
fn too_many_visitors_at_a_time_are_turned_away() {
    let old = Old::new();
    let streams = [(); 9].map(|()| old.stranger());
    let inside = [(); 8].map(|()| old.visitor());

    let ninth = old.door.visitor(LONG).unwrap();

    assert!(ninth.is_none());
    drop((inside, streams));
    still_open(&old);
}

#[test]
fn the_operator_is_told_how_things_are() {
    let old = Old::new();
    let status = json!({ "state": "serving" });

    let ((), told) = both(
        || match old.visit().unwrap() {
            Visit::Status(question) => question.answer(&status),
            other => panic!("{other:?}"),
        },
        || {
            Caller::connect(&old.folder, Trust::own(), Patience::default())
                .unwrap()
                .status()
        },
    );

    assert_eq!(told.unwrap(), status);
}

#[test]
fn the_operator_is_told_each_step_of_a_switch_and_its_end() {
    let old = Old::new();
    let wanted = Wanted {
        binary: "/opt/graylane-canary".to_owned(),
        probation_millis: Some(10_000),
    };
    let started = Progress {
        step: "started".to_owned(),
        pid: Some(7),
        ..Progress::default()
    };
    let outcome = Outcome {
        fate: Fate::Returned,
        reason: Some("it serves worse".to_owned()),
        old: Some(1),
        new: Some(7),
        unclaimed: vec!["web".to_owned()],
        held: Some(3),
        ledger: Some(json!({ "cut": 0 })),
    };

    let (heard, news) = both(
        || match old.visit().unwrap() {
            Visit::Switch(mut errand) => {
                let heard = errand.wanted().clone();
                errand.tell(&started);
                while !errand.called_off() {
                    std::thread::yield_now();
                }
                errand.end(&outcome);
                heard
            }
            other => panic!("{other:?}"),
        },
        || {
            let caller = Caller::connect(&old.folder, Trust::own(), Patience::default()).unwrap();
            let mut switching = caller.switch(&wanted).unwrap();
            let first = switching.next(LONG).unwrap();
            let nothing = switching.next(Duration::ZERO).unwrap();
            switching.call_off();
            [first, nothing, switching.next(LONG).unwrap()]
        },
    );

    assert_eq!(heard, wanted);
    let [News::Progress(step), News::Nothing, News::Outcome(end)] = news else {
        panic!("{news:?}");
    };
    assert_eq!((step, end), (started, outcome));
}

#[test]
fn an_operator_that_leaves_calls_nothing_off_and_holds_nothing_up() {
    let old = Old::new();

    let (mut errand, ()) = both(
        || match old.visit().unwrap() {
            Visit::Switch(errand) => errand,
            other => panic!("{other:?}"),
        },
        || {
            let caller = Caller::connect(&old.folder, Trust::own(), Patience::default()).unwrap();
            drop(caller.switch(&Wanted::default()).unwrap());
        },
    );

    for _ in 0..3 {
        errand.tell(&Progress::default());
        assert!(!errand.called_off());
    }
}

#[test]
fn a_door_that_was_handed_over_keeps_out_a_third_process_and_serves_the_second() {
    let old = Old::new();
    let (ready, inherited) = both(
        || old.to_ready(),
        || {
            let (inherited, warming) = new(&old.folder).receive().unwrap();
            warming.give_up("enough");
            inherited
        },
    );
    let Old { folder, door, .. } = &old;
    assert!(ready.is_err());

    let held = inherited.door;
    let third = Door::open(folder, Trust::own(), Patience::default());
    let second = held.open(folder, Trust::own(), Patience::default()).unwrap();

    assert!(matches!(third, Err(DoorError::Held { .. })));
    let _caller = Caller::connect(folder, Trust::own(), Patience::default()).unwrap();
    assert!(second.visitor(LONG).unwrap().is_some());
    assert!(door.visitor(SHORT).unwrap().is_none());
}
