//! The breaker against a plain, sequential description of what it shall do.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    Admit(u32),
    Settle(prop::sample::Index, Outcome),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Open,
    HalfOpen,
}

/// One endpoint, as a person would describe it: lists instead of packed words.
#[derive(Debug)]
struct Model {
    phase: Phase,
    /// Which opening this is; a probe belongs to one.
    generation: u32,
    openings_in_a_row: u32,
    probes_from: u64,
    probes: u32,
    failures_in_a_row: u32,
    /// Tick and whether it failed, of everything since the last closing.
    settled: Vec<(u64, bool)>,
    latest_tick: u64,
}

/// An attempt on its way: what the breaker was given, and for the model whether it is a probe of which opening.
struct Flight {
    attempt: Attempt,
    probe_of: Option<u32>,
}

struct World {
    rules: Rules,
    now: u64,
    endpoints: Vec<Model>,
    may_be_out: usize,
}

impl World {
    fn new(rules: Rules, endpoints: usize) -> Self {
        let may_be_out = (endpoints as f64 * f64::from(rules.max_ejected) / 100.0 + 1e-9).floor() as usize;
        let fresh = || Model {
            phase: Phase::Closed,
            generation: 0,
            openings_in_a_row: 0,
            probes_from: 0,
            probes: 0,
            failures_in_a_row: 0,
            settled: Vec::new(),
            latest_tick: 0,
        };
        Self {
            may_be_out: may_be_out.min(endpoints - 1),
            endpoints: (0..endpoints).map(|_| fresh()).collect(),
            rules,
            now: 0,
        }
    }

    /// Whether it is admitted, and then as a probe of which opening.
    fn admit(&mut self, endpoint: usize) -> Option<Option<u32>> {
        let limit = self.rules.half_open_probes;
        let model = &mut self.endpoints[endpoint];
        if model.phase == Phase::Open && self.now >= model.probes_from {
            model.phase = Phase::HalfOpen;
            model.probes = 0;
        }
        match model.phase {
            Phase::Closed => Some(None),
            Phase::HalfOpen if model.probes < limit => {
                model.probes += 1;
                Some(Some(model.generation))
            }
            Phase::Open | Phase::HalfOpen => None,
        }
    }

    fn settle(&mut self, endpoint: usize, started: u64, probe_of: Option<u32>, outcome: Outcome) {
        let failed = match outcome {
            Outcome::Abandoned => None,
            Outcome::Answered(status) => Some(status / 100 == 5),
            _ => Some(true),
        };
        let out = self
            .endpoints
            .iter()
            .filter(|model| model.phase != Phase::Closed)
            .count();
        let model = &mut self.endpoints[endpoint];
        match model.phase {
            Phase::Open => {}
            Phase::HalfOpen if probe_of != Some(model.generation) => {}
            Phase::HalfOpen => match failed {
                None => model.probes -= 1,
                Some(true) => model.open(self.now, &self.rules),
                Some(false) => {
                    model.phase = Phase::Closed;
                    model.openings_in_a_row = 0;
                    model.failures_in_a_row = 0;
                    model.settled.clear();
                }
            },
            Phase::Closed => {
                let Some(failed) = failed else { return };
                let tick = started / (self.rules.window.as_millis() as u64 / 10);
                model.latest_tick = model.latest_tick.max(tick);
                model.settled.push((model.latest_tick, failed));
                if !failed {
                    model.failures_in_a_row = 0;
                    return;
                }
                model.failures_in_a_row += 1;
                if (model.failures_in_a_row >= self.rules.consecutive_failures
                    || model.rate_is_too_high(&self.rules))
                    && out < self.may_be_out
                {
                    model.open(self.now, &self.rules);
                }
            }
        }
    }
}

impl Model {
    fn open(&mut self, now: u64, rules: &Rules) {
        let mut time = rules.open_for;
        for _ in 0..self.openings_in_a_row {
            time = (time * 2).min(rules.max_open_for);
        }
        self.phase = Phase::Open;
        self.generation += 1;
        self.openings_in_a_row += 1;
        self.probes_from = now + time.as_millis() as u64;
    }

