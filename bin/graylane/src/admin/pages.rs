//! What stands behind each path.

use std::sync::Arc;

use graylane_pipeline::{Health, Instance, LaneId, MetricsText, PageRequest};
use graylane_proxy::Shared;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::query;
use crate::channel::CHANNEL;
use crate::command;
use crate::start::Parts;
use crate::version::Version;

type Page = (StatusCode, &'static str, String);

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page of a path.
pub(super) fn page(parts: &Parts, path: &str, query: &str) -> Page {
    match path {
        "/" => (StatusCode::OK, TEXT, index(parts)),
        // Alive is all that this says: whether to send traffic is told by /readyz.
        "/healthz" => (StatusCode::OK, TEXT, "ok\n".to_owned()),
        "/readyz" => ready(parts),
        "/version" => ok(&parts.version.json()),
        "/modules" => ok(&command::module_list(&parts.notes)),
        "/metrics" => (StatusCode::OK, METRICS, metrics(parts)),
        "/start" => started(parts, query),
        "/explain" => with(parts, |shared| explain(shared, query)),
        other => with(parts, |shared| of_module(parts, shared, other, query)),
    }
}

fn ok(value: &Value) -> Page {
    (StatusCode::OK, JSON, format!("{value}\n"))
}

fn wrong(status: StatusCode, message: &str, hint: &str) -> Page {
    (
        status,
        JSON,
        format!("{}\n", json!({ "error": message, "hint": hint })),
    )
}

/// A page that needs the workers.
fn with(parts: &Parts, page: impl Fn(&Shared) -> Page) -> Page {
    match parts.shared() {
        Some(shared) => page(shared),
        None => still_starting(),
    }
}

fn still_starting() -> Page {
    wrong(
        StatusCode::SERVICE_UNAVAILABLE,
        "the gateway is still starting",
        "wait for /readyz",
    )
}

/// How the start went: a table, or Graphviz text.
fn started(parts: &Parts, query: &str) -> Page {
    match parts.report() {
        Some(report) if query == "graph" => (StatusCode::OK, TEXT, report.to_dot()),
        Some(report) => (StatusCode::OK, TEXT, format!("{report}\n")),
        None => still_starting(),
    }
}

fn instances(parts: &Parts) -> &[Arc<dyn Instance>] {
    parts.shared().map_or(&[], |shared| shared.hooks().modules())
}

fn index(parts: &Parts) -> String {
    let own = [
        "/healthz",
        "/readyz",
        "/version",
        "/modules",
        "/metrics",
        "/start",
        "/start?graph",
        "/explain?host=HOST&path=/&header=Name:value",
    ];
    let modules = instances(parts).iter().flat_map(|instance| instance.pages());
    own.iter()
        .chain(modules)
        .map(|path| format!("{path}\n"))
        .collect()
}

fn ready(parts: &Parts) -> Page {
    let health = |instance: &dyn Instance| match instance.health() {
        Health::Good => "good".to_owned(),
        Health::Degraded(why) => format!("degraded: {why}"),
    };
    let modules: Map<_, _> = instances(parts)
        .iter()
        .map(|one| (one.name().to_owned(), Value::String(health(&**one))))
        .collect();
    let value = json!({
        "ready": parts.is_ready(),
        "draining": parts.is_draining(),
        "revision": parts.shared().map(|shared| shared.snapshot().revision()),
        "modules": modules,
    });
    let status = if parts.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, JSON, format!("{value}\n"))
}

fn explain(shared: &Shared, query: &str) -> Page {
    match query::explain(shared, query) {
        Ok(explanation) => ok(&serde_json::to_value(explanation).unwrap_or_default()),
        Err(refused) => wrong(refused.status, &refused.message, refused.hint),
    }
}

fn metrics(parts: &Parts) -> String {
    let mut out = MetricsText::new();
    out.family(
        "graylane_build_info",
        "gauge",
        "Always 1; the labels say what runs.",
    );
    let labels = [
        ("version", Version::NUMBER),
        ("channel", CHANNEL.as_str()),
        ("commit", parts.version.commit),
    ];
    out.sample("graylane_build_info", &labels, 1);
    if let Some(shared) = parts.shared() {
        out.family(
            "graylane_config_revision",
            "gauge",
            "The revision of the configuration in use.",
        );
        out.sample("graylane_config_revision", &[], shared.snapshot().revision());
        out.family(
            "graylane_config_age_seconds",
            "gauge",
            "How long it has been in use.",
        );
        out.sample(
            "graylane_config_age_seconds",
            &[],
            parts.began.elapsed().as_secs(),
        );
        shared.counters().render(&mut out);
        for instance in shared.hooks().modules() {
            instance.metrics(&mut out);
        }
    }
    out.finish()
}

/// A page of a module; what is no page of any is not found.
fn of_module(parts: &Parts, shared: &Shared, path: &str, query: &str) -> Page {
    let gateway = || gateway(parts, shared).to_string();
    let request = PageRequest {
        path,
        query,
        gateway: &gateway,
    };
    let owner = shared
        .hooks()
        .modules()
        .iter()
        .find(|instance| instance.pages().contains(&path));
    match owner.and_then(|instance| instance.page(&request)) {
        Some(page) => (StatusCode::OK, page.content_type, page.body),
        None => wrong(
            StatusCode::NOT_FOUND,
            "no such page",
            "/ lists the pages of this build",
        ),
    }
}

/// What the gateway tells about itself on a module's page. No header, no key and no body of a request is in it.
fn gateway(parts: &Parts, shared: &Shared) -> Value {
    let snapshot = shared.snapshot();
    let topology = snapshot.topology();
    let lanes = topology.lanes.iter().enumerate().map(|(number, info)| {
        let id = LaneId(number as u32);
        let lane = snapshot.lane(id);
        let totals = shared.counters().lane(id);
        let endpoints: Vec<&str> = topology
            .endpoints_of(id)
            .map(|one| &*topology.endpoint(one).address)
            .collect();
        json!({
            "service": info.service.as_str(),
            "lane": info.lane.as_str(),
            "baseline": info.baseline,
            "weight": lane.weight.to_string(),
            "interval": lane.interval.map(|interval| [interval.start(), interval.end()]),
            "endpoints": endpoints,
            "exchanges": totals.exchanges,
            "errors": totals.errors,
        })
    });
    json!({
        "version": parts.version.json(),
        "revision": snapshot.revision(),
        "configuration": parts.configuration().map(|loaded| loaded.source.name()),
        "draining": shared.is_draining(),
        "connections": shared.counters().open(),
        "exchanges_in_flight": shared.counters().in_flight(),
        "exchanges_ended": shared.counters().ended(),
        "lanes": lanes.collect::<Vec<_>>(),
    })
}
