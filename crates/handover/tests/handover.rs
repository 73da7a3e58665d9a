//! A handover that succeeds, and the words with which one is called off.
mod sides;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use graylane_handover::{
    Arrival, Beat, Beating, Course, Ended, LastWord, Patience, Rules, Served, State, Step, TakeError, Trial,
    Trust, Turn, Worse,
};
use serde_json::json;
use sides::*;

/// A probation that is over with the first sign of life.
fn at_once() -> Trial {
    let rules = Rules {
        length: Duration::ZERO,
        ..Rules::default()
    };
    Trial::new(rules, Served::default(), Instant::now())
}

#[test]
fn listeners_state_and_connections_move_to_the_new_process() {
    let old = Old::new();
    let address = old.web.local_addr().unwrap();
    let mut state = State::default();
    state.insert("breaker", vec![1, 2, 3]).unwrap();

    let ((mut client, unclaimed), (inherited, by, moved, ledger)) = both(
        || {
            let giving = old.taken_over().accept(&hello("old")).unwrap();
            let listeners = [listener("web", &old.web), listener("gone", &old.web)];
            let warming = giving.hand_over(&old.door, &listeners, &state).unwrap();
            let ready = warming.ready(LONG, &mut || None).unwrap();
            let unclaimed = ready.unclaimed().to_vec();
            let probation = ready.go().unwrap();
            let mut committed = watch(probation, &mut at_once(), &mut |_| None).unwrap();
            let client = TcpStream::connect(address).unwrap();
            let (idle, _) = old.web.accept().unwrap();
            committed.move_connection("web", idle.as_fd()).unwrap();
            committed.farewell(&json!({ "cut": 0 })).unwrap();
            (client, unclaimed)
        },
        || {
            let (inherited, warming) = new(&old.folder).receive().unwrap();
            let Turn::Go(mut beating) = warming.ready(&["web"]).unwrap() else {
                panic!("not let go");
            };
            beating.accepting();
            let mut settling = loop {
                match beating.beat(&healthy(), SHORT) {
                    Course::On(on) => beating = on,
                    Course::Committed(settling) => break settling,
                    other => panic!("{other:?}"),
                }
            };
            let Arrival::Connection { listener, socket } = settling.next(LONG) else {
                panic!("no connection");
            };
            settling.taken();
            let Arrival::Farewell(ledger) = settling.next(LONG) else {
                panic!("no farewell");
            };
            (inherited, listener, socket, ledger)
        },
    );

    assert_eq!(unclaimed, ["gone"]);
    assert_eq!(inherited.state, state);
    assert_eq!((by.as_str(), ledger), ("web", json!({ "cut": 0 })));
    TcpStream::from(moved).write_all(b"x").unwrap();
    client.read_exact(&mut [0]).unwrap();
    let names = inherited
        .listeners
        .iter()
        .map(|l| (l.name.as_str(), l.kind.as_str()));
    assert_eq!(names.collect::<Vec<_>>(), [("web", "tcp"), ("gone", "tcp")]);
    let web = inherited.listeners.into_iter().next().unwrap();
    let web = std::net::TcpListener::from(web.socket);
    assert_eq!(web.local_addr().unwrap(), address);
}

#[test]
fn one_who_is_refused_is_told_why() {
    let old = Old::new();
    let policy = graylane_handover::Refusal::Policy {
        text: "not on a Friday".to_owned(),
    };

    let ((), taker) = both(|| old.taken_over().refuse(&policy), || connect(&old.folder));

    assert!(matches!(taker, Err(TakeError::Refused(refusal)) if refusal == policy));
}

#[test]
fn a_new_process_that_is_not_ready_in_time_is_told_so() {
    let old = Old::new();

    let (ended, turn) = both(
        || {
            let giving = old.taken_over().accept(&hello("old")).unwrap();
            let warming = giving.hand_over(&old.door, &[], &State::default()).unwrap();
            warming.ready(SHORT, &mut || None)
        },
        || {
            let warming = to_warming_up(&old.folder);
            // The old process has given up by the time that it hung up.
            warming
        },
    );

    assert!(matches!(ended, Err(Ended::Silent { step: Step::Ready, limit }) if limit == SHORT));
    let turn = turn.ready(&[]).unwrap();
    assert!(matches!(turn, Turn::Returned(reason) if reason == "it took too long to become ready"));
}

