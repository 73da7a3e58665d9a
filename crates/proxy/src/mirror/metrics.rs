//! The counters of mirrors as `/metrics` shows them.

use graylane_pipeline::MetricsText;

use super::counters::{CLASSES, Dropped, Failure, MirrorCounters, MirrorShards};
use super::{Mirror, Mirrors};
use crate::counters::{BOUNDS, Counter, FIRST_BOUND_US};

/// Appends the counters of all mirrors; nothing where there is none.
pub(crate) fn render(mirrors: &Mirrors, out: &mut MetricsText) {
    if mirrors.all().next().is_none() {
        return;
    }
    type Pick = fn(&MirrorCounters) -> &Counter;
    let plain: [(&str, &str, &str, Pick); 2] = [
        (
            "graylane_mirrored_total",
            "counter",
            "Copies of requests that were sent to another lane.",
            |mirror| &mirror.mirrored,
        ),
        (
            "graylane_mirror_in_flight",
            "gauge",
            "Copies that are under way.",
            |mirror| &mirror.in_flight,
        ),
    ];
    for (name, kind, help, pick) in plain {
        out.family(name, kind, help);
        for mirror in mirrors.all() {
            out.sample(name, &mirror.labels(), mirror.shards.sum(pick));
        }
    }
    by_reason(mirrors, out);
    compared(mirrors, out);
    heads(mirrors, out);
}

impl Mirror {
    fn labels(&self) -> [(&str, &str); 3] {
        [
            ("service", self.service.as_str()),
            ("lane", self.from.as_str()),
            ("to", self.to.as_str()),
        ]
    }
}

fn by_reason(mirrors: &Mirrors, out: &mut MetricsText) {
    let (name, help) = (
        "graylane_mirror_dropped_total",
        "Requests that were to be mirrored and were not.",
    );
    out.family(name, "counter", help);
    for mirror in mirrors.all() {
        let [service, lane, to] = mirror.labels();
        for (dropped, word) in Dropped::ALL {
            let value = mirror.shards.sum(|shard| &shard.dropped[dropped as usize]);
            out.sample(name, &[service, lane, to, ("reason", word)], value);
        }
    }
    let (name, help) = (
        "graylane_mirror_failed_total",
        "Copies without an answer, or without all of it.",
    );
    out.family(name, "counter", help);
    for mirror in mirrors.all() {
        let [service, lane, to] = mirror.labels();
        for (failure, word) in Failure::ALL {
            let value = mirror.shards.sum(|shard| &shard.failed[failure as usize]);
            out.sample(name, &[service, lane, to, ("reason", word)], value);
        }
    }
}

fn compared(mirrors: &Mirrors, out: &mut MetricsText) {
    let (name, help) = (
        "graylane_mirror_compared_total",
        "Mirrored requests by the class of the original's status and of the copy's.",
    );
    out.family(name, "counter", help);
    for mirror in mirrors.all() {
        let [service, lane, to] = mirror.labels();
        for (original, of_original) in CLASSES.into_iter().enumerate() {
            for (copy, of_copy) in CLASSES.into_iter().enumerate() {
                let value = mirror.shards.sum(|shard| &shard.pairs[original][copy]);
                let classes = [("original", of_original), ("mirror", of_copy)];
                let labels = [service, lane, to, classes[0], classes[1]];
                out.sample(name, &labels, value);
            }
        }
    }
}

fn heads(mirrors: &Mirrors, out: &mut MetricsText) {
    const NAME: &str = "graylane_mirror_head_seconds";
    out.family(
        NAME,
        "histogram",
        "From the whole request to the head of the answer, of the original and of the copy, where both have one.",
    );
    for mirror in mirrors.all() {
        for (side, word) in ["original", "mirror"].into_iter().enumerate() {
            latency(mirror, side, word, out);
        }
    }

    fn latency(mirror: &Mirror, side: usize, word: &str, out: &mut MetricsText) {
        let [service, lane, to] = mirror.labels();
        let labels = [service, lane, to, ("side", word)];
        let shards: &MirrorShards = &mirror.shards;
        let mut below = 0;
        for bucket in 0..=BOUNDS {
            below += shards.sum(|shard| &shard.heads[side].buckets[bucket]);
            let bound = match bucket {
                BOUNDS => "+Inf".to_owned(),
                bucket => ((FIRST_BOUND_US << bucket) as f64 / 1e6).to_string(),
            };
            let labels = [service, lane, to, ("side", word), ("le", bound.as_str())];
            out.sample("graylane_mirror_head_seconds_bucket", &labels, below);
        }
        let seconds = shards.sum(|shard| &shard.heads[side].us) as f64 / 1e6;
        out.sample("graylane_mirror_head_seconds_sum", &labels, seconds);
        out.sample("graylane_mirror_head_seconds_count", &labels, below);
    }
}
