use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use graylane_core::Name;

/// A lane of a service, numbered densely over all services of one configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneId(pub u32);

/// An endpoint of a lane, numbered densely over all lanes of one configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

/// What modules need to know of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneInfo {
    /// The service that it belongs to.
    pub service: Name,
    /// Its own name.
    pub lane: Name,
    /// Whether it takes what the other lanes leave.
    pub baseline: bool,
    /// Its endpoints, as a run of [`EndpointId`]s; empty where the gateway answers itself.
    pub endpoints: Range<u32>,
}

/// `service/lane`.
impl fmt::Display for LaneInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.lane)
    }
}

/// What modules need to know of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointInfo {
    /// `host:port`, or `https://host:port` where it is asked over TLS.
    pub address: Box<str>,
    /// The lane that it serves.
    pub lane: LaneId,
}

/// All lanes and endpoints of one configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// Indexed by [`LaneId`].
    pub lanes: Vec<LaneInfo>,
    /// Indexed by [`EndpointId`].
    pub endpoints: Vec<EndpointInfo>,
}

/// What the lanes and endpoints of a topology were called in an earlier one.
///
/// Numbers hold for one configuration; what lasts is the name: of a lane its own and its service's, of an endpoint its
/// address and its lane. An address that moves to another lane is another endpoint there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Indexed by [`LaneId`]: the number that the lane had, `None` for one that is new.
    pub lanes: Vec<Option<LaneId>>,
    /// Indexed by [`EndpointId`]: the number that the endpoint had, `None` for one that is new.
    pub endpoints: Vec<Option<EndpointId>>,
}

impl Topology {
    /// Where the lanes and endpoints of this topology were in an earlier one.
    pub fn earlier(&self, earlier: &Self) -> Earlier {
        let lanes: HashMap<_, _> = (0..)
            .zip(&earlier.lanes)
            .map(|(number, lane)| ((&lane.service, &lane.lane), LaneId(number)))
            .collect();
        let endpoints: HashMap<_, _> = (0..)
            .zip(&earlier.endpoints)
            .map(|(number, endpoint)| ((endpoint.lane, &*endpoint.address), EndpointId(number)))
            .collect();
        let lanes: Vec<_> = self
            .lanes
            .iter()
            .map(|lane| lanes.get(&(&lane.service, &lane.lane)).copied())
            .collect();
        let endpoints = self
            .endpoints
            .iter()
            .map(|endpoint| {
                let lane = lanes[endpoint.lane.0 as usize]?;
                endpoints.get(&(lane, &*endpoint.address)).copied()
            })
            .collect();
        Earlier { lanes, endpoints }
    }

    /// The lane of that number.
    ///
    /// # Panics
    /// When the number comes from another configuration.
    pub fn lane(&self, id: LaneId) -> &LaneInfo {
        &self.lanes[id.0 as usize]
    }

    /// The endpoint of that number.
    ///
    /// # Panics
    /// When the number comes from another configuration.
    pub fn endpoint(&self, id: EndpointId) -> &EndpointInfo {
        &self.endpoints[id.0 as usize]
    }

    /// The endpoints of a lane.
    ///
    /// # Panics
    /// When the number comes from another configuration.
    pub fn endpoints_of(&self, id: LaneId) -> impl Iterator<Item = EndpointId> + use<> {
        self.lane(id).endpoints.clone().map(EndpointId)
    }
}

#[cfg(test)]
mod tests;
