use crate::operator::{Datum, Written, write_text};
use crate::program::{Constant, Expr, Program, Scope, Var};
use crate::{CompiledFlag, Context};

/// The strings that one run may make, in bytes.
const TEXT: usize = 2048;
/// The items of lists that one run may make.
const ITEMS: usize = 192;
/// The items that one run may look at, over all of its loops.
const STEPS: u32 = 100_000;

/// The bounds of a run were reached, or the rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

/// What a rule decides: a variant by its index, or one of the numbers beyond every index, so that it fits a register and
/// the usual case is one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision(u16);

impl Decision {
    /// The rule leaves it to the default.
    pub(crate) const NOTHING: Self = Self(u16::MAX);
    /// A variant that the flag does not have.
    pub(crate) const UNKNOWN: Self = Self(u16::MAX - 1);
    /// How many variants a flag may have.
    pub(crate) const VARIANTS: usize = (u16::MAX - 1) as usize;

    /// The variant of that index, if there is one.
    pub(crate) fn of(variant: Option<usize>) -> Self {
        match variant {
            // Below the number of variants, which fits.
            Some(index) if index < Self::VARIANTS => Self(index as u16),
            _ => Self::UNKNOWN,
        }
    }

    #[inline(always)]
    pub(crate) fn variant(self) -> Option<u16> {
        (self.0 < Self::UNKNOWN.0).then_some(self.0)
    }
}

/// Runs the rule of a flag.
#[inline(always)]
pub(crate) fn decide<C: Context>(
    program: &Program,
    flag: &CompiledFlag,
    context: &C,
) -> Result<Decision, Failed> {
    if let Expr::Ladder(ladder) = &program.rule {
        return Ok(ladder.decide(flag, context));
    }
    if program.makes {
        return decide_with_scratch(program, flag, context);
    }
    decide_without_scratch(program, flag, context)
}

#[inline(never)]
fn decide_without_scratch<C: Context>(
    program: &Program,
    flag: &CompiledFlag,
    context: &C,
) -> Result<Decision, Failed> {
    Run::new(flag, context, &mut [], &mut []).decide(&program.rule)
}

// Apart, so that a rule that makes nothing does not pay for the space.
#[inline(never)]
fn decide_with_scratch<C: Context>(
    program: &Program,
    flag: &CompiledFlag,
    context: &C,
) -> Result<Decision, Failed> {
    with_scratch(flag, context, &program.rule, |mut run, rule| run.decide(rule))
}

/// Runs a part of a rule with the scratch space.
pub(crate) fn with_scratch<C: Context, P, T>(
    flag: &CompiledFlag,
    context: &C,
    part: &P,
    run: impl for<'r> FnOnce(Run<'r, C>, &'r P) -> T,
) -> T {
    let mut text = [0; TEXT];
    let mut items = [Datum::Null; ITEMS];
    run(Run::new(flag, context, &mut text, &mut items), part)
}

/// One run. Everything that it makes lives in its scratch space, which it only ever takes from: a value stays valid until
/// the end, and no operator can see another one's remains.
pub(crate) struct Run<'r, C> {
    pub(super) flag: &'r CompiledFlag,
    pub(super) context: &'r C,
    /// The item at hand within `map` and its like, and `current` within `reduce`.
    pub(super) item: Datum<'r>,
    pub(super) accumulator: Datum<'r>,
    pub(super) steps: u32,
    text: &'r mut [u8],
    items: &'r mut [Datum<'r>],
}

