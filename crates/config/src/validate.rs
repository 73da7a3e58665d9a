//! What concerns several values; a value that was refused already takes part in no check.

mod credentials;
mod flags;
mod gray;
mod health;
mod lanes;
mod listeners;
mod mirror;
mod routes;
mod tls;

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use crate::parse::{Draft, Faults, LaneGroup, ServiceDraft};
use crate::{Config, KeySource, LaneFallback, Retries, Server, Service, Timeouts};
use graylane_diagnostic::{Diagnostic, Diagnostics};
use graylane_diagnostic::{list, meant, quote};

/// Compares the values and puts them together. What it gives back is whole only where no mistake was noted.
pub(crate) fn validate(draft: Draft, faults: &mut Faults) -> Config {
    let asks = gray::asks_clients(&draft.listeners);
    let listeners = listeners::check(draft.listeners, &draft.admin, faults);
    let admin = listeners::admin(draft.admin, draft.tokens, faults);
    let ofrep = draft
        .ofrep
        .and_then(|ofrep| flags::ofrep(ofrep, &admin, &listeners, faults));
    let flags = flags::files(draft.flag_files, faults);
    // Where one of the two tables is no table, nothing can be said about their fit.
    let both_read = !draft.services.is_bad() && !draft.lanes.is_bad();
    if draft.services.is_absent() || draft.services.given().is_some_and(|all| all.get_ref().is_empty()) {
        let fault = Diagnostic::new("there is no service");
        faults.add(fault.hint(
            "add [services.NAME] and its lane [lanes.NAME.stable] with endpoints = [\"http://127.0.0.1:3000\"]",
        ));
    }
    let services = draft.services.or(Vec::new());
    let groups = draft.lanes.or(Vec::new());
    if both_read {
        refuse_strangers(&services, &groups, faults);
    }
    routes::check(&services, faults);
    let mut groups: BTreeMap<String, LaneGroup> = groups
        .into_iter()
        .map(|group| (group.service.clone(), group))
        .collect();
    let services = services
        .into_iter()
        .filter_map(|service| {
            let group = groups.remove(&service.key);
            if group.is_none() && both_read {
                faults.add(no_lanes(&service));
            }
            build(service, group.and_then(|group| group.lanes), faults)
        })
        .collect();
    Config {
        revision: draft.revision,
        server: Server {
            state: draft.state,
            workers: draft.workers.or(None),
            trusted_peers: draft
                .trusted_peers
                .or(Vec::new())
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
        },
        listeners,
        admin,
        limits: draft.limits,
        drain: draft.drain,
        gray: gray::check(draft.gray, asks, faults),
        handover: draft.handover,
        flags,
        ofrep,
        services,
        modules: draft.modules,
    }
}

/// Lanes of a service that does not exist.
fn refuse_strangers(services: &[ServiceDraft], groups: &[LaneGroup], faults: &mut Faults) {
    /// A misspelt name is compared with so many services at most: the work must not grow with the square of the text.
    const COMPARED: usize = 500;
    let known: BTreeSet<&str> = services.iter().map(|service| service.key.as_str()).collect();
    let strangers = groups
        .iter()
        .filter(|group| !known.contains(group.service.as_str()));
    for group in strangers.take(Diagnostics::MAX) {
        let fault = Diagnostic::new(format!(
            "there are lanes of the service {}, but no such service",
            quote(&group.service)
        ));
        let hint = match meant(&group.service, known.iter().copied().take(COMPARED)) {
            Some(other) => format!("did you mean `{other}`?"),
            None => format!("add [services.{}]", graylane_diagnostic::cut(&group.service)),
        };
        faults.add(fault.hint(hint).at(group.place.clone()));
    }
}

fn no_lanes(service: &ServiceDraft) -> Diagnostic {
    let name = graylane_diagnostic::cut(&service.key);
    Diagnostic::new(format!("the service `{name}` has no lanes"))
        .hint(format!(
            "add [lanes.{name}.stable] with endpoints = [\"http://127.0.0.1:3000\"]"
        ))
        .at(service.place.clone())
}

/// The service; `None` only where a mistake was noted.
fn build(
    draft: ServiceDraft,
    lanes: Option<Vec<crate::parse::LaneDraft>>,
    faults: &mut Faults,
) -> Option<Service> {
    check_sources(&draft, faults);
    let (baseline, lanes) = lanes::check(&draft, lanes?, faults)?;
    let name = draft.name?;
    let routes::Rules { hosts, paths } = routes::rules(draft.hosts, draft.paths);
    Some(Service {
        hosts,
        paths,
        key: draft
            .sources
            .or(Vec::new())
            .into_iter()
            .map(Spanned::into_inner)
            .collect(),
        salt: draft.salt.or(name.as_str().into()),
        show_lane: draft.show_lane.or(false),
        fallback: draft.fallback.or(LaneFallback::default()),
        timeouts: draft.timeouts.or(Timeouts::default()),
        retries: draft.retries.or(Retries::default()),
        baseline,
        lanes,
        name,
    })
}

/// Sources that are never reached.
fn check_sources(service: &ServiceDraft, faults: &mut Faults) {
    let sources = service
        .sources
        .given()
        .map(|all| all.get_ref().as_slice())
        .unwrap_or_default();
    for (i, source) in sources.iter().enumerate() {
        let earlier = &sources[..i];
        if earlier.iter().any(|other| other.get_ref() == source.get_ref()) {
            let fault = Diagnostic::new("the same source of a targeting key stands twice");
            faults.add(fault.hint("remove one").at(source.span()));
        } else if earlier
            .iter()
            .any(|other| *other.get_ref() == KeySource::ClientAddress)
        {
            let fault = Diagnostic::new(
                "a source after `client` is never looked at, because every client has an address",
            );
            faults.add(
                fault
                    .hint("move `client` to the end, or leave it out: it is always the last resort")
                    .at(source.span()),
            );
        }
    }
}

/// "the lanes of the service `shop` are `a` and `b`", for hints.
fn name_list<'a>(names: impl Iterator<Item = &'a graylane_core::Name>) -> String {
    list(names.map(graylane_core::Name::as_str))
}
