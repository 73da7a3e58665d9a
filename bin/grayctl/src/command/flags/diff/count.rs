//! How many ids move, for one flag.

use graylane_flags::{Definition, FlagId, FlagSet};

use super::cause::Cause;
use super::on;
use crate::command::flags::context::Somebody;
use crate::command::flags::source::FlagFiles;

/// Ids that are kept as examples.
const EXAMPLES: usize = 3;

/// A kind of move, with examples.
#[derive(Debug, Default)]
pub(super) struct Moves {
    pub(super) count: u64,
    pub(super) examples: Vec<String>,
}

impl Moves {
    fn add(&mut self, id: &str) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(id.to_owned());
        }
    }
}

/// Counts for one flag.
pub(super) struct Counter<'a> {
    pub(super) key: &'a str,
    pub(super) causes: Vec<Cause>,
    /// What somebody can have: the variants of both sides, and after them what is none.
    pub(super) outcomes: Vec<Outcome>,
    old: Side<'a>,
    new: Side<'a>,
    /// By the outcome before and, within, the outcome after.
    counts: Vec<u64>,
    pub(super) moved: Moves,
    pub(super) leave: Moves,
    pub(super) enter: Moves,
    /// Those who keep the variant, and get another value.
    pub(super) revalued: Moves,
}

/// What somebody can have.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) name: String,
    on: bool,
    revalued: bool,
}

struct Side<'a> {
    set: &'a FlagSet,
    id: Option<FlagId>,
    /// The outcome of each variant.
    outcomes: Vec<usize>,
    /// The outcome of who has no variant, and of a rule that fails.
    none: usize,
    error: usize,
    missing: usize,
}

impl Side<'_> {
    fn outcome(&self, somebody: &Somebody<'_>) -> usize {
        let Some(id) = self.id else {
            return self.missing;
        };
        match self.set.evaluate(id, somebody) {
            Ok(resolution) => match resolution.variant {
                Some((variant, _)) => self.outcomes[usize::from(variant)],
                None => self.none,
            },
            Err(_) => self.error,
        }
    }
}

impl<'a> Counter<'a> {
    pub(super) fn new(
        key: &'a str,
        (old_files, old): (&'a FlagFiles, &'a FlagSet),
        (new_files, new): (&'a FlagFiles, &'a FlagSet),
        causes: Vec<Cause>,
    ) -> Self {
        let (before, after) = (old_files.flag(key).ok(), new_files.flag(key).ok());
        let on = on::of(before, after);
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut place = |flag: Option<&Definition>| -> Vec<usize> {
            let variants = flag.map_or(&[][..], |flag| &flag.variants);
            variants
                .iter()
                .map(|variant| {
                    let known = outcomes.iter().position(|one| one.name == *variant.name);
                    known.unwrap_or_else(|| {
                        outcomes.push(Outcome {
                            on: on.contains(&&*variant.name),
                            revalued: is_revalued(&variant.name, before, after),
                            name: variant.name.to_string(),
                        });
                        outcomes.len() - 1
                    })
                })
                .collect()
        };
        let (of_old, of_new) = (place(before), place(after));
        let none = outcomes.len();
        for name in ["(code)", "(error)", "(no flag)"] {
            outcomes.push(Outcome {
                name: name.to_owned(),
                on: false,
                revalued: false,
            });
        }
        let side = |set: &'a FlagSet, outcomes| Side {
            id: set.find(key),
            set,
            outcomes,
            none,
            error: none + 1,
            missing: none + 2,
        };
        Self {
            key,
            causes,
            old: side(old, of_old),
            new: side(new, of_new),
            counts: vec![0; outcomes.len() * outcomes.len()],
            outcomes,
            moved: Moves::default(),
            leave: Moves::default(),
            enter: Moves::default(),
            revalued: Moves::default(),
        }
    }

    /// Counts somebody.
    pub(super) fn count(&mut self, id: &str, somebody: &Somebody<'_>) {
        let (from, to) = (self.old.outcome(somebody), self.new.outcome(somebody));
        if from == to {
            if self.outcomes[from].revalued {
                self.revalued.add(id);
            }
            return;
        }
        self.counts[from * self.outcomes.len() + to] += 1;
        self.moved.add(id);
        if self.outcomes[from].on {
            self.leave.add(id);
        }
        if self.outcomes[to].on {
            self.enter.add(id);
        }
    }

    /// From which variant to which, and how many; the most first.
    pub(super) fn ways(&self) -> Vec<(&str, &str, u64)> {
        let width = self.outcomes.len();
        let ways = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let mut ways: Vec<_> = ways
            .map(|(place, count)| {
                let name = |index: usize| self.outcomes[index].name.as_str();
                (name(place / width), name(place % width), *count)
            })
            .collect();
        ways.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
        ways
    }
}

fn is_revalued(name: &str, old: Option<&Definition>, new: Option<&Definition>) -> bool {
    let value = |flag: Option<&Definition>| {
        let variant = flag?.variants.iter().find(|variant| *variant.name == *name)?;
        Some(variant.value.clone())
    };
    matches!((value(old), value(new)), (Some(one), Some(other)) if one != other)
}
