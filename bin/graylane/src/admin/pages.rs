//! What stands behind each path.

use std::sync::Arc;

use graylane_pipeline::{Health, Instance, LaneId, MetricsText, PageRequest};
use graylane_proxy::{Generation, Shared};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{endpoints, flags, metrics, query};
use crate::channel::CHANNEL;
use crate::command;
use crate::start::Parts;
use crate::version::Version;

pub(super) type Page = (StatusCode, &'static str, String);

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page of a path.
pub(super) fn page(parts: &Parts, path: &str, query: &str) -> Page {
    match path {
        "/" => (StatusCode::OK, TEXT, index(parts)),
        "/healthz" => alive(),
        "/readyz" => ready(parts),
        "/version" => ok(&parts.version.json()),
        "/modules" => ok(&command::module_list(&parts.notes)),
        "/metrics" => (StatusCode::OK, METRICS, all_metrics(parts)),
        "/start" => started(parts, query),
        "/config" => values(parts),
        "/endpoints" => with(parts, endpoints::list),
        "/handover" => ok(&parts.record.json()),
        "/flags" => with(parts, |shared| flags::list(parts, shared)),
        "/flags/explain" => with(parts, |shared| flags::explain(parts, shared, query)),
        "/flags/file" => flags::text(parts, query),
        "/explain" => with(parts, |shared| explain(shared, query)),
        other => with(parts, |shared| of_module(parts, shared, other, query)),
    }
}

/// The same for somebody who may not read everything: whether the process lives, and whether it wants traffic. Not why:
/// what was wrong with a file has names and values of the file.
pub(super) fn for_strangers(parts: &Parts, path: &str) -> Option<Page> {
    match path {
        "/healthz" => Some(alive()),
        "/readyz" => {
            let value = json!({ "ready": parts.is_ready(), "draining": parts.is_draining() });
            Some((readiness(parts), JSON, format!("{value}\n")))
        }
        _ => None,
    }
}

/// Alive is all that this says: whether to send traffic is told by /readyz.
fn alive() -> Page {
    (StatusCode::OK, TEXT, "ok\n".to_owned())
}

pub(super) fn ok(value: &Value) -> Page {
    (StatusCode::OK, JSON, format!("{value}\n"))
}

pub(super) fn wrong(status: StatusCode, message: &str, hint: &str) -> Page {
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

fn generation(parts: &Parts) -> Option<Arc<Generation>> {
    parts.shared().map(|shared| shared.current())
}

fn instances(generation: Option<&Arc<Generation>>) -> &[Arc<dyn Instance>] {
    generation.map_or(&[], |generation| generation.hooks().modules())
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
        "/config",
        "/endpoints",
        "/handover",
        "/flags",
        "/flags/file?file=NAME",
        "/flags/explain?key=FLAG&targetingKey=USER&name=value",
        "/explain?host=HOST&path=/&header=Name:value",
    ];
    let generation = generation(parts);
    let modules = instances(generation.as_ref())
        .iter()
        .flat_map(|instance| instance.pages());
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
    let generation = generation(parts);
    let modules: Map<_, _> = instances(generation.as_ref())
        .iter()
        .map(|one| (one.name().to_owned(), Value::String(health(&**one))))
        .collect();
    let lanes = parts.shared().zip(generation.as_deref());
    let lanes = lanes.map(|(shared, generation)| endpoints::lanes_without(shared, generation));
    let value = json!({
        "ready": parts.is_ready(),
        "draining": parts.is_draining(),
        "lanes_without_healthy_endpoint": lanes.unwrap_or_default(),
        "handover": parts.record.phase().as_str(),
        "revision": generation.as_ref().map(|generation| generation.snapshot().revision()),
        "modules": modules,
        "configuration": configuration(parts, generation.as_deref()),
    });
    (readiness(parts), JSON, format!("{value}\n"))
}

fn readiness(parts: &Parts) -> StatusCode {
    if parts.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// What is in use, and the last change, where it was refused.
fn configuration(parts: &Parts, generation: Option<&Generation>) -> Value {
    let known = parts.status.known();
    let rejected = known.rejected.map(|rejection| {
        json!({
            "at": humantime::format_rfc3339_millis(rejection.at).to_string(),
            "by": rejection.trigger.as_str(),
            "reason": rejection.reason,
        })
    });
    json!({
        "digest": parts.in_use().map(|loaded| loaded.digest.to_hex()),
        "age_seconds": generation.map(|generation| generation.age().as_secs()),
        "rejected": rejected,
    })
}

/// Every value with where it comes from; secrets show as digests.
fn values(parts: &Parts) -> Page {
    let Some(loaded) = parts.in_use() else {
        return still_starting();
    };
    let value = |one: &graylane_config::Value| json!({ "key": one.key, "value": one.value.to_string(), "origin": one.origin.to_string() });
    let values: Vec<Value> = loaded.values.iter().map(value).collect();
    ok(&json!({ "digest": loaded.digest.to_hex(), "values": values }))
}

fn explain(shared: &Shared, query: &str) -> Page {
    match query::explain(shared, query) {
        Ok(explanation) => ok(&serde_json::to_value(explanation).unwrap_or_default()),
        Err(refused) => wrong(refused.status, &refused.message, refused.hint),
    }
}

fn all_metrics(parts: &Parts) -> String {
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
        // One for the whole page, so that its figures belong together.
        let generation = shared.current();
        out.family(
            "graylane_config_revision",
            "gauge",
            "The revision of the configuration in use.",
        );
        out.sample("graylane_config_revision", &[], generation.snapshot().revision());
        out.family(
            "graylane_config_age_seconds",
            "gauge",
            "How long it has been in use.",
        );
        out.sample("graylane_config_age_seconds", &[], generation.age().as_secs());
        metrics::changes(parts, &mut out);
        metrics::handover(parts, &mut out);
        shared.counters().render(&generation, &mut out);
        shared.health().render(&generation, &mut out);
        for instance in generation.hooks().modules() {
            instance.metrics(&mut out);
        }
    }
    out.finish()
}

/// A page of a module; what is no page of any is not found.
fn of_module(parts: &Parts, shared: &Shared, path: &str, query: &str) -> Page {
    let generation = shared.current();
    let gateway = || gateway(parts, shared, &generation).to_string();
    let request = PageRequest {
        path,
        query,
        gateway: &gateway,
    };
    let owner = generation
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
fn gateway(parts: &Parts, shared: &Shared, generation: &Generation) -> Value {
    let snapshot = generation.snapshot();
    let topology = snapshot.topology();
    let lanes = topology.lanes.iter().enumerate().map(|(number, info)| {
        let id = LaneId(number as u32);
        let lane = snapshot.lane(id);
        let totals = generation.totals(id);
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
        "configuration": parts.in_use().map(|loaded| loaded.name().to_owned()),
        "draining": shared.is_draining(),
        "connections": shared.counters().open(),
        "exchanges_in_flight": shared.counters().in_flight(),
        "exchanges_ended": shared.counters().ended(),
        "lanes": lanes.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use graylane_note::Notes;

    use super::*;
    use crate::change::{Ending, Trigger};
    use crate::start::Inheritance;

    #[test]
    fn a_stranger_is_not_told_what_was_wrong_with_a_file() {
        let notes = Notes::default();
        let parts = Parts::new(None, Version::new(&notes), &notes, Inheritance::default());
        parts
            .status
            .note(Trigger::File, Ending::Rejected, "a name of the file");

        let known = page(&parts, "/readyz", "");
        let strange = for_strangers(&parts, "/readyz").unwrap();

        assert!(known.2.contains("a name of the file"), "{}", known.2);
        assert_eq!(strange.2, "{\"draining\":false,\"ready\":false}\n");
        assert_eq!(strange.0, known.0);
        assert!(for_strangers(&parts, "/config").is_none());
    }
}
