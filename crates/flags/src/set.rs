use graylane_diagnostic::{Diagnostic, Diagnostics};

use crate::program::{Decision, decide};
use crate::{Context, Definition, Definitions, EvaluateError, Metadata, Prerequisite, Reason, Resolution};

mod compile;
mod flag;
mod names;
mod programs;

pub use flag::CompiledFlag;
pub(crate) use flag::Gray;
use flag::{Chosen, Plan, Refused};
use names::Names;

/// A flag of one [`FlagSet`], by its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlagId(pub u32);

/// What a flag set is compiled for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// `GRAYSCALE_ON`: whether gray flags (those with a [`crate::Split`]) are split at all; else they have their off value.
    pub gray_on: bool,
}

/// An immutable set of compiled flags.
#[derive(Debug, Default)]
pub struct FlagSet {
    flags: Box<[CompiledFlag]>,
    names: Names,
    metadata: Metadata,
}

impl FlagSet {
    /// Compiles definitions; [`FlagId`]s follow their order.
    ///
    /// # Errors
    /// Rules that no program can be made of: an unknown operator, a wrong number of operands, too deep a nesting.
    /// Prerequisites in a ring or in too long a chain.
    pub fn compile(definitions: &Definitions, options: Options) -> Result<Self, Diagnostics> {
        compile::strictly(definitions, options)
    }

    /// Compiles definitions as flagd does: a rule that breaks the schema is no mistake; its flag fails to evaluate, or
    /// has its default where the operands of `fractional`, `sem_ver`, `starts_with` or `ends_with` are wrong. For
    /// comparisons with flagd, and for who must take its files as they are.
    ///
    /// # Errors
    /// Prerequisites, which flagd does not know: in a ring or in too long a chain.
    pub fn compile_as_flagd(definitions: &Definitions, options: Options) -> Result<Self, Diagnostics> {
        compile::as_flagd(definitions, options)
    }

    /// The flag of that key.
    #[inline(always)]
    pub fn find(&self, key: &str) -> Option<FlagId> {
        self.names.find(key, &self.flags)
    }

    /// How many flags there are.
    pub fn len(&self) -> usize {
        self.flags.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All flags, in written order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FlagId, &CompiledFlag)> {
        // Fewer than 2^32: `compile` refuses more.
        std::iter::zip(
            (0..self.flags.len()).map(|index| FlagId(index as u32)),
            &self.flags,
        )
    }

    /// The flag of that number; `None` where the set has not so many.
    pub fn get(&self, id: FlagId) -> Option<&CompiledFlag> {
        self.flags.get(id.0 as usize)
    }

    /// The flag of that number.
    ///
    /// # Panics
    /// When the number comes from another set.
    #[inline(always)]
    pub fn flag(&self, id: FlagId) -> &CompiledFlag {
        &self.flags[id.0 as usize]
    }

    /// The metadata of the set.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// What a flag is for somebody.
    ///
    /// # Errors
    /// The rule failed, or named a variant that there is not.
    ///
    /// # Panics
    /// When the number comes from another set.
    // Inlined, so that who wants nothing but the value pays for nothing else.
    #[inline(always)]
    pub fn evaluate<'a, C: Context>(
        &'a self,
        flag: FlagId,
        context: &'a C,
    ) -> Result<Resolution<'a>, EvaluateError> {
        let compiled = self.flag(flag);
        let chosen = match &compiled.plan {
            Plan::Fixed(chosen) => *chosen,
            Plan::Split(parts) => compiled.draw_by_key(parts, context),
            Plan::Rule => match self.decide(compiled, context) {
                Ok(chosen) => chosen,
                Err(refused) => return Err(refused.of(flag)),
            },
        };
        Ok(compiled.resolution(chosen))
    }

    #[inline(never)]
    fn decide<C: Context>(&self, flag: &CompiledFlag, context: &C) -> Result<Chosen, Refused> {
        if !flag.prerequisites.is_empty() && !self.prerequisites_hold(flag, context) {
            return Ok(Chosen::new(flag.default, Reason::Default));
        }
        let decision = match &flag.program {
            Some(program) => decide(program, flag, context).map_err(|_| Refused::Rule)?,
            None => Decision::NOTHING,
        };
        if decision.variant().is_some() {
            return Ok(Chosen::new(decision.variant(), Reason::TargetingMatch));
        }
        match (decision, &flag.split) {
            (Decision::UNKNOWN, _) => Err(Refused::UnknownVariant),
            (_, Some(split)) => Ok(flag.draw(split, context)),
            (_, None) => Ok(Chosen::new(flag.default, flag.undecided)),
        }
    }

    fn prerequisites_hold<C: Context>(&self, flag: &CompiledFlag, context: &C) -> bool {
        flag.prerequisites
            .iter()
            .all(|prerequisite| self.holds(prerequisite, context))
    }

    /// A prerequisite without an answer does not hold.
    pub(crate) fn holds<C: Context>(&self, prerequisite: &Prerequisite, context: &C) -> bool {
        self.evaluate(FlagId(prerequisite.flag), context)
            .ok()
            .and_then(|resolution| resolution.variant)
            .is_some_and(|(variant, _)| prerequisite.variants.contains(&variant))
    }
}

impl Definition {
    /// The mistakes in the flag's rule: what [`FlagSet::compile`] would refuse. For who leaves such flags out.
    pub fn mistakes(&self) -> Vec<Diagnostic> {
        compile::mistakes(self)
    }
}
