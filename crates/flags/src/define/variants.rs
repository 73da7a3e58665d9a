use std::ops::Range;
use std::sync::Arc;

use graylane_diagnostic::{Diagnostic, quote};

use super::faults::Faults;
use super::fields::object;
use super::names::Names;
use crate::tape::{Seen, View};
use crate::{Kind, Value, Variant};

/// More variants than anybody needs, and few enough to look them up one after another.
const MOST: usize = 1_000;

/// The variants of a flag.
pub(super) type Variants = (Kind, Arc<[Variant]>);

/// The variants that were read last, most of which come again: those that are on and off.
#[derive(Debug, Default)]
pub(super) struct Recent {
    names: Names,
    /// With their texts.
    lists: Vec<(Box<str>, Variants)>,
    /// The ones that the next new ones take the place of.
    oldest: usize,
    /// What a gray flag without variants has.
    on_and_off: Option<Variants>,
}

/// Few enough to look them up one after another.
const KEPT: usize = 8;
/// Longer ones hardly come again.
const LONGEST: usize = 256;

impl Recent {
    /// Reads variants: at least one, all of one type.
    pub(super) fn read(&mut self, node: View<'_>, faults: &mut Faults) -> Option<Variants> {
        let Some(text) = node.written().filter(|text| text.len() <= LONGEST) else {
            return read(node, &mut self.names, faults);
        };
        if let Some((_, known)) = self.lists.iter().find(|(known, _)| **known == *text) {
            return Some(known.clone());
        }
        let new = read(node, &mut self.names, faults)?;
        let entry = (text.into(), new.clone());
        if self.lists.len() < KEPT {
            self.lists.push(entry);
        } else {
            self.lists[self.oldest] = entry;
            self.oldest = (self.oldest + 1) % KEPT;
        }
        Some(new)
    }

    /// What a gray flag without variants has.
    pub(super) fn on_and_off(&mut self) -> Variants {
        self.on_and_off.get_or_insert_with(on_and_off).clone()
    }
}

fn read(node: View<'_>, names: &mut Names, faults: &mut Faults) -> Option<Variants> {
    let span = node.span();
    let fields = object("`variants`", node)
        .map_err(|fault| faults.add(fault.hint("such as on = true and off = false, by name")))
        .ok()?;
    let before = faults.count();
    if fields.len() == 0 {
        faults.add(empty(span));
    } else if fields.len() > MOST {
        faults.add(Diagnostic::new(format!("a flag has at most {MOST} variants")).at(span));
        return None;
    }
    let mut first: Option<(Kind, &str)> = None;
    let mut variants = Vec::with_capacity(fields.len());
    for (key, node) in fields {
        let name = key.text();
        if name.is_empty() {
            faults.add(Diagnostic::new("the name of a variant is empty").at(key.span()));
            continue;
        }
        let Some(kind) = kind_of(node) else {
            let found = node.kind();
            let fault = Diagnostic::new(format!("the variant {} is {found}", quote(name)));
            let hint = match found {
                "null" => {
                    "a variant is a boolean, string, number or object; without a default variant a flag leaves people to \
                           the default in the code"
                }
                _ => "a variant is a boolean, string, number or object; an array may stand within an object",
            };
            faults.add(fault.hint(hint).at(node.span()));
            continue;
        };
        match &first {
            Some((one, other)) if *one != kind => {
                let (this, that) = (quote(name), quote(other));
                let fault = Diagnostic::new(format!(
                    "the variant {this} is {}, and {that} is {}",
                    kind.in_words(),
                    one.in_words()
                ));
                faults.add(fault.hint("the variants of a flag have one type").at(node.span()));
            }
            Some(_) => {}
            None => first = Some((kind, name)),
        }
        variants.push(Variant {
            name: names.get(name),
            value: node.to_value(),
        });
    }
    let (kind, _) = first.filter(|_| faults.count() == before)?;
    Some((kind, variants.into()))
}

fn on_and_off() -> Variants {
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

fn kind_of(node: View<'_>) -> Option<Kind> {
    match node.data() {
        Seen::Bool(_) => Some(Kind::Boolean),
        Seen::Text(_) => Some(Kind::Text),
        Seen::Number(_) => Some(Kind::Number),
        Seen::Map(_) => Some(Kind::Object),
        Seen::Null | Seen::List(_) => None,
    }
}
