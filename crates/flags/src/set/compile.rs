use std::sync::Arc;

use graylane_diagnostic::{Diagnostic, Diagnostics, quote};

use crate::bucketing::{Ends, Seed};
use crate::program::{Manner, compile};
use crate::set::flag::{Chosen, Parts, Plan};
use crate::set::names::Names;
use crate::set::programs::Programs;
use crate::{
    Bucketing, CompiledFlag, Definition, Definitions, FlagSet, Metadata, Options, Reason, Split, State,
};

/// How long a chain of prerequisites may be: the evaluator goes as deep on the stack.
const LONGEST: u32 = 16;
/// How many flags one evaluation may look at for its prerequisites, each time counted.
const MOST: u64 = 256;

pub(super) fn strictly(definitions: &Definitions, options: Options) -> Result<FlagSet, Diagnostics> {
    build(definitions, options, Manner::Strict)
}

pub(super) fn as_flagd(definitions: &Definitions, options: Options) -> Result<FlagSet, Diagnostics> {
    build(definitions, options, Manner::AsFlagd)
}

pub(super) fn mistakes(definition: &Definition) -> Vec<Diagnostic> {
    match &definition.targeting {
        // The same for every bucketing.
        Some(rule) => {
            compile(
                rule.view(),
                &definition.variants,
                Bucketing::default(),
                Manner::Strict,
            )
            .mistakes
        }
        None => Vec::new(),
    }
}

fn build(definitions: &Definitions, options: Options, manner: Manner) -> Result<FlagSet, Diagnostics> {
    let mut mistakes = chains(definitions);
    let mut programs = Programs::new(definitions.bucketing, manner);
    let flags: Box<[CompiledFlag]> = definitions
        .flags
        .iter()
        .map(|definition| {
            let rule = definition
                .targeting
                .as_ref()
                .map(|rule| programs.compile(definition, rule));
            let program = rule.map(|rule| {
                // More are not shown.
                if manner == Manner::Strict && mistakes.len() < Diagnostics::MAX {
                    mistakes.extend(rule.mistakes);
                }
                rule.program
            });
            let undecided = if definition.targeting.is_none() && definition.default.is_some() {
                Reason::Static
            } else {
                Reason::Default
            };
            let split = definition.split.as_ref();
            let split = split.map(|split| in_buckets(split, definitions.bucketing));
            let plan = plan(
                definition,
                split.as_ref(),
                definitions.bucketing,
                undecided,
                options,
            );
            CompiledFlag {
                plan,
                variants: Arc::clone(&definition.variants),
                seed: Seed::new(definitions.bucketing, &definition.key),
                split,
                default: definition.default,
                undecided,
                bucketing: definitions.bucketing,
                program,
                prerequisites: definition.prerequisites.clone().into(),
                key: definition.key.as_str().into(),
                kind: definition.kind,
                state: definition.state,
                metadata: overlay(&definitions.metadata, &definition.metadata),
            }
        })
        .collect();
    match Diagnostics::collect(mistakes) {
        Some(mistakes) => Err(mistakes),
        None => Ok(FlagSet {
            names: Names::new(&flags),
            flags,
            metadata: definitions.metadata.clone(),
        }),
    }
}

fn plan(
    definition: &Definition,
    split: Option<&Split>,
    bucketing: Bucketing,
    undecided: Reason,
    options: Options,
) -> Plan {
    let fixed = |variant, reason| Plan::Fixed(Chosen::new(variant, reason));
    let is_asked = definition.targeting.is_some() || !definition.prerequisites.is_empty();
    match (definition.state, split) {
        (State::Disabled, _) => fixed(None, Reason::Disabled),
        (State::Enabled, Some(split)) if !options.gray_on => fixed(Some(split.off), Reason::Disabled),
        (State::Enabled, _) if is_asked => Plan::Rule,
        (State::Enabled, Some(split)) if split.by.is_none() && bucketing != Bucketing::V1 => {
            Plan::Split(Parts::new(split))
        }
        (State::Enabled, Some(_)) => Plan::Rule,
        (State::Enabled, None) => fixed(definition.default, undecided),
    }
}

/// The split with its share in buckets of that bucketing.
fn in_buckets(split: &Split, bucketing: Bucketing) -> Split {
    let mut ends = Ends::new(bucketing, split.of);
    Split {
        share: ends.after(split.share),
        of: ends.buckets(),
        ..split.clone()
    }
}

/// The metadata of a flag before that of its set, name by name.
fn overlay(set: &Metadata, flag: &Metadata) -> Metadata {
    let own = |name: &str| flag.iter().any(|(other, _)| **other == *name);
    let inherited = set.iter().filter(|(name, _)| !own(name));
    flag.iter().chain(inherited).cloned().collect()
}

/// Prerequisites that one evaluation could not look through on a bounded stack in a bounded time.
fn chains(definitions: &Definitions) -> Vec<Diagnostic> {
    let mut known = vec![None; definitions.flags.len()];
    let too_far = |definition: &Definition| {
        Diagnostic::new(format!("the prerequisites of {} reach too far", quote(&definition.key)))
            .hint(format!(
                "a chain has at most {LONGEST} flags and no ring, and one flag waits for at most {MOST} others in all"
            ))
            .at(definition.span.clone())
    };
    (0..definitions.flags.len())
        .filter(|index| reach(definitions, *index, LONGEST, &mut known).is_none())
        .map(|index| too_far(&definitions.flags[index]))
        .collect()
}

/// How many flags an evaluation looks at, and how deep it goes.
#[derive(Debug, Clone, Copy)]
struct Reach {
    flags: u64,
    depth: u32,
}

fn reach(definitions: &Definitions, index: usize, left: u32, known: &mut [Option<Reach>]) -> Option<Reach> {
    if let Some(reach) = known[index] {
        return (reach.depth <= left).then_some(reach);
    }
    let left = left.checked_sub(1)?;
    let mut all = Reach { flags: 1, depth: 1 };
    for prerequisite in &definitions.flags[index].prerequisites {
        let below = reach(definitions, prerequisite.flag as usize, left, known)?;
        all.flags += below.flags;
        all.depth = all.depth.max(below.depth + 1);
    }
    if all.flags > MOST {
        return None;
    }
    known[index] = Some(all);
    Some(all)
}
