use std::thread;

use super::*;

const THREADS: u64 = 8;
const ROUNDS: u64 = 30_000;
const ENDPOINTS: u32 = 4;

/// xorshift: a fixed sequence per thread, so that a failure can be had again.
fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

/// Asks at random, keeps up to four attempts on their way and settles them at random.
fn hammer(scene: &Scene, thread: u64) {
    let mut seed = 0x9e37_79b9_7f4a_7c15 ^ (thread + 1);
    let mut flights: Vec<Attempt> = Vec::new();
    let settle = |attempt: Attempt, dice: u64| {
        let outcome = match dice % 8 {
            0 | 1 => Outcome::Answered(200),
            2..=4 => Outcome::Unreachable,
            _ => Outcome::Abandoned,
        };
        scene.breaker.settle(&attempt, outcome);
    };
    for _ in 0..ROUNDS {
        let dice = next(&mut seed);
        if dice.is_multiple_of(64) {
            scene.pass(3);
        }
        flights.extend(scene.admit((dice >> 8) as u32 % ENDPOINTS));
        if flights.len() > 4 || dice & 128 == 0 && !flights.is_empty() {
            let i = (dice >> 16) as usize % flights.len();
            settle(flights.swap_remove(i), dice >> 32);
        }
        assert!(
            scene.breaker.out_of_use(LaneId(0)) <= ENDPOINTS / 2,
            "a lane was thinned too far"
        );
    }
    for attempt in flights {
        settle(attempt, next(&mut seed));
    }
}

#[test]
fn permits_and_endpoints_are_all_back_when_the_threads_are_done() {
    let scene = Scene::new(
        Rules {
            consecutive_failures: 3,
            open_for: Duration::from_millis(10),
            max_open_for: Duration::from_millis(20),
            half_open_probes: 3,
            ..rules()
        },
        &[ENDPOINTS],
    );

    thread::scope(|scope| {
        for thread in 0..THREADS {
            let scene = &scene;
            scope.spawn(move || hammer(scene, thread));
        }
    });

    let out = (0..ENDPOINTS)
        .filter(|&i| scene.state(i) != State::Closed)
        .count();
    assert_eq!(scene.breaker.out_of_use(LaneId(0)) as usize, out);
    for i in 0..ENDPOINTS {
        if let State::HalfOpen { probes, .. } = scene.state(i) {
            assert_eq!(probes, 0, "endpoint {i} lost permits");
        }
    }
    let opened: u64 = (0..ENDPOINTS)
        .map(|i| {
            let record = &scene.breaker.endpoint(EndpointId(i)).record;
            record.opened.load(Ordering::Relaxed)
        })
        .sum();
    assert!(opened > 100, "only {opened} openings: this tested nothing");
    scene.pass(60_000);
    for i in 0..ENDPOINTS {
        assert!(
            scene.ask(i, Outcome::Answered(200)),
            "endpoint {i} cannot be tried again"
        );
        assert_eq!(scene.state(i), State::Closed);
    }
    assert_eq!(scene.breaker.out_of_use(LaneId(0)), 0);
}
