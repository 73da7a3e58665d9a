use graylane_diagnostic::{Diagnostic, quote};

use super::faults::Faults;
use super::fields::object;
use crate::Metadata;
use crate::tape::{Seen, View};

/// Reads metadata: strings, numbers and booleans by name.
pub(super) fn read(node: View<'_>, faults: &mut Faults) -> Metadata {
    match object("`metadata`", node) {
        Ok(fields) => of_fields(fields, faults),
        Err(fault) => {
            faults.add(fault);
            Metadata::new()
        }
    }
}

/// More than anybody needs, and few enough to look them up one after another.
const MOST: usize = 1_000;

pub(super) fn of_fields<'t>(
    fields: impl Iterator<Item = (View<'t>, View<'t>)> + Clone,
    faults: &mut Faults,
) -> Metadata {
    let mut metadata = Metadata::new();
    if let Some((key, _)) = fields.clone().nth(MOST) {
        faults.add(Diagnostic::new(format!("there are more than {MOST} metadata")).at(key.span()));
        return metadata;
    }
    for (key, node) in fields {
        match node.data() {
            Seen::Text(_) | Seen::Number(_) | Seen::Bool(_) => {
                metadata.push((key.text().into(), node.to_value()));
            }
            _ => {
                let fault = Diagnostic::new(format!("metadata {} is {}", quote(key.text()), node.kind()));
                faults.add(
                    fault
                        .hint("metadata are strings, numbers and booleans")
                        .at(node.span()),
                );
            }
        }
    }
    metadata
}
