use std::ops::Range;

use graylane_core::Name;

/// A lane of a service, numbered densely over all services of one configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneId(pub u32);

/// An endpoint of a lane, numbered densely over all lanes of one configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

/// What modules need to know of a lane.
#[derive(Debug, Clone)]
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

/// What modules need to know of an endpoint.
#[derive(Debug, Clone)]
pub struct EndpointInfo {
    /// `host:port`, as configured.
    pub address: Box<str>,
    /// The lane that it serves.
    pub lane: LaneId,
}

/// All lanes and endpoints of one configuration.
#[derive(Debug, Clone, Default)]
pub struct Topology {
    /// Indexed by [`LaneId`].
    pub lanes: Vec<LaneInfo>,
    /// Indexed by [`EndpointId`].
    pub endpoints: Vec<EndpointInfo>,
}

impl Topology {
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
