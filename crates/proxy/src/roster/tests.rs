use graylane_pipeline::{EndpointInfo, LaneInfo};

use super::*;

/// One service whose lanes have these names and endpoints.
fn topology(lanes: &[(&str, &[&str])]) -> Arc<Topology> {
    let mut topology = Topology::default();
    for (number, (lane, addresses)) in lanes.iter().enumerate() {
        let first = topology.endpoints.len() as u32;
        topology
            .endpoints
            .extend(addresses.iter().map(|address| EndpointInfo {
                address: (*address).into(),
                lane: LaneId(number as u32),
            }));
        topology.lanes.push(LaneInfo {
            service: "shop".parse().unwrap(),
            lane: lane.parse().unwrap(),
            baseline: number == 0,
            endpoints: first..topology.endpoints.len() as u32,
        });
    }
    Arc::new(topology)
}

#[test]
fn who_stays_keeps_the_seat_and_the_counters_whatever_the_number_is() {
    let before = Roster::first(&topology(&[("stable", &["a:1", "b:1"]), ("canary", &["c:1"])]), 1);
    let canary = before.lane(LaneId(1));
    canary
        .counters
        .of(0)
        .exchange(500, std::time::Duration::ZERO, 0, 0);

    let after = before.next(&topology(&[("canary", &["d:1", "c:1"]), ("stable", &["b:1"])]));

    assert_eq!(
        after.endpoint(EndpointId(1)).seat,
        before.endpoint(EndpointId(2)).seat
    );
    assert_eq!(
        after.endpoint(EndpointId(2)).seat,
        before.endpoint(EndpointId(1)).seat
    );
    assert_eq!(after.lane(LaneId(0)).seat, canary.seat);
    assert_eq!(after.lane(LaneId(0)).counters.totals().errors, 1);
    assert_eq!(after.lane(LaneId(1)).counters.totals().errors, 0);
}

#[test]
fn a_newcomer_gets_the_seat_of_who_is_gone_with_a_later_serial() {
    let before = Roster::first(&topology(&[("stable", &["a:1", "b:1"])]), 1);

    let after = before.next(&topology(&[("stable", &["c:1", "b:1"])]));

    let (gone, new) = (
        before.endpoint(EndpointId(0)).seat,
        after.endpoint(EndpointId(0)).seat,
    );
    assert_eq!(new.number, gone.number);
    assert!(new.serial > gone.serial);
    assert_eq!(
        *after.seats().endpoints,
        [new.serial, after.endpoint(EndpointId(1)).seat.serial]
    );
}

#[test]
fn a_lane_that_comes_back_starts_anew() {
    let stable = topology(&[("stable", &["a:1"])]);
    let first = Roster::first(&stable, 1);
    first
        .lane(LaneId(0))
        .counters
        .of(0)
        .exchange(200, std::time::Duration::ZERO, 0, 0);

    let without = first.next(&topology(&[("next", &["a:1"])]));
    let again = without.next(&stable);

    assert_eq!(without.lane(LaneId(0)).counters.totals().exchanges, 0);
    assert_eq!(again.lane(LaneId(0)).counters.totals().exchanges, 0);
}

#[test]
fn the_same_topology_has_the_same_roster() {
    let topology = topology(&[("stable", &["a:1"])]);
    let roster = Roster::first(&topology, 1);

    assert!(Arc::ptr_eq(&roster, &roster.next(&topology)));
}

#[test]
fn a_thousand_topologies_with_ever_new_lanes_and_endpoints_need_no_more_seats_than_the_largest() {
    let mut roster = Roster::first(&topology(&[("stable", &["a:1", "b:1"])]), 1);
    let kept = roster.endpoint(EndpointId(1)).seat;

    for round in 0..1_000 {
        let [one, other] = [format!("x:{round}"), format!("y:{round}")];
        let lane = format!("lane-{round}");
        let next = match round % 3 {
            0 => topology(&[("stable", &[&one, "b:1"]), (&lane, &[&other])]),
            1 => topology(&[("stable", &["b:1", &one, &other]), (&lane, &[])]),
            _ => topology(&[("stable", &["b:1"])]),
        };
        roster = roster.next(&next);

        assert!(roster.seats().endpoints.len() <= 3, "{:?}", roster.seats());
        assert!(roster.seats().lanes.len() <= 2, "{:?}", roster.seats());
    }

    // The last round, 999, put it behind a newcomer.
    assert_eq!(roster.endpoint(EndpointId(1)).seat, kept);
}
