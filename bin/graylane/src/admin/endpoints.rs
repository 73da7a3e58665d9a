//! How the endpoints stand, by their health checks.

use std::time::SystemTime;

use graylane_pipeline::LaneId;
use graylane_proxy::{Checked, EndpointReport, Generation, Shared};
use serde_json::{Map, Value, json};

use super::pages::{Page, ok};

/// Every endpoint.
pub(super) fn list(shared: &Shared) -> Page {
    let generation = shared.current();
    let topology = generation.snapshot().topology();
    let all = shared.health().report(&generation);
    let endpoints = all.iter().map(|one| {
        let lane = topology.lane(one.lane);
        json!({
            "service": lane.service.as_str(),
            "lane": lane.lane.as_str(),
            "endpoint": &*topology.endpoint(one.endpoint).address,
            "healthy": one.healthy,
            "checks": one.checked.as_ref().map(checks),
        })
    });
    ok(&json!({ "endpoints": endpoints.collect::<Vec<_>>() }))
}

fn checks(checked: &Checked) -> Value {
    let time = |at: SystemTime| humantime::format_rfc3339_millis(at).to_string();
    json!({
        "last": checked.last.as_ref().map(|(finding, at)| json!({
            "passed": finding.passed(),
            "found": finding.to_string(),
            "at": time(*at),
        })),
        "since": checked.since.map(time),
        "against": checked.against,
        "passed": checked.passed,
        "failed": checked.failed,
    })
}

/// The lanes that have endpoints, of which none is healthy: by service and lane, with what is wrong.
pub(super) fn lanes_without(shared: &Shared, generation: &Generation) -> Map<String, Value> {
    let topology = generation.snapshot().topology();
    let all = shared.health().report(generation);
    let last = |one: &EndpointReport| Some(one.checked.as_ref()?.last.as_ref()?.0.to_string());
    let told = |id: LaneId| {
        let of = all.iter().filter(|one| one.lane == id).map(|one| {
            (
                topology.endpoint(one.endpoint).address.to_string(),
                json!(last(one)),
            )
        });
        (topology.lane(id).to_string(), Value::Object(of.collect()))
    };
    generation.lanes_down().map(told).collect()
}