    fn rate_is_too_high(&self, rules: &Rules) -> bool {
        let inside = self
            .settled
            .iter()
            .filter(|(tick, _)| tick + 10 > self.latest_tick);
        let total = inside.clone().count();
        let failed = inside.filter(|(_, failed)| *failed).count();
        total >= rules.min_requests as usize
            && failed as f64 / total as f64 >= f64::from(rules.error_rate) / 100.0 - 1e-9
    }

    /// What the gate should say.
    fn matches(&self, state: State) -> bool {
        match (self.phase, state) {
            (Phase::Closed, State::Closed) => true,
            (Phase::Open, State::Open { streak, until }) => {
                u32::from(streak) == self.openings_in_a_row && until == self.probes_from
            }
            (
                Phase::HalfOpen,
                State::HalfOpen {
                    streak,
                    since,
                    probes,
                },
            ) => {
                u32::from(streak) == self.openings_in_a_row
                    && since == self.probes_from
                    && u32::from(probes) == self.probes
            }
            _ => false,
        }
    }
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Answered(200)),
        4 => prop::sample::select(vec![Outcome::Unreachable, Outcome::TimedOut, Outcome::Broken]),
        2 => prop::sample::select(vec![499, 500, 503, 599, 600]).prop_map(Outcome::Answered),
        2 => Just(Outcome::Abandoned),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => prop_oneof![0..200_u64, 0..5_000_u64].prop_map(Step::Pass),
        6 => (0..4_u32).prop_map(Step::Admit),
        6 => (any::<prop::sample::Index>(), outcomes()).prop_map(|(i, o)| Step::Settle(i, o)),
    ];
    prop::collection::vec(step, 1..400)
}

fn small_rules() -> impl Strategy<Value = Rules> {
    let limits = (1..6_u32, 20..=100_u32, 3..12_u32, 1..4_u32, 0..=100_u32);
    (limits, 100..2_000_u64, 10..500_u64, 1..20_u64).prop_map(
        |(
            (consecutive_failures, error_rate, min_requests, half_open_probes, max_ejected),
            window,
            open,
            most,
        )| {
            Rules {
                consecutive_failures,
                error_rate,
                window: Duration::from_millis(window),
                min_requests,
                open_for: Duration::from_millis(open),
                max_open_for: Duration::from_millis(open * most),
                half_open_probes,
                max_ejected,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_sequence_of_events_ends_as_the_plain_description_says(
        rules in small_rules(),
        endpoints in 1..5_u32,
        steps in steps(),
    ) {
        let scene = Scene::new(rules.clone(), &[endpoints]);
        let mut world = World::new(rules, endpoints as usize);
        let mut flights: Vec<Flight> = Vec::new();

        for step in steps {
            match step {
                Step::Pass(millis) => {
                    scene.pass(millis);
                    world.now += millis;
                }
                Step::Admit(endpoint) => {
                    let endpoint = endpoint % endpoints;
                    let attempt = scene.admit(endpoint);
                    let expected = world.admit(endpoint as usize);
                    prop_assert_eq!(attempt.is_some(), expected.is_some());
                    flights.extend(
                        attempt
                            .zip(expected)
                            .map(|(attempt, probe_of)| Flight { attempt, probe_of }),
                    );
                }
                Step::Settle(index, outcome) if !flights.is_empty() => {
                    let Flight { attempt, probe_of } = flights.swap_remove(index.index(flights.len()));
                    let started = (attempt.started - scene.base).as_millis() as u64;
                    scene.breaker.settle(&attempt, outcome);
                    world.settle(attempt.endpoint.0 as usize, started, probe_of, outcome);
                }
                Step::Settle(..) => {}
            }

            for (i, model) in world.endpoints.iter().enumerate() {
                let state = scene.state(i as u32);
                prop_assert!(model.matches(state), "endpoint {}: {:?}, expected {:?}", i, state, model);
            }
            let out = world.endpoints.iter().filter(|model| model.phase != Phase::Closed).count();
            prop_assert_eq!(scene.breaker.out_of_use(LaneId(0)) as usize, out);
        }
    }
}
