use super::*;

const RULES: Rules = Rules {
    length: Duration::from_secs(10),
    beat: Duration::from_secs(1),
    missed: 3,
    unhealthy: 2,
    alpha: 0.001,
    floor: 0.01,
    refused_floor: 0.5,
};

fn served(exchanges: u64, errors: u64, refused: u64) -> Served {
    Served {
        exchanges,
        errors,
        refused,
    }
}

fn beat(exchanges: u64, errors: u64) -> Beat {
    Beat {
        exchanges,
        errors,
        healthy: true,
        ..Beat::default()
    }
}

fn ill() -> Beat {
    Beat {
        healthy: false,
        note: Some("no endpoint".to_owned()),
        ..Beat::default()
    }
}

/// What a trial says to one sign of life each second, up to the first word that is not to wait.
fn judged(exchanges: u64, errors: u64, mut beats: impl FnMut(u64) -> Option<Beat>) -> (u64, Judgement) {
    let begun = Instant::now();
    let mut trial = Trial::new(RULES, served(exchanges, errors, 0), begun);
    for second in 1.. {
        match trial.judge(beats(second).as_ref(), begun + Duration::from_secs(second)) {
            Judgement::Wait => {}
            judgement => return (second, judgement),
        }
    }
    unreachable!()
}

#[test]
fn one_that_serves_as_well_stays_when_its_time_is_over() {
    let (second, judgement) = judged(10_000, 20, |second| Some(beat(second * 100, second / 5)));

    assert_eq!((second, judgement), (10, Judgement::Commit));
}

#[test]
fn one_that_has_nothing_to_do_stays() {
    let (second, judgement) = judged(0, 0, |_| Some(beat(0, 0)));

    assert_eq!((second, judgement), (10, Judgement::Commit));
}

#[test]
fn one_that_has_more_errors_goes_at_once() {
    let (second, judgement) = judged(10_000, 20, |second| Some(beat(second * 100, second * 20)));

    assert_eq!(second, 1);
    assert!(matches!(
        judgement,
        Judgement::Return(Worse::Errors {
            errors: 20,
            exchanges: 100,
            ..
        })
    ));
}

#[test]
fn one_that_has_as_many_errors_as_the_old_one_stays() {
    let (second, judgement) = judged(10_000, 4_000, |second| Some(beat(second * 100, second * 40)));

    assert_eq!((second, judgement), (10, Judgement::Commit));
}

#[test]
fn one_that_fails_always_goes_even_if_nothing_is_known_of_the_old_one() {
    let (_, judgement) = judged(0, 0, |second| Some(beat(second * 10, second * 10)));

    assert!(matches!(judgement, Judgement::Return(Worse::Errors { .. })));
}

#[test]
fn one_that_refuses_nearly_everything_goes_and_one_with_some_bad_clients_stays() {
    let refusing = |refused| {
        move |second: u64| {
            Some(Beat {
                refused: second * refused,
                ..beat(second * 10, 0)
            })
        }
    };

    let (_, goes) = judged(10_000, 20, refusing(90));
    let (second, stays) = judged(10_000, 20, refusing(8));

    assert!(matches!(
        goes,
        Judgement::Return(Worse::Refuses {
            refused: 90,
            requests: 100,
            ..
        })
    ));
    assert_eq!((second, stays), (10, Judgement::Commit));
}

#[test]
fn one_that_refuses_everything_stays_where_the_old_one_had_nothing_to_do() {
    let (second, judgement) = judged(10, 0, |second| {
        Some(Beat {
            refused: second * 100,
            ..beat(0, 0)
        })
    });

    assert_eq!((second, judgement), (10, Judgement::Commit));
}

#[test]
fn one_that_refuses_as_much_as_the_old_one_stays() {
    let begun = Instant::now();
    let mut trial = Trial::new(RULES, served(1_000, 0, 9_000), begun);
    let beat = Beat {
        refused: 900,
        ..beat(100, 0)
    };

    let early = trial.judge(Some(&beat), begun + Duration::from_secs(1));
    let late = trial.judge(Some(&beat), begun + RULES.length);

    assert_eq!((early, late), (Judgement::Wait, Judgement::Commit));
}

#[test]
fn one_that_falls_silent_goes() {
    let (second, judgement) = judged(0, 0, |second| (second < 5).then(|| beat(0, 0)));

    let since = Duration::from_secs(3);
    assert_eq!(
        (second, judgement),
        (7, Judgement::Return(Worse::Silent { since }))
    );
}

