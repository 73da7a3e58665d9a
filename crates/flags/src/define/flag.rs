use std::ops::Range;

use graylane_diagnostic::{Diagnostic, Source, quote};

use super::faults::Faults;
use super::fields::{Format, known, wrong_type};
use super::prerequisites::{self, Wanted};
use super::refs::Evaluators;
use super::rule::Written;
use super::split::{self, Share};
use super::state::{self, Stated};
use super::{ReadOptions, metadata, rule, variants};
use crate::tape::{Seen, View};
use crate::{Data, Definition, Key, Rule, State, Variant};

/// A flag of which everything is known but its prerequisites.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) definition: Definition,
    pub(super) wanted: Vec<Wanted>,
}

/// What the flags of a file share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'f> {
    pub(super) source: &'f Source,
    pub(super) format: Format,
    pub(super) evaluators: &'f Evaluators,
    pub(super) options: ReadOptions,
}

/// What the flags of all files share.
#[derive(Debug)]
pub(super) struct Shared {
    /// What the evaluators may still take.
    pub(super) budget: usize,
    /// Mistakes that cost a flag.
    pub(super) left_out: Faults,
    /// Mistakes that cost nothing.
    pub(super) notes: Faults,
    pub(super) variants: variants::Recent,
}

const KEYS: [&[&str]; 8] = [
    &["state"],
    &["variants"],
    &["defaultVariant", "default_variant", "default"],
    &["targeting"],
    &["metadata"],
    &["prerequisites"],
    &["hash_mod"],
    // Of the array form; the caller has read it.
    &["key"],
];

/// Reads a flag; `None` where it has mistakes.
pub(super) fn read(key: Key, node: View<'_>, around: Around<'_>, shared: &mut Shared) -> Option<Draft> {
    let faults = &mut shared.left_out;
    let before = faults.count();
    let Seen::Map(fields) = node.data() else {
        let fault = wrong_type(&format!("the flag {}", quote(&key.name)), "an object", node);
        faults.add(
            fault
                .hint("its keys are `state`, `variants` and more")
                .at(node.span()),
        );
        return None;
    };
    let keys = known(fields, &KEYS, around.format.into(), faults);
    let [stated, written, default, targeting, own, wanted, hash_mod, _] =
        keys.map(|key| key.map(|(_, node)| node));
    let (state, share) = read_state(&key, stated, hash_mod, faults);
    let (kind, variants) = match written {
        Some(node) => shared.variants.read(node, faults).unzip(),
        None if share.is_some() => {
            let (kind, variants) = shared.variants.on_and_off();
            (Some(kind), Some(variants))
        }
        None => {
            let fault = Diagnostic::new(format!("the flag {} has no `variants`", quote(&key.name)));
            faults.add(
                fault
                    .hint("such as on = true and off = false, by name")
                    .at(key.span.clone()),
            );
            (None, None)
        }
    };
    let chosen = default.and_then(|node| read_default(node, variants.as_deref(), faults));
    let split = share.flatten().zip(kind).zip(variants.as_deref());
    let split = split.and_then(|((share, kind), variants)| {
        split::join(share, kind, variants, chosen)
            .map_err(|fault| faults.add(fault.at(key.span.clone())))
            .ok()
    });
    let metadata = own.map(|node| metadata::read(node, faults)).unwrap_or_default();
    let wanted = wanted
        .map(|node| prerequisites::read(node, faults))
        .unwrap_or_default();
    let targeting = targeting.and_then(|node| {
        rule::read("`targeting`", node, around.format, around.source)
            .map_err(|fault| faults.add(fault))
            .ok()
    });
    let good = faults.count() == before;
    let targeting = match targeting {
        Some(written) => resolve(&key, written, around, shared)?,
        None => None,
    };
    let (kind, variants) = (kind?, variants?);
    let definition = Definition {
        default: chosen.or(split.as_ref().map(|split| split.off)),
        key: key.name,
        span: key.span,
        state,
        kind,
        variants,
        targeting,
        split,
        prerequisites: Vec::new(),
        metadata,
    };
    // Else it is for the compiler to find them, so that no rule is compiled twice.
    let checked = !around.options.quarantine || check_rule(&definition, around.options, &mut shared.left_out);
    (good && checked).then_some(Draft { definition, wanted })
}

