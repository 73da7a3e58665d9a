//! Mirrored traffic: a share of a lane's requests goes to another lane as well, and the original feels nothing of it.

mod bounds;
mod changes;
mod copies;
mod failing;

use std::net::SocketAddr;

use graylane_testkit::{Gateway, LIMIT, Metrics, Recipe, eventually};

/// A gateway of one worker whose baseline is mirrored to `next`, with these further lines.
fn mirrored(stable: SocketAddr, next: SocketAddr, lines: &str) -> Recipe {
    Recipe::to(stable)
        .lane("next", &[next])
        .server("workers = 1")
        .more(&format!("[lanes.shop.stable.mirror]\nto = \"next\"\n{lines}\n"))
}

/// Waits until so many copies have gone off, and none is under way.
fn until_copied(gateway: &Gateway, copies: usize) -> Metrics {
    let ended = |metrics: &Metrics| {
        metrics.sum("graylane_mirrored_total", &[]) as usize >= copies
            && metrics.sum("graylane_mirror_in_flight", &[]) == 0.0
    };
    eventually(LIMIT, "the copies have ended", || ended(&gateway.metrics()));
    let metrics = gateway.metrics();
    assert_eq!(
        copied(&metrics),
        copies,
        "more copies went off than were waited for"
    );
    metrics
}

fn copied(metrics: &Metrics) -> usize {
    metrics.sum("graylane_mirrored_total", &[]) as usize
}

/// How many requests were dropped for this reason.
fn dropped(metrics: &Metrics, reason: &str) -> usize {
    metrics.sum("graylane_mirror_dropped_total", &[("reason", reason)]) as usize
}

/// How many copies failed for this reason.
fn failed(metrics: &Metrics, reason: &str) -> usize {
    metrics.sum("graylane_mirror_failed_total", &[("reason", reason)]) as usize
}

/// How many pairs ended in these classes of status.
fn compared(metrics: &Metrics, original: &str, mirror: &str) -> usize {
    let classes = [("original", original), ("mirror", mirror)];
    metrics.sum("graylane_mirror_compared_total", &classes) as usize
}
