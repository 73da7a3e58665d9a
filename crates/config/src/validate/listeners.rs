use std::collections::BTreeMap;
use std::net::SocketAddr;

use graylane_diagnostic::Diagnostic;

use super::{credentials, tls};
use crate::parse::{CredentialDraft, Faults, Field, ListenerDraft};
use crate::{Admin, Listener};

/// At least one listener, no address twice.
pub(super) fn check(
    drafts: Field<Vec<ListenerDraft>>,
    admin: &Field<SocketAddr>,
    faults: &mut Faults,
) -> Vec<Listener> {
    if drafts.is_absent() || drafts.given().is_some_and(|all| all.get_ref().is_empty()) {
        let fault = Diagnostic::new("there is no listener");
        faults.add(fault.hint("add [listeners.web] with address = \"127.0.0.1:8080\""));
    }
    let admin = match admin {
        Field::Given(address) => Some(*address.get_ref()),
        Field::Absent => Some(Admin::default().address),
        Field::Bad => None,
    };
    let mut taken: BTreeMap<SocketAddr, String> = BTreeMap::new();
    let mut listeners = Vec::new();
    for draft in drafts.or(Vec::new()) {
        let place = match &draft.address {
            Field::Given(address) => address.span(),
            Field::Absent => {
                let fault = Diagnostic::new("a listener needs an address");
                faults.add(fault.hint("such as address = \"127.0.0.1:8080\"").at(draft.place));
                continue;
            }
            Field::Bad => continue,
        };
        let Field::Given(address) = draft.address else {
            continue;
        };
        let address = address.into_inner();
        // The system chooses another port for each listener with port 0.
        let earlier = taken.get(&address).filter(|_| address.port() != 0);
        if let Some(other) = earlier {
            let fault = Diagnostic::new(format!(
                "the listener `{other}` has the address {address} already"
            ));
            faults.add(
                fault
                    .hint("choose another port, or remove one of the two")
                    .at(place.clone()),
            );
        } else if admin == Some(address) && address.port() != 0 {
            let fault = Diagnostic::new(format!("the admin port has the address {address} already"));
            faults.add(
                fault
                    .hint("choose another port here or in [admin]")
                    .at(place.clone()),
            );
        }
        let tls = tls::listener(draft.tls, faults);
        if let Some(name) = draft.name {
            taken.insert(address, name.to_string());
            listeners.push(Listener {
                name,
                address,
                span: place,
                http2: draft.http2.or(true),
                tls,
            });
        }
    }
    listeners
}

/// Without a token loopback only.
pub(super) fn admin(
    address: Field<SocketAddr>,
    tokens: Field<Vec<CredentialDraft>>,
    faults: &mut Faults,
) -> Admin {
    // Tokens that were refused are tokens that somebody wanted.
    let open = tokens.is_absent() || tokens.given().is_some_and(|all| all.get_ref().is_empty());
    let tokens = credentials::check(tokens, "token", faults);
    let Field::Given(address) = address else {
        return Admin {
            tokens,
            ..Admin::default()
        };
    };
    let span = address.span();
    let address = address.into_inner();
    if open && !address.ip().to_canonical().is_loopback() {
        let fault = Diagnostic::new(format!(
            "the admin port would be open to others: {address} is not a loopback address"
        ));
        let port = address.port();
        let hint = format!(
            "write \"127.0.0.1:{port}\" or \"[::1]:{port}\", or let others in by a token: [admin.tokens.NAME] sha256 = \"…\""
        );
        faults.add(fault.hint(hint).at(span.clone()));
    }
    Admin {
        address,
        span,
        tokens,
    }
}
