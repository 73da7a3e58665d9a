//! Whatever order messages come in, each side does what a small model of the steps says.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod sides;

use std::io::Write;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use graylane_handover::{
    Arrival, Course, Ended, Folder, LinkError, Rules, Served, State, Step, TakeError, Trial, Turn,
};
use proptest::prelude::*;
use sides::*;

/// What the new process says after its hello. `UNKNOWN` is a kind that no version has.
const UNKNOWN: u16 = 999;
const OF_THE_NEW: [u16; 7] = [READY, ACCEPTING, BEAT, COMMITTED, GAVE_UP, GO, UNKNOWN];

fn body_of(kind: u16) -> &'static [u8] {
    match kind {
        READY => br#"{"claimed":["web"]}"#,
        BEAT => br#"{"exchanges":1,"errors":0,"healthy":true}"#,
        RETURN | GAVE_UP => br#"{"reason":"so"}"#,
        HELLO => br#"{"protocol":1,"pid":1}"#,
        FAREWELL => b"{}",
        _ => b"",
    }
}

/// In which step an old process ends that hears this, and whether by death, by a word, or as broken; `None` if it commits.
fn model_of_the_old(said: &[u16]) -> Option<(Step, &'static str)> {
    let mut step = Step::Ready;
    for kind in said {
        step = match (step, *kind) {
            (Step::Ready, READY) => Step::Accepting,
            (Step::Accepting, ACCEPTING) => Step::Probation,
            // The trial is over with the first sign of life.
            (Step::Probation, BEAT) => Step::Commit,
            (Step::Commit, BEAT) => Step::Commit,
            (Step::Commit, COMMITTED) => return None,
            (step, GAVE_UP) => return Some((step, "gave up")),
            (step, _) => return Some((step, "broken")),
        };
    }
    Some((step, "died"))
}

fn old_side(old: &Old) -> Result<(), Ended> {
    let giving = old.taken_over().accept(&hello("old"))?;
    let listeners = [listener("web", &old.web)];
    let warming = giving.hand_over(&old.door, &listeners, &State::default())?;
    let probation = warming.ready(LONG, &mut || None)?.go()?;
    let rules = Rules {
        length: Duration::ZERO,
        ..Rules::default()
    };
    let mut trial = Trial::new(rules, Served::default(), Instant::now());
    watch(probation, &mut trial, &mut |_| None).map(|_| ())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn an_old_process_commits_only_after_every_step_in_its_order(
        right in 0..6_usize,
        then in proptest::collection::vec(proptest::sample::select(&OF_THE_NEW[..]), 0..3),
    ) {
        let order = [READY, ACCEPTING, BEAT, BEAT, COMMITTED];
        let said = [&order[..right.min(order.len())], &then].concat();
        let old = Old::new();
        let mut stream = by_hand(&old);
        for kind in &said {
            stream.write_all(&message(1, *kind, body_of(*kind))).unwrap();
        }
        stream.shutdown(Shutdown::Write).unwrap();

        let ended = old_side(&old);

        let seen = match &ended {
            Ok(()) => None,
            Err(Ended::Died { step }) => Some((*step, "died")),
            Err(Ended::GaveUp { step, .. }) => Some((*step, "gave up")),
            Err(Ended::Broken { step, .. }) => Some((*step, "broken")),
            Err(other) => panic!("{other:?}"),
        };
        prop_assert_eq!(seen, model_of_the_old(&said), "{:?}", said);
        let told = kinds(stream);
        let hangs_up_knowingly = matches!(ended, Ok(()) | Err(Ended::GaveUp { .. }));
        prop_assert_eq!(told.contains(&RETURN), !hangs_up_knowingly, "{:?}", told);
    }
}

/// What an old process says. The listeners come with their descriptors.
const OF_THE_OLD: [u16; 9] = [
    HELLO, LISTENERS, STATE_END, GO, COMMIT, RETURN, FAREWELL, READY, UNKNOWN,
];

