use graylane_diagnostic::{Diagnostic, quote};

use super::faults::Faults;
use crate::{Data, Key, Node};

/// The format of a file, where it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// flagd's schema allows keys that it does not know.
    Json,
    Toml,
}

/// Takes the known keys out of an object, each in its place; each known key is given with its other spellings.
pub(super) fn known<const N: usize>(
    fields: Vec<(Key, Node)>,
    known: &[&[&'static str]; N],
    others: Others,
    faults: &mut Faults,
) -> [Option<(Key, Node)>; N] {
    let mut found = [const { None }; N];
    for (key, node) in fields {
        let Some(index) = known.iter().position(|spellings| spellings.contains(&&*key.name)) else {
            unknown(&key, known.iter().copied().flatten().copied(), others, faults);
            continue;
        };
        match &found[index] {
            None => found[index] = Some((key, node)),
            Some((first, _)) => {
                let first = quote(&first.name);
                let fault = Diagnostic::new(format!("{} says the same as {first}", quote(&key.name)));
                faults.add(fault.hint("remove one of the two").at(key.span));
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
    key: &Key,
    known: impl Iterator<Item = &'static str> + Clone,
    others: Others,
    faults: &mut Faults,
) {
    let near = graylane_diagnostic::meant(&key.name, known.clone());
    if others == Others::Allowed && near.is_none() {
        return;
    }
    let fault = Diagnostic::new(format!("{} is not known here", quote(&key.name)));
    let hint = faults.meant_among(&key.name, "what may stand here", known);
    faults.add(fault.hint(hint).at(key.span.clone()));
}

/// The fields of an object, or a mistake that says what should be one.
pub(super) fn object(what: &str, node: Node) -> Result<Vec<(Key, Node)>, Diagnostic> {
    match node.data {
        Data::Map(fields) => Ok(fields),
        data => Err(wrong_type(what, "an object", &data).at(node.span)),
    }
}

/// "`state` takes a string, not a number".
pub(super) fn wrong_type(what: &str, takes: &str, found: &Data) -> Diagnostic {
    Diagnostic::new(format!("{what} takes {takes}, not {}", found.kind()))
}

/// A string that is not empty.
pub(super) fn text(what: &str, node: Node) -> Result<Key, Diagnostic> {
    match node.data {
        Data::Text(name) if name.is_empty() => Err(Diagnostic::new(format!("{what} is empty")).at(node.span)),
        Data::Text(name) => Ok(Key {
            span: node.span,
            name,
        }),
        data => Err(wrong_type(what, "a string", &data).at(node.span)),
    }
}
