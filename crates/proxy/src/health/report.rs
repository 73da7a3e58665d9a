use std::time::SystemTime;

use graylane_pipeline::{EndpointId, LaneId};

use super::finding::Finding;
use super::records::{Record, Records};
use crate::generation::Generation;

/// How an endpoint stands.
#[derive(Debug, Clone)]
pub struct EndpointReport {
    /// Its lane.
    pub lane: LaneId,
    /// Its number.
    pub endpoint: EndpointId,
    /// Whether it may be asked.
    pub healthy: bool,
    /// What its checks found; `None`: it is not checked.
    pub checked: Option<Checked>,
}

/// What checks found.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The last finding, and when that was; `None`: no check has ended yet.
    pub last: Option<(Finding, SystemTime)>,
    /// Since when it is healthy, or not.
    pub since: Option<SystemTime>,
    /// Findings in a row that say otherwise than what it is: so near it is to a change.
    pub against: u32,
    /// Checks that passed.
    pub passed: u64,
    /// Checks that failed.
    pub failed: u64,
}

impl Records {
    /// How every endpoint of a generation stands, in the order of its topology.
    pub fn report(&self, generation: &Generation) -> Vec<EndpointReport> {
        let roster = generation.roster();
        let all = (0..).zip(&roster.topology().endpoints);
        all.map(|(number, info)| {
            let endpoint = EndpointId(number);
            let entry = roster.endpoint(endpoint);
            EndpointReport {
                lane: info.lane,
                endpoint,
                healthy: entry.standing.is_healthy(),
                checked: self.of(entry.seat.serial).map(Checked::from),
            }
        })
        .collect()
    }
}

impl From<Record> for Checked {
    fn from(record: Record) -> Self {
        let [passed, failed @ ..] = record.counts;
        Self {
            against: record.tally.against(),
            last: record.last,
            since: record.since,
            passed,
            failed: failed.iter().sum(),
        }
    }
}
