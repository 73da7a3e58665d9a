//! What people and scrapers see: metrics, the page `/mocks` and health.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use graylane_pipeline::{Health, MetricsText, Page};
use serde::Serialize;

use crate::fallback::Fallback;
use crate::tally::Counts;

/// Where the page is.
pub(crate) const PAGE: &str = "/mocks";

/// For how long a mock that was served shows in `/readyz`.
const RECENT: Duration = Duration::from_secs(60);

/// Degraded while clients get mocks: somebody must see to the upstream.
pub(crate) fn health(fallback: &Fallback, now: Instant) -> Health {
    match fallback.tally.since(now) {
        Some(since) if since <= RECENT => Health::Degraded(format!(
            "a mock was served {} s ago in place of an upstream; {PAGE} says which",
            since.as_secs()
        )),
        _ => Health::Good,
    }
}

/// What is there, what was served, and what could not be.
pub(crate) fn metrics(fallback: &Fallback, out: &mut MetricsText) {
    const LOADED: &str = "graylane_mocks";
    const SERVED: &str = "graylane_mocks_served_total";
    const MISSED: &str = "graylane_mocks_missed_total";
    out.family(LOADED, "gauge", "Mocks that are loaded.");
    out.sample(LOADED, &[], fallback.book.iter().count());
    out.family(
        SERVED,
        "counter",
        "Answers that were a mock, by what it stood in for.",
    );
    for mock in fallback.book.iter() {
        for (reason, count) in mock.served.iter() {
            out.sample(SERVED, &[("mock", &mock.name), ("reason", &reason.word())], count);
        }
    }
    out.family(
        MISSED,
        "counter",
        "Failures for which there was no mock, by what went wrong.",
    );
    for (reason, count) in fallback.tally.missed.iter() {
        out.sample(MISSED, &[("reason", &reason.word())], count);
    }
}

#[derive(Serialize)]
struct Content<'a> {
    on: Vec<String>,
    missed: BTreeMap<String, u64>,
    mocks: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    place: String,
    service: Option<&'a str>,
    method: Option<&'a str>,
    path: &'a str,
    status: u16,
    served: BTreeMap<String, u64>,
}

/// All mocks in the order in which they are tried, as JSON.
pub(crate) fn page(fallback: &Fallback) -> Page {
    let mocks = fallback.book.iter().map(|mock| Row {
        name: &mock.name,
        place: format!("{}:{}", mock.place.0, mock.place.1),
        service: mock.service.as_deref(),
        method: mock.method.as_deref(),
        path: mock.path.as_str(),
        status: mock.status,
        served: counted(&mock.served),
    });
    let content = Content {
        on: fallback.on.words().map(Into::into).collect(),
        missed: counted(&fallback.tally.missed),
        mocks: mocks.collect(),
    };
    Page {
        content_type: "application/json",
        // Strings and numbers only: nothing that JSON cannot hold.
        body: serde_json::to_string(&content).unwrap_or_default(),
    }
}

fn counted(counts: &Counts) -> BTreeMap<String, u64> {
    counts
        .iter()
        .map(|(reason, count)| (reason.word().into(), count))
        .collect()
}
