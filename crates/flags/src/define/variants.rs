use std::ops::Range;

use graylane_diagnostic::{Diagnostic, quote};

use super::faults::Faults;
use super::fields::object;
use super::names::Names;
use crate::{Data, Kind, Node, Text, Value, Variant};

/// More variants than anybody needs, and few enough to look them up one after another.
const MOST: usize = 1_000;

/// Reads variants: at least one, all of one type.
pub(super) fn read(node: Node, names: &mut Names, faults: &mut Faults) -> Option<(Kind, Vec<Variant>)> {
    let span = node.span.clone();
    let fields = object("`variants`", node)
        .map_err(|fault| faults.add(fault.hint("such as on = true and off = false, by name")))
        .ok()?;
    let before = faults.count();
    if fields.is_empty() {
        faults.add(empty(span));
    } else if fields.len() > MOST {
        faults.add(Diagnostic::new(format!("a flag has at most {MOST} variants")).at(span));
        return None;
    }
    let mut first: Option<(Kind, Text)> = None;
    let mut variants = Vec::with_capacity(fields.len());
    for (key, node) in fields {
        if key.name.is_empty() {
            faults.add(Diagnostic::new("the name of a variant is empty").at(key.span));
            continue;
        }
        let Some(kind) = kind_of(&node.data) else {
            let found = node.data.kind();
            let fault = Diagnostic::new(format!("the variant {} is {found}", quote(&key.name)));
            let hint = match found {
                "null" => {
                    "a variant is a boolean, string, number or object; without a default variant a flag leaves people to \
                           the default in the code"
                }
                _ => "a variant is a boolean, string, number or object; an array may stand within an object",
            };
            faults.add(fault.hint(hint).at(node.span));
            continue;
        };
        match &first {
            Some((one, name)) if *one != kind => {
                let (this, that) = (quote(&key.name), quote(name));
                let fault = Diagnostic::new(format!(
                    "the variant {this} is {}, and {that} is {}",
                    kind.in_words(),
                    one.in_words()
                ));
                faults.add(
                    fault
                        .hint("the variants of a flag have one type")
                        .at(node.span.clone()),
                );
            }
            Some(_) => {}
            None => first = Some((kind, key.name.clone())),
        }
        variants.push(Variant {
            name: names.get(&key.name),
            value: node.into_value(),
        });
    }
    let (kind, _) = first.filter(|_| faults.count() == before)?;
    Some((kind, variants))
}

/// What a gray flag without variants has.
pub(super) fn on_and_off() -> (Kind, Vec<Variant>) {
    let variants = [("on", true), ("off", false)].map(|(name, value)| Variant {
        name: name.into(),
        value: Value::Bool(value),
    });
    (Kind::Boolean, variants.into())
}

fn empty(span: Range<usize>) -> Diagnostic {
    Diagnostic::new("a flag has at least one variant")
        .hint("such as on = true and off = false, by name")
        .at(span)
}

fn kind_of(data: &Data) -> Option<Kind> {
    match data {
        Data::Bool(_) => Some(Kind::Boolean),
        Data::Text(_) => Some(Kind::Text),
        Data::Number(_) => Some(Kind::Number),
        Data::Map(_) => Some(Kind::Object),
        Data::Null | Data::List(_) => None,
    }
}
