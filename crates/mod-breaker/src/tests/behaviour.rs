use graylane_pipeline::{Health, MetricsText};

use super::*;

const OK: Outcome = Outcome::Answered(200);

#[test]
fn failures_in_a_row_open_an_endpoint_for_all_who_ask() {
    for failure in [
        Outcome::Answered(500),
        Outcome::Answered(599),
        Outcome::Unreachable,
        Outcome::TimedOut,
        Outcome::Broken,
    ] {
        let scene = Scene::new(rules(), &[2]);

        let admitted = (0..6).map(|_| scene.ask(0, failure)).collect::<Vec<_>>();

        assert_eq!(admitted, [true, true, true, true, true, false], "{failure:?}");
        assert!(scene.ask(1, OK));
    }
}

#[test]
fn what_says_nothing_about_the_endpoint_opens_nothing() {
    for harmless in [
        Outcome::Answered(499),
        Outcome::Answered(600),
        Outcome::Answered(404),
        Outcome::Abandoned,
    ] {
        let scene = Scene::new(rules(), &[2]);

        let admitted = (0..100).all(|_| scene.ask(0, harmless));

        assert!(admitted, "{harmless:?}");
        assert_eq!(scene.state(0), State::Closed);
    }
}

#[test]
fn an_abandoned_attempt_does_not_break_a_row_of_failures() {
    let scene = Scene::new(rules(), &[2]);
    scene.fail(0, 4);
    scene.ask(0, Outcome::Abandoned);

    scene.fail(0, 1);

    assert_eq!(
        scene.state(0),
        State::Open {
            streak: 1,
            until: 5_000
        }
    );
}

#[test]
fn a_success_breaks_a_row_of_failures() {
    let scene = Scene::new(
        Rules {
            error_rate: 100,
            ..rules()
        },
        &[2],
    );

    for _ in 0..100 {
        scene.fail(0, 4);
        scene.ask(0, OK);
    }

    assert_eq!(scene.state(0), State::Closed);
}

#[test]
fn an_error_rate_opens_an_endpoint_once_enough_was_seen() {
    let scene = Scene::new(rules(), &[2]);
    let alternate = |times| {
        for _ in 0..times {
            scene.ask(0, OK);
            scene.ask(0, Outcome::Answered(503));
        }
    };

    alternate(9);
    let before = scene.state(0);
    alternate(1);

    assert_eq!(before, State::Closed);
    assert_ne!(scene.state(0), State::Closed);
}

#[test]
fn failures_that_left_the_window_no_longer_count() {
    let scene = Scene::new(rules(), &[2]);
    for _ in 0..9 {
        scene.ask(0, Outcome::Answered(503));
        scene.ask(0, OK);
    }
    scene.pass(10_000);

    for _ in 0..9 {
        scene.ask(0, Outcome::Answered(503));
        scene.ask(0, OK);
    }

    assert_eq!(scene.state(0), State::Closed);
}

#[test]
fn an_opening_lasts_from_when_it_was_found_out_not_from_when_the_attempt_began() {
    let scene = Scene::new(rules(), &[2]);
    let hanging: Vec<_> = (0..5).map(|_| scene.admit(0).unwrap()).collect();
    scene.pass(60_000);

    for attempt in &hanging {
        scene.breaker.settle(attempt, Outcome::TimedOut);
    }

    assert!(!scene.ask(0, OK));
    scene.pass(5_000);
    assert!(scene.ask(0, OK));
}

#[test]
fn a_half_open_endpoint_gets_one_probe_at_a_time_and_a_good_one_closes_it() {
    let scene = Scene::new(rules(), &[2]);
    scene.fail(0, 5);
    scene.pass(5_000);

    let probe = scene.admit(0).unwrap();
    let second = scene.admit(0);
    scene.breaker.settle(&probe, OK);

    assert!(second.is_none());
    assert_eq!(scene.state(0), State::Closed);
    assert!(scene.ask(0, OK));
}

#[test]
fn an_abandoned_probe_gives_its_permit_back() {
    let scene = Scene::new(rules(), &[2]);
    scene.fail(0, 5);
    scene.pass(5_000);
    let probe = scene.admit(0).unwrap();

    scene.breaker.settle(&probe, Outcome::Abandoned);

    assert_eq!(
        scene.state(0),
        State::HalfOpen {
            streak: 1,
            since: 5_000,
            probes: 0
        }
    );
    assert!(scene.ask(0, OK));
    assert_eq!(scene.state(0), State::Closed);
}

