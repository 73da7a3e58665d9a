use graylane_diagnostic::{Diagnostic, quote};

use super::faults::Faults;
use crate::Key;
use crate::tape::{Entries, Seen, View};

/// The format of a file, where it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// flagd's schema allows keys that it does not know.
    Json,
    Toml,
}

/// Takes the known keys out of an object, each in its place; each known key is given with its other spellings.
pub(super) fn known<'t, const N: usize>(
    fields: Entries<'t>,
    known: &[&[&'static str]; N],
    others: Others,
    faults: &mut Faults,
) -> [Option<(View<'t>, View<'t>)>; N] {
    let mut found = [None; N];
    for (key, node) in fields {
        let name = key.text();
        let Some(index) = known.iter().position(|spellings| spellings.contains(&name)) else {
            unknown(key, known.iter().copied().flatten().copied(), others, faults);
            continue;
        };
        match &found[index] {
            None => found[index] = Some((key, node)),
            Some((first, _)) => {
                let first = quote(first.text());
                let fault = Diagnostic::new(format!("{} says the same as {first}", quote(key.text())));
                faults.add(fault.hint("remove one of the two").at(key.span()));
            }
        }
    }
    found
}

/// Whether there may be keys that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    Refused,
    /// Unless they look like a known one that is misspelt.
    Allowed,
}

impl From<Format> for Others {
    fn from(format: Format) -> Self {
        match format {
            Format::Json => Self::Allowed,
            Format::Toml => Self::Refused,
        }
    }
}

fn unknown(
    key: View<'_>,
    known: impl Iterator<Item = &'static str> + Clone,
    others: Others,
    faults: &mut Faults,
) {
    let near = graylane_diagnostic::meant(key.text(), known.clone());
    if others == Others::Allowed && near.is_none() {
        return;
    }
    let fault = Diagnostic::new(format!("{} is not known here", quote(key.text())));
    let hint = faults.meant_among(key.text(), "what may stand here", known);
    faults.add(fault.hint(hint).at(key.span()));
}

/// The fields of an object, or a mistake that says what should be one.
pub(super) fn object<'t>(what: &str, node: View<'t>) -> Result<Entries<'t>, Diagnostic> {
    match node.data() {
        Seen::Map(fields) => Ok(fields),
        _ => Err(wrong_type(what, "an object", node).at(node.span())),
    }
}

/// "`state` takes a string, not a number".
pub(super) fn wrong_type(what: &str, takes: &str, found: View<'_>) -> Diagnostic {
    Diagnostic::new(format!("{what} takes {takes}, not {}", found.kind()))
}

/// A string that is not empty.
pub(super) fn text(what: &str, node: View<'_>) -> Result<Key, Diagnostic> {
    match node.data() {
        Seen::Text("") => Err(Diagnostic::new(format!("{what} is empty")).at(node.span())),
        Seen::Text(_) => Ok(node.to_key()),
        _ => Err(wrong_type(what, "a string", node).at(node.span())),
    }
}
