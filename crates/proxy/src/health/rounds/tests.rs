use graylane_config::{Endpoint, Health, HealthQuestion, Protocol};
use proptest::prelude::*;

use super::*;

fn health(interval: u64) -> Health {
    Health {
        question: HealthQuestion::Tcp,
        port: None,
        interval: Duration::from_millis(interval),
        timeout: Duration::from_secs(1),
        fails: 3,
        passes: 2,
    }
}

fn wanted(serials: &[u64], interval: u64) -> Vec<Wanted> {
    let one = |serial: &u64| Wanted {
        serial: *serial,
        aim: Aim {
            endpoint: Endpoint {
                host: "a".into(),
                port: *serial as u16,
                tls: false,
                weight: 1,
            },
            protocol: Protocol::Http1,
            peer: None,
            health: health(interval),
        },
        standing: Arc::default(),
        called: "".into(),
    };
    serials.iter().map(one).collect()
}

/// Begins all that is due.
fn begun(rounds: &mut Rounds, now: Instant) -> Vec<u64> {
    let mut all: Vec<u64> = std::iter::from_fn(|| rounds.begin(now))
        .map(|(serial, _)| serial)
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn newcomers_are_due_at_once_and_those_who_stay_when_they_were() {
    let now = Instant::now();
    let mut rounds = Rounds::default();

    rounds.follow(wanted(&[1, 2], 1000), now);
    let first = begun(&mut rounds, now);
    rounds.end(1, now, u64::MAX);
    let due = rounds.next_due();
    rounds.follow(wanted(&[1, 2, 3], 1000), now);
    let second = begun(&mut rounds, now);

    assert_eq!((first, second), (vec![1, 2], vec![3]));
    assert_eq!(due, Some(now + Duration::from_secs(1)));
    assert_eq!(rounds.next_due(), due, "1 is due when it was, 2 is being checked");
}

#[test]
fn who_is_to_be_checked_in_another_way_is_due_at_once_and_its_check_is_stale() {
    let now = Instant::now();
    let mut rounds = Rounds::default();
    rounds.follow(wanted(&[1, 2], 1000), now);
    begun(&mut rounds, now);

    let followed = rounds.follow(wanted(&[1, 2], 500), now);

    assert_eq!(followed.stale, [1, 2]);
    assert!(followed.gone.is_empty());
    assert_eq!(begun(&mut rounds, now), [1, 2]);
}

#[test]
fn who_is_gone_is_due_no_more_and_an_end_that_comes_late_is_of_nobody() {
    let now = Instant::now();
    let mut rounds = Rounds::default();
    rounds.follow(wanted(&[1, 2], 1000), now);
    rounds.begin(now);

    let followed = rounds.follow(wanted(&[], 1000), now);

    let mut gone: Vec<u64> = followed.gone.iter().map(|(serial, _)| *serial).collect();
    gone.sort_unstable();
    assert_eq!(gone, [1, 2]);
    assert!(rounds.end(1, now, 0).is_none());
    assert_eq!((rounds.begin(now).is_some(), rounds.next_due()), (false, None));
}

#[test]
fn a_thousand_who_begin_together_part_after_their_first_check() {
    let now = Instant::now();
    let all: Vec<u64> = (1..=1000).collect();
    let mut rounds = Rounds::default();
    rounds.follow(wanted(&all, 10_000), now);
    begun(&mut rounds, now);
    let mut dice = 1_u64;

    for serial in &all {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        rounds.end(*serial, now, dice);
    }

    let due_within = |from: u64, to: u64| {
        let within = now + Duration::from_millis(from)..now + Duration::from_millis(to);
        rounds.due.iter().filter(|(at, _)| within.contains(at)).count()
    };
    for tenth in 0..10 {
        let count = due_within(tenth * 1000, tenth * 1000 + 1000);
        assert!((50..200).contains(&count), "{count} in the tenth {tenth}");
    }
}

#[test]
fn a_check_that_takes_longer_than_the_interval_is_followed_at_once() {
    let now = Instant::now();
    let mut rounds = Rounds::default();
    rounds.follow(wanted(&[1], 100), now);
    rounds.begin(now);

    let late = now + Duration::from_secs(60);
    rounds.end(1, late, 0);

    assert_eq!(rounds.next_due(), Some(late + Duration::from_millis(1)));
}

/// What may happen.
#[derive(Debug, Clone)]
enum Event {
    Follow(Vec<u64>, u64),
    Begin,
    End(u64, u64),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let some = proptest::collection::btree_set(1_u64..8, 0..6);
    prop_oneof![
        (some, prop_oneof![Just(100_u64), Just(200)])
            .prop_map(|(some, interval)| Event::Follow(some.into_iter().collect(), interval)),
        Just(Event::Begin),
        (1_u64..8, any::<u64>()).prop_map(|(serial, dice)| Event::End(serial, dice)),
        (0_u64..300).prop_map(Event::Pass),
    ]
}

proptest! {
    #[test]
    fn everybody_who_is_wanted_is_either_due_or_being_checked_and_nobody_else(
        events in proptest::collection::vec(event(), 0..80),
    ) {
        let mut now = Instant::now();
        let mut rounds = Rounds::default();
        let mut there: HashSet<u64> = HashSet::new();
        let mut checking: HashSet<u64> = HashSet::new();

        for event in events {
            match event {
                Event::Follow(serials, interval) => {
                    there = serials.iter().copied().collect();
                    for serial in rounds.follow(wanted(&serials, interval), now).stale {
                        checking.remove(&serial);
                    }
                }
                Event::Begin => {
                    if let Some((serial, aim)) = rounds.begin(now) {
                        prop_assert!(there.contains(&serial) && checking.insert(serial));
                        prop_assert_eq!(u64::from(aim.endpoint.port), serial);
                    }
                }
                Event::End(serial, dice) => {
                    let counts = checking.remove(&serial);
                    prop_assert_eq!(rounds.end(serial, now, dice).is_some(), counts);
                }
                Event::Pass(milliseconds) => now += Duration::from_millis(milliseconds),
            }

            let due: HashSet<u64> = rounds.due.iter().map(|(_, serial)| *serial).collect();
            prop_assert_eq!(due.len(), rounds.due.len(), "nobody is due twice");
            prop_assert!(due.is_disjoint(&checking));
            prop_assert_eq!(&(&due | &checking), &there);
            let latest = rounds.due.last().map_or(now, |(at, _)| *at);
            prop_assert!(latest <= now + Duration::from_millis(221), "never later than an interval and a tenth");
        }
    }
}
