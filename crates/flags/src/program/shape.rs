use std::ops::RangeInclusive;

use crate::program::{Iteration, Word};

/// What an operator compiles to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Var,
    If,
    And,
    Or,
    Not,
    Truth,
    Word(Word),
    Iteration(Iteration),
    Fractional,
}

/// An operator of flagd's `targeting.json`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operator {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// How many operands it takes.
    pub(super) operands: RangeOf,
}

/// From so many to so many.
pub(super) type RangeOf = (usize, usize);

const MANY: usize = usize::MAX;

/// All operators, in the order of the schema.
pub(super) const OPERATORS: [Operator; 37] = {
    use Iteration::{All, Filter, Map, None, Reduce, Some};
    use Word::{
        Add, AtLeast, AtMost, Cat, Divide, EndsWith, Equal, Greater, In, Less, Max, Merge, Min, Missing,
        MissingSome, Multiply, NotEqual, Remainder, SemVer, StartsWith, StrictlyEqual, StrictlyNotEqual,
        Substr, Subtract,
    };
    [
        operator("var", Shape::Var, (1, 2)),
        operator("missing", Shape::Word(Missing), (0, MANY)),
        operator("missing_some", Shape::Word(MissingSome), (2, 2)),
        operator("if", Shape::If, (1, MANY)),
        operator("==", Shape::Word(Equal), (2, 2)),
        operator("===", Shape::Word(StrictlyEqual), (2, 2)),
        operator("!=", Shape::Word(NotEqual), (2, 2)),
        operator("!==", Shape::Word(StrictlyNotEqual), (2, 2)),
        operator(">", Shape::Word(Greater), (2, 2)),
        operator(">=", Shape::Word(AtLeast), (2, 2)),
        operator("%", Shape::Word(Remainder), (2, 2)),
        operator("/", Shape::Word(Divide), (2, 2)),
        operator("map", Shape::Iteration(Map), (2, 2)),
        operator("filter", Shape::Iteration(Filter), (2, 2)),
        operator("all", Shape::Iteration(All), (2, 2)),
        operator("none", Shape::Iteration(None), (2, 2)),
        operator("some", Shape::Iteration(Some), (2, 2)),
        operator("in", Shape::Word(In), (2, 2)),
        operator("substr", Shape::Word(Substr), (2, 3)),
        operator("<", Shape::Word(Less), (2, 3)),
        operator("<=", Shape::Word(AtMost), (2, 3)),
        operator("reduce", Shape::Iteration(Reduce), (3, 3)),
        operator("*", Shape::Word(Multiply), (2, MANY)),
        operator("!", Shape::Not, (1, 1)),
        operator("!!", Shape::Truth, (1, 1)),
        operator("or", Shape::Or, (1, MANY)),
        operator("and", Shape::And, (1, MANY)),
        operator("+", Shape::Word(Add), (1, MANY)),
        operator("-", Shape::Word(Subtract), (1, MANY)),
        operator("max", Shape::Word(Max), (1, MANY)),
        operator("min", Shape::Word(Min), (1, MANY)),
        operator("merge", Shape::Word(Merge), (1, MANY)),
        operator("cat", Shape::Word(Cat), (1, MANY)),
        operator("starts_with", Shape::Word(StartsWith), (2, 2)),
        operator("ends_with", Shape::Word(EndsWith), (2, 2)),
        operator("sem_ver", Shape::Word(SemVer), (3, 3)),
        operator("fractional", Shape::Fractional, (1, MANY)),
    ]
};

const fn operator(name: &'static str, shape: Shape, operands: RangeOf) -> Operator {
    Operator {
        name,
        shape,
        operands,
    }
}

impl Operator {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        OPERATORS.iter().find(|operator| operator.name == name)
    }

    /// Whether flagd answers `null` where this operator has the wrong operands, rather than to fail.
    pub(super) fn forgives(&self) -> bool {
        matches!(
            self.shape,
            Shape::Fractional | Shape::Word(Word::StartsWith | Word::EndsWith | Word::SemVer)
        )
    }

    /// "2 operands", "2 or 3 operands", "at least 1 operand".
    pub(super) fn wants(&self) -> String {
        match self.operands {
            (1, 1) => "1 operand".to_owned(),
            (few, MANY) => format!("at least {few}"),
            (few, many) if few == many => format!("{few} operands"),
            (few, many) => format!("{few} or {many} operands"),
        }
    }

    pub(super) fn takes(&self, count: usize) -> bool {
        RangeInclusive::new(self.operands.0, self.operands.1).contains(&count)
    }
}

impl Word {
    /// The operator as it is written.
    pub(crate) fn as_str(self) -> &'static str {
        name_of(Shape::Word(self))
    }

    /// Whether it makes strings or lists.
    pub(super) fn makes(self) -> bool {
        matches!(
            self,
            Self::Min
                | Self::Max
                | Self::Cat
                | Self::Substr
                | Self::Merge
                | Self::Missing
                | Self::MissingSome
        )
    }
}

impl Iteration {
    /// The operator as it is written.
    pub(crate) fn as_str(self) -> &'static str {
        name_of(Shape::Iteration(self))
    }
}

fn name_of(shape: Shape) -> &'static str {
    OPERATORS
        .iter()
        .find(|operator| operator.shape == shape)
        .map_or("", |operator| operator.name)
}
