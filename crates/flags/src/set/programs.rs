use std::collections::HashMap;
use std::sync::Arc;

use crate::program::{Compiled, Manner, Program, compile};
use crate::set::names::hash;
use crate::{Bucketing, Definition, Rule, Variant};

/// Compiles rules, each only once: flags of a set often have the same, and many the same split.
///
/// What a rule compiles to depends on nothing but what is written in it, on the names of the flag's variants, and on what
/// holds for the whole set. Rules with mistakes are not shared, because each has places of its own.
#[derive(Debug)]
pub(super) struct Programs<'d> {
    bucketing: Bucketing,
    manner: Manner,
    /// By a hash that whoever writes the rules may know: two of the same hash that are not the same are not shared, and
    /// nothing takes longer.
    known: HashMap<u32, Known<'d>>,
}

#[derive(Debug)]
struct Known<'d> {
    text: &'d str,
    variants: &'d [Variant],
    program: Arc<Program>,
}

impl<'d> Programs<'d> {
    pub(super) fn new(bucketing: Bucketing, manner: Manner) -> Self {
        Self {
            bucketing,
            manner,
            known: HashMap::new(),
        }
    }

    /// The program of a flag with this rule, and the mistakes in it.
    pub(super) fn compile(&mut self, flag: &'d Definition, rule: &'d Rule) -> Compiled<Arc<Program>> {
        let text = rule.view().written();
        let hash = text.map(hash);
        if let Some((text, hash)) = text.zip(hash)
            && let Some(known) = self.known.get(&hash)
            && known.text == text
            && has_names(&flag.variants, known.variants)
        {
            return Compiled {
                program: Arc::clone(&known.program),
                mistakes: Vec::new(),
            };
        }
        let Compiled { program, mistakes } =
            compile(rule.view(), &flag.variants, self.bucketing, self.manner);
        let program = Arc::new(program);
        if mistakes.is_empty()
            && let Some((text, hash)) = text.zip(hash)
        {
            let known = Known {
                text,
                variants: &flag.variants,
                program: Arc::clone(&program),
            };
            self.known.insert(hash, known);
        }
        Compiled { program, mistakes }
    }
}

fn has_names(one: &[Variant], other: &[Variant]) -> bool {
    let is_same =
        |(one, other): (&Variant, &Variant)| Arc::ptr_eq(&one.name, &other.name) || one.name == other.name;
    std::ptr::eq(one, other) || one.len() == other.len() && std::iter::zip(one, other).all(is_same)
}
