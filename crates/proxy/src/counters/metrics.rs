//! The counters as `/metrics` shows them.

use graylane_context::{Ignored, Stripped};
use graylane_pipeline::{Fault, MetricsText};

use super::{BOUNDS, Counter, Counters, FIRST_BOUND_US, LaneCounters, LaneShards, Shard};
use crate::generation::Generation;
use crate::ledger::Fate;
use crate::mirror;
use crate::roster::Roster;

/// The words of the classes of status, in the order of `LaneCounters::classes`.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

impl Counters {
    /// Appends everything in the Prometheus text format, with the lanes of this generation.
    pub fn render(&self, generation: &Generation, out: &mut MetricsText) {
        render_lanes(generation.roster(), out);
        mirror::render(generation.mirrors(), out);
        out.family(
            "graylane_faults_total",
            "counter",
            "Exchanges that ended in a fault.",
        );
        for fault in Fault::ALL {
            let value = self.sum(|shard| &shard.faults[fault as usize]);
            out.sample("graylane_faults_total", &[("fault", fault.as_str())], value);
        }
        self.render_gray(out);
        type Pick = fn(&Shard) -> &Counter;
        let plain: [(&str, &str, &str, Pick); 10] = [
            (
                "graylane_retries_total",
                "counter",
                "Further attempts after a first one failed.",
                |s| &s.retries,
            ),
            (
                "graylane_retries_refused_total",
                "counter",
                "Attempts that were not made because the budget for retries was used up.",
                |s| &s.retries_refused,
            ),
            (
                "graylane_gray_conflicts_total",
                "counter",
                "Requests in which a dialect of gray headers said another lane than the one that decided.",
                |s| &s.gray_conflicts,
            ),
            (
                "graylane_connections_total",
                "counter",
                "Client connections accepted.",
                |s| &s.accepted,
            ),
            (
                "graylane_connections_adopted_total",
                "counter",
                "Client connections taken over from the process before.",
                |s| &s.adopted,
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
        const FATES: &str = "graylane_connections_ended_total";
        out.family(
            FATES,
            "counter",
            "Client connections that ended, by what became of them.",
        );
        for fate in Fate::ALL {
            let value = self.sum(|shard| &shard.fates[fate as usize]);
            out.sample(FATES, &[("fate", fate.as_str())], value);
        }
    }

    fn render_gray(&self, out: &mut MetricsText) {
        out.family(
            "graylane_gray_headers_stripped_total",
            "counter",
            "Requests of strangers whose gray headers were stripped, by what their signature lacks.",
        );
        for why in Stripped::ALL {
            let value = self.sum(|shard| &shard.stripped[why as usize]);
            out.sample(
                "graylane_gray_headers_stripped_total",
                &[("reason", why.as_str())],
                value,
            );
        }
        out.family(
            "graylane_gray_ignored_total",
            "counter",
            "Gray headers that were read and are none.",
        );
        for why in Ignored::ALL {
            let value = self.sum(|shard| &shard.gray_ignored[why as usize]);
            out.sample("graylane_gray_ignored_total", &[("reason", why.as_str())], value);
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
    let sums: [(&str, &str, Pick); 3] = [
        (
            "graylane_lane_fallbacks_total",
            "Exchanges of the lane that the baseline took, since no endpoint of the lane could be asked.",
            |lane| &lane.fallbacks,
        ),
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
    for (name, help, pick) in sums {
        out.family(name, "counter", help);
        for (counters, labels) in lanes() {
            out.sample(name, &labels, counters.sum(pick));
        }
    }
}
