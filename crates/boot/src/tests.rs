//! Random graphs of 200 units, from declaration to stop.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tokio::runtime::{Builder, Runtime};

use crate::{Cause, Graph, GraphError, Outcomes, Unit};

const COUNT: usize = 200;

/// Who requires whom, without a circle; requirements are as often declared after those who ask for them as before.
#[derive(Debug, Clone)]
struct Plan {
    requires: Vec<Vec<usize>>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let picks = vec(vec(any::<Index>(), 0..=3), COUNT);
    let places = Just((0..COUNT).collect::<Vec<_>>()).prop_shuffle();
    (picks, places).prop_map(|(picks, places)| {
        let mut requires = vec![Vec::new(); COUNT];
        for (rank, picks) in picks.iter().enumerate().skip(1) {
            requires[places[rank]] = picks.iter().map(|pick| places[pick.index(rank)]).collect();
        }
        Plan { requires }
    })
}

impl Plan {
    /// Every unit that is required, directly or not, by this one; without this one.
    fn below(&self, unit: usize) -> HashSet<usize> {
        let mut below = HashSet::new();
        let mut open = self.requires[unit].clone();
        while let Some(next) = open.pop() {
            if below.insert(next) {
                open.extend(&self.requires[next]);
            }
        }
        below
    }

    fn units(&self) -> Vec<Unit> {
        let named = |(unit, requires): (usize, &Vec<usize>)| {
            Unit::new(name(unit)).requires(requires.iter().map(|required| name(*required)))
        };
        self.requires.iter().enumerate().map(named).collect()
    }

    /// The units, each writing to the log when it begins, is up and stops; `bad` ends as told instead of coming up.
    fn living(&self, log: &Log, bad: Option<(usize, Ending)>) -> Vec<Unit> {
        let living = |(place, unit): (usize, Unit)| {
            let (coming, going) = (Arc::clone(log), Arc::clone(log));
            let ending = bad.filter(|(bad, _)| *bad == place).map(|(_, ending)| ending);
            let init = async move || {
                coming.lock().unwrap().push(Event::Began(place));
                for _ in 0..place % 3 {
                    tokio::task::yield_now().await;
                }
                match ending {
                    None => coming.lock().unwrap().push(Event::Up(place)),
                    Some(Ending::Fails) => return Err("no luck".into()),
                    Some(Ending::Panics) => panic!("no luck"),
                }
                Ok(())
            };
            let stop = async move || {
                going.lock().unwrap().push(Event::Stopped(place));
                Ok(())
            };
            unit.init(init).stop(stop)
        };
        self.units().into_iter().enumerate().map(living).collect()
    }
}

fn name(unit: usize) -> String {
    format!("u{unit}")
}

