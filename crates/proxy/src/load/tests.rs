use super::*;

fn seat(number: u32, serial: u64) -> Seat {
    Seat { number, serial }
}

/// How many exchanges are under way at a seat.
fn count(seat: Seat) -> u32 {
    LOAD.with_borrow(|load| of(&load.pending, seat))
}

fn begin(seat: Seat) -> Pending {
    LOAD.with_borrow_mut(|load| Pending::begin(&mut load.pending, seat))
}

#[test]
fn an_exchange_is_under_way_until_it_is_dropped() {
    let at = seat(3, 1);

    let (one, other) = (begin(at), begin(at));
    let both = count(at);
    drop(one);
    let left = count(at);
    drop(other);

    assert_eq!((both, left, count(at)), (2, 1, 0));
}

#[test]
fn who_comes_to_a_seat_begins_with_nothing_and_is_not_touched_by_who_left() {
    let (former, newcomer) = (seat(0, 1), seat(0, 2));
    let late = begin(former);

    let _new = begin(newcomer);
    let too_late = begin(former);
    drop(late);
    drop(too_late);

    assert_eq!((count(newcomer), count(former)), (1, 0));
}

#[test]
fn nothing_grows_with_those_that_come_and_go() {
    for serial in 1..1_000 {
        drop(begin(seat(1, serial)));
    }
    drop(begin(seat(900, 1)));

    sweep(&Seats {
        lanes: Box::default(),
        endpoints: [5, 999].into(),
    });

    assert_eq!(LOAD.with_borrow(|load| load.pending.len()), 2);
}

/// A generation of the service `shop` with the lanes `stable` and `canary`, of so many endpoints each.
fn generation(stable: usize, canary: usize, lines: &str) -> std::sync::Arc<Generation> {
    let endpoints =
        |count: usize| -> Vec<_> { (1..=count).map(|port| format!("127.0.0.1:{port}")).collect() };
    let text = format!(
        "[listeners.web]\naddress = \"127.0.0.1:0\"\n[services.shop]\n\
         [lanes.shop.stable]\nendpoints = {:?}\n{lines}\n[lanes.shop.canary]\nendpoints = {:?}\n{lines}\n",
        endpoints(stable),
        endpoints(canary)
    );
    let layers = graylane_config::Layers::new(graylane_diagnostic::Source::new("graylane.toml", text));
    let environment = graylane_config::Environment::Dev;
    let config = match graylane_config::parse(&layers, environment, graylane_config::Modules::Any) {
        Ok(folded) => folded.config,
        Err(found) => panic!("{}", found.render(layers.sources())),
    };
    let snapshot = graylane_route::Snapshot::compile(&config, 1);
    Generation::first(
        &config,
        snapshot,
        graylane_pipeline::Hooks::default(),
        std::sync::Arc::default(),
        1,
    )
}

/// Finds the endpoint of that place in a lane to be healthy or not.
fn find(generation: &Generation, lane: u32, index: usize, healthy: bool) {
    let endpoints = generation.snapshot().lane(LaneId(lane)).endpoints();
    let entry = generation.roster().endpoint(endpoints[index].0);
    entry.standing.found(healthy);
}

/// Whom a lane asks first, over many exchanges.
fn asked(generation: &Generation, lane: u32, gives_up: bool) -> std::collections::BTreeSet<usize> {
    let of = Of {
        generation,
        lane: LaneId(lane),
        gives_up,
        now: 0,
    };
    (0..300)
        .filter_map(|_| of.first(0))
        .map(|(index, _)| index)
        .collect()
}

#[test]
fn who_is_found_ill_is_asked_no_more_and_again_once_it_is_well() {
    let generation = generation(3, 2, "");

    let at_first = asked(&generation, 0, false);
    find(&generation, 0, 1, false);
    let without = asked(&generation, 0, false);
    let other = asked(&generation, 1, true);
    find(&generation, 0, 1, true);
    let again = asked(&generation, 0, false);

    assert_eq!((at_first, without), ([0, 1, 2].into(), [0, 2].into()));
    assert_eq!((other, again), ([0, 1].into(), [0, 1, 2].into()));
}

#[test]
fn a_lane_of_which_most_are_ill_asks_all_and_one_of_which_all_are_gives_up_where_it_may() {
    let generation = generation(3, 3, "");
    for lane in [0, 1] {
        find(&generation, lane, 0, false);
        find(&generation, lane, 1, false);
    }

    let one_is_well = asked(&generation, 1, true);
    find(&generation, 0, 2, false);
    find(&generation, 1, 2, false);
    let (baseline, canary) = (asked(&generation, 0, false), asked(&generation, 1, true));

    assert_eq!((one_is_well, baseline), ([0, 1, 2].into(), [0, 1, 2].into()));
    assert!(canary.is_empty());
}

#[test]
fn a_lane_that_never_panics_asks_nobody_who_is_ill() {
    let generation = generation(2, 2, "panic = 0");
    find(&generation, 0, 0, false);

    let one_is_well = asked(&generation, 0, false);
    find(&generation, 0, 1, false);
    let nobody = asked(&generation, 0, false);

    assert_eq!(one_is_well, [1].into());
    assert!(nobody.is_empty());
}

#[test]
fn who_is_well_again_starts_slowly_where_the_lane_wants_that() {
    let generation = generation(2, 2, "slow_start = \"1day\"");
    let of = Of {
        generation: &generation,
        lane: LaneId(0),
        gives_up: false,
        now: 0,
    };

    let first = of.first(0).map(|(index, _)| index);
    let grows = LOAD.with_borrow_mut(|load| {
        let seat = generation.roster().lane(LaneId(0)).seat;
        place(&mut load.lanes, seat).is_some_and(|board| board.lots.grow())
    });

    assert!(first.is_some() && grows);
}

#[test]
fn a_lane_that_is_gone_serves_what_is_left_of_its_exchanges() {
    let (old, new) = (generation(2, 2, ""), generation(2, 2, ""));
    let of = |generation, now| Of {
        generation,
        lane: LaneId(0),
        gives_up: false,
        now,
    };
    let newcomer = of(&new, 0).first(0);

    let (first, other) = (of(&old, 0).first(0), of(&old, 0).other(&Asked::default()));

    assert!(newcomer.is_some() && first.is_some() && other.is_some());
    assert!(!of(&old, 0).take_retry() && of(&new, 0).take_retry());
}
