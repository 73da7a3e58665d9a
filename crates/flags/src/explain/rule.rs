use crate::bucketing::Ends;
use crate::explain::{Condition, Draw, Operand, Share};
use crate::operator::Datum;
use crate::program::{
    Arms, Expr, Fractional, Iterate, Ladder, Leaf, Program, Test, Weighted, What, sum_of, weight_of,
    with_scratch,
};
use crate::{CompiledFlag, Context, Value};

/// Explains a rule. Every result is that of the evaluator, which is run once for each part.
pub(super) fn explain<C: Context>(program: &Program, flag: &CompiledFlag, context: &C) -> Operand {
    Explainer { flag, context }.operand(&program.rule)
}

struct Explainer<'a, C> {
    flag: &'a CompiledFlag,
    context: &'a C,
}

impl<C: Context> Explainer<'_, C> {
    fn operand(&self, expr: &Expr) -> Operand {
        match expr {
            Expr::Null
            | Expr::Bool(_)
            | Expr::Integer(_)
            | Expr::Float(_)
            | Expr::Text(_)
            | Expr::List(_) => Operand::Constant(self.value(expr).unwrap_or(Value::Null)),
            Expr::Var(var) => self.variable(var.name(), expr),
            Expr::VarOr(parts) => self.variable(parts.0.name(), expr),
            Expr::VarBy(var) => self.condition("var", vec![self.operand(&var.path)], expr),
            Expr::Build(items) => self.condition("list", self.operands(items), expr),
            Expr::Ladder(ladder) => self.ladder(ladder, expr),
            Expr::If(parts) => self.condition("if", self.branches(parts), expr),
            Expr::And(operands) => self.condition("and", self.until(operands, false), expr),
            Expr::Or(operands) => self.condition("or", self.until(operands, true), expr),
            Expr::Not(operand) => self.condition("!", vec![self.operand(operand)], expr),
            Expr::Truth(operand) => self.condition("!!", vec![self.operand(operand)], expr),
            Expr::Test(test) => self.test(test),
            Expr::Tests(tests) => self.condition("and", self.tests(tests), expr),
            Expr::Call(call) => self.condition(call.word.as_str(), self.operands(&call.operands), expr),
            Expr::Iterate(iterate) => self.iterate(iterate, expr),
            Expr::Fractional(fractional) => self.fractional(fractional, expr),
            Expr::Broken => self.condition("broken", Vec::new(), expr),
        }
    }

    fn value(&self, expr: &Expr) -> Option<Value> {
        with_scratch(self.flag, self.context, expr, |mut run, expr| {
            run.value(expr).map(Value::from)
        })
        .ok()
    }

    fn truth(&self, expr: &Expr) -> bool {
        with_scratch(self.flag, self.context, expr, |mut run, expr| run.truth(expr)) == Ok(true)
    }

    fn variable(&self, name: String, expr: &Expr) -> Operand {
        let value = self.value(expr).unwrap_or(Value::Null);
        Operand::Variable { name, value }
    }

    fn condition(&self, operator: &'static str, operands: Vec<Operand>, expr: &Expr) -> Operand {
        Operand::Condition(Condition {
            operator,
            operands,
            result: self.value(expr),
            draw: None,
        })
    }

    fn operands(&self, exprs: &[Expr]) -> Vec<Operand> {
        exprs.iter().map(|expr| self.operand(expr)).collect()
    }

    /// The conditions of an `if` up to the one that holds, and its branch.
    fn branches(&self, parts: &[Expr]) -> Vec<Operand> {
        let (pairs, last) = parts.as_chunks::<2>();
        let mut operands = Vec::new();
        let mut found = false;
        for [condition, branch] in pairs {
            let holds = !found && self.truth(condition);
            let shown = |expr, shown| {
                if shown {
                    self.operand(expr)
                } else {
                    Operand::Skipped
                }
            };
            operands.push(shown(condition, !found));
            operands.push(shown(branch, holds));
            found |= holds;
        }
        if let [otherwise] = last {
            operands.push(if found {
                Operand::Skipped
            } else {
                self.operand(otherwise)
            });
        }
        operands
    }

    fn ladder(&self, ladder: &Ladder, expr: &Expr) -> Operand {
        if ladder.steps.is_empty() {
            return self.leaf(&ladder.otherwise);
        }
        let mut operands = Vec::new();
        let mut found = false;
        for step in &ladder.steps {
            let results = step.tests.iter().map(|test| self.tested(test));
            let failed = results.enumerate().find(|(_, result)| *result != Some(true));
            let tests = match &*step.tests {
                [only] => self.test(only),
                tests => Operand::Condition(Condition {
                    operator: "and",
                    operands: self.tests(tests),
                    result: Some(failed.map_or(Value::Bool(true), |(_, result)| {
                        result.map_or(Value::Null, Value::Bool)
                    })),
                    draw: None,
                }),
            };
            let holds = !found && failed.is_none();
            operands.push(if found { Operand::Skipped } else { tests });
            operands.push(if holds {
                self.leaf(&step.leaf)
            } else {
                Operand::Skipped
            });
            found |= holds;
        }
        match &ladder.otherwise {
            Leaf::Nothing => {}
            leaf if !found => operands.push(self.leaf(leaf)),
            _ => operands.push(Operand::Skipped),
        }
        self.condition("if", operands, expr)
    }

    fn leaf(&self, leaf: &Leaf) -> Operand {
        let name = leaf.name(self.flag, self.context);
        let value = name.map_or(Value::Null, |name| Value::Text(name.into()));
        let Leaf::Draw { buckets, arms } = leaf else {
            return Operand::Constant(value);
        };
        let key = self.context.targeting_key().filter(|key| !key.is_empty());
        let hash = key.map(|key| self.flag.seed().hash(key));
        let starts = std::iter::once(0).chain(arms.iter().map(|arm| arm.until));
        Operand::Condition(Condition {
            operator: "fractional",
            operands: Vec::new(),
            result: Some(value),
            draw: Some(Draw {
                bucketing: self.flag.bucketing().as_str(),
                hash,
                bucket: hash.map(|hash| self.flag.bucketing().bucket(hash, *buckets)),
                of: *buckets,
                ranges: std::iter::zip(starts, arms)
                    .map(|(from, arm)| Share {
                        variant: arm.name.as_deref().map(str::to_owned),
                        from,
                        until: arm.until,
                    })
                    .collect(),
            }),
        })
    }

    fn tested(&self, test: &Test) -> Option<bool> {
        with_scratch(self.flag, self.context, test, |run, test| run.tested(test))
    }

    /// The operands up to the first one that has that truth.
    fn until(&self, exprs: &[Expr], stop: bool) -> Vec<Operand> {
        let mut stopped = false;
        let operand = |expr| {
            if stopped {
                return Operand::Skipped;
            }
            stopped = self.truth(expr) == stop;
            self.operand(expr)
        };
        exprs.iter().map(operand).collect()
    }

    fn tests(&self, tests: &[Test]) -> Vec<Operand> {
        let mut stopped = false;
        let operand = |test| {
            if stopped {
                return Operand::Skipped;
            }
            stopped = !with_scratch(self.flag, self.context, test, |run, test| {
                run.tested(test).unwrap_or(false)
            });
            self.test(test)
        };
        tests.iter().map(operand).collect()
    }

    fn test(&self, test: &Test) -> Operand {
        let (result, value) = with_scratch(self.flag, self.context, test, |run, test| {
            (
                run.tested(test),
                run.read(&test.var).map_or(Value::Null, Value::from),
            )
        });
        let text = |text: &str| Operand::Constant(Value::Text(text.into()));
        let (operator, constants) = match &test.what {
            What::Is {
                text: is,
                wanted,
                strict,
            } => {
                let operator = match (wanted, strict) {
                    (true, false) => "==",
                    (true, true) => "===",
                    (false, false) => "!=",
                    (false, true) => "!==",
                };
                (operator, vec![text(is)])
            }
            What::OneOf(texts) => {
                let texts = texts.iter().map(|text| Value::Text(text.into()));
                ("in", vec![Operand::Constant(Value::List(texts.collect()))])
            }
            What::Version(versions) => {
                let relation = versions.relation.as_str();
                ("sem_ver", vec![text(relation), text(&versions.written)])
            }
            What::StartsWith(start) => ("starts_with", vec![text(start)]),
            What::EndsWith(end) => ("ends_with", vec![text(end)]),
        };
        let variable = Operand::Variable {
            name: test.var.name(),
            value,
        };
        Operand::Condition(Condition {
            operator,
            operands: std::iter::once(variable).chain(constants).collect(),
            result: Some(result.map_or(Value::Null, Value::Bool)),
            draw: None,
        })
    }

    /// What runs for each item is not shown: there would be as many conditions as items.
    fn iterate(&self, iterate: &Iterate, expr: &Expr) -> Operand {
        let operands = vec![self.operand(&iterate.list), Operand::Skipped];
        self.condition(iterate.how.as_str(), operands, expr)
    }

    fn fractional(&self, fractional: &Fractional, expr: &Expr) -> Operand {
        let bucketing = self.flag.bucketing();
        let (of, arms): (u32, Vec<(&Expr, u32)>) = match &fractional.arms {
            Arms::Fixed { buckets, arms } => {
                let arms = arms.iter().map(|arm| (&arm.variant, arm.until));
                (*buckets, arms.collect())
            }
            Arms::Computed(arms) => self.computed(arms),
        };
        let hash = with_scratch(self.flag, self.context, fractional, |mut run, part| {
            run.hash(part)
        });
        let hash = hash.unwrap_or(None);
        let starts = std::iter::once(0).chain(arms.iter().map(|(_, until)| *until));
        let draw = Draw {
            bucketing: bucketing.as_str(),
            hash,
            bucket: hash.filter(|_| of > 0).map(|hash| bucketing.bucket(hash, of)),
            of,
            ranges: std::iter::zip(starts, &arms)
                .map(|(from, (variant, until))| Share {
                    variant: self.variant(variant),
                    from,
                    until: *until,
                })
                .collect(),
        };
        Operand::Condition(Condition {
            operator: "fractional",
            operands: fractional.by.iter().map(|by| self.operand(by)).collect(),
            result: self.value(expr),
            draw: Some(draw),
        })
    }

    /// How many buckets there are, and where each arm ends; nothing where the weights cannot be drawn from.
    fn computed<'r>(&self, arms: &'r [Weighted]) -> (u32, Vec<(&'r Expr, u32)>) {
        let weights: Option<Vec<i64>> = arms.iter().map(|arm| self.weight(&arm.weight)).collect();
        let weights = weights.unwrap_or_default();
        let Some(total) = sum_of(weights.iter().sum()) else {
            return (0, Vec::new());
        };
        let mut ends = Ends::new(self.flag.bucketing(), total);
        // Weights whose sum fits fit themselves.
        let ended =
            std::iter::zip(arms, weights).map(|(arm, weight)| (&arm.variant, ends.after(weight as u32)));
        let ended = ended.collect();
        (ends.buckets(), ended)
    }

    fn weight(&self, expr: &Expr) -> Option<i64> {
        let weight = with_scratch(self.flag, self.context, expr, |mut run, expr| {
            run.value(expr).map(weight_of)
        });
        weight.unwrap_or(None)
    }

    fn variant(&self, expr: &Expr) -> Option<String> {
        match self.value(expr)? {
            Value::Text(text) => Some(text.into()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Integer(value) => Some(value.to_string()),
            Value::Float(value) => Some(value.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }
}

impl From<Datum<'_>> for Value {
    fn from(datum: Datum<'_>) -> Self {
        match datum {
            Datum::Bool(value) => Self::Bool(value),
            Datum::Integer(value) => Self::Integer(value),
            Datum::Float(value) if value.is_finite() => Self::Float(value),
            Datum::Null | Datum::Float(_) => Self::Null,
            Datum::Text(text) => Self::Text(text.into()),
            Datum::List(items) => Self::List(items.into()),
            Datum::Map(fields) => Self::Map(fields.into()),
            Datum::Made(items) => Self::List(items.iter().copied().map(Self::from).collect()),
        }
    }
}