fn names(outcomes: &Outcomes) -> Vec<String> {
    outcomes
        .0
        .iter()
        .map(|outcome| outcome.unit.to_string())
        .collect()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

type Log = Arc<Mutex<Vec<Event>>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Event {
    Began(usize),
    Up(usize),
    Stopped(usize),
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    Fails,
    Panics,
}

/// When each event came; fails where one came twice.
fn order(log: &Log) -> HashMap<Event, usize> {
    let log = log.lock().unwrap();
    let order: HashMap<Event, usize> = log
        .iter()
        .enumerate()
        .map(|(time, event)| (*event, time))
        .collect();
    assert_eq!(order.len(), log.len(), "an event came twice");
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_unit_starts_after_its_requirements_and_stops_before_them(plan in plans()) {
        let log = Log::default();
        let graph = Graph::new(plan.living(&log, None)).unwrap();

        let (started, stopped) = runtime().block_on(async {
            let running = graph.start().await.unwrap();
            let started = running.report().timings().iter().map(|timing| timing.unit.to_string());
            (started.collect::<Vec<_>>(), running.stop().await)
        });

        let order = order(&log);
        prop_assert_eq!(order.len(), 3 * COUNT);
        for (unit, requires) in plan.requires.iter().enumerate() {
            for &required in requires {
                prop_assert!(order[&Event::Up(required)] < order[&Event::Began(unit)]);
                prop_assert!(order[&Event::Stopped(unit)] < order[&Event::Stopped(required)]);
            }
        }
        prop_assert!(stopped.all_good());
        let mut reversed = names(&stopped);
        reversed.reverse();
        prop_assert_eq!(reversed, started);
    }

    #[test]
    fn a_failing_unit_stops_exactly_what_was_up_and_nothing_above_it_begins(
        plan in plans(),
        bad in 0..COUNT,
        ending in prop_oneof![Just(Ending::Fails), Just(Ending::Panics)],
    ) {
        let log = Log::default();
        let graph = Graph::new(plan.living(&log, Some((bad, ending)))).unwrap();

        let error = runtime().block_on(graph.start()).unwrap_err();

        prop_assert_eq!(&*error.unit, &*name(bad));
        match ending {
            Ending::Fails => prop_assert!(matches!(error.cause, Cause::Failed(_))),
            Ending::Panics => prop_assert!(matches!(error.cause, Cause::Panicked(_))),
        }
        let order = order(&log);
        let mut stopped = 0;
        for (unit, requires) in plan.requires.iter().enumerate() {
            let was_up = order.contains_key(&Event::Up(unit));
            prop_assert_eq!(order.contains_key(&Event::Stopped(unit)), was_up);
            stopped += usize::from(was_up);
            if plan.below(unit).contains(&bad) {
                prop_assert!(!order.contains_key(&Event::Began(unit)));
            }
            for required in requires.iter().filter(|_| was_up) {
                prop_assert!(order[&Event::Stopped(unit)] < order[&Event::Stopped(*required)]);
            }
        }
        prop_assert_eq!(error.stopped.0.len(), stopped);
        for unit in names(&error.others) {
            prop_assert!(!names(&error.stopped).contains(&unit));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_requirement_that_goes_back_is_answered_with_a_real_circle(
        plan in plans(),
        top in any::<Index>(),
        bottom in any::<Index>(),
    ) {
        let tops: Vec<usize> = (0..COUNT).filter(|unit| !plan.requires[*unit].is_empty()).collect();
        prop_assume!(!tops.is_empty());
        let top = *top.get(&tops);
        let mut below: Vec<usize> = plan.below(top).into_iter().collect();
        below.sort_unstable();
        let bottom = *bottom.get(&below);
        let mut plan = plan;
        plan.requires[bottom].push(top);

        let error = Graph::new(plan.units()).unwrap_err();

        let text = error.to_string();
        let (_, printed) = text.rsplit_once(": ").unwrap();
        let circle: Vec<usize> = printed.split(" -> ").map(|name| name[1..].parse().unwrap()).collect();
        let is_circle = matches!(error, GraphError::Cycle { .. });
        prop_assert!(is_circle);
        prop_assert!(circle.len() >= 2);
        prop_assert_eq!(circle.first(), circle.last());
        for pair in circle.windows(2) {
            prop_assert!(plan.requires[pair[0]].contains(&pair[1]), "{} does not require {}", pair[0], pair[1]);
        }
        let distinct: HashSet<usize> = circle[1..].iter().copied().collect();
        prop_assert_eq!(distinct.len(), circle.len() - 1);
        prop_assert!(circle.contains(&top) && circle.contains(&bottom));
    }

    #[test]
    fn a_requirement_that_is_not_declared_names_who_asked(plan in plans(), asking in 0..COUNT) {
        let mut units = plan.units();
        let unit = units.remove(asking).requires(["ghost"]);
        units.insert(asking, unit);

        let error = Graph::new(units).unwrap_err();

        prop_assert_eq!(
            error.to_string(),
            format!("unit `u{asking}` requires `ghost`, which is not declared"),
        );
    }
}
