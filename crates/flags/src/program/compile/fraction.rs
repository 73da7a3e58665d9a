use graylane_diagnostic::Diagnostic;

use crate::Bucketing;
use crate::bucketing::Ends;
use crate::operator::Datum;
use crate::program::compile::Compiler;
use crate::program::draw::{sum_of, weight_of};
use crate::program::shape::Operator;
use crate::program::{Arm, Arms, Expr, Fractional, Weighted};
use crate::tape::{Seen, View};

impl Compiler<'_> {
    pub(super) fn fractional(&mut self, operator: &Operator, items: &[View<'_>]) -> Expr {
        let (by, entries) = match items {
            [first, rest @ ..] if !matches!(first.data(), Seen::List(_)) => (Some(*first), rest),
            entries => (None, entries),
        };
        let by = by.map(|by| self.expr(by));
        let mut arms = Vec::with_capacity(entries.len());
        for entry in entries {
            match self.weighted(*entry) {
                Ok(arm) => arms.push(arm),
                Err(mistake) => return self.refuse(operator, mistake),
            }
        }
        let arms = match fixed(arms, self.bucketing) {
            Ok(arms) => arms,
            // Whom no variant has any weight for, flagd leaves undecided: a rule may well say so for the time being.
            Err(0) if !entries.is_empty() => return Expr::Null,
            Err(sum) => {
                let span = items
                    .first()
                    .zip(items.last())
                    .map(|(a, b)| a.span().start..b.span().end);
                return self.refuse(
                    operator,
                    Diagnostic {
                        span,
                        ..match sum {
                            0 => Diagnostic::new("`fractional` has no variant")
                                .hint("write {\"fractional\": [[\"on\", 30], [\"off\", 70]]}"),
                            _ => Diagnostic::new(format!("the weights of `fractional` add up to {sum}"))
                                .hint("their sum is at most 2147483647"),
                        }
                    },
                );
            }
        };
        self.makes |= matches!(arms, Arms::Computed(_));
        Expr::Fractional(Box::new(Fractional { by, arms }))
    }

    fn weighted(&mut self, entry: View<'_>) -> Result<Weighted, Diagnostic> {
        let wrong = |message: &str, at: View<'_>| {
            Diagnostic::new(message)
                .hint("each entry is a list of a variant and a weight: [\"on\", 30]")
                .at(at.span())
        };
        let Seen::List(mut parts) = entry.data() else {
            return Err(wrong("this entry of `fractional` is no list", entry));
        };
        let (variant, weight) = match (parts.len(), parts.next()) {
            (1 | 2, Some(variant)) => (variant, parts.next()),
            _ => return Err(wrong("an entry of `fractional` has one or two parts", entry)),
        };
        if let Seen::List(_) = variant.data() {
            return Err(wrong("a list names no variant", variant));
        }
        let variant = self.expr(variant);
        let Some(at) = weight else {
            return Ok(Weighted {
                variant,
                weight: Expr::Integer(1),
            });
        };
        let weight = match self.expr(at) {
            Expr::Integer(weight) if weight < 0 => {
                self.note(
                    Diagnostic::new("a weight is negative")
                        .hint("the least weight is 0")
                        .at(at.span()),
                );
                Expr::Integer(0)
            }
            constant @ (Expr::Integer(_) | Expr::Float(_)) => {
                let value = match constant {
                    Expr::Float(value) => Datum::Float(value),
                    Expr::Integer(value) => Datum::Integer(value),
                    _ => Datum::Null,
                };
                match weight_of(value) {
                    Some(weight) => Expr::Integer(weight),
                    None => return Err(wrong("a weight is a whole number up to 2147483647", at)),
                }
            }
            Expr::Null | Expr::Bool(_) | Expr::Text(_) | Expr::List(_) | Expr::Build(_) => {
                return Err(wrong("a weight is a whole number, or a rule that gives one", at));
            }
            rule => rule,
        };
        Ok(Weighted { variant, weight })
    }
}

/// The arms with their buckets, if all weights are constants; else their sum, where it cannot be drawn from.
fn fixed(arms: Vec<Weighted>, bucketing: Bucketing) -> Result<Arms, i64> {
    let mut total: i64 = 0;
    for arm in &arms {
        match arm.weight {
            Expr::Integer(weight) => total += weight,
            _ => return Ok(Arms::Computed(arms.into())),
        }
    }
    let mut ends = Ends::new(bucketing, sum_of(total).ok_or(total)?);
    let arms = arms.into_iter().map(|arm| {
        let weight = match arm.weight {
            // At most the sum of all, which fits.
            Expr::Integer(weight) => weight as u32,
            _ => 0,
        };
        Arm {
            until: ends.after(weight),
            variant: arm.variant,
        }
    });
    Ok(Arms::Fixed {
        arms: arms.collect(),
        buckets: ends.buckets(),
    })
}
