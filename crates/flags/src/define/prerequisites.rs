//! Flags that must have certain variants first.

mod graph;

use std::collections::HashMap;
use std::ops::Range;

use graylane_diagnostic::{Diagnostic, quote};

use super::faults::Faults;
use super::fields::{Others, known, object, text, wrong_type};
use super::flag::{Draft, index_of, no_variant};
use crate::hash::Quick;
use crate::tape::{Seen, View};
use crate::{Key, Kind, Prerequisite, Text, Value};

/// A prerequisite as it was written.
#[derive(Debug)]
pub(super) struct Wanted {
    flag: Key,
    /// The good ones; `None`: those that are true.
    variants: Option<Vec<Key>>,
}

const EXAMPLE: &str = "such as [{ flag = \"shop-v2\", variants = [\"on\"] }]";

/// Reads `[{ flag = "a", variants = ["on"] }]`.
pub(super) fn read(node: View<'_>, faults: &mut Faults) -> Vec<Wanted> {
    let Seen::List(items) = node.data() else {
        let fault = wrong_type("`prerequisites`", "an array of objects", node);
        faults.add(fault.hint(EXAMPLE).at(node.span()));
        return Vec::new();
    };
    let read = items.filter_map(|item| one(item, faults));
    read.collect()
}

fn one(item: View<'_>, faults: &mut Faults) -> Option<Wanted> {
    let span = item.span();
    let fields = object("a prerequisite", item)
        .map_err(|fault| faults.add(fault.hint(EXAMPLE)))
        .ok()?;
    let [flag, variants] = known(fields, &[&["flag"], &["variants"]], Others::Refused, faults);
    let Some((_, flag)) = flag else {
        faults.add(
            Diagnostic::new("the prerequisite has no `flag`")
                .hint(EXAMPLE)
                .at(span),
        );
        return None;
    };
    let flag = text("`flag`", flag)
        .map_err(|fault| faults.add(fault.hint(EXAMPLE)))
        .ok()?;
    let variants = match variants.map(|(_, node)| (node, node.data())) {
        None => None,
        Some((node, Seen::List(items))) if items.len() == 0 => {
            let fault = Diagnostic::new("no variant is good enough for the prerequisite");
            faults.add(
                fault
                    .hint("name at least one, or leave `variants` out for the value true")
                    .at(node.span()),
            );
            return None;
        }
        Some((_, Seen::List(items))) => {
            let names = items.filter_map(|item| {
                let name = text("`variants`", item);
                name.map_err(|fault| faults.add(fault.hint(EXAMPLE))).ok()
            });
            Some(names.collect())
        }
        Some((node, _)) => {
            let fault = wrong_type("`variants`", "an array of names", node);
            faults.add(fault.hint(EXAMPLE).at(node.span()));
            return None;
        }
    };
    Some(Wanted { flag, variants })
}

/// The flags of the set by key.
pub(super) type Index = HashMap<Text, usize, Quick>;

/// A flag of the set: `None` where it is broken.
pub(super) struct Slot {
    pub(super) key: Text,
    /// The number of the file that has it last.
    pub(super) file: usize,
    pub(super) draft: Option<Draft>,
}

/// Finds the flags that others want, and takes out those that cannot have them. Mistakes that follow from others are told
/// only where `tell_all`: where the set is used without the broken flags.
pub(super) fn join(slots: &mut [Slot], index: &Index, tell_all: bool, faults: &mut Faults) {
    let found: Vec<Vec<Edge>> = slots
        .iter()
        .map(|slot| edges(slot, slots, index, faults))
        .collect();
    let mut broken: Vec<bool> = slots
        .iter()
        .zip(&found)
        .map(|(slot, edges)| {
            let wanted = slot.draft.as_ref().map(|draft| draft.wanted.len());
            wanted != Some(edges.len())
        })
        .collect();
    graph::check(slots, &found, &mut broken, faults);
    for (from, to) in graph::spread(&found, &mut broken) {
        if tell_all && let Some(draft) = &slots[from].draft {
            let (this, that) = (quote(&slots[from].key), quote(&slots[to].key));
            let fault = Diagnostic::new(format!("{this} is left out, because its prerequisite {that} is"));
            faults.add(fault.at(draft.definition.span.clone()));
        }
    }
    // The flags that stay move up.
    let mut next = 0;
    let places: Vec<u32> = broken
        .iter()
        .map(|broken| {
            let place = next;
            next += u32::from(!broken);
            place
        })
        .collect();
    for ((slot, edges), broken) in slots.iter_mut().zip(found).zip(broken) {
        match &mut slot.draft {
            Some(draft) if !broken => {
                let edges = edges.into_iter().map(|edge| Prerequisite {
                    flag: places[edge.to],
                    variants: edge.variants,
                });
                draft.definition.prerequisites = edges.collect();
            }
            _ => slot.draft = None,
        }
    }
}

/// One flag wants another.
#[derive(Debug)]
struct Edge {
    to: usize,
    variants: Vec<u16>,
    span: Range<usize>,
}

/// What a flag wants, without what it cannot have.
fn edges(slot: &Slot, slots: &[Slot], index: &Index, faults: &mut Faults) -> Vec<Edge> {
    let wanted = slot.draft.iter().flat_map(|draft| &draft.wanted);
    let edges = wanted.filter_map(|wanted| {
        let Some(to) = index.get(&wanted.flag.name).copied() else {
            let fault = Diagnostic::new(format!("there is no flag {}", quote(&wanted.flag.name)));
            let hint = faults.meant_among(&wanted.flag.name, "flag", slots.iter().map(|slot| &*slot.key));
            faults.add(fault.hint(hint).at(wanted.flag.span.clone()));
            return None;
        };
        let variants = match &slots[to].draft {
            Some(draft) => good_variants(wanted, draft, faults)?,
            // The flag is broken, and this one follows it out.
            None => Vec::new(),
        };
        Some(Edge {
            to,
            variants,
            span: wanted.flag.span.clone(),
        })
    });
    edges.collect()
}

fn good_variants(wanted: &Wanted, flag: &Draft, faults: &mut Faults) -> Option<Vec<u16>> {
    let flag = &flag.definition;
    let Some(names) = &wanted.variants else {
        let all = flag.variants.iter().zip(0..);
        let good: Vec<u16> = all
            .filter(|(variant, _)| variant.value == Value::Bool(true))
            .map(|(_, index)| index)
            .collect();
        if good.is_empty() {
            let name = quote(&wanted.flag.name);
            let fault = match flag.kind {
                Kind::Boolean => Diagnostic::new(format!("no variant of {name} is true")),
                kind => Diagnostic::new(format!("a variant of {name} is {}, never true", kind.in_words())),
            };
            faults.add(
                fault
                    .hint("name the good ones in `variants`")
                    .at(wanted.flag.span.clone()),
            );
            return None;
        }
        return Some(good);
    };
    let mut good = Vec::with_capacity(names.len());
    let mut all_known = true;
    for name in names {
        match index_of(&name.name, &flag.variants) {
            Some(index) => good.push(index),
            None => {
                all_known = false;
                no_variant(&name.name, name.span.clone(), &flag.variants, faults);
            }
        }
    }
    all_known.then_some(good)
}