/// The state, and the share where the flag is gray: `None` within, where that is not known.
fn read_state(
    key: &Key,
    stated: Option<View<'_>>,
    hash_mod: Option<View<'_>>,
    faults: &mut Faults,
) -> (State, Option<Option<Share>>) {
    let span = hash_mod.map(View::span);
    let hashed = hash_mod.map(|node| split::hash_mod(node, faults));
    let Some(node) = stated else {
        let fault = Diagnostic::new(format!("the flag {} has no `state`", quote(&key.name)));
        faults.add(
            fault
                .hint("`enabled`, `disabled` or `gray-N`")
                .at(key.span.clone()),
        );
        return (State::Disabled, hashed);
    };
    match state::read(node) {
        Ok(Stated::Enabled) => (State::Enabled, hashed),
        Ok(Stated::Disabled) => (State::Disabled, hashed),
        Ok(Stated::Gray(weight)) => {
            if let Some(span) = span {
                let fault = Diagnostic::new("`hash_mod` and a gray state both say who gets the flag");
                faults.add(fault.hint("with `hash_mod` the state is `enabled`").at(span));
            }
            (State::Enabled, Some(Some(weight.into())))
        }
        Err(fault) => {
            faults.add(fault);
            // One that was meant to be gray may have no variants.
            let gray = matches!(node.data(), Seen::Text(word) if word.to_ascii_lowercase().starts_with("gr"));
            (State::Disabled, hashed.or(gray.then_some(None)))
        }
    }
}

/// The index of the default variant.
fn read_default(node: View<'_>, variants: Option<&[Variant]>, faults: &mut Faults) -> Option<u16> {
    let name = match node.data() {
        Seen::Null | Seen::Text("") => return None,
        Seen::Text(name) => name,
        _ => {
            let fault = wrong_type("the default variant", "the name of a variant", node);
            faults.add(
                fault
                    .hint("its name in quotes, such as \"off\", not its value")
                    .at(node.span()),
            );
            return None;
        }
    };
    let found = index_of(name, variants?);
    if found.is_none() {
        no_variant(name, node.span(), variants?, faults);
    }
    found
}

/// The index of the variant of that name.
pub(super) fn index_of(name: &str, variants: &[Variant]) -> Option<u16> {
    let index = variants.iter().position(|variant| *variant.name == *name)?;
    // There are few enough.
    u16::try_from(index).ok()
}

pub(super) fn no_variant(name: &str, span: Range<usize>, variants: &[Variant], faults: &mut Faults) {
    let names = variants.iter().map(|variant| &*variant.name);
    let hint = faults.meant_among(name, "variant of the flag", names);
    let fault = Diagnostic::new(format!("there is no variant {}", quote(name)));
    faults.add(fault.hint(hint).at(span));
}

/// The rule with everything that it refers to, `None` within where that is empty; `None` where it refers to nothing.
fn resolve(key: &Key, written: Written, around: Around<'_>, shared: &mut Shared) -> Option<Option<Rule>> {
    let Around {
        evaluators, options, ..
    } = around;
    let Written { rule, is_apart } = written;
    // What stands in the file itself is no deeper than a file may be, so that there is nothing else to find.
    if !is_apart && !rule.view().refers() {
        let is_empty = matches!(rule.view().data(), Seen::Map(fields) if fields.len() == 0);
        return Some((!is_empty).then_some(rule));
    }
    let mut node = rule.to_node();
    if options.as_flagd {
        evaluators.resolve(&mut node, &mut shared.budget, &mut shared.notes);
    } else {
        let faults = &mut shared.left_out;
        let (before, span) = (faults.count(), node.span.clone());
        let good = evaluators.resolve(&mut node, &mut shared.budget, faults);
        if !good {
            follows(key, span, before, options, faults);
            return None;
        }
    }
    Some(match &node.data {
        Data::Map(fields) if fields.is_empty() => None,
        _ => Some(Rule::from(&node)),
    })
}

/// Whether a program can be made of the rule.
pub(super) fn check_rule(flag: &Definition, options: ReadOptions, faults: &mut Faults) -> bool {
    if options.as_flagd {
        return true;
    }
    let mistakes = flag.mistakes();
    let good = mistakes.is_empty();
    let before = faults.count();
    for mistake in mistakes {
        faults.add_once(mistake);
    }
    if let (false, Some(rule)) = (good, &flag.targeting) {
        let key = Key {
            span: flag.span.clone(),
            name: flag.key.clone(),
        };
        follows(&key, rule.view().span(), before, options, faults);
    }
    good
}

/// Where a mistake has been told with another flag, names this one too, if it is left out.
fn follows(key: &Key, span: Range<usize>, before: usize, options: ReadOptions, faults: &mut Faults) {
    if options.quarantine && faults.count() == before {
        faults.add(
            Diagnostic::new(format!(
                "the rule of {} uses a broken evaluator",
                quote(&key.name)
            ))
            .at(span),
        );
    }
}
