//! What is counted, per worker: a worker writes only its own shard, so counting shares no cache line with others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use graylane_pipeline::{Fault, LaneId, MetricsText, Topology};

/// A number that one thread writes and any thread reads.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adds. A load and a store, not a locked add: there is only one writer.
    #[inline]
    pub(crate) fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    #[inline]
    pub(crate) fn sub(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_sub(n), Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Upper bounds of the duration histogram: 0.5 ms doubling up to 65.536 s, then infinity.
const BOUNDS: usize = 18;
const FIRST_BOUND_US: u64 = 500;

/// The counters of one lane.
#[derive(Debug, Default)]
pub(crate) struct LaneCounters {
    /// By class of status: 1xx to 5xx; index 0 counts clients that left before a status.
    classes: [Counter; 6],
    durations: [Counter; BOUNDS + 1],
    duration_us: Counter,
    received: Counter,
    sent: Counter,
}

impl LaneCounters {
    #[inline]
    pub(crate) fn exchange(&self, status: u16, duration: Duration, received: u64, sent: u64) {
        self.classes[usize::from(status / 100).min(5)].add(1);
        let us = duration.as_micros() as u64;
        self.durations[bound(us)].add(1);
        self.duration_us.add(us);
        self.received.add(received);
        self.sent.add(sent);
    }
}

/// The index of the smallest bound that is not below so many microseconds.
#[inline]
fn bound(us: u64) -> usize {
    let doublings = u64::BITS - (us.saturating_sub(1) / FIRST_BOUND_US).leading_zeros();
    (doublings as usize).min(BOUNDS)
}

/// The counters of one worker.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    pub(crate) lanes: Vec<LaneCounters>,
    faults: [Counter; Fault::ALL.len()],
    pub(crate) retries: Counter,
    pub(crate) stripped: Counter,
    pub(crate) accepted: Counter,
    pub(crate) open: Counter,
    pub(crate) in_flight: Counter,
    pub(crate) ended: Counter,
    pub(crate) upstream_opened: Counter,
}

impl Shard {
    pub(crate) fn lane(&self, id: LaneId) -> &LaneCounters {
        &self.lanes[id.0 as usize]
    }

    pub(crate) fn fault(&self, fault: Fault) {
        // The discriminants of a field-less enum in the order of `ALL`, which a test checks.
        self.faults[fault as usize].add(1);
    }
}

/// The counters of all workers.
#[derive(Debug)]
pub struct Counters {
    shards: Vec<Arc<Shard>>,
    topology: Arc<Topology>,
}

/// The sums of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneTotals {
    /// Exchanges, whatever their end.
    pub exchanges: u64,
    /// Exchanges answered with 5xx.
    pub errors: u64,
}

impl Counters {
    pub(crate) fn new(workers: usize, topology: &Arc<Topology>) -> Self {
        let shard = || Shard {
            lanes: topology.lanes.iter().map(|_| LaneCounters::default()).collect(),
            ..Shard::default()
        };
        Self {
            shards: (0..workers).map(|_| Arc::new(shard())).collect(),
            topology: Arc::clone(topology),
        }
    }

    pub(crate) fn shard(&self, worker: usize) -> &Arc<Shard> {
        &self.shards[worker]
    }

    fn sum(&self, of: impl Fn(&Shard) -> &Counter) -> u64 {
        self.shards
            .iter()
            .fold(0_u64, |sum, shard| sum.wrapping_add(of(shard).get()))
    }

    /// Exchanges that ended, whatever their end.
    pub fn ended(&self) -> u64 {
        self.sum(|shard| &shard.ended)
    }

    /// Exchanges under way.
    pub fn in_flight(&self) -> u64 {
        self.sum(|shard| &shard.in_flight)
    }

    /// Open client connections.
    pub fn open(&self) -> u64 {
        self.sum(|shard| &shard.open)
    }

    /// The sums of one lane.
    pub fn lane(&self, id: LaneId) -> LaneTotals {
        let class = |class: usize| self.sum(|shard| &shard.lane(id).classes[class]);
        LaneTotals {
            exchanges: (0..6).map(class).sum(),
            errors: class(5),
        }
    }

    /// Appends everything in the Prometheus text format.
    pub fn render(&self, out: &mut MetricsText) {
        self.render_lanes(out);
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
        let plain: [(&str, &str, &str, Pick); 6] = [
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

    fn render_lanes(&self, out: &mut MetricsText) {
        let lanes = || {
            self.topology.lanes.iter().enumerate().map(|(index, lane)| {
                let labels = [("service", lane.service.as_str()), ("lane", lane.lane.as_str())];
                (index, labels)
            })
        };
        out.family(
            "graylane_requests_total",
            "counter",
            "Exchanges by lane and class of status.",
        );
        for (index, [service, lane]) in lanes() {
            for (class, word) in ["none", "1xx", "2xx", "3xx", "4xx", "5xx"]
                .into_iter()
                .enumerate()
            {
                let value = self.sum(|shard| &shard.lanes[index].classes[class]);
                out.sample("graylane_requests_total", &[service, lane, ("code", word)], value);
            }
        }
        out.family(
            "graylane_request_duration_seconds",
            "histogram",
            "From the head of the request to the end of the answer's body.",
        );
        for (index, [service, lane]) in lanes() {
            let mut below = 0;
            for bucket in 0..=BOUNDS {
                below += self.sum(|shard| &shard.lanes[index].durations[bucket]);
                let bound = match bucket {
                    BOUNDS => "+Inf".to_owned(),
                    bucket => ((FIRST_BOUND_US << bucket) as f64 / 1e6).to_string(),
                };
                let labels = [service, lane, ("le", bound.as_str())];
                out.sample("graylane_request_duration_seconds_bucket", &labels, below);
            }
            let seconds = self.sum(|shard| &shard.lanes[index].duration_us) as f64 / 1e6;
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
            for (index, labels) in lanes() {
                out.sample(name, &labels, self.sum(|shard| pick(&shard.lanes[index])));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_fault_is_its_place_in_the_table() {
        for (index, fault) in Fault::ALL.into_iter().enumerate() {
            assert_eq!(fault as usize, index, "{}", fault.as_str());
        }
    }

    #[test]
    fn a_duration_falls_below_its_bound_and_above_the_one_before() {
        for (us, index) in [
            (0, 0),
            (1, 0),
            (500, 0),
            (501, 1),
            (1_000, 1),
            (1_001, 2),
            (65_536_000, 17),
        ] {
            assert_eq!(bound(us), index, "{us}");
        }
        assert_eq!(bound(u64::MAX), BOUNDS);
    }
}
