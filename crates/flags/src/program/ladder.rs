use crate::program::run::{Decision, Run};
use crate::program::test::passes;
use crate::program::{Arms, Constant, Expr, Fractional, Test};
use crate::{CompiledFlag, Context};

/// Steps of tests, each with what they lead to: a rule that neither makes nor computes anything, so that it needs no
/// [`Run`].
#[derive(Debug)]
pub(crate) struct Ladder {
    pub(crate) steps: Box<[Step]>,
    pub(crate) otherwise: Leaf,
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) tests: Box<[Test]>,
    pub(crate) leaf: Leaf,
}

/// Where a rule ends.
#[derive(Debug)]
pub(crate) enum Leaf {
    Nothing,
    Constant(Constant),
    /// `fractional` by both keys, with constants only.
    Draw {
        buckets: u32,
        arms: Box<[Drawn]>,
    },
}

#[derive(Debug)]
pub(crate) struct Drawn {
    /// The first bucket after those of this one.
    pub(crate) until: u32,
    pub(crate) decision: Decision,
    /// The variant's name; `None` where it is left to the default.
    pub(crate) name: Option<Box<str>>,
}

impl Ladder {
    /// The rule as a ladder, where it is one.
    pub(super) fn of(rule: Expr) -> Expr {
        match rule {
            Expr::If(parts) if fits(&parts) => Expr::Ladder(Box::new(Self::climb(parts))),
            draw @ Expr::Fractional(_) if is_leaf(&draw) => Expr::Ladder(Box::new(Self {
                steps: Box::default(),
                otherwise: Leaf::of(draw),
            })),
            rule => rule,
        }
    }

    fn climb(parts: Box<[Expr]>) -> Self {
        let mut parts = parts.into_iter();
        let mut steps = Vec::new();
        let otherwise = loop {
            let Some(part) = parts.next() else {
                break Leaf::Nothing;
            };
            let tests = match part {
                Expr::Test(test) => Box::new([*test]),
                Expr::Tests(tests) => tests,
                last => break Leaf::of(last),
            };
            steps.push(Step {
                tests,
                leaf: parts.next().map_or(Leaf::Nothing, Leaf::of),
            });
        };
        Self {
            steps: steps.into(),
            otherwise,
        }
    }

    #[inline(always)]
    pub(super) fn decide<C: Context>(&self, flag: &CompiledFlag, context: &C) -> Decision {
        for step in &self.steps {
            if all_pass(&step.tests, flag, context) {
                return step.leaf.decide(flag, context);
            }
        }
        self.otherwise.decide(flag, context)
    }
}

/// Whether all tests hold.
#[inline(never)]
fn all_pass<C: Context>(tests: &[Test], flag: &CompiledFlag, context: &C) -> bool {
    tests
        .iter()
        .all(|test| passes(test, context).unwrap_or_else(|| passes_otherwise(test, flag, context)))
}

#[inline(never)]
fn passes_otherwise<C: Context>(test: &Test, flag: &CompiledFlag, context: &C) -> bool {
    Run::new(flag, context, &mut [], &mut [])
        .tested(test)
        .unwrap_or(false)
}

fn fits(parts: &[Expr]) -> bool {
    let (pairs, last) = parts.as_chunks::<2>();
    pairs
        .iter()
        .all(|[condition, branch]| matches!(condition, Expr::Test(_) | Expr::Tests(_)) && is_leaf(branch))
        && last.iter().all(is_leaf)
}

fn is_leaf(expr: &Expr) -> bool {
    match expr {
        Expr::Null | Expr::Text(_) => true,
        Expr::Fractional(fractional) => match &**fractional {
            Fractional {
                by: None,
                arms: Arms::Fixed { arms, .. },
            } => arms
                .iter()
                .all(|arm| matches!(arm.variant, Expr::Null | Expr::Text(_))),
            _ => false,
        },
        _ => false,
    }
}

impl Leaf {
    /// Of an expression that [`is_leaf`].
    fn of(expr: Expr) -> Self {
        match expr {
            Expr::Text(constant) => Self::Constant(constant),
            Expr::Fractional(fractional) => match fractional.arms {
                Arms::Fixed { buckets, arms } => Self::Draw {
                    buckets,
                    arms: arms
                        .into_iter()
                        .map(|arm| {
                            let (decision, name) = match arm.variant {
                                Expr::Text(Constant { text, decision }) => (decision, Some(text)),
                                _ => (Decision::NOTHING, None),
                            };
                            Drawn {
                                until: arm.until,
                                decision,
                                name,
                            }
                        })
                        .collect(),
                },
                Arms::Computed(_) => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }

    #[inline(always)]
    pub(crate) fn decide<C: Context>(&self, flag: &CompiledFlag, context: &C) -> Decision {
        match self {
            Self::Constant(constant) => constant.decision,
            Self::Draw { buckets, arms } => match context.targeting_key() {
                Some(key) if !key.is_empty() => {
                    let bucket = flag.bucketing().bucket(flag.seed().hash(key), *buckets);
                    let drawn = arms.iter().find(|arm| bucket < arm.until);
                    drawn.map_or(Decision::NOTHING, |arm| arm.decision)
                }
                _ => Decision::NOTHING,
            },
            Self::Nothing => Decision::NOTHING,
        }
    }

    /// What it decides by name; `None` where it leaves it to the default.
    pub(crate) fn name<C: Context>(&self, flag: &CompiledFlag, context: &C) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Constant(constant) => Some(&constant.text),
            Self::Draw { buckets, arms } => {
                let key = context.targeting_key().filter(|key| !key.is_empty())?;
                let bucket = flag.bucketing().bucket(flag.seed().hash(key), *buckets);
                arms.iter().find(|arm| bucket < arm.until)?.name.as_deref()
            }
        }
    }
}