impl<'r, C: Context> Run<'r, C> {
    #[inline]
    pub(super) fn new(
        flag: &'r CompiledFlag,
        context: &'r C,
        text: &'r mut [u8],
        items: &'r mut [Datum<'r>],
    ) -> Self {
        Self {
            flag,
            context,
            item: Datum::Null,
            accumulator: Datum::Null,
            steps: STEPS,
            text,
            items,
        }
    }

    /// What a rule decides: a shorter way than by its value, where its branches are constants.
    #[inline(always)]
    pub(super) fn decide(&mut self, rule: &'r Expr) -> Result<Decision, Failed> {
        let mut expr = rule;
        loop {
            let next = match expr {
                Expr::Text(Constant { decision, .. }) => return Ok(*decision),
                Expr::Null => None,
                Expr::If(parts) => self.branch(parts)?,
                Expr::Fractional(fractional) => self.draw(fractional)?,
                Expr::Ladder(ladder) => return Ok(ladder.decide(self.flag, self.context)),
                other => {
                    let value = self.value(other)?;
                    return Ok(self.decision_of(value));
                }
            };
            match next {
                Some(next) => expr = next,
                None => return Ok(Decision::NOTHING),
            }
        }
    }

    #[inline(never)]
    fn decision_of(&self, value: Datum<'r>) -> Decision {
        let mut space = [0; 64];
        let name = match value {
            Datum::Null => return Decision::NOTHING,
            Datum::Float(value) if !value.is_finite() => return Decision::NOTHING,
            Datum::Text(text) => text,
            Datum::Bool(_) | Datum::Integer(_) | Datum::Float(_) => {
                let mut written = Written::new(&mut space);
                match write_text(&mut written, value) {
                    Ok(()) => written.finish().0,
                    Err(_) => return Decision::UNKNOWN,
                }
            }
            Datum::List(_) | Datum::Made(_) | Datum::Map(_) => return Decision::UNKNOWN,
        };
        Decision::of(self.flag.variant_named(name))
    }

    /// The branch that an `if` takes.
    #[inline(always)]
    fn branch(&mut self, parts: &'r [Expr]) -> Result<Option<&'r Expr>, Failed> {
        let (pairs, last) = parts.as_chunks::<2>();
        for [condition, branch] in pairs {
            if self.truth(condition)? {
                return Ok(Some(branch));
            }
        }
        Ok(last.first())
    }

    /// Whether a value counts as true.
    #[inline(always)]
    pub(crate) fn truth(&mut self, expr: &'r Expr) -> Result<bool, Failed> {
        match expr {
            Expr::Tests(tests) => Ok(self.all_hold(tests)),
            Expr::Test(test) => Ok(self.all_hold(std::slice::from_ref(test))),
            other => self.truth_of(other),
        }
    }

    #[inline(never)]
    fn truth_of(&mut self, expr: &'r Expr) -> Result<bool, Failed> {
        match expr {
            Expr::And(operands) => {
                for operand in operands {
                    if !self.truth(operand)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expr::Or(operands) => {
                for operand in operands {
                    if self.truth(operand)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::Not(operand) => Ok(!self.truth(operand)?),
            Expr::Truth(operand) => self.truth(operand),
            other => Ok(self.value(other)?.truth()),
        }
    }

    pub(crate) fn value(&mut self, expr: &'r Expr) -> Result<Datum<'r>, Failed> {
        Ok(match expr {
            Expr::Null => Datum::Null,
            Expr::Bool(value) => Datum::Bool(*value),
            Expr::Integer(value) => Datum::Integer(*value),
            Expr::Float(value) => Datum::Float(*value),
            Expr::Text(constant) => Datum::Text(&constant.text),
            Expr::List(items) => Datum::List(items),
            Expr::Build(items) => Datum::Made(self.values(items)?),
            Expr::Var(var) => self.read(var).unwrap_or(Datum::Null),
            Expr::VarOr(parts) => match self.read(&parts.0) {
                Some(value) => value,
                None => self.value(&parts.1)?,
            },
            Expr::VarBy(var) => {
                let path = self.value(&var.path)?;
                let path = self.text_of(path)?;
                match self.read_path(var.scope, path) {
                    Some(value) => value,
                    None => self.value(&var.default)?,
                }
            }
            Expr::If(parts) => match self.branch(parts)? {
                Some(branch) => self.value(branch)?,
                None => Datum::Null,
            },
            Expr::And(operands) => self.first(operands, false)?,
            Expr::Or(operands) => self.first(operands, true)?,
            Expr::Not(_) | Expr::Truth(_) => Datum::Bool(self.truth(expr)?),
            Expr::Ladder(ladder) => {
                let step = ladder.steps.iter().find(|step| self.all_hold(&step.tests));
                let leaf = step.map_or(&ladder.otherwise, |step| &step.leaf);
                leaf.name(self.flag, self.context)
                    .map_or(Datum::Null, Datum::Text)
            }
            Expr::Test(test) => self.tested(test).map_or(Datum::Null, Datum::Bool),
            // `and` gives its first operand that does not count as true.
            Expr::Tests(tests) => tests
                .iter()
                .map(|test| self.tested(test).map_or(Datum::Null, Datum::Bool))
                .find(|value| !value.truth())
                .unwrap_or(Datum::Bool(true)),
            Expr::Call(call) => self.call(call)?,
            Expr::Iterate(iterate) => self.iterate(iterate)?,
            Expr::Fractional(fractional) => match self.draw(fractional)? {
                Some(variant) => self.value(variant)?,
                None => Datum::Null,
            },
            Expr::Broken => return Err(Failed),
        })
    }

    /// The first operand that counts as true (or as false), else the last one.
    fn first(&mut self, operands: &'r [Expr], wanted: bool) -> Result<Datum<'r>, Failed> {
        let mut value = Datum::Null;
        for operand in operands {
            value = self.value(operand)?;
            if value.truth() == wanted {
                break;
            }
        }
        Ok(value)
    }

    #[inline]
    pub(crate) fn read(&self, var: &'r Var) -> Option<Datum<'r>> {
        match var {
            Var::Field(name) => self.context.field(name).map(Datum::from),
            Var::TargetingKey => self.context.targeting_key().map(Datum::Text),
            other => self.read_far(other),
        }
    }

    #[inline(never)]
    fn read_far(&self, var: &'r Var) -> Option<Datum<'r>> {
        let below = |value, parts: &[Box<str>]| {
            parts
                .iter()
                .try_fold(value, |value: Datum<'r>, part| value.child(part))
        };
        match var {
            Var::TargetingKey => self.context.targeting_key().map(Datum::Text),
            Var::Field(name) => self.context.field(name).map(Datum::from),
            Var::FlagKey => Some(Datum::Text(self.flag.key())),
            Var::Seconds => Some(Datum::Integer(self.context.unix_seconds().cast_signed())),
            Var::Below(path) => self
                .context
                .below(&path.parts)
                .or_else(|| self.context.field(&path.whole))
                .map(Datum::from),
            Var::Item(parts) | Var::Current(parts) => below(self.item, parts),
            Var::Accumulator(parts) => below(self.accumulator, parts),
            Var::Nowhere => None,
        }
    }

    /// Reads what a computed path names.
    pub(super) fn read_path(&self, scope: Scope, path: &str) -> Option<Datum<'r>> {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        let below = |value: Datum<'r>, rest: Option<&str>| match rest {
            Some(rest) => rest.split('.').try_fold(value, Datum::child),
            None => Some(value),
        };
        match scope {
            Scope::Item if path.is_empty() => Some(self.item),
            Scope::Item => below(self.item, Some(path)),
            Scope::Reduction => match first {
                "current" => below(self.item, rest),
                "accumulator" => below(self.accumulator, rest),
                _ => None,
            },
            Scope::Context => match path {
                "targetingKey" => self.context.targeting_key().map(Datum::Text),
                "$flagd.flagKey" => Some(Datum::Text(self.flag.key())),
                "$flagd.timestamp" => Some(Datum::Integer(self.context.unix_seconds().cast_signed())),
                _ => self
                    .context
                    .field(first)
                    .and_then(|value| below(value.into(), rest))
                    .or_else(|| self.context.field(path).map(Datum::from)),
            },
        }
    }

    /// The values of operands, in the scratch space.
    pub(super) fn values(&mut self, operands: &'r [Expr]) -> Result<&'r [Datum<'r>], Failed> {
        let values = self.take(operands.len())?;
        for (value, operand) in std::iter::zip(&mut *values, operands) {
            *value = self.value(operand)?;
        }
        Ok(values)
    }

    /// Takes space for items.
    pub(super) fn take(&mut self, count: usize) -> Result<&'r mut [Datum<'r>], Failed> {
        let (taken, rest) = std::mem::take(&mut self.items)
            .split_at_mut_checked(count)
            .ok_or(Failed)?;
        self.items = rest;
        Ok(taken)
    }

    /// The text of a value, in the scratch space unless it is a string.
    pub(super) fn text_of(&mut self, value: Datum<'r>) -> Result<&'r str, Failed> {
        match value {
            Datum::Text(text) => Ok(text),
            other => self.write(&[other]),
        }
    }

    /// Writes values one after the other.
    pub(super) fn write(&mut self, values: &[Datum<'r>]) -> Result<&'r str, Failed> {
        let mut written = Written::new(std::mem::take(&mut self.text));
        for value in values {
            write_text(&mut written, *value).map_err(|_| Failed)?;
        }
        let (text, rest) = written.finish();
        self.text = rest;
        Ok(text)
    }
}

/// A number as text; `None` for everything else.
pub(super) fn number_text<'b>(value: Datum<'_>, space: &'b mut [u8]) -> Option<&'b str> {
    let (Datum::Integer(_) | Datum::Float(_)) = value else {
        return None;
    };
    let mut written = Written::new(space);
    write_text(&mut written, value).ok()?;
    Some(written.finish().0)
}
