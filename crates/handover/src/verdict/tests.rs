use proptest::prelude::*;

use super::*;

/// Coins that are the same in every run (splitmix64).
struct Coins(u64);

impl Coins {
    fn fails(&mut self, share: f64) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 <= share
    }

    /// After how many exchanges with that share of errors the verdict fires, looking after each.
    fn until_fired(&mut self, verdict: &mut Verdict, share: f64, most: u32) -> Option<u32> {
        (1..=most).find(|_| {
            verdict.see(1, self.fails(share).into());
            verdict.fires()
        })
    }
}

#[test]
fn a_process_that_is_no_worse_is_sent_back_less_often_than_alpha() {
    let alpha = 0.05;
    for (allowed, share) in [(0.01, 0.01), (0.1, 0.1), (0.1, 0.05), (0.5, 0.5)] {
        let fired = (0..1000_u64)
            .filter(|seed| {
                let mut verdict = Verdict::new(allowed, alpha);
                Coins(seed << 32).until_fired(&mut verdict, share, 500).is_some()
            })
            .count();

        assert!(fired <= 50, "allowed {allowed}, real {share}: {fired} of 1000");
    }
}

#[test]
fn one_in_five_that_fails_is_found_within_a_hundred_exchanges_nearly_always() {
    let found = (0..1000_u64)
        .filter(|seed| {
            let mut verdict = Verdict::new(0.01, 0.001);
            Coins(seed << 32).until_fired(&mut verdict, 0.2, 100).is_some()
        })
        .count();

    assert!(found >= 990, "{found} of 1000");
}

#[test]
fn what_has_fired_does_not_take_it_back() {
    let mut verdict = Verdict::new(0.01, 0.01);
    verdict.see(100, 50);

    verdict.see(1_000_000, 0);

    assert!(verdict.fires());
}

#[test]
fn the_share_of_a_process_without_errors_shrinks_with_what_was_seen() {
    let shares = [0, 20, 100, 10_000].map(|exchanges| upper_share(exchanges, 0, 0.05));

    assert_eq!(
        shares.map(|share| (share * 1000.0).round()),
        [1000.0, 139.0, 30.0, 0.0]
    );
}

proptest! {
    #[test]
    fn no_numbers_make_a_verdict_anything_but_a_yes_or_a_no(
        allowed: f64, alpha: f64, seen in proptest::collection::vec((any::<u64>(), any::<u64>()), 0..8),
    ) {
        let mut verdict = Verdict::new(if allowed.is_nan() { 0.5 } else { allowed }, if alpha.is_nan() { 0.5 } else { alpha });

        for (exchanges, errors) in seen {
            verdict.see(exchanges, errors);
        }

        prop_assert!(!verdict.stake().is_nan());
    }

    #[test]
    fn the_upper_share_is_one_and_not_below_what_was_seen(exchanges in 1..1_000_000_u64, errors in 0..1_000_000_u64, delta in 0.001..0.5_f64) {
        let upper = upper_share(exchanges, errors, delta);

        prop_assert!(upper <= 1.0);
        prop_assert!(upper >= errors.min(exchanges) as f64 / exchanges as f64);
    }

    #[test]
    fn a_batch_is_worth_what_its_exchanges_are_worth_one_by_one(fails in proptest::collection::vec(any::<bool>(), 0..200)) {
        let errors = fails.iter().filter(|fails| **fails).count() as u64;
        let (mut batch, mut single) = (Verdict::new(0.05, 0.0), Verdict::new(0.05, 0.0));

        batch.see(fails.len() as u64, errors);
        for fails in fails {
            single.see(1, fails.into());
        }

        prop_assert!((batch.stake() - single.stake()).abs() < 1e-6);
    }
}