#[test]
fn a_new_process_may_be_called_off_while_it_warms_up() {
    let old = Old::new();

    let (ended, turn) = both(
        || {
            let giving = old.taken_over().accept(&hello("old")).unwrap();
            let warming = giving.hand_over(&old.door, &[], &State::default()).unwrap();
            warming.ready(LONG, &mut || Some("the operator said so".to_owned()))
        },
        || to_warming_up(&old.folder).ready(&[]).unwrap(),
    );

    assert!(matches!(
        ended,
        Err(Ended::CalledOff {
            step: Step::Ready,
            ..
        })
    ));
    assert!(matches!(turn, Turn::Returned(reason) if reason == "the operator said so"));
}

#[test]
fn a_new_process_may_be_called_off_when_it_is_ready() {
    let old = Old::new();

    let ((), turn) = both(
        || old.to_ready().unwrap().call_off("on second thoughts"),
        || to_warming_up(&old.folder).ready(&["web"]).unwrap(),
    );

    assert!(matches!(turn, Turn::Returned(reason) if reason == "on second thoughts"));
}

#[test]
fn a_new_process_that_gives_up_says_why_in_each_step() {
    for give_up_in in [Step::Ready, Step::Probation] {
        let old = Old::new();

        let (ended, ()) = both(
            || watch(old.to_probation()?, &mut at_once(), &mut |_| None),
            || match give_up_in {
                Step::Ready => to_warming_up(&old.folder).give_up("no\ncertificate"),
                _ => drop(to_beating(&old.folder).give_up("no\ncertificate")),
            },
        );

        let Err(Ended::GaveUp { step, reason }) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!((step, reason.as_str()), (give_up_in, "no certificate"));
    }
}

#[test]
fn a_new_process_that_serves_worse_is_told_to_return() {
    let old = Old::new();
    let errors = Beat {
        exchanges: 100,
        errors: 30,
        ..healthy()
    };
    let well = Served {
        exchanges: 10_000,
        ..Served::default()
    };

    let (ended, course) = both(
        || {
            let mut trial = Trial::new(Rules::default(), well, Instant::now());
            watch(old.to_probation()?, &mut trial, &mut |_| None)
        },
        || to_beating(&old.folder).beat(&errors, LONG),
    );

    assert!(matches!(
        ended,
        Err(Ended::Worse(Worse::Errors { errors: 30, .. }))
    ));
    assert!(
        matches!(course, Course::Returned(reason, _) if reason.starts_with("30 of 100 exchanges failed"))
    );
}

#[test]
fn a_new_process_that_falls_silent_is_told_to_return() {
    let old = Old::new();
    let rules = Rules {
        beat: Duration::from_millis(10),
        missed: 3,
        ..Rules::default()
    };

    let (ended, beating) = both(
        || {
            let mut trial = Trial::new(rules, Served::default(), Instant::now());
            watch(old.to_probation()?, &mut trial, &mut |_| None)
        },
        || to_beating(&old.folder),
    );

    assert!(matches!(ended, Err(Ended::Worse(Worse::Silent { .. }))));
    assert!(matches!(beating.beat(&healthy(), LONG), Course::Returned(..)));
}

#[test]
fn a_probation_may_be_called_off() {
    let old = Old::new();

    let (ended, course) = both(
        || {
            let mut trial = Trial::new(Rules::default(), Served::default(), Instant::now());
            let mut stop = |_: &Beat| Some("stop".to_owned());
            watch(old.to_probation()?, &mut trial, &mut stop)
        },
        || to_beating(&old.folder).beat(&healthy(), LONG),
    );

    assert!(matches!(
        ended,
        Err(Ended::CalledOff {
            step: Step::Probation,
            ..
        })
    ));
    assert!(matches!(course, Course::Returned(reason, _) if reason == "stop"));
}

#[test]
fn a_new_process_that_does_not_stay_says_what_became_of_its_connections() {
    let drained = json!({ "drained": 3, "cut": 1 });
    for gives_up in [true, false] {
        let old = Old::new();

        let (ledger, ()) = both(
            || {
                let mut probation = old.to_probation().unwrap();
                if gives_up {
                    let beat = probation.beat(LONG).unwrap_err();
                    assert!(matches!(beat, Ended::GaveUp { .. }), "{beat}");
                } else {
                    assert!(probation.beat(LONG).unwrap().is_some());
                }
                probation.take_back("enough").farewell(LONG, &mut || true)
            },
            || {
                let beating = to_beating(&old.folder);
                let last_word = if gives_up {
                    beating.give_up("no certificate")
                } else {
                    returned(beating)
                };
                last_word.say(&drained);
            },
        );

        assert_eq!(ledger.as_ref(), Some(&drained), "gives up: {gives_up}");
    }
}

