use graylane_diagnostic::{Diagnostic, meant, quote};

use super::lanes::called;
use super::name_list;
use crate::parse::{Faults, Field, LaneDraft, MirrorDraft, ServiceDraft};
use crate::{Mirror, Upstream};

/// What of each lane is mirrored; `None` where nothing is, and where a mistake was noted.
pub(super) fn check(
    service: &ServiceDraft,
    drafts: &[LaneDraft],
    upstreams: &[Option<Upstream>],
    faults: &mut Faults,
) -> Vec<Option<Mirror>> {
    let mirror = |from: usize| {
        let Field::Given(draft) = &drafts[from].mirror else {
            return None;
        };
        let lanes = Lanes {
            service,
            drafts,
            upstreams,
        };
        of_draft(&lanes, from, draft.get_ref(), faults)
    };
    (0..drafts.len()).map(mirror).collect()
}

/// The lanes of a service, with who answers in each.
struct Lanes<'a> {
    service: &'a ServiceDraft,
    drafts: &'a [LaneDraft],
    upstreams: &'a [Option<Upstream>],
}

impl Lanes<'_> {
    fn responds(&self, lane: usize) -> bool {
        matches!(self.upstreams[lane], Some(Upstream::Respond(_)))
    }

    fn called(&self, lane: usize) -> String {
        called(self.service, &self.drafts[lane])
    }
}

fn of_draft(lanes: &Lanes<'_>, from: usize, draft: &MirrorDraft, faults: &mut Faults) -> Option<Mirror> {
    for (name, example, is_absent) in [
        ("to", "to = \"canary\"", draft.to.is_absent()),
        ("share", "share = 10", draft.share.is_absent()),
    ] {
        if is_absent {
            let fault = Diagnostic::new(format!("a mirror needs `{name}`"));
            faults.add(fault.hint(format!("such as {example}")).at(draft.place.clone()));
        }
    }
    if lanes.responds(from) {
        let fault = Diagnostic::new(format!(
            "the gateway itself answers in {}: there is no request that goes on",
            lanes.called(from)
        ));
        faults.add(fault.hint("take `mirror` away").at(draft.place.clone()));
        return None;
    }
    if let Some(methods) = draft.methods.given()
        && methods.get_ref().is_empty()
    {
        let fault = Diagnostic::new("a mirror of no method copies nothing").at(methods.span());
        faults.add(fault.hint("leave `methods` out for all of them, or take `mirror` away"));
        return None;
    }
    Some(Mirror {
        to: target(lanes, from, draft, faults)?,
        share: *draft.share.given()?.get_ref(),
        body: draft.body.clone().or(64 << 10),
        in_flight: draft.in_flight.clone().or(100),
        methods: methods(draft),
    })
}

fn methods(draft: &MirrorDraft) -> Vec<Box<str>> {
    let listed = draft.methods.given().map(toml::Spanned::get_ref);
    let listed = listed.into_iter().flatten();
    listed.map(|method| method.get_ref().clone()).collect()
}

/// The index of the lane that gets the copies.
fn target(lanes: &Lanes<'_>, from: usize, draft: &MirrorDraft, faults: &mut Faults) -> Option<usize> {
    let to = draft.to.given()?;
    let names = || lanes.drafts.iter().filter_map(|lane| lane.name.as_ref());
    let is_named = |lane: &LaneDraft| {
        lane.name
            .as_ref()
            .is_some_and(|name| name.as_str() == to.get_ref())
    };
    let fault = match lanes.drafts.iter().position(is_named) {
        Some(lane) if lane == from => Diagnostic::new(format!("{} would mirror itself", lanes.called(from)))
            .hint("name another lane of the service"),
        Some(lane) if lanes.responds(lane) => Diagnostic::new(format!(
            "the gateway itself answers in {}: nobody would get the copies",
            lanes.called(lane)
        ))
        .hint("name a lane that has endpoints"),
        Some(lane) => return Some(lane),
        // A lane whose name was refused may be the one that is missing.
        None if names().count() < lanes.drafts.len() => return None,
        None => {
            let fault = Diagnostic::new(format!(
                "{} mirrors to {}, and there is no such lane",
                lanes.called(from),
                quote(to.get_ref())
            ));
            match meant(to.get_ref(), names().map(graylane_core::Name::as_str)) {
                Some(other) => fault.hint(format!("did you mean `{other}`?")),
                None => fault.hint(format!("the service has {}", name_list(names()))),
            }
        }
    };
    faults.add(fault.at(to.span()));
    None
}
