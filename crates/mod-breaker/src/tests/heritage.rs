use proptest::prelude::*;

use super::*;

/// The next process: another time, and nothing known but what was offered.
fn next(before: &Scene, rules: Rules, topology: Topology) -> Scene {
    let base = Instant::now();
    let millis = Arc::new(AtomicU64::new(70_000));
    let clock = {
        let millis = Arc::clone(&millis);
        move || base + Duration::from_millis(millis.load(Ordering::SeqCst))
    };
    let scene = Scene {
        breaker: Breaker::new(rules, Arc::new(topology), clock),
        base,
        millis,
    };
    if let Some(offered) = before.breaker.offer() {
        scene.breaker.adopt(&offered);
    }
    scene
}

#[test]
fn what_is_out_of_use_stays_so_in_the_next_process_for_the_time_that_is_left() {
    let before = Scene::new(rules(), &[4, 4]);
    before.fail(6, 5);
    before.pass(3_000);

    let after = next(&before, rules(), topology(&[4, 4]));
    let while_open = after.ask(6, Outcome::Answered(200));
    after.pass(1_999);
    let too_early = after.ask(6, Outcome::Answered(200));
    after.pass(1);

    assert!(!while_open && !too_early);
    assert!(after.ask(6, Outcome::Answered(200)));
    assert_eq!(after.state(6), State::Closed);
}

#[test]
fn how_often_it_failed_in_a_row_is_known_too() {
    let before = Scene::new(rules(), &[4]);
    before.fail(1, 5);
    before.pass(5_000);
    before.fail(1, 1);

    let after = next(&before, rules(), topology(&[4]));
    after.pass(10_000);
    after.fail(1, 1);
    after.pass(19_999);

    assert!(!after.ask(1, Outcome::Answered(200)), "20 s the third time");
    after.pass(1);
    assert!(after.ask(1, Outcome::Answered(200)));
}

#[test]
fn one_that_is_being_tried_is_tried_again_at_once_and_not_taken_for_good() {
    let before = Scene::new(rules(), &[2]);
    before.fail(0, 5);
    before.pass(5_000);
    before.admit(0).unwrap();

    let after = next(&before, rules(), topology(&[2]));
    let at_once = after.ask(0, Outcome::Answered(200));
    after.pass(10);

    assert!(!at_once);
    assert!(after.ask(0, Outcome::Answered(200)));
}

#[test]
fn where_nothing_is_out_of_use_nothing_is_offered() {
    let scene = Scene::new(rules(), &[3]);

    assert_eq!(scene.breaker.offer(), None);
}

#[test]
fn a_lane_is_never_emptied_by_what_was_offered_and_strangers_are_ignored() {
    let before = Scene::new(rules(), &[6]);
    (0..3).for_each(|endpoint| before.fail(endpoint, 5));

    let after = next(&before, rules(), topology(&[2]));

    let out = (0..2).filter(|one| after.state(*one) != State::Closed).count();
    assert_eq!(out, 1, "half of two");
}

proptest! {
    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), streak in any::<u8>(), left in any::<u64>()) {
        let scene = Scene::new(rules(), &[2]);
        let offered = format!(
            "[{{\"service\":\"shop\",\"lane\":\"lane-0\",\"address\":\"10.0.0.0:80\",\"streak\":{streak},\"left\":{left}}},7]"
        );

        scene.breaker.adopt(&bytes);
        scene.breaker.adopt(offered.as_bytes());
        scene.pass(60_000);

        prop_assert!(scene.ask(0, Outcome::Answered(200)), "no longer than the rules have it");
    }
}
