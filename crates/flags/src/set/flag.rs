use std::sync::Arc;

use crate::bucketing::{Seed, part_of};
use crate::operator::{Written, write_text};
use crate::program::Program;
use crate::{
    Bucketing, Context, EvaluateError, FlagId, Kind, Metadata, Prerequisite, Reason, Resolution, Split,
    State, ValueRef, Variant,
};

/// A flag of a set.
#[derive(Debug)]
pub struct CompiledFlag {
    pub(super) plan: Plan,
    pub(super) variants: Arc<[Variant]>,
    pub(super) seed: Seed,
    /// In buckets of the flag's bucketing.
    pub(super) split: Option<Split>,
    pub(super) default: Option<u16>,
    /// Why those who come to the end of a flag without a rule have the default.
    pub(super) undecided: Reason,
    pub(super) bucketing: Bucketing,
    pub(super) program: Option<Arc<Program>>,
    pub(super) prerequisites: Box<[Prerequisite]>,
    pub(super) key: Box<str>,
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) metadata: Metadata,
}

/// The shortest way to an answer.
// A tag of its own: one hidden in a field must be worked out each time.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(super) enum Plan {
    /// The same for everybody.
    Fixed(Chosen),
    /// Nothing but a split by the targeting key, and not of the first generation.
    Split(Parts),
    Rule,
}

/// A variant, or none, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Its index; [`NONE`] stands for no variant, because then one comparison tells that there is none.
    variant: u16,
    reason: Reason,
}

const NONE: u16 = u16::MAX;

/// Why there is no answer: without the flag, so that it fits a register together with [`Chosen`].
// As wide as the variant, in whose place it stands: both are moved as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Refused {
    Rule,
    UnknownVariant,
}

impl Refused {
    pub(super) fn of(self, flag: FlagId) -> EvaluateError {
        match self {
            Self::Rule => EvaluateError::Rule,
            Self::UnknownVariant => EvaluateError::UnknownVariant(flag),
        }
    }
}

impl Chosen {
    #[inline(always)]
    pub(super) fn new(variant: Option<u16>, reason: Reason) -> Self {
        Self {
            variant: variant.unwrap_or(NONE),
            reason,
        }
    }
}

/// A split, ready to be drawn from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// The first bucket that is off.
    share: u32,
    buckets: u32,
    on: u16,
    off: u16,
    keyless: Chosen,
}

impl Parts {
    pub(super) fn new(split: &Split) -> Self {
        // All of them are all, also those without a key, and those in no bucket.
        let all = split.share == split.of;
        Self {
            share: if all { u32::MAX } else { split.share },
            buckets: split.of,
            on: split.on,
            off: split.off,
            keyless: if all {
                Chosen::new(Some(split.on), Reason::Split)
            } else {
                Chosen::new(Some(split.off), Reason::Default)
            },
        }
    }

    #[inline(always)]
    fn of(&self, bucket: u32) -> Chosen {
        Chosen {
            variant: if bucket < self.share { self.on } else { self.off },
            reason: Reason::Split,
        }
    }
}

/// A split by the targeting key, taken out of its flag: who only wants to know the side needs no more.
#[derive(Debug)]
pub(crate) struct Gray {
    seed: Seed,
    share: u32,
    buckets: u32,
    keyless: bool,
}

impl Gray {
    /// Whether somebody is on.
    #[inline(never)]
    pub(crate) fn is_on<C: Context>(&self, context: &C) -> bool {
        match context.targeting_key() {
            Some(key) if !key.is_empty() => part_of(self.seed.hash(key), self.buckets) < self.share,
            _ => self.keyless,
        }
    }
}

impl CompiledFlag {
    /// The split and its two variants, on and off, where the flag is nothing else.
    pub(crate) fn gray(&self) -> Option<(Gray, [u16; 2])> {
        let Plan::Split(parts) = &self.plan else {
            return None;
        };
        let gray = Gray {
            seed: self.seed,
            share: parts.share,
            buckets: parts.buckets,
            keyless: parts.keyless.variant == parts.on,
        };
        Some((gray, [parts.on, parts.off]))
    }

    /// Its key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it answers at all.
    pub fn state(&self) -> State {
        self.state
    }

    /// Its variants.
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// Its metadata, laid over that of the set.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Whether it asks anybody: it is enabled, and not a gray flag that is switched off.
    pub(crate) fn asks(&self) -> bool {
        !matches!(self.plan, Plan::Fixed(_))
    }

    pub(crate) fn prerequisites(&self) -> &[Prerequisite] {
        &self.prerequisites
    }

    pub(crate) fn program(&self) -> Option<&Program> {
        self.program.as_deref()
    }

    pub(crate) fn split(&self) -> Option<&Split> {
        self.split.as_ref()
    }

    pub(crate) fn seed(&self) -> &Seed {
        &self.seed
    }

    pub(crate) fn bucketing(&self) -> Bucketing {
        self.bucketing
    }

    pub(crate) fn variant_named(&self, name: &str) -> Option<usize> {
        self.variants.iter().position(|variant| *variant.name == *name)
    }

    #[inline(always)]
    pub(super) fn resolution(&self, chosen: Chosen) -> Resolution<'_> {
        let Chosen { variant, reason } = chosen;
        match self.variants.get(usize::from(variant)) {
            Some(Variant { name, value }) => Resolution {
                value: Some(value.as_ref()),
                variant: Some((variant, name)),
                reason,
            },
            None => Resolution {
                value: None,
                variant: None,
                reason,
            },
        }
    }

    /// What a gray flag draws by the targeting key.
    #[inline(never)]
    pub(super) fn draw_by_key<C: Context>(&self, parts: &Parts, context: &C) -> Chosen {
        match context.targeting_key() {
            Some(key) if !key.is_empty() => {
                let hash = self.seed.hash(key);
                parts.of(part_of(hash, parts.buckets))
            }
            _ => parts.keyless,
        }
    }

    /// What a gray flag draws by whatever sticks.
    #[inline(never)]
    pub(super) fn draw<C: Context>(&self, split: &Split, context: &C) -> Chosen {
        let parts = Parts::new(split);
        match self.split_hash(split, context) {
            Some(hash) => parts.of(self.bucketing.bucket(hash, parts.buckets)),
            None => parts.keyless,
        }
    }

    /// The hash of what sticks; `None` where there is nothing. Numbers are hashed as they are written, so that `42` from a
    /// JSON body and `42` from a header are the same user.
    pub(crate) fn split_hash<C: Context>(&self, split: &Split, context: &C) -> Option<u32> {
        let key = match &split.by {
            None => context.targeting_key()?,
            Some(name) => match context.field(name) {
                Some(ValueRef::Text(text)) => text,
                other => return self.hash_of_number(other?),
            },
        };
        (!key.is_empty()).then(|| self.seed.hash(key))
    }

    #[cold]
    fn hash_of_number(&self, value: ValueRef<'_>) -> Option<u32> {
        let (ValueRef::Integer(_) | ValueRef::Float(_)) = value else {
            return None;
        };
        let mut space = [0; 64];
        let mut written = Written::new(&mut space);
        write_text(&mut written, value.into()).ok()?;
        Some(self.seed.hash(written.finish().0))
    }
}
