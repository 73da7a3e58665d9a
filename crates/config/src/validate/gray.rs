use std::collections::BTreeMap;

use graylane_core::{Dialect, Tag};
use graylane_diagnostic::{Diagnostic, quote};
use toml::Spanned;

use crate::parse::{Faults, Field, GrayDraft, GrayKeyDraft, LaneDraft, ListenerDraft, ServiceDraft};
use crate::{Gray, GrayKey};

/// The most keys: each is a file that is read and watched.
const MOST_KEYS: usize = 64;

/// Whether a listener asks clients for their certificates; `None` where what would say so was refused.
pub(super) fn asks_clients(listeners: &Field<Vec<ListenerDraft>>) -> Option<bool> {
    let listeners = listeners.given()?.get_ref();
    let mut is_known = true;
    for listener in listeners {
        match &listener.tls {
            Field::Given(tls) if tls.get_ref().client_ca.given().is_some() => return Some(true),
            Field::Given(tls) => is_known &= !tls.get_ref().client_ca.is_bad(),
            Field::Bad => is_known = false,
            Field::Absent => {}
        }
    }
    is_known.then_some(false)
}

/// The table; `asks` is what [`asks_clients`] says.
pub(super) fn check(draft: GrayDraft, asks: Option<bool>, faults: &mut Faults) -> Gray {
    let usual = Gray::default();
    if let (Some(false), Some(names)) = (asks, draft.certificates.given())
        && !names.get_ref().is_empty()
    {
        let fault = Diagnostic::new("no listener asks clients for a certificate");
        let hint = "add `client_ca` to the `tls` of a listener, or take `certificates` away";
        faults.add(fault.hint(hint).at(names.span()));
    }
    let certificates = draft.certificates.or(Vec::new());
    Gray {
        read: once(draft.read, usual.read, faults),
        write: once(draft.write, usual.write, faults),
        member: draft.member.or(usual.member),
        certificates: certificates.into_iter().map(Spanned::into_inner).collect(),
        keys: keys(draft.keys, faults),
        max_age: draft.max_age.or(usual.max_age),
    }
}

/// The dialects, none of them twice.
fn once(field: Field<Vec<Spanned<Dialect>>>, usual: Vec<Dialect>, faults: &mut Faults) -> Vec<Dialect> {
    let Field::Given(all) = field else {
        return usual;
    };
    let mut dialects = Vec::new();
    for dialect in all.into_inner() {
        let place = dialect.span();
        let dialect = dialect.into_inner();
        if dialects.contains(&dialect) {
            let fault = Diagnostic::new(format!("the dialect `{dialect}` stands twice"));
            faults.add(fault.hint("remove one: the first of them counts").at(place));
        } else {
            dialects.push(dialect);
        }
    }
    dialects
}

fn keys(drafts: Field<Vec<GrayKeyDraft>>, faults: &mut Faults) -> Vec<GrayKey> {
    let drafts = drafts.or(Vec::new());
    if let Some(further) = drafts.get(MOST_KEYS) {
        let fault = Diagnostic::new(format!("there are more than {MOST_KEYS} keys of signatures"));
        let hint = "remove those that nobody signs with any more";
        faults.add(fault.hint(hint).at(further.place.clone()));
        return Vec::new();
    }
    let mut all = Vec::new();
    for draft in drafts {
        match (draft.name, draft.file) {
            (_, Field::Absent) => {
                let fault = Diagnostic::new("a key of signatures needs its file");
                faults.add(
                    fault
                        .hint("such as file = \"edge.key\"; `grayctl context keygen` makes one")
                        .at(draft.place),
                );
            }
            (Some(name), Field::Given(file)) => all.push(GrayKey {
                name,
                file: file.into_inner(),
            }),
            _ => {}
        }
    }
    all
}

/// No tag is that of another lane, or its name: whoever asks for one of them would get the other.
pub(super) fn tags(service: &ServiceDraft, lanes: &[LaneDraft], faults: &mut Faults) {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, lane) in lanes.iter().enumerate() {
        taken.extend(lane.name.as_ref().map(|name| (name.as_str(), number)));
    }
    for (number, lane) in lanes.iter().enumerate() {
        let Some(tag) = lane.tag.given() else { continue };
        let owner = *taken.entry(tag.get_ref().as_str()).or_insert(number);
        if owner != number {
            let name = lanes[owner].name.as_ref().map_or("?", |name| name.as_str());
            let fault = Diagnostic::new(format!(
                "the lane `{name}` of the service {} is called {} already",
                quote(&service.key),
                quote(tag.get_ref().as_str())
            ));
            faults.add(fault.hint("give each lane a tag of its own").at(tag.span()));
        }
    }
}

/// The tag of a lane.
pub(super) fn tag(lane: &LaneDraft) -> Option<Tag> {
    Some(match &lane.tag {
        Field::Given(tag) => *tag.get_ref(),
        Field::Absent | Field::Bad => Tag::from(lane.name.as_ref()?),
    })
}
