//! What the process itself counts, apart from the data path.

use std::collections::BTreeMap;
use std::time::SystemTime;

use graylane_ofrep::Outcome;
use graylane_pipeline::MetricsText;
use graylane_tls::Tls;

use crate::change::{Ending, Handle, Trigger};
use crate::handover::Phase;
use crate::start::Parts;

/// Where this process stands between the one before and the next.
pub(super) fn handover(parts: &Parts, out: &mut MetricsText) {
    let (record, now) = (&parts.record, parts.record.phase());
    out.family(
        "graylane_handover_generation",
        "gauge",
        "How many processes served here one after the other, this one included.",
    );
    out.sample("graylane_handover_generation", &[], record.generation());
    out.family(
        "graylane_handover_state",
        "gauge",
        "1 for the state in which this process is, 0 for the others.",
    );
    for phase in Phase::ALL {
        let labels = [("state", phase.as_str())];
        out.sample("graylane_handover_state", &labels, u64::from(phase == now));
    }
    out.family(
        "graylane_handovers_total",
        "counter",
        "Handovers to a next process by how they ended.",
    );
    for (result, count) in record.counts() {
        out.sample("graylane_handovers_total", &[("result", result)], count);
    }
}

/// Changes of the configuration, and the flag server.
pub(super) fn changes(parts: &Parts, out: &mut MetricsText) {
    let known = parts.status.known();
    out.family(
        "graylane_config_changes_total",
        "counter",
        "Changes by where they came from and how they ended.",
    );
    for trigger in Trigger::ALL {
        for ending in Ending::ALL {
            let labels = [("by", trigger.as_str()), ("result", ending.as_str())];
            let count = known.counts[trigger as usize][ending as usize];
            out.sample("graylane_config_changes_total", &labels, count);
        }
    }
    out.family(
        "graylane_config_rejected",
        "gauge",
        "1 where the last change was refused, so that what runs is not what was wanted.",
    );
    let rejected = u64::from(known.rejected.is_some());
    out.sample("graylane_config_rejected", &[], rejected);
    out.family(
        "graylane_config_reload_seconds",
        "gauge",
        "How long the last accepted change took: read, checked, told, in use; 0 before the first.",
    );
    let took = known.took.unwrap_or_default().as_secs_f64();
    out.sample("graylane_config_reload_seconds", &[], took);
    if let Some(looked_at) = parts.changes().and_then(Handle::looked_at) {
        out.family(
            "graylane_config_watch_age_seconds",
            "gauge",
            "How long ago the files were last looked at.",
        );
        let age = looked_at.elapsed().as_secs_f64();
        out.sample("graylane_config_watch_age_seconds", &[], age);
    }
    if let Some(loaded) = parts.in_use() {
        out.family("graylane_flags", "gauge", "Flags in use.");
        out.sample("graylane_flags", &[], loaded.flags.set.len() as u64);
        out.family(
            "graylane_flags_left_out",
            "gauge",
            "Mistakes for which flags are left out.",
        );
        out.sample("graylane_flags_left_out", &[], loaded.flags.left_out.len() as u64);
    }
    if let Some(shared) = parts.shared() {
        certificates(shared.current().tls(), SystemTime::now(), out);
    }
    parts.with_ofrep(|server| flag_server(server.counters(), out));
}

/// How long the certificates hold. Of several with the same name the one that ends first counts: two samples may not have
/// the same labels.
fn certificates(tls: &Tls, now: SystemTime, out: &mut MetricsText) {
    const NAME: &str = "graylane_tls_certificate_expiry_seconds";
    let mut ends: BTreeMap<(&str, &str), SystemTime> = BTreeMap::new();
    for (listener, server) in tls.servers() {
        for certificate in server.certificates() {
            let end = ends.entry((listener.as_str(), certificate.name()));
            let end = end.or_insert(certificate.not_after);
            *end = certificate.not_after.min(*end);
        }
    }
    if ends.is_empty() {
        return;
    }
    out.family(
        NAME,
        "gauge",
        "Seconds until the certificate expires, negative once it has; by its first name.",
    );
    for ((listener, name), end) in ends {
        let left = match end.duration_since(now) {
            Ok(left) => i128::from(left.as_secs()),
            Err(past) => -i128::from(past.duration().as_secs()),
        };
        out.sample(NAME, &[("listener", listener), ("name", name)], left);
    }
}

fn flag_server(counters: &graylane_ofrep::Counters, out: &mut MetricsText) {
    out.family(
        "graylane_ofrep_evaluations_total",
        "counter",
        "Flags evaluated over HTTP, by reason or error.",
    );
    for outcome in Outcome::ALL {
        let labels = [("outcome", outcome.as_str())];
        let count = counters.evaluations(outcome);
        out.sample("graylane_ofrep_evaluations_total", &labels, count);
    }
    for (name, help, count) in [
        (
            "graylane_ofrep_single_total",
            "Requests for one flag.",
            counters.single(),
        ),
        (
            "graylane_ofrep_bulk_total",
            "Requests for all flags.",
            counters.bulk(),
        ),
        (
            "graylane_ofrep_not_modified_total",
            "Requests for all flags answered with 304.",
            counters.not_modified(),
        ),
        (
            "graylane_ofrep_bad_requests_total",
            "Requests that could not be understood.",
            counters.bad_requests(),
        ),
        (
            "graylane_ofrep_unauthorized_total",
            "Requests without a valid key.",
            counters.unauthorized(),
        ),
        (
            "graylane_ofrep_refused_total",
            "Requests and connections over a limit.",
            counters.refused(),
        ),
        (
            "graylane_ofrep_events_total",
            "Events sent on streams.",
            counters.events(),
        ),
    ] {
        out.family(name, "counter", help);
        out.sample(name, &[], count);
    }
    for (name, help, count) in [
        (
            "graylane_ofrep_connections",
            "Open connections of the flag server.",
            counters.connections_open(),
        ),
        (
            "graylane_ofrep_streams",
            "Open event streams.",
            counters.streams_open(),
        ),
    ] {
        out.family(name, "gauge", help);
        out.sample(name, &[], count);
    }
}
