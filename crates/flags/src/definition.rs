use std::ops::Range;
use std::sync::Arc;

use crate::{Bucketing, Rule, Text, Value};

/// Metadata by name: strings, numbers and booleans.
pub type Metadata = Vec<(Box<str>, Value)>;

/// The flags of one or several files, each checked in itself; not yet compiled.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    /// The flags, in written order; no key stands twice: a later file replaced the flag of an earlier one.
    pub flags: Vec<Definition>,
    /// The metadata of the set. The metadata of a flag goes before it, name by name.
    pub metadata: Metadata,
    /// How targeting keys become buckets.
    pub bucketing: Bucketing,
}

/// One flag.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its key.
    pub key: Text,
    /// Where the key stands.
    pub span: Range<usize>,
    /// Whether it answers at all.
    pub state: State,
    /// The type of its variants.
    pub kind: Kind,
    /// Its variants, in written order; at least one. Most flags are on or off, and share theirs.
    pub variants: Arc<[Variant]>,
    /// The index of the variant for those whom no rule decides; `None` leaves them to the default in the code.
    pub default: Option<u16>,
    /// flagd's rule, with every `$ref` replaced by what it stands for; `None` where there is none or an empty one. One that
    /// is still there (only with [`crate::ReadOptions::quarantine`]) stands for nothing: where it is reached, the rule fails.
    pub targeting: Option<Rule>,
    /// Whom the rule leaves undecided is split.
    pub split: Option<Split>,
    /// Flags that must have certain variants, else this one gives its default variant. There is no cycle.
    pub prerequisites: Vec<Prerequisite>,
    /// Its metadata.
    pub metadata: Metadata,
}

/// Whether a flag answers at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It does.
    Enabled,
    /// It leaves everybody to the default in the code.
    Disabled,
}

/// The type of a flag's variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` and `false`.
    Boolean,
    /// Strings.
    Text,
    /// Numbers.
    Number,
    /// Objects.
    Object,
}

impl Kind {
    /// "a boolean".
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Object => "an object",
        }
    }
}

/// A variant of a flag.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Its name; flags may share it.
    pub name: Arc<str>,
    /// Its value; of the flag's [`Kind`].
    pub value: Value,
}

/// A gray flag: `state = "gray-30"`, or `hash_mod`. The off variant is the flag's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The index of the on variant.
    pub on: u16,
    /// The index of the off variant.
    pub off: u16,
    /// The field of the context that sticks; `None`: the targeting key.
    pub by: Option<Box<str>>,
    /// The parts that get the on variant, at most `of`.
    pub share: u32,
    /// All parts, from 1 to 2^31 - 1: 100,000 for `gray-30`.
    pub of: u32,
}

/// A flag that must have one of these variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prerequisite {
    /// The index of that flag in [`Definitions::flags`].
    pub flag: u32,
    /// The indexes of the variants that are good.
    pub variants: Vec<u16>,
}
