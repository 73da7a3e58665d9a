use proptest::prelude::*;

use super::*;

/// Numbers that look random, the same each time (SplitMix64).
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

const RULE: Rule = Rule {
    panic: 50_000,
    slow_start: None,
    gives_up: false,
};

fn candidate(number: u32, weight: u16, healthy: bool) -> Candidate {
    Candidate {
        seat: Seat { number, serial: 1 },
        weight,
        healthy,
        age: Duration::from_secs(3_600),
    }
}

fn lots(all: &[Candidate], rule: Rule) -> Lots {
    let mut lots = Lots::default();
    lots.make(all.iter().copied(), rule);
    lots
}

/// How often each endpoint is chosen in so many draws where nothing is under way.
fn shares(lots: &Lots, endpoints: usize, draws: u32, seed: u64) -> Vec<f64> {
    let mut random = Seeded(seed);
    let mut counts = vec![0_u32; endpoints];
    for _ in 0..draws {
        let lot = lots.draw(random.next(), |_| 0).unwrap();
        counts[lot.index as usize] += 1;
    }
    counts
        .iter()
        .map(|count| f64::from(*count) / f64::from(draws))
        .collect()
}

/// Endpoints as a lane may have them.
fn lane() -> impl Strategy<Value = Vec<Candidate>> {
    proptest::collection::vec((1_u16..=100, any::<bool>(), 0_u64..60), 1..40).prop_map(|all| {
        let numbered = (0..).zip(all);
        numbered
            .map(|(number, (weight, healthy, age))| Candidate {
                age: Duration::from_secs(age),
                ..candidate(number, weight, healthy)
            })
            .collect()
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    (0_u32..=100_000, any::<bool>(), any::<bool>()).prop_map(|(panic, slow, gives_up)| Rule {
        panic,
        slow_start: slow.then_some(Duration::from_secs(30)),
        gives_up,
    })
}

proptest! {
    #[test]
    fn idle_endpoints_are_asked_by_their_weights(weights in proptest::collection::vec(1_u16..=100, 1..12), seed: u64) {
        let all: Vec<_> = (0..).zip(&weights).map(|(number, weight)| candidate(number, *weight, true)).collect();

        let shares = shares(&lots(&all, RULE), all.len(), 20_000, seed);

        let total: f64 = weights.iter().copied().map(f64::from).sum();
        for (share, weight) in shares.iter().zip(&weights) {
            let expected = f64::from(*weight) / total;
            // Five standard deviations.
            let bound = 5.0 * (expected * (1.0 - expected) / 20_000.0).sqrt() + 1e-9;
            prop_assert!((share - expected).abs() <= bound, "{shares:?} for {weights:?}");
        }
    }

    #[test]
    fn an_unhealthy_endpoint_is_asked_in_a_panic_only(all in lane(), rule in rule(), seed: u64) {
        let healthy = all.iter().filter(|one| one.healthy).count();
        let panics = (healthy as u64) * 100_000 < u64::from(rule.panic) * all.len() as u64;
        let gives_up = healthy == 0 && (rule.gives_up || !panics);
        let mut random = Seeded(seed);
        let lots = lots(&all, rule);

        for _ in 0..200 {
            let drawn = lots.draw(random.next(), |seat| seat.number % 7);

            match drawn {
                Some(lot) => {
                    let one = all[lot.index as usize];
                    prop_assert_eq!(lot.seat, one.seat);
                    prop_assert!(!gives_up && (one.healthy || panics));
                }
                None => prop_assert!(gives_up),
            }
        }
    }

    #[test]
    fn nobody_is_asked_twice_and_everybody_once(all in lane(), rule in rule(), seed: u64) {
        let lots = lots(&all, rule);
        let mut random = Seeded(seed);
        let mut asked = Asked::default();
        let mut order = Vec::new();

        while let Some(lot) = lots.draw_other(&asked, random.next(), |seat| seat.number % 3) {
            prop_assert!(!asked.has(lot.index as usize));
            asked.note(lot.index as usize);
            order.push(lot.index);
        }

        order.sort_unstable();
        let expected: Vec<_> = lots.lots.iter().map(|lot| lot.index).collect();
        prop_assert_eq!(order, expected);
    }

    /// Against a model that compares every pair in fractions: what is chosen is never the busier one of the two that were
    /// drawn, so nobody who is busier than all others is ever chosen.
    #[test]
    fn the_busiest_of_all_is_never_chosen(
        all in lane(),
        loads in proptest::collection::vec(0_u32..1_000, 40),
        seed: u64,
    ) {
        let lots = lots(&all, Rule { panic: 100_000, ..RULE });
        let load = |seat: Seat| loads[seat.number as usize];
        let busy = |lot: &Lot| f64::from(load(lot.seat)) / f64::from(lot.weight);
        let mut random = Seeded(seed);

        for _ in 0..200 {
            let chosen = lots.draw(random.next(), load).unwrap();
            let is_busiest = lots.lots.iter().all(|lot| *lot == chosen || busy(lot) < busy(&chosen));
            prop_assert!(!is_busiest || lots.lots.len() == 1);
        }
    }
}

#[test]
fn what_is_under_way_is_spread_by_weight_however_long_it_takes() {
    let weights = [1_u16, 1, 2, 4];
    let all: Vec<_> = (0..)
        .zip(weights)
        .map(|(number, weight)| candidate(number, weight, true))
        .collect();
    let lots = lots(&all, RULE);
    let mut random = Seeded(7);
    let mut pending = [0_u32; 4];

    // Nothing ever ends.
    for _ in 0..8_000 {
        let lot = lots
            .draw(random.next(), |seat| pending[seat.number as usize])
            .unwrap();
        pending[lot.index as usize] += 1;
    }

    for (count, weight) in pending.iter().zip(weights) {
        let expected = 1_000 * u32::from(weight);
        assert!(count.abs_diff(expected) < expected / 20, "{pending:?}");
    }
}

#[test]
fn a_newcomer_gets_more_by_and_by_until_it_has_its_share() {
    let at = |age: u64| {
        let new = Candidate {
            age: Duration::from_secs(age),
            ..candidate(1, 10, true)
        };
        let rule = Rule {
            slow_start: Some(Duration::from_secs(30)),
            ..RULE
        };
        let lots = lots(&[candidate(0, 10, true), new], rule);
        (shares(&lots, 2, 20_000, 1)[1], lots.grow())
    };

    let [at_once, third, grown] = [0, 10, 30].map(at);

    // A third of its weight against a whole one is a quarter.
    assert!(at_once.0 < 0.01 && (third.0 - 0.25).abs() < 0.02 && (grown.0 - 0.5).abs() < 0.02);
    assert_eq!((at_once.1, third.1, grown.1), (true, true, false));
}

#[test]
fn in_a_panic_nobody_begins_slowly() {
    let all = [0, 1, 2].map(|number| Candidate {
        age: Duration::from_secs(u64::from(number)),
        ..candidate(number, 1, number == 0)
    });
    let rule = Rule {
        slow_start: Some(Duration::from_secs(30)),
        ..RULE
    };

    let shares = shares(&lots(&all, rule), 3, 20_000, 3);

    assert!(
        shares.iter().all(|share| (share - 1.0 / 3.0).abs() < 0.02),
        "{shares:?}"
    );
}
