use graylane_diagnostic::{Diagnostic, quote};

use super::faults::Faults;
use super::fields::object;
use crate::{Data, Key, Metadata, Node};

/// Reads metadata: strings, numbers and booleans by name.
pub(super) fn read(node: Node, faults: &mut Faults) -> Metadata {
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

pub(super) fn of_fields(fields: Vec<(Key, Node)>, faults: &mut Faults) -> Metadata {
    let mut metadata = Metadata::with_capacity(fields.len().min(MOST));
    if let Some((key, _)) = fields.get(MOST) {
        faults.add(Diagnostic::new(format!("there are more than {MOST} metadata")).at(key.span.clone()));
        return metadata;
    }
    for (key, node) in fields {
        match node.data {
            Data::Text(_) | Data::Number(_) | Data::Bool(_) => {
                metadata.push((key.name.as_str().into(), node.into_value()));
            }
            data => {
                let fault = Diagnostic::new(format!("metadata {} is {}", quote(&key.name), data.kind()));
                faults.add(
                    fault
                        .hint("metadata are strings, numbers and booleans")
                        .at(node.span),
                );
            }
        }
    }
    metadata
}