#[test]
fn each_opening_in_a_row_lasts_twice_as_long_up_to_the_limit_and_a_closing_ends_the_row() {
    let scene = Scene::new(rules(), &[2]);
    scene.fail(0, 5);
    let mut lasted = Vec::new();

    for _ in 0..6 {
        let State::Open { until, .. } = scene.state(0) else {
            panic!("{:?}", scene.state(0))
        };
        let now = scene.breaker.now();
        lasted.push(until - now);
        scene.pass(until - now - 1);
        assert!(!scene.ask(0, OK));
        scene.pass(1);
        assert!(scene.ask(0, Outcome::Broken));
    }
    scene.pass(60_000);
    scene.ask(0, OK);
    scene.fail(0, 5);

    assert_eq!(lasted, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    assert!(matches!(scene.state(0), State::Open { streak: 1, .. }));
}

#[test]
fn an_attempt_from_before_the_opening_neither_closes_nor_reopens_a_half_open_endpoint() {
    for outcome in [OK, Outcome::Broken, Outcome::Abandoned] {
        let scene = Scene::new(rules(), &[2]);
        let early = scene.admit(0).unwrap();
        scene.fail(0, 5);
        scene.pass(5_000);
        let probe = scene.admit(0);
        let before = scene.state(0);

        scene.breaker.settle(&early, outcome);

        assert!(probe.is_some());
        assert_eq!(scene.state(0), before, "{outcome:?}");
    }
}

#[test]
fn a_closed_endpoint_begins_anew_with_its_counts() {
    let scene = Scene::new(rules(), &[2]);
    scene.fail(0, 5);
    scene.pass(5_000);
    scene.ask(0, OK);

    scene.fail(0, 4);

    assert_eq!(scene.state(0), State::Closed);
    assert_eq!(scene.page()["lanes"][0]["endpoints"][0]["window_attempts"], 4);
}

#[test]
fn an_endpoint_that_fails_but_is_kept_degrades_health_until_the_window_has_passed() {
    let scene = Scene::new(rules(), &[2, 1]);

    scene.fail(0, 5);
    let with_one_open = scene.breaker.health();
    scene.fail(2, 5);
    let with_one_kept = scene.breaker.health();
    scene.pass(10_001);
    let later = scene.breaker.health();

    assert_eq!(with_one_open, Health::Good);
    assert_eq!(
        with_one_kept,
        Health::Degraded(
            "failing, but its lane can spare no more endpoints: 10.0.0.2:80 of shop/lane-1".to_owned()
        )
    );
    assert_eq!(later, Health::Good);
}

#[test]
fn metrics_and_page_tell_the_state_of_each_endpoint() {
    let scene = Scene::new(rules(), &[3]);
    scene.fail(0, 5);
    scene.ask(0, OK);
    scene.fail(1, 5);
    scene.pass(1_000);

    let mut text = MetricsText::new();
    scene.breaker.metrics(&mut text);
    let text = text.finish();
    let page = scene.page();

    let sample = |name: &str, endpoint: u32| {
        let start = format!(
            "graylane_breaker_{name}{{service=\"shop\",lane=\"lane-0\",endpoint=\"10.0.0.{endpoint}:80\"}} "
        );
        let line = text.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        line.parse::<u64>().unwrap()
    };
    assert_eq!((sample("state", 0), sample("state", 1)), (2, 0));
    assert_eq!((sample("opened_total", 0), sample("opened_total", 1)), (1, 0));
    assert_eq!((sample("rejected_total", 0), sample("rejected_total", 1)), (1, 0));
    assert_eq!(
        (
            sample("ejection_refused_total", 0),
            sample("ejection_refused_total", 1)
        ),
        (0, 1)
    );
    let lane = &page["lanes"][0];
    assert_eq!((&lane["ejected"], &lane["max_ejected"]), (&1.into(), &1.into()));
    assert_eq!(lane["endpoints"][0]["state"], "open");
    assert_eq!(lane["endpoints"][0]["opens_again_ms"], 4_000);
    assert_eq!(lane["endpoints"][1]["state"], "closed");
    assert_eq!(lane["endpoints"][1]["failures_in_a_row"], 5);
}
