use std::collections::BTreeMap;

use graylane_core::Name;
use graylane_diagnostic::Diagnostic;

use crate::parse::{CredentialDraft, Faults, Field};
use crate::{Credential, Sha256};

/// Each has a hash of its own: of two with the same one nobody could say who it was.
pub(super) fn check(drafts: Field<Vec<CredentialDraft>>, word: &str, faults: &mut Faults) -> Vec<Credential> {
    let mut owners: BTreeMap<Sha256, Name> = BTreeMap::new();
    let mut all = Vec::new();
    for draft in drafts.or(Vec::new()) {
        let (place, sha256) = match draft.sha256 {
            Field::Given(hash) => (hash.span(), hash.into_inner()),
            Field::Absent => {
                let fault = Diagnostic::new(format!("a {word} needs its `sha256`"));
                faults.add(
                    fault
                        .hint("printf %s \"$TOKEN\" | sha256sum prints it")
                        .at(draft.place),
                );
                continue;
            }
            Field::Bad => continue,
        };
        let Some(name) = draft.name else { continue };
        if let Some(other) = owners.get(&sha256) {
            let fault = Diagnostic::new(format!("`{other}` has the same {word} already"));
            faults.add(
                fault
                    .hint(format!(
                        "give everybody a {word} of their own: the audit log tells them apart"
                    ))
                    .at(place),
            );
            continue;
        }
        owners.insert(sha256, name.clone());
        all.push(Credential { name, sha256 });
    }
    all
}
