//! The checks as `/metrics` shows them.

use graylane_pipeline::{EndpointId, MetricsText};

use super::finding::Finding;
use super::records::{Record, Records};
use crate::generation::Generation;

const HEALTHY: &str = "graylane_endpoint_healthy";
const CHECKS: &str = "graylane_health_checks_total";

impl Records {
    /// Appends the endpoints of this generation that are checked.
    pub fn render(&self, generation: &Generation, out: &mut MetricsText) {
        let roster = generation.roster();
        let topology = roster.topology();
        let checked: Vec<(EndpointId, bool, Record)> = (0..topology.endpoints.len() as u32)
            .filter_map(|number| {
                let entry = roster.endpoint(EndpointId(number));
                let record = self.of(entry.seat.serial)?;
                Some((EndpointId(number), entry.standing.is_healthy(), record))
            })
            .collect();
        if checked.is_empty() {
            return;
        }
        let labels = |id: &EndpointId| {
            let endpoint = topology.endpoint(*id);
            let lane = topology.lane(endpoint.lane);
            [
                ("service", lane.service.as_str()),
                ("lane", lane.lane.as_str()),
                ("endpoint", &*endpoint.address),
            ]
        };
        out.family(
            HEALTHY,
            "gauge",
            "1 where the endpoint may be asked, 0 where its checks failed.",
        );
        for (id, healthy, _) in &checked {
            out.sample(HEALTHY, &labels(id), u64::from(*healthy));
        }
        out.family(CHECKS, "counter", "Checks of endpoints by what they found.");
        for (id, _, record) in &checked {
            let [service, lane, endpoint] = labels(id);
            for (result, count) in Finding::LABELS.into_iter().zip(record.counts) {
                // Of the ways to fail, those that happened: six lines for each of a thousand endpoints help nobody.
                if count > 0 || result == "passed" {
                    out.sample(CHECKS, &[service, lane, endpoint, ("result", result)], count);
                }
            }
        }
    }
}
