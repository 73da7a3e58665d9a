use std::sync::Arc;

use graylane_config::{Endpoint, Health, Protocol};
use graylane_tls::Peer;

use crate::generation::Generation;
use crate::standing::Standing;

/// What a check needs to know. Nothing in it belongs to a generation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Aim {
    pub(super) endpoint: Endpoint,
    pub(super) protocol: Protocol,
    /// What it must prove, where it is asked over TLS.
    pub(super) peer: Option<Peer>,
    pub(super) health: Health,
}

impl Aim {
    /// The port that is checked.
    pub(super) fn port(&self) -> u16 {
        self.health.port.unwrap_or(self.endpoint.port)
    }

    /// The endpoint's host and the port, as a request names them.
    pub(super) fn authority(&self) -> String {
        let (host, port) = (&self.endpoint.host, self.port());
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

/// An endpoint that is to be checked.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The serial of its seat: the same one as long as it is there.
    pub(super) serial: u64,
    pub(super) aim: Aim,
    pub(super) standing: Arc<Standing>,
    /// What it is called in the log.
    pub(super) called: Box<str>,
}

/// The endpoints of a generation that are to be checked.
pub(super) fn wanted(generation: &Generation) -> Vec<Wanted> {
    let (snapshot, roster) = (generation.snapshot(), generation.roster());
    let topology = snapshot.topology();
    let mut all = Vec::new();
    for (number, info) in (0..).zip(&topology.lanes) {
        let lane = snapshot.lane(graylane_pipeline::LaneId(number));
        let Some(health) = &lane.health else { continue };
        for (id, endpoint) in lane.endpoints() {
            let entry = roster.endpoint(*id);
            let (address, lane_name) = (&topology.endpoint(*id).address, &info.lane);
            all.push(Wanted {
                serial: entry.seat.serial,
                aim: Aim {
                    endpoint: endpoint.clone(),
                    protocol: lane.protocol,
                    peer: generation.peer(*id).cloned(),
                    health: health.clone(),
                },
                standing: Arc::clone(&entry.standing),
                called: format!("endpoint {address} of lane {lane_name} of {}", info.service).into(),
            });
        }
    }
    all
}
