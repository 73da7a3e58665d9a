use super::*;

/// A lane's name and the addresses of its endpoints.
type LaneOf = (&'static str, &'static [&'static str]);

/// One service per entry: its name, and its lanes with their endpoints.
fn topology(services: &[(&str, &[LaneOf])]) -> Topology {
    let mut topology = Topology::default();
    for (service, lanes) in services {
        for (number, (lane, addresses)) in lanes.iter().enumerate() {
            let id = LaneId(topology.lanes.len() as u32);
            let first = topology.endpoints.len() as u32;
            topology
                .endpoints
                .extend(addresses.iter().map(|address| EndpointInfo {
                    address: (*address).into(),
                    lane: id,
                }));
            topology.lanes.push(LaneInfo {
                service: service.parse().unwrap(),
                lane: lane.parse().unwrap(),
                baseline: number == 0,
                endpoints: first..topology.endpoints.len() as u32,
            });
        }
    }
    topology
}

#[test]
fn what_stays_is_known_by_its_name_wherever_it_stands() {
    let before = topology(&[("shop", &[("stable", &["a:1", "b:1"]), ("canary", &["a:1"])])]);
    let after = topology(&[
        ("blog", &[("stable", &["a:1"])]),
        ("shop", &[("canary", &["c:1", "a:1"]), ("stable", &["b:1"])]),
    ]);

    let earlier = after.earlier(&before);

    assert_eq!(earlier.lanes, [None, Some(LaneId(1)), Some(LaneId(0))]);
    assert_eq!(
        earlier.endpoints,
        [None, None, Some(EndpointId(2)), Some(EndpointId(1))]
    );
}

#[test]
fn an_address_that_moves_to_another_lane_is_another_endpoint() {
    let before = topology(&[("shop", &[("stable", &["a:1"]), ("canary", &["b:1"])])]);
    let after = topology(&[("shop", &[("stable", &["b:1"]), ("canary", &["a:1"])])]);

    let earlier = after.earlier(&before);

    assert_eq!(earlier.lanes, [Some(LaneId(0)), Some(LaneId(1))]);
    assert_eq!(earlier.endpoints, [None, None]);
}
