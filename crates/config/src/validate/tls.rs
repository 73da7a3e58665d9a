use std::ops::Range;

use graylane_diagnostic::Diagnostic;
use toml::Spanned;

use crate::parse::{Faults, Field, KeyPairDraft, LaneDraft, ListenerTlsDraft, UpstreamTlsDraft};
use crate::{ClientAuth, KeyPair, ListenerTls, TlsFile, TlsVersion, UpstreamTls};

/// How a listener is secured; `None` in cleartext, and where a mistake was noted.
pub(super) fn listener(draft: Field<ListenerTlsDraft>, faults: &mut Faults) -> Option<ListenerTls> {
    let Field::Given(draft) = draft else {
        return None;
    };
    let draft = draft.into_inner();
    let (place, none) = match &draft.certificates {
        Field::Given(all) => (all.span(), all.get_ref().is_empty()),
        Field::Absent => (draft.place.clone(), true),
        Field::Bad => (draft.place.clone(), false),
    };
    if none {
        let fault = Diagnostic::new("TLS needs a certificate");
        let hint = "such as certificates = [{ certificate = \"shop.pem\", key = \"shop.key\" }]";
        faults.add(fault.hint(hint).at(place));
    }
    let certificates = draft.certificates.or(Vec::new());
    let certificates = certificates.into_iter().filter_map(|one| needed(one, faults));
    Some(ListenerTls {
        certificates: certificates.collect(),
        min_version: draft.min_version.or(TlsVersion::V1_2),
        client: client(draft.client_ca, draft.client_auth, faults),
    })
}

/// A certificate with its key, of which neither may be missing.
fn needed(draft: KeyPairDraft, faults: &mut Faults) -> Option<KeyPair> {
    if draft.is_absent() {
        let fault = Diagnostic::new("this names no certificate");
        let hint = "such as { certificate = \"shop.pem\", key = \"shop.key\" }";
        faults.add(fault.hint(hint).at(draft.place));
        return None;
    }
    draft.pair(faults)
}

fn client(ca: Field<TlsFile>, required: Field<bool>, faults: &mut Faults) -> Option<ClientAuth> {
    if let (Field::Absent, Field::Given(required)) = (&ca, &required) {
        let fault = Diagnostic::new("`client_auth` needs the certificates that a client's must lead to");
        faults.add(fault.hint("add client_ca = \"clients.pem\"").at(required.span()));
    }
    let Field::Given(ca) = ca else {
        return None;
    };
    Some(ClientAuth {
        ca: ca.into_inner(),
        required: required.or(true),
    })
}

/// How the endpoints of a lane are asked; `None` where none is asked over TLS.
pub(super) fn upstream(lane: &mut LaneDraft, faults: &mut Faults) -> Option<UpstreamTls> {
    let draft = std::mem::replace(&mut lane.tls, Field::Absent);
    let endpoints = match &lane.endpoints {
        Field::Given(endpoints) => endpoints.get_ref().as_slice(),
        // What answers was refused, so nothing can be said about the fit.
        Field::Bad => return None,
        Field::Absent => {
            refuse_without_endpoints(&draft, lane, faults);
            return None;
        }
    };
    let is_secured = endpoints.iter().any(|one| one.get_ref().tls);
    let (place, draft) = match draft {
        Field::Given(draft) => (draft.span(), Some(draft.into_inner())),
        Field::Absent | Field::Bad => (0..0, None),
    };
    if !is_secured {
        if draft.is_some() {
            let fault = Diagnostic::new("no endpoint of this lane is asked over TLS");
            let hint = "write the endpoints with `https://`, or take `tls` away";
            faults.add(fault.hint(hint).at(place));
        }
        return None;
    }
    Some(of_draft(draft, place, faults))
}

fn of_draft(draft: Option<UpstreamTlsDraft>, span: Range<usize>, faults: &mut Faults) -> UpstreamTls {
    let Some(draft) = draft else {
        return UpstreamTls {
            ca: None,
            server_name: None,
            verify: true,
            client: None,
            span,
        };
    };
    let verify = draft.verify.or(true);
    if let (false, Field::Given(ca)) = (verify, &draft.ca) {
        let fault = Diagnostic::new("without verification nobody looks at `ca`");
        faults.add(fault.hint("take `verify = false` away, or `ca`").at(ca.span()));
    }
    UpstreamTls {
        ca: draft.ca.given().map(|ca| ca.get_ref().clone()),
        server_name: draft.server_name.given().map(|name| name.get_ref().clone()),
        verify,
        client: draft.client.pair(faults),
        span,
    }
}

/// What says how endpoints are asked, in a lane that has none.
fn refuse_without_endpoints(draft: &Field<UpstreamTlsDraft>, lane: &LaneDraft, faults: &mut Faults) {
    let places = [
        ("tls", draft.given().map(Spanned::span)),
        ("protocol", lane.protocol.given().map(Spanned::span)),
    ];
    for (key, place) in places {
        if let Some(place) = place {
            let fault = Diagnostic::new(format!(
                "`{key}` says how endpoints are asked, and there are none"
            ));
            faults.add(fault.hint("take it away, or name endpoints").at(place));
        }
    }
}
