//! What people and scrapers see: metrics, the page `/breaker` and health.

use std::sync::atomic::Ordering::Relaxed;

use graylane_pipeline::{EndpointId, Health, LaneId, MetricsText, Page};
use serde::Serialize;

use crate::breaker::Breaker;
use crate::endpoint::Endpoint;
use crate::gate::State;

/// Where the page is.
pub(crate) const PAGE: &str = "/breaker";

fn word(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::HalfOpen { .. } => "half-open",
        State::Open { .. } => "open",
    }
}

fn figure(state: State) -> u64 {
    match state {
        State::Closed => 0,
        State::HalfOpen { .. } => 1,
        State::Open { .. } => 2,
    }
}

/// Four families, each with one sample per endpoint.
pub(crate) fn metrics(breaker: &Breaker, out: &mut MetricsText) {
    type Read = fn(&Endpoint) -> u64;
    let families: [(&str, &str, &str, Read); 4] = [
        (
            "graylane_breaker_state",
            "gauge",
            "State of the endpoint: 0 closed, 1 half-open, 2 open.",
            |endpoint| figure(endpoint.gate.state()),
        ),
        (
            "graylane_breaker_opened_total",
            "counter",
            "How often the endpoint was taken out of use.",
            |endpoint| endpoint.record.opened.load(Relaxed),
        ),
        (
            "graylane_breaker_rejected_total",
            "counter",
            "Attempts that were not made because the endpoint was out of use.",
            |endpoint| endpoint.record.rejected.load(Relaxed),
        ),
        (
            "graylane_breaker_ejection_refused_total",
            "counter",
            "Failures that would have taken the endpoint out of use, had its lane been able to spare it.",
            |endpoint| endpoint.record.refused.load(Relaxed),
        ),
    ];
    for (name, kind, help, read) in families {
        out.family(name, kind, help);
        for (info, endpoint) in breaker.topology.endpoints.iter().zip(&breaker.endpoints) {
            let lane = breaker.topology.lane(info.lane);
            let labels = [
                ("service", lane.service.as_str()),
                ("lane", lane.lane.as_str()),
                ("endpoint", &info.address),
            ];
            out.sample(name, &labels, read(endpoint));
        }
    }
}

/// Degraded where an endpoint fails and cannot be taken out of use, because its lane has no other to spare: clients are
/// then sent to an endpoint known to fail. An open endpoint is no reason: keeping clients away from it is this module's
/// work, and the state metric and the page show it.
pub(crate) fn health(breaker: &Breaker) -> Health {
    let now = breaker.now();
    let kept: Vec<String> = breaker
        .topology
        .endpoints
        .iter()
        .zip(&breaker.endpoints)
        .filter(|(_, endpoint)| {
            let refused_at = endpoint.record.refused_at.load(Relaxed);
            refused_at != 0 && (now + 1).saturating_sub(refused_at) <= breaker.window_millis()
        })
        .map(|(info, _)| {
            let lane = breaker.topology.lane(info.lane);
            format!("{} of {}/{}", info.address, lane.service, lane.lane)
        })
        .collect();
    if kept.is_empty() {
        return Health::Good;
    }
    Health::Degraded(format!(
        "failing, but its lane can spare no more endpoints: {}",
        kept.join(", ")
    ))
}

#[derive(Serialize)]
struct Lane<'a> {
    service: &'a str,
    lane: &'a str,
    ejected: u32,
    max_ejected: u32,
    endpoints: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    endpoint: &'a str,
    state: &'static str,
    /// Openings in a row.
    streak: u8,
    /// Milliseconds until probes may begin; only while open.
    opens_again_ms: Option<u64>,
    probes: u16,
    failures_in_a_row: u32,
    window_attempts: u32,
    window_failures: u32,
    opened: u64,
    rejected: u64,
    ejection_refused: u64,
}

/// All lanes that have endpoints, with all their endpoints, as JSON.
pub(crate) fn page(breaker: &Breaker) -> Page {
    #[derive(Serialize)]
    struct Content<'a> {
        lanes: Vec<Lane<'a>>,
    }
    let now = breaker.now();
    let lanes = (0..)
        .map(LaneId)
        .zip(&breaker.topology.lanes)
        .filter(|(_, info)| !info.endpoints.is_empty())
        .map(|(lane, info)| Lane {
            service: info.service.as_str(),
            lane: info.lane.as_str(),
            ejected: breaker.out_of_use(lane),
            max_ejected: breaker.limit(lane),
            endpoints: info
                .endpoints
                .clone()
                .map(|id| row(breaker, EndpointId(id), now))
                .collect(),
        })
        .collect();
    Page {
        content_type: "application/json",
        // Strings and numbers only: nothing that JSON cannot hold.
        body: serde_json::to_string(&Content { lanes }).unwrap_or_default(),
    }
}

fn row(breaker: &Breaker, id: EndpointId, now: u64) -> Row<'_> {
    let endpoint = breaker.endpoint(id);
    let record = &endpoint.record;
    let state = endpoint.gate.state();
    let (streak, opens_again_ms, probes) = match state {
        State::Closed => (0, None, 0),
        State::Open { streak, until } => (streak, Some(until.saturating_sub(now)), 0),
        State::HalfOpen { streak, probes, .. } => (streak, None, probes),
    };
    let counts = endpoint.window.counts();
    Row {
        endpoint: &breaker.topology.endpoint(id).address,
        state: word(state),
        streak,
        opens_again_ms,
        probes,
        failures_in_a_row: record.failures_in_a_row.load(Relaxed),
        window_attempts: counts.total,
        window_failures: counts.failed,
        opened: record.opened.load(Relaxed),
        rejected: record.rejected.load(Relaxed),
        ejection_refused: record.refused.load(Relaxed),
    }
}
