use std::ops::Range;

use toml::Spanned;

use crate::parse::{Faults, Field, HealthDraft, HealthKind, LaneDraft};
use crate::{Health, HealthQuestion, Protocol};
use graylane_diagnostic::Diagnostic;

/// How the endpoints of a lane are checked; `None` where they are not.
pub(super) fn check(lane: &mut LaneDraft, faults: &mut Faults) -> Option<Health> {
    let draft = std::mem::replace(&mut lane.health, Field::Absent);
    let Field::Given(draft) = draft else {
        return None;
    };
    if lane.endpoints.is_absent() {
        let fault = Diagnostic::new("`health` says how endpoints are checked, and there are none");
        let hint = "take it away, or name endpoints";
        faults.add(fault.hint(hint).at(draft.span()));
        return None;
    }
    let draft = draft.into_inner();
    let kind = match &draft.kind {
        Field::Given(kind) => *kind.get_ref(),
        Field::Bad => return None,
        Field::Absent => {
            let fault = Diagnostic::new("`health` needs the kind of check");
            let hint = "add kind = \"http\", kind = \"tcp\" or kind = \"grpc\"";
            faults.add(fault.hint(hint).at(draft.place));
            return None;
        }
    };
    refuse_other_kinds(kind, &draft, faults);
    if let (HealthKind::Grpc, Some(place)) = (kind, secured_without_http2(lane)) {
        let fault = Diagnostic::new("gRPC needs HTTP/2, and this endpoint is asked for HTTP/1.1 over TLS");
        let hint = "add protocol = \"http2\" to the lane, or choose another kind of check";
        faults.add(fault.hint(hint).at(place));
    }
    Some(Health {
        question: question(kind, &draft, faults),
        port: draft.port.given().map(|port| *port.get_ref()),
        interval: draft.interval.or(Health::INTERVAL),
        timeout: draft.timeout.or(Health::TIMEOUT),
        fails: draft.fails.or(Health::FAILS),
        passes: draft.passes.or(Health::PASSES),
    })
}

fn question(kind: HealthKind, draft: &HealthDraft, faults: &mut Faults) -> HealthQuestion {
    match kind {
        HealthKind::Tcp => HealthQuestion::Tcp,
        HealthKind::Grpc => HealthQuestion::Grpc {
            service: draft.service.clone().or("".into()),
        },
        HealthKind::Http => {
            if let Some(empty) = draft.expect.given().filter(|all| all.get_ref().is_empty()) {
                let fault = Diagnostic::new("no status would be a good one");
                faults.add(fault.hint("such as expect = [\"200-299\"]").at(empty.span()));
            }
            HealthQuestion::Http {
                path: draft.path.clone().or("/".into()),
                host: draft.host.given().map(|host| host.get_ref().clone()),
                expect: match draft.expect.given() {
                    Some(all) => all.get_ref().iter().map(|one| one.get_ref().clone()).collect(),
                    None => vec![200..=299],
                },
            }
        }
    }
}

/// Keys that say something about another kind of check.
fn refuse_other_kinds(kind: HealthKind, draft: &HealthDraft, faults: &mut Faults) {
    let keys: [(&str, HealthKind, Option<Range<usize>>); 4] = [
        ("path", HealthKind::Http, draft.path.given().map(Spanned::span)),
        ("host", HealthKind::Http, draft.host.given().map(Spanned::span)),
        (
            "expect",
            HealthKind::Http,
            draft.expect.given().map(Spanned::span),
        ),
        (
            "service",
            HealthKind::Grpc,
            draft.service.given().map(Spanned::span),
        ),
    ];
    for (key, of, place) in keys {
        if let Some(place) = place.filter(|_| of != kind) {
            let (of, kind) = (of.as_str(), kind.as_str());
            let fault = Diagnostic::new(format!("`{key}` says nothing to a check of the kind `{kind}`"));
            let hint = format!("take it away, or write kind = \"{of}\"");
            faults.add(fault.hint(hint).at(place));
        }
    }
}

/// An endpoint with which HTTP/1.1 would be agreed on.
fn secured_without_http2(lane: &LaneDraft) -> Option<Range<usize>> {
    let is_http2 = match &lane.protocol {
        Field::Given(protocol) => *protocol.get_ref() == Protocol::Http2,
        Field::Absent => false,
        Field::Bad => true,
    };
    let endpoints = lane.endpoints.given().filter(|_| !is_http2)?;
    let mut secured = endpoints.get_ref().iter().filter(|one| one.get_ref().tls);
    secured.next().map(Spanned::span)
}
