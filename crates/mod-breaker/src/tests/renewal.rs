use proptest::prelude::*;

use super::*;

/// One lane whose endpoints have these numbers in their addresses, in this order.
fn lane_of(numbers: &[u32]) -> Topology {
    let mut topology = topology(&[numbers.len() as u32]);
    for (endpoint, number) in topology.endpoints.iter_mut().zip(numbers) {
        endpoint.address = format!("10.0.0.{number}:80").into();
    }
    topology
}

#[test]
fn an_open_endpoint_stays_open_for_its_time_wherever_it_stands_now() {
    let before = Scene::new(rules(), &[4]);
    before.fail(2, 5);
    before.pass(4_999);

    let after = before.renewed(rules(), lane_of(&[7, 3, 2]));
    let too_early = after.ask(2, Outcome::Answered(200));
    after.pass(1);

    assert!(!too_early);
    assert!(after.ask(2, Outcome::Answered(200)));
    assert_eq!(after.state(2), State::Closed);
}

#[test]
fn failures_in_a_row_and_in_the_window_are_counted_on_also_where_that_is_of_another_length() {
    let rules = |seconds| Rules {
        min_requests: 4,
        window: Duration::from_secs(seconds),
        ..rules()
    };
    let before = Scene::new(rules(10), &[4]);
    before.fail(0, 4);
    for outcome in [Outcome::TimedOut, Outcome::Answered(200), Outcome::Answered(200)] {
        before.ask(1, outcome);
    }

    let after = before.renewed(rules(20), topology(&[4]));
    after.fail(0, 1);
    after.fail(1, 1);

    assert!(matches!(after.state(0), State::Open { .. }), "five in a row");
    assert!(matches!(after.state(1), State::Open { .. }), "two of four");
}

#[test]
fn an_attempt_that_the_old_configuration_admitted_is_settled_there_and_counts_here() {
    let before = Scene::new(rules(), &[2]);
    before.fail(0, 5);
    before.pass(5_000);
    let probe = before.admit(0).unwrap();

    let after = before.renewed(rules(), lane_of(&[9, 8, 0]));
    let while_probed = after.ask(2, Outcome::Answered(200));
    before.breaker.settle(&probe, Outcome::Answered(200));

    assert!(!while_probed, "the one permit is out");
    assert_eq!(after.state(2), State::Closed);
}

#[test]
fn an_endpoint_that_goes_while_it_is_out_of_use_makes_room_for_another() {
    let before = Scene::new(rules(), &[2]);
    before.fail(0, 5);

    let after = before.renewed(rules(), lane_of(&[1, 5]));
    let out = after.breaker.out_of_use(LaneId(0));
    after.fail(0, 5);

    assert_eq!(out, 0);
    assert!(matches!(after.state(0), State::Open { .. }));
}

#[test]
fn an_exchange_of_the_old_configuration_cannot_empty_a_lane_that_shrank() {
    let before = Scene::new(rules(), &[4]);
    before.fail(0, 5);

    let after = before.renewed(rules(), lane_of(&[0, 1]));
    before.fail(1, 5);
    before.fail(3, 5);

    assert_eq!(after.state(1), State::Closed);
    assert_eq!(before.state(3), State::Closed, "nobody will ask it again");
}

#[test]
fn a_breaker_that_is_thrown_away_changes_nothing() {
    let scene = Scene::new(rules(), &[4]);
    scene.fail(0, 5);
    scene.fail(1, 4);
    let page = scene.page();

    let stricter = Rules {
        max_ejected: 0,
        window: Duration::from_secs(1),
        ..rules()
    };
    drop(scene.breaker.next(stricter, Arc::new(lane_of(&[0]))));

    assert_eq!(scene.page(), page);
    scene.fail(1, 1);
    assert!(matches!(scene.state(1), State::Open { .. }));
}

proptest! {
    #[test]
    fn no_change_of_the_configuration_empties_a_lane_or_forgets_an_endpoint_that_can_be_spared(
        steps in prop::collection::vec(
            (prop::sample::subsequence((0..8).collect::<Vec<u32>>(), 1..=8), 0..=100_u32, 0..8_usize),
            1..30,
        ),
    ) {
        let rules = |max_ejected| Rules { max_ejected, consecutive_failures: 2, ..rules() };
        let mut scene = Scene::new(rules(50), &[8]);
        let mut numbers: Vec<u32> = (0..8).collect();

        for (next, max_ejected, failing) in steps {
            let out: Vec<u32> = (0..).zip(&numbers)
                .filter(|(id, _)| scene.state(*id) != State::Closed)
                .map(|(_, number)| *number)
                .collect();
            scene = scene.renewed(rules(max_ejected), lane_of(&next));
            numbers = next;

            let limit = (numbers.len() * max_ejected as usize / 100).min(numbers.len() - 1);
            let stayed = numbers.iter().filter(|number| out.contains(number)).count();
            prop_assert_eq!(scene.breaker.out_of_use(LaneId(0)) as usize, stayed.min(limit));
            for (id, number) in (0..).zip(&numbers) {
                prop_assert!(scene.state(id) == State::Closed || out.contains(number));
            }
            scene.fail((failing % numbers.len()) as u32, 2);
            prop_assert!(scene.breaker.out_of_use(LaneId(0)) as usize <= limit);
        }
    }
}
