//! How many endpoints of a lane may be out of use at one time.
//!
//! Nobody keeps count: who would take an endpoint out of use counts those that are, under the lane's lock, so two threads
//! cannot take the last two. Putting one back needs no lock, as it only makes room. So the count is right whatever becomes
//! of the lane: its endpoints come and go with the configuration, and one that goes while it is out of use takes its place
//! with it.
//!
//! The lane is one for all configurations of the process, and what it holds is of the one in use: an exchange that began
//! under an older one may find out that an endpoint fails, but not that the lane can spare it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::endpoint::Endpoint;
use crate::gate::{Millis, State};

/// A lane, whatever the configuration.
#[derive(Default)]
pub(crate) struct Lane(Mutex<Roll>);

/// The endpoints of a lane in the configuration in use.
#[derive(Default)]
struct Roll {
    limit: u32,
    endpoints: Vec<Arc<Endpoint>>,
}

/// What became of the wish to take an endpoint out of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ejection {
    /// It is open.
    Done,
    /// It already was, or it is not of the lane any more.
    Needless,
    /// The lane can spare no more.
    Refused,
}

/// The most that may be out of use: that percentage, rounded down, and never the last one.
pub(crate) fn limit(endpoints: u32, max_ejected: u32) -> u32 {
    let share = u64::from(endpoints) * u64::from(max_ejected) / 100;
    // At most 100 % of a u32, so the cast cannot truncate.
    (share as u32).min(endpoints.saturating_sub(1))
}

impl Lane {
    /// Opens the endpoint until then, where the lane can spare it.
    pub(crate) fn eject(&self, endpoint: &Arc<Endpoint>, until: Millis) -> Ejection {
        let roll = self.roll();
        let is_here = roll.endpoints.iter().any(|one| Arc::ptr_eq(one, endpoint));
        if !is_here || !endpoint.gate.is_closed() {
            return Ejection::Needless;
        }
        if roll.out() >= roll.limit {
            return Ejection::Refused;
        }
        let opened = endpoint
            .gate
            .change(|state| (state == State::Closed).then_some(State::Open { streak: 1, until }));
        if opened.is_ok() {
            Ejection::Done
        } else {
            Ejection::Needless
        }
    }

    /// The lane is now of these endpoints, of which so many may be out of use. Where more are, those come back that would
    /// be tried again first; `back` is told of each.
    pub(crate) fn become_of(&self, endpoints: Vec<Arc<Endpoint>>, limit: u32, mut back: impl FnMut(usize)) {
        let mut roll = self.roll();
        *roll = Roll { limit, endpoints };
        let mut out: Vec<(Millis, usize)> = roll
            .endpoints
            .iter()
            .enumerate()
            .filter_map(|(number, endpoint)| Some((endpoint.gate.state().at()?, number)))
            .collect();
        out.sort_unstable();
        let surplus = out.len().saturating_sub(limit as usize);
        for &(_, number) in &out[..surplus] {
            let endpoint = &roll.endpoints[number];
            endpoint.forget();
            // Whatever it is by now: it is put back.
            let _ = endpoint.gate.change(|_| Some(State::Closed));
            back(number);
        }
    }

    /// How many are out of use.
    pub(crate) fn out(&self) -> u32 {
        self.roll().out()
    }

    /// The lock is held for no code that can panic half way: what a poisoned one holds is whole.
    fn roll(&self) -> MutexGuard<'_, Roll> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Roll {
    fn out(&self) -> u32 {
        let out = self.endpoints.iter().filter(|one| !one.gate.is_closed());
        // Endpoints are numbered with 32 bits.
        out.count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_rounded_down_and_spares_one_endpoint() {
        for (endpoints, percent, most) in [
            (0, 100, 0),
            (1, 100, 0),
            (1, 50, 0),
            (2, 50, 1),
            (3, 50, 1),
            (2, 100, 1),
            (10, 19, 1),
            (10, 0, 0),
        ] {
            assert_eq!(limit(endpoints, percent), most, "{percent} % of {endpoints}");
        }
    }

    #[test]
    fn a_lane_that_shrinks_takes_back_those_that_were_to_be_tried_first() {
        let lane = Lane::default();
        let endpoints: Vec<_> = (0..4).map(|_| Arc::new(Endpoint::default())).collect();
        lane.become_of(endpoints.clone(), 3, |_| {});
        for (number, until) in [(0, 30), (1, 10), (2, 20)] {
            lane.eject(&endpoints[number], until);
        }
        let mut back = Vec::new();

        lane.become_of(endpoints[..3].to_vec(), 1, |number| back.push(number));

        assert_eq!(back, [1, 2]);
        assert_eq!(lane.out(), 1);
        assert_eq!(lane.eject(&endpoints[1], 40), Ejection::Refused);
        assert_eq!(lane.eject(&endpoints[3], 40), Ejection::Needless);
    }
}
