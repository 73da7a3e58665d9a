use graylane_diagnostic::{Diagnostic, quote};
use toml::Spanned;

use super::credentials;
use crate::parse::{Faults, Field, OfrepDraft};
use crate::{Admin, Cors, FlagFile, Flags, Listener, Ofrep};

/// No file twice.
pub(super) fn files(files: Field<Vec<Spanned<Box<str>>>>, faults: &mut Faults) -> Flags {
    let files = files.or(Vec::new());
    for (i, file) in files.iter().enumerate() {
        if files[..i].iter().any(|other| other.get_ref() == file.get_ref()) {
            let fault = Diagnostic::new(format!("{} stands twice", quote(file.get_ref())));
            faults.add(fault.hint("remove one; the later file wins").at(file.span()));
        }
    }
    let entry = |file: Spanned<Box<str>>| FlagFile {
        span: file.span(),
        path: file.into_inner(),
    };
    Flags {
        files: files.into_iter().map(entry).collect(),
    }
}

/// Without a key loopback only; no address that another part has.
pub(super) fn ofrep(
    draft: OfrepDraft,
    admin: &Admin,
    listeners: &[Listener],
    faults: &mut Faults,
) -> Option<Ofrep> {
    let open = draft.keys.is_absent() || draft.keys.given().is_some_and(|all| all.get_ref().is_empty());
    let keys = credentials::check(draft.keys, "key", faults);
    let cors = cors(draft.cors, faults);
    let address = match draft.address {
        Field::Given(address) => address,
        Field::Absent => {
            let fault = Diagnostic::new("`ofrep` needs an address");
            faults.add(fault.hint("such as address = \"127.0.0.1:8016\"").at(draft.place));
            return None;
        }
        Field::Bad => return None,
    };
    let span = address.span();
    let address = address.into_inner();
    if open && !address.ip().to_canonical().is_loopback() {
        let fault = Diagnostic::new(format!(
            "flags would be open to others: {address} is not a loopback address"
        ));
        let port = address.port();
        let hint = format!(
            "write \"127.0.0.1:{port}\", or let others in by a key: [ofrep.keys.NAME] sha256 = \"…\""
        );
        faults.add(fault.hint(hint).at(span.clone()));
    }
    let listener = listeners.iter().find(|one| one.address == address);
    let owner = match listener {
        Some(listener) => Some(format!("the listener `{}`", listener.name)),
        None if admin.address == address => Some("the admin port".to_owned()),
        None => None,
    };
    if let Some(owner) = owner.filter(|_| address.port() != 0) {
        let fault = Diagnostic::new(format!("{owner} has the address {address} already"));
        faults.add(fault.hint("choose another port").at(span.clone()));
    }
    Some(Ofrep {
        address,
        span,
        cors,
        keys,
    })
}

/// `*` stands alone, and nothing twice.
fn cors(origins: Field<Vec<Spanned<Box<str>>>>, faults: &mut Faults) -> Cors {
    let origins = origins.or(Vec::new());
    let any = origins.iter().find(|origin| &**origin.get_ref() == "*");
    if let Some(any) = any {
        if origins.len() > 1 {
            let fault = Diagnostic::new("`*` stands for every origin, so the others say nothing");
            faults.add(fault.hint("keep `*` alone, or name the origins").at(any.span()));
        }
        return Cors::Any;
    }
    for (i, origin) in origins.iter().enumerate() {
        if origins[..i]
            .iter()
            .any(|other| other.get_ref() == origin.get_ref())
        {
            let fault = Diagnostic::new(format!("{} stands twice", quote(origin.get_ref())));
            faults.add(fault.hint("remove one").at(origin.span()));
        }
    }
    Cors::Origins(origins.into_iter().map(Spanned::into_inner).collect())
}