/// Where a new process ends that hears this, and how.
fn model_of_the_new(said: &[u16]) -> (Step, &'static str) {
    let mut step = Step::Hello;
    for kind in said {
        step = match (step, *kind) {
            (Step::Hello, HELLO) => Step::Listeners,
            (Step::Listeners, LISTENERS) => Step::State,
            (Step::State, STATE_END) => Step::Ready,
            (Step::Ready, GO) => Step::Probation,
            (Step::Probation, COMMIT) => Step::Farewell,
            (Step::Farewell, FAREWELL) => return (step, "farewell"),
            (step, RETURN) => return (step, "returned"),
            // After the commit nothing can be taken back by mistake.
            (Step::Farewell, _) => return (step, "alone"),
            (step, _) => return (step, "broken"),
        };
    }
    match step {
        Step::Ready | Step::Probation | Step::Farewell => (step, "alone"),
        step => (step, "broken"),
    }
}

/// How far the new side comes.
fn new_side(folder: &Folder) -> (Step, &'static str) {
    let failed = |error| match error {
        TakeError::Broken { step, .. } => (step, "broken"),
        TakeError::Returned(_) => (Step::Hello, "returned"),
        other => panic!("{other:?}"),
    };
    let taker = match connect(folder) {
        Ok(taker) => taker,
        Err(error) => return failed(error),
    };
    let warming = match taker.receive() {
        Ok((_, warming)) => warming,
        // In which of both steps cannot be seen from the outside.
        Err(TakeError::Returned(_)) => return (Step::Listeners, "returned"),
        Err(error) => return failed(error),
    };
    let beating = match warming.ready(&["web"]) {
        Ok(Turn::Go(beating)) => beating,
        Ok(Turn::Alone) => return (Step::Ready, "alone"),
        Ok(Turn::Returned(_)) => return (Step::Ready, "returned"),
        Err(error) => return failed(error),
    };
    let mut settling = match beating.beat(&healthy(), LONG) {
        Course::Committed(settling) => settling,
        Course::Alone => return (Step::Probation, "alone"),
        // Either way it stops accepting; why is for people.
        Course::Returned(reason, _) if reason == "so" => return (Step::Probation, "returned"),
        Course::Returned(..) => return (Step::Probation, "broken"),
        Course::On(_) => panic!("nothing came"),
    };
    match settling.next(LONG) {
        Arrival::Farewell(_) => (Step::Farewell, "farewell"),
        Arrival::Returned(_) => (Step::Farewell, "returned"),
        Arrival::Died => (Step::Farewell, "alone"),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_new_process_serves_only_after_every_step_in_its_order(
        right in 0..7_usize,
        then in proptest::collection::vec(proptest::sample::select(&OF_THE_OLD[..]), 0..3),
    ) {
        let order = [HELLO, LISTENERS, STATE_END, GO, COMMIT, FAREWELL];
        let said = [&order[..right.min(order.len())], &then].concat();
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("run")).unwrap();
        let door = UnixListener::bind(folder.path().join("handover.sock")).unwrap();

        let (_stream, seen) = both(|| say(&door, &said), || new_side(&folder));

        let mut expected = model_of_the_new(&said);
        if expected == (Step::State, "returned") {
            expected.0 = Step::Listeners;
        }
        prop_assert_eq!(seen, expected, "{:?}", said);
    }
}

/// Plays the old side: says all of it at once, whatever the new one says, and even if that one left.
fn say(door: &UnixListener, said: &[u16]) -> UnixStream {
    let (mut stream, _) = door.accept().unwrap();
    for kind in said {
        if *kind == LISTENERS {
            let body =
                br#"{"left":0,"entries":[{"name":"handover:door"},{"name":"handover:lock"},{"name":"web"}]}"#;
            _ = write_with(&stream, &message_with(1, LISTENERS, 3, body), &[door.as_fd(); 3]);
        } else {
            _ = stream.write_all(&message(1, *kind, body_of(*kind)));
        }
    }
    _ = stream.shutdown(Shutdown::Write);
    stream
}

#[test]
fn a_listener_that_was_never_handed_over_cannot_be_claimed() {
    let old = Old::new();
    let mut stream = by_hand(&old);
    stream
        .write_all(&message(1, READY, br#"{"claimed":["elsewhere"]}"#))
        .unwrap();

    let ended = old_side(&old);

    let Err(Ended::Broken { step, source }) = ended else {
        panic!("{ended:?}");
    };
    assert!(step == Step::Ready && matches!(source, LinkError::Malformed { .. }));
}
