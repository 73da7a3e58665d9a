//! The counters as `/metrics` shows them.

use graylane_pipeline::{Fault, MetricsText};

use super::{BOUNDS, Counter, Counters, FIRST_BOUND_US, LaneCounters, LaneShards, Shard};
use crate::generation::Generation;
use crate::roster::Roster;

/// The words of the classes of status, in the order of `LaneCounters::classes`.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

impl Counters {
    /// Appends everything in the Prometheus text format, with the lanes of this generation.
    pub fn render(&self, generation: &Generation, out: &mut MetricsText) {
        render_lanes(generation.roster(), out);
        out.family(
            "graylane_faults_total",
            "counter",
            "Exchanges that ended in a fault.",
        );
        for fault in Fault::ALL {
            let value = self.sum(|shard| &shard.faults[fault as usize]);
            out.sample("graylane_faults_total", &[("fault", fault.as_str())], value);
        }
        type Pick = fn(&Shard) -> &Counter;
        let plain: [(&str, &str, &str, Pick); 8] = [
            (
                "graylane_retries_total",
                "counter",
                "Further attempts after a first one failed.",
                |s| &s.retries,
            ),
            (
                "graylane_gray_headers_stripped_total",
                "counter",
                "Gray headers of peers that are not trusted.",
                |s| &s.stripped,
            ),
            (
                "graylane_connections_total",
                "counter",
                "Client connections accepted.",
                |s| &s.accepted,
            ),
            (
                "graylane_tls_handshakes_total",
                "counter",
                "TLS handshakes with clients that succeeded.",
                |s| &s.handshakes,
            ),
            (
                "graylane_tls_handshakes_failed_total",
                "counter",
                "TLS handshakes with clients that failed.",
                |s| &s.handshakes_failed,
            ),
            ("graylane_connections", "gauge", "Client connections open.", |s| {
                &s.open
            }),
            (
                "graylane_exchanges_in_flight",
                "gauge",
                "Exchanges under way.",
                |s| &s.in_flight,
            ),
            (
                "graylane_upstream_connections_total",
                "counter",
                "Connections made to endpoints.",
                |s| &s.upstream_opened,
            ),
        ];
        for (name, kind, help, pick) in plain {
            out.family(name, kind, help);
            out.sample(name, &[], self.sum(pick));
        }
    }
}

fn render_lanes(roster: &Roster, out: &mut MetricsText) {
    let lanes = || {
        let named = roster.topology().lanes.iter().zip(roster.lanes());
        named.map(|(lane, entry)| {
            let labels = [("service", lane.service.as_str()), ("lane", lane.lane.as_str())];
            let counters: &LaneShards = &entry.counters;
            (counters, labels)
        })
    };
    out.family(
        "graylane_requests_total",
        "counter",
        "Exchanges by lane and class of status.",
    );
    for (counters, [service, lane]) in lanes() {
        for (class, word) in CLASSES.into_iter().enumerate() {
            let value = counters.sum(|shard| &shard.classes[class]);
            out.sample("graylane_requests_total", &[service, lane, ("code", word)], value);
        }
    }
    out.family(
        "graylane_request_duration_seconds",
        "histogram",
        "From the head of the request to the end of the answer's body.",
    );
    for (counters, [service, lane]) in lanes() {
        let mut below = 0;
        for bucket in 0..=BOUNDS {
            below += counters.sum(|shard| &shard.durations[bucket]);
            let bound = match bucket {
                BOUNDS => "+Inf".to_owned(),
                bucket => ((FIRST_BOUND_US << bucket) as f64 / 1e6).to_string(),
            };
            let labels = [service, lane, ("le", bound.as_str())];
            out.sample("graylane_request_duration_seconds_bucket", &labels, below);
        }
        let seconds = counters.sum(|shard| &shard.duration_us) as f64 / 1e6;
        out.sample("graylane_request_duration_seconds_sum", &[service, lane], seconds);
        out.sample("graylane_request_duration_seconds_count", &[service, lane], below);
    }
    type Pick = fn(&LaneCounters) -> &Counter;
    let bytes: [(&str, &str, Pick); 2] = [
        (
            "graylane_received_bytes_total",
            "Bytes of bodies received from clients.",
            |lane| &lane.received,
        ),
        (
            "graylane_sent_bytes_total",
            "Bytes of bodies sent to clients.",
            |lane| &lane.sent,
        ),
    ];
    for (name, help, pick) in bytes {
        out.family(name, "counter", help);
        for (counters, labels) in lanes() {
            out.sample(name, &labels, counters.sum(pick));
        }
    }
}
