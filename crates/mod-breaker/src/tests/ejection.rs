use proptest::prelude::*;

use super::*;

/// How many endpoints of each lane are in use.
fn in_use(scene: &Scene) -> Vec<usize> {
    let closed = |id: EndpointId| scene.state(id.0) == State::Closed;
    (0..scene.breaker.topology.lanes.len() as u32)
        .map(|lane| {
            scene
                .breaker
                .topology
                .endpoints_of(LaneId(lane))
                .filter(|id| closed(*id))
                .count()
        })
        .collect()
}

#[test]
fn a_lane_with_one_endpoint_keeps_it_whatever_it_does() {
    let scene = Scene::new(
        Rules {
            max_ejected: 100,
            ..rules()
        },
        &[1],
    );

    let admitted = (0..1_000).all(|_| scene.ask(0, Outcome::Broken));

    assert!(admitted);
}

#[test]
fn an_endpoint_that_could_not_be_spared_is_opened_when_another_has_come_back() {
    let scene = Scene::new(rules(), &[2]);
    scene.fail(0, 5);
    scene.fail(1, 5);
    let kept = scene.state(1);
    scene.pass(5_000);
    scene.ask(0, Outcome::Answered(200));

    scene.fail(1, 1);

    assert_eq!(kept, State::Closed);
    assert_eq!(scene.state(0), State::Closed);
    assert!(matches!(scene.state(1), State::Open { .. }));
}

#[test]
fn a_half_open_endpoint_still_counts_as_out_of_use() {
    let scene = Scene::new(rules(), &[2]);
    scene.fail(0, 5);
    scene.pass(5_000);
    let probe = scene.admit(0);

    scene.fail(1, 5);

    assert!(probe.is_some());
    assert_eq!(scene.state(1), State::Closed);
}

proptest! {
    #[test]
    fn no_lane_is_ever_emptied_or_thinned_beyond_the_limit(
        lanes in prop::collection::vec(0..8_u32, 1..5),
        max_ejected in 0..=100_u32,
        asked in prop::collection::vec((any::<prop::sample::Index>(), 0..3_000_u64, prop::bool::weighted(0.9)), 1..300),
    ) {
        let scene = Scene::new(Rules { max_ejected, consecutive_failures: 2, ..rules() }, &lanes);
        let endpoints = lanes.iter().sum::<u32>() as usize;
        prop_assume!(endpoints > 0);

        for (index, millis, fails) in asked {
            scene.pass(millis);
            let outcome = if fails { Outcome::TimedOut } else { Outcome::Answered(200) };
            scene.ask(index.index(endpoints) as u32, outcome);

            for (&all, used) in lanes.iter().zip(in_use(&scene)) {
                let out = all as usize - used;
                prop_assert!(out * 100 <= all as usize * max_ejected as usize, "{} of {} are out", out, all);
                prop_assert!(all == 0 || used > 0, "a lane of {} was emptied", all);
            }
        }
    }
}

#[test]
fn a_last_resort_is_admitted_and_changes_nothing_for_an_endpoint_out_of_use() {
    let scene = Scene::new(rules(), &[2]);
    scene.fail(0, 5);
    let refused = scene.admit(0).is_none();
    let last = Attempt {
        last_resort: true,
        ..scene.attempt(0)
    };

    let admitted = scene.breaker.admit(&last);
    scene.breaker.settle(&last, Outcome::Answered(200));

    assert!(refused && admitted);
    assert!(matches!(scene.state(0), State::Open { .. }));
}
