//! What one process leaves to the next: which endpoints are out of use, and for how long. An endpoint that fails would
//! otherwise have to fail anew in every process.

use std::collections::HashMap;

use graylane_pipeline::EndpointId;
use serde::{Deserialize, Serialize};

use crate::breaker::Breaker;
use crate::gate::{Millis, State};
use crate::lane::Ejection;

/// The most endpoints that are told of: with the longest names they fit what a module may offer.
const MOST: usize = 1000;
/// An endpoint is out of use for so long at least (settings), so that no attempt from before counts as a probe.
const LEAST: Millis = 10;

/// One endpoint out of use. Fields that are not known are ignored, so that a later version may tell more.
#[derive(Serialize, Deserialize)]
struct Out {
    service: String,
    lane: String,
    address: String,
    /// The openings in a row.
    streak: u8,
    /// Until it may be tried again, in milliseconds; 0 where it is being tried.
    left: Millis,
}

/// The endpoints that are out of use; `None` where all are in use.
pub(crate) fn offer(breaker: &Breaker) -> Option<Vec<u8>> {
    let now = breaker.now();
    let all: Vec<Out> = (0..)
        .zip(&breaker.topology.endpoints)
        .filter_map(|(number, info)| {
            let (streak, left) = match breaker.endpoint(EndpointId(number)).gate.state() {
                State::Closed => return None,
                State::Open { streak, until } => (streak, until.saturating_sub(now)),
                State::HalfOpen { streak, .. } => (streak, 0),
            };
            let lane = breaker.topology.lane(info.lane);
            Some(Out {
                service: lane.service.to_string(),
                lane: lane.lane.to_string(),
                address: info.address.to_string(),
                streak,
                left,
            })
        })
        .take(MOST)
        .collect();
    if all.is_empty() {
        return None;
    }
    serde_json::to_vec(&all).ok()
}

/// Takes out of use what the process before had out of use, as far as it is there and its lane can spare it.
pub(crate) fn adopt(breaker: &Breaker, offered: &[u8]) {
    let all: Vec<serde_json::Value> = match serde_json::from_slice(offered) {
        Ok(all) => all,
        Err(error) => return log::warn!("breaker: the process before offers what cannot be read: {error}"),
    };
    let topology = &breaker.topology;
    let places: HashMap<(&str, &str, &str), EndpointId> = (0..)
        .zip(&topology.endpoints)
        .map(|(number, info)| {
            let lane = topology.lane(info.lane);
            let place = (lane.service.as_str(), lane.lane.as_str(), &*info.address);
            (place, EndpointId(number))
        })
        .collect();
    let known = all
        .into_iter()
        .take(MOST)
        .filter_map(|one| serde_json::from_value::<Out>(one).ok());
    for one in known {
        let place = (&*one.service, &*one.lane, &*one.address);
        if let Some(id) = places.get(&place) {
            take_out(breaker, *id, one.streak.clamp(1, State::MAX_STREAK), one.left);
        }
    }
}

fn take_out(breaker: &Breaker, id: EndpointId, streak: u8, left: Millis) {
    let until = breaker.now() + left.clamp(LEAST, breaker.longest().max(LEAST));
    if breaker.eject_until(id, until) == Ejection::Done {
        // Nobody was admitted yet who could have changed it meanwhile.
        let _ = breaker
            .endpoint(id)
            .gate
            .change(|_| Some(State::Open { streak, until }));
    }
}