#[test]
fn one_that_never_gives_a_sign_of_life_goes() {
    let (second, judgement) = judged(0, 0, |_| None);

    assert_eq!(second, 3);
    assert!(matches!(judgement, Judgement::Return(Worse::Silent { .. })));
}

#[test]
fn one_that_is_ill_for_a_moment_stays_and_one_that_remains_so_goes() {
    let (fit, stays) = judged(0, 0, |second| Some(if second == 4 { ill() } else { beat(0, 0) }));
    let (disease, goes) = judged(0, 0, |second| Some(if second >= 4 { ill() } else { beat(0, 0) }));

    assert_eq!((fit, stays), (10, Judgement::Commit));
    let note = "no endpoint".to_owned();
    assert_eq!((disease, goes), (5, Judgement::Return(Worse::Unhealthy { note })));
}

#[test]
fn one_that_is_ill_in_the_last_moment_is_looked_at_again() {
    let (well, stays) = judged(0, 0, |second| Some(if second == 10 { ill() } else { beat(0, 0) }));

    assert_eq!((well, stays), (11, Judgement::Commit));
}

#[test]
fn one_that_is_silent_in_the_last_moment_is_waited_for() {
    let (heard, stays) = judged(0, 0, |second| (second != 10).then(|| beat(0, 0)));
    let (silent, goes) = judged(0, 0, |second| (second < 9).then(|| beat(0, 0)));

    let since = Duration::from_secs(3);
    assert_eq!((heard, stays), (11, Judgement::Commit));
    assert_eq!((silent, goes), (11, Judgement::Return(Worse::Silent { since })));
}

#[test]
fn totals_that_go_back_are_no_exchanges() {
    let begun = Instant::now();
    let mut trial = Trial::new(RULES, Served::default(), begun);
    trial.judge(Some(&beat(100, 0)), begun);

    let judgement = trial.judge(Some(&beat(50, 50)), begun);

    assert_eq!(judgement, Judgement::Wait);
}

/// How long two checkers take to agree.
const SETTLES: Duration = Duration::from_secs(5);

/// What a trial says to one sign of life each second, with these lanes down there and not here.
fn lacking(settles: Duration, lanes: impl Fn(u64) -> &'static [&'static str]) -> (u64, Judgement) {
    let begun = Instant::now();
    let mut trial = Trial::new(RULES, Served::default(), begun);
    for second in 1..1000 {
        let now = begun + Duration::from_secs(second);
        let named = lanes(second).iter().map(|lane| Lacking {
            lane: (*lane).to_owned(),
            settles,
        });
        trial.compare(&named.collect::<Vec<_>>(), now);
        match trial.judge(Some(&beat(0, 0)), now) {
            Judgement::Wait => {}
            judgement => return (second, judgement),
        }
    }
    panic!("no end")
}

const CANARY: &[&str] = &["shop/canary"];

#[test]
fn one_whose_lane_stays_down_goes_and_one_that_only_saw_it_first_stays() {
    let (gone, goes) = lacking(SETTLES, |_| CANARY);
    let (seen, stays) = lacking(SETTLES, |second| if second < 6 { CANARY } else { &[] });

    let (lane, since) = (CANARY[0].to_owned(), SETTLES);
    assert_eq!(
        (gone, goes),
        (6, Judgement::Return(Worse::Lacking { lane, since }))
    );
    assert_eq!((seen, stays), (10, Judgement::Commit));
}

#[test]
fn a_lane_that_is_down_at_the_end_is_waited_for() {
    let from_8 = |end| move |second| if (8..end).contains(&second) { CANARY } else { &[] };
    let (seen, stays) = lacking(SETTLES, from_8(12));
    let (gone, goes) = lacking(SETTLES, from_8(100));

    assert_eq!((seen, stays), (12, Judgement::Commit));
    assert_eq!(gone, 13);
    assert!(matches!(goes, Judgement::Return(Worse::Lacking { .. })));
}

#[test]
fn lanes_that_take_turns_in_being_down_do_not_hold_up_the_end_for_ever() {
    let lanes = |second| {
        if second % 2 == 0 {
            CANARY
        } else {
            &["shop/beta"][..]
        }
    };

    let (second, judgement) = lacking(SETTLES, lanes);

    assert_eq!((second, judgement), (10, Judgement::Commit));
}

#[test]
fn a_lane_that_is_checked_once_an_hour_is_not_looked_at() {
    let (second, judgement) = lacking(Duration::from_secs(3600), |_| CANARY);

    assert_eq!((second, judgement), (10, Judgement::Commit));
}