/// Beats until the old side takes everything back.
fn returned(mut beating: Beating) -> LastWord {
    loop {
        match beating.beat(&healthy(), SHORT) {
            Course::On(on) => beating = on,
            Course::Returned(reason, last_word) => {
                assert_eq!(reason, "enough");
                return last_word;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn nobody_waits_for_the_last_word_of_who_is_dead_nor_for_ever() {
    let old = Old::new();
    let (dead, ()) = both(
        || {
            old.to_probation()
                .unwrap()
                .take_back("enough")
                .farewell(LONG, &mut || true)
        },
        || drop(to_beating(&old.folder)),
    );
    let (hanging, _beating) = both(
        || {
            let parted = old.to_probation().unwrap().take_back("enough");
            parted.farewell(SHORT, &mut || true)
        },
        || to_beating(&old.folder),
    );
    let (unwanted, _beating) = both(
        || {
            let parted = old.to_probation().unwrap().take_back("enough");
            parted.farewell(Duration::MAX, &mut || false)
        },
        || to_beating(&old.folder),
    );

    assert_eq!((dead, hanging, unwanted), (None, None, None));
}

#[test]
fn an_old_side_that_is_merely_dropped_takes_everything_back() {
    let old = Old::new();

    let (_, course) = both(
        || drop(old.to_probation().unwrap()),
        || to_beating(&old.folder).beat(&healthy(), LONG),
    );

    assert!(matches!(course, Course::Returned(..)), "{course:?}");
}

#[test]
fn a_commit_that_is_not_confirmed_is_taken_back() {
    let patience = Patience {
        answer: SHORT,
        ..Patience::default()
    };
    let old = Old::with(Trust::own(), patience);
    let mut new = by_hand(&old);
    for (kind, body) in [
        (READY, r#"{"claimed":[]}"#),
        (ACCEPTING, ""),
        (BEAT, r#"{"exchanges":0,"errors":0,"healthy":true}"#),
    ] {
        new.write_all(&message(1, kind, body.as_bytes())).unwrap();
    }

    let ended = watch(old.to_probation().unwrap(), &mut at_once(), &mut |_| None);

    assert!(matches!(
        ended,
        Err(Ended::Silent {
            step: Step::Commit,
            ..
        })
    ));
    assert_eq!(kinds(new)[3..], [GO, COMMIT, RETURN]);
}

#[test]
fn a_new_process_that_does_not_confirm_the_commit_is_not_waited_for_longer_than_for_its_turn() {
    let patience = Patience {
        turn: SHORT,
        ..Patience::default()
    };
    let old = Old::with(Trust::own(), patience);
    let mut new = by_hand(&old);
    for (kind, body) in [(READY, r#"{"claimed":[]}"#), (ACCEPTING, "")] {
        new.write_all(&message(1, kind, body.as_bytes())).unwrap();
    }

    let not = old.to_probation().unwrap().commit().unwrap_err();
    // It confirms too late, hears that everything was taken back, and drains.
    for (kind, body) in [
        (BEAT, r#"{"healthy":true}"#),
        (COMMITTED, ""),
        (FAREWELL, r#"{"cut":1}"#),
    ] {
        new.write_all(&message(1, kind, body.as_bytes())).unwrap();
    }

    assert!(matches!(
        not.ended,
        Ended::Silent { step: Step::Commit, limit } if limit == SHORT
    ));
    assert_eq!(not.parted.farewell(LONG, &mut || true), Some(json!({ "cut": 1 })));
    assert_eq!(kinds(new)[3..], [GO, COMMIT, RETURN]);
}

#[test]
fn a_new_process_that_does_not_accept_when_it_is_its_turn_is_not_waited_for() {
    let patience = Patience {
        turn: SHORT,
        ..Patience::default()
    };
    let old = Old::with(Trust::own(), patience);
    let mut new = by_hand(&old);
    new.write_all(&message(1, READY, br#"{"claimed":["web"]}"#))
        .unwrap();

    let ended = old.to_probation();

    assert!(matches!(
        ended,
        Err(Ended::Silent {
            step: Step::Accepting,
            ..
        })
    ));
    assert_eq!(kinds(new)[3..], [GO, RETURN]);
}
