use serde::Serialize;

use crate::{Context, EvaluateError, FlagId, FlagSet, Reason, Value};

mod draw;
mod rule;

/// How a flag comes to what it is for somebody: data for people and machines, made by the evaluator's own code.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The flag's key.
    pub flag: String,
    /// What [`FlagSet::evaluate`] gives.
    pub answer: Answer,
    /// The flags that it waits for, in written order.
    pub prerequisites: Vec<Waiting>,
    /// The rule; `None` where there is none, or where it is not asked.
    pub rule: Option<Operand>,
    /// The split of a gray flag; `None` where there is none, or where it is not asked.
    pub split: Option<Draw>,
}

/// An answer, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The value; `None` leaves it to the default in the code.
    pub value: Option<Value>,
    /// The variant's name.
    pub variant: Option<String>,
    /// OpenFeature's word for the reason; `None` where there is an error.
    pub reason: Option<&'static str>,
    /// What went wrong.
    pub error: Option<String>,
}

/// A flag that another one waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waiting {
    /// Its key.
    pub flag: String,
    /// The variants that are good.
    pub wanted: Vec<String>,
    /// What it is.
    pub answer: Answer,
    /// Whether that is good.
    pub holds: bool,
}

/// A part of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Operand {
    /// A value of the rule itself.
    Constant(Value),
    /// A `var`.
    Variable {
        /// What it names.
        name: String,
        /// What that is; `null` where it is missing.
        value: Value,
    },
    /// An operator with its operands.
    Condition(Condition),
    /// What the operator did not need, or runs for each item of a list.
    Skipped,
}

/// An operator with its operands and its result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    /// As it is written.
    pub operator: &'static str,
    /// In written order.
    pub operands: Vec<Operand>,
    /// `None` where it failed.
    pub result: Option<Value>,
    /// What `fractional` drew.
    pub draw: Option<Draw>,
}

/// A hash, its bucket and the ranges of buckets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draw {
    /// `flagd-v1`, `flagd-v2` or `flagd-v3`.
    pub bucketing: &'static str,
    /// The hash; `None` where there is nothing to hash.
    pub hash: Option<u32>,
    /// The bucket, from 0.
    pub bucket: Option<u32>,
    /// How many buckets there are: as many as the weights add up to, but always 2147483647 for `flagd-v1`; 0 where the
    /// weights cannot be drawn from.
    pub of: u32,
    /// Who has which buckets, in written order, without a gap.
    pub ranges: Vec<Share>,
}

/// The buckets of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The variant as the rule names it; `None` where it leaves it to the default.
    pub variant: Option<String>,
    /// The first bucket.
    pub from: u32,
    /// The bucket after the last one.
    pub until: u32,
}

impl FlagSet {
    /// How a flag comes to what it is for somebody. Unlike [`FlagSet::evaluate`] this takes memory and time.
    ///
    /// # Panics
    /// When the number comes from another set.
    pub fn explain<C: Context>(&self, id: FlagId, context: &C) -> Explanation {
        let flag = self.flag(id);
        let asked = flag.asks();
        let prerequisites: Vec<Waiting> = if asked {
            flag.prerequisites()
                .iter()
                .map(|prerequisite| {
                    let id = FlagId(prerequisite.flag);
                    let waited = self.flag(id);
                    let name = |index: &u16| waited.variants().get(usize::from(*index));
                    Waiting {
                        flag: waited.key().to_owned(),
                        wanted: prerequisite
                            .variants
                            .iter()
                            .filter_map(name)
                            .map(|variant| variant.name.to_string())
                            .collect(),
                        answer: self.answer(id, context),
                        holds: self.holds(prerequisite, context),
                    }
                })
                .collect()
        } else {
            Vec::new()
        };
        let open = asked && prerequisites.iter().all(|one| one.holds);
        let answer = self.answer(id, context);
        // The rule has decided where the answer says so; else the split was asked.
        let decided = answer.error.is_some() || answer.reason == Some(Reason::TargetingMatch.as_str());
        Explanation {
            rule: flag
                .program()
                .filter(|_| open)
                .map(|program| rule::explain(program, flag, context)),
            split: flag
                .split()
                .filter(|_| open && !decided)
                .map(|split| draw::of_split(flag, split, context)),
            flag: flag.key().to_owned(),
            answer,
            prerequisites,
        }
    }

    fn answer<C: Context>(&self, id: FlagId, context: &C) -> Answer {
        match self.evaluate(id, context) {
            Ok(resolution) => Answer {
                value: resolution.value.map(Value::from),
                variant: resolution.variant.map(|(_, name)| name.to_owned()),
                reason: Some(resolution.reason.as_str()),
                error: None,
            },
            Err(error @ (EvaluateError::Rule | EvaluateError::UnknownVariant(_))) => Answer {
                value: None,
                variant: None,
                reason: None,
                error: Some(error.to_string()),
            },
        }
    }
}
