//! A rule as a program: operators known, paths split, constants read, weights summed.

mod compile;
mod draw;
mod iterate;
mod ladder;
mod operate;
mod run;
mod shape;
mod test;

use crate::Value;
use crate::operator::{Range, Relation, Texts, Version};

pub(crate) use compile::{Compiled, Manner, compile};
pub(crate) use draw::{sum_of, weight_of};
pub(crate) use ladder::{Ladder, Leaf};
pub(crate) use run::{Decision, decide, with_scratch};

/// The compiled rule of a flag.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) rule: Expr,
    /// Whether it makes strings or lists, and so needs the scratch space.
    pub(crate) makes: bool,
}

/// An operator with its operands, or a constant.
#[derive(Debug)]
pub(crate) enum Expr {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(Constant),
    /// A list of constants.
    List(Box<[Value]>),
    /// A list with operators in it.
    Build(Box<[Self]>),
    Var(Var),
    VarOr(Box<(Var, Self)>),
    VarBy(Box<VarBy>),
    If(Box<[Self]>),
    /// A whole rule that is an `if` of tests between constants and draws, as most are.
    Ladder(Box<Ladder>),
    And(Box<[Self]>),
    Or(Box<[Self]>),
    Not(Box<Self>),
    Truth(Box<Self>),
    /// A test of one variable against constants.
    Test(Box<Test>),
    /// `and` of such tests.
    Tests(Box<[Test]>),
    Call(Box<Call>),
    Iterate(Box<Iterate>),
    Fractional(Box<Fractional>),
    /// A rule that flagd would fail at.
    Broken,
}

/// A constant string.
#[derive(Debug)]
pub(crate) struct Constant {
    pub(crate) text: Box<str>,
    /// The variant of that name.
    pub(crate) decision: Decision,
}

/// Where a `var` looks: the context, or below `map` and its like the item at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Context,
    Item,
    Reduction,
}

/// A `var` whose path is known.
#[derive(Debug)]
pub(crate) enum Var {
    TargetingKey,
    FlagKey,
    Seconds,
    Field(Box<str>),
    Below(Box<Path>),
    /// Below the item; the item itself where it has no parts.
    Item(Box<[Box<str>]>),
    Current(Box<[Box<str>]>),
    Accumulator(Box<[Box<str>]>),
    /// Within `reduce` nothing else exists.
    Nowhere,
}

impl Var {
    /// What the rule calls it.
    pub(crate) fn name(&self) -> String {
        let below = |start: &str, parts: &[Box<str>]| {
            let parts = parts.iter().map(|part| &**part);
            let all: Vec<&str> = std::iter::once(start)
                .chain(parts)
                .filter(|part| !part.is_empty())
                .collect();
            all.join(".")
        };
        match self {
            Self::TargetingKey => "targetingKey".to_owned(),
            Self::FlagKey => "$flagd.flagKey".to_owned(),
            Self::Seconds => "$flagd.timestamp".to_owned(),
            Self::Field(name) => name.to_string(),
            Self::Below(path) => path.whole.to_string(),
            Self::Item(parts) => below("", parts),
            Self::Current(parts) => below("current", parts),
            Self::Accumulator(parts) => below("accumulator", parts),
            Self::Nowhere => String::new(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) whole: Box<str>,
    pub(crate) parts: Box<[Box<str>]>,
}

/// A `var` whose path is computed.
#[derive(Debug)]
pub(crate) struct VarBy {
    pub(crate) scope: Scope,
    pub(crate) path: Expr,
    pub(crate) default: Expr,
}

/// A test of one variable against constants. Most conditions are such, and of a string: what comes first, so that the
/// variable is looked up in one place.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) var: Var,
    pub(crate) what: What,
}

// A tag of its own: one hidden in a field must be worked out each time.
#[derive(Debug)]
#[repr(u8)]
pub(crate) enum What {
    /// `==` and `!=` with a string.
    Is {
        text: Box<str>,
        /// Whether the rule says `==` or `===`; else `!=` or `!==`.
        wanted: bool,
        strict: bool,
    },
    /// `in` a list of strings.
    OneOf(Texts),
    /// `sem_ver`.
    Version(Versions),
    /// `starts_with` a string.
    StartsWith(Box<str>),
    /// `ends_with` a string.
    EndsWith(Box<str>),
}

/// A relation to a version.
#[derive(Debug)]
pub(crate) struct Versions {
    pub(crate) relation: Relation,
    /// The same as a range, if the version is a plain one.
    pub(crate) range: Option<Range>,
    pub(crate) numbers: [u64; 3],
    pub(crate) prerelease: Box<str>,
    /// The version as it was written.
    pub(crate) written: Box<str>,
}

impl Versions {
    pub(crate) fn version(&self) -> Version<'_> {
        Version::new(self.numbers, &self.prerelease)
    }
}

/// Operators that only need the values of their operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Equal,
    NotEqual,
    StrictlyEqual,
    StrictlyNotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Min,
    Max,
    In,
    Cat,
    Substr,
    Merge,
    Missing,
    MissingSome,
    StartsWith,
    EndsWith,
    SemVer,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) word: Word,
    /// For `missing`, which reads fields by name.
    pub(crate) scope: Scope,
    pub(crate) operands: Box<[Expr]>,
}

/// Operators that run a rule for each item of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Iteration {
    Map,
    Filter,
    Reduce,
    All,
    Some,
    None,
}

#[derive(Debug)]
pub(crate) struct Iterate {
    pub(crate) how: Iteration,
    pub(crate) list: Expr,
    pub(crate) each: Expr,
    /// What `reduce` starts with.
    pub(crate) start: Expr,
}

#[derive(Debug)]
pub(crate) struct Fractional {
    /// The value to bucket by; `None`: the keys of the flag and of the one asking.
    pub(crate) by: Option<Expr>,
    pub(crate) arms: Arms,
}

#[derive(Debug)]
pub(crate) enum Arms {
    /// Weights are constants.
    Fixed {
        buckets: u32,
        arms: Box<[Arm]>,
    },
    Computed(Box<[Weighted]>),
}

#[derive(Debug)]
pub(crate) struct Arm {
    /// The first bucket after those of this arm.
    pub(crate) until: u32,
    pub(crate) variant: Expr,
}

#[derive(Debug)]
pub(crate) struct Weighted {
    pub(crate) variant: Expr,
    pub(crate) weight: Expr,
}
