use crate::operator::{Datum, Packed, Version, loosely_equal, same};
use crate::program::run::{Run, number_text};
use crate::program::{Test, Var, Versions, What};
use crate::{Context, ValueRef};

/// Whether a test of a string holds; `None` where the variable is none, or is not to be had so easily.
#[inline(always)]
pub(super) fn passes<C: Context>(test: &Test, context: &C) -> Option<bool> {
    let text = match &test.var {
        Var::Field(name) => match context.field(name) {
            Some(ValueRef::Text(text)) => text,
            _ => return None,
        },
        Var::TargetingKey => context.targeting_key()?,
        _ => return None,
    };
    match &test.what {
        What::Is {
            text: other, wanted, ..
        } => Some(same(text, &**other) == *wanted),
        What::OneOf(texts) => Some(texts.contain(text)),
        What::Version(versions) => match (&versions.range, Packed::parse(text)) {
            (Some(range), Some(version)) => Some(range.holds(version)),
            _ => None,
        },
        What::StartsWith(start) => Some(starts_with(text.as_bytes(), start)),
        What::EndsWith(end) => Some(ends_with(text.as_bytes(), end)),
    }
}

#[inline(always)]
fn starts_with(text: &[u8], start: &str) -> bool {
    text.get(..start.len()).is_some_and(|first| same(first, start))
}

#[inline(always)]
fn ends_with(text: &[u8], end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    start
        .and_then(|start| text.get(start..))
        .is_some_and(|last| same(last, end))
}

impl<'r, C: Context> Run<'r, C> {
    /// Whether all tests hold.
    #[inline(never)]
    pub(super) fn all_hold(&self, tests: &'r [Test]) -> bool {
        tests
            .iter()
            .all(|test| passes(test, self.context).unwrap_or_else(|| self.holds_otherwise(test)))
    }

    /// Where a test is undecided, it does not hold.
    #[inline(never)]
    fn holds_otherwise(&self, test: &'r Test) -> bool {
        self.tested(test).unwrap_or(false)
    }

    /// What a test of any value gives; only `sem_ver` can be undecided.
    pub(crate) fn tested(&self, test: &'r Test) -> Option<bool> {
        let value = self.read(&test.var);
        match &test.what {
            What::Is { text, wanted, strict } => {
                let equal = match value {
                    Some(Datum::Text(value)) => same(value, &**text),
                    Some(value) => !strict && loosely_equal(value, Datum::Text(text)),
                    None => false,
                };
                Some(equal == *wanted)
            }
            What::OneOf(texts) => Some(matches!(value, Some(Datum::Text(text)) if texts.contain(text))),
            What::Version(versions) => match value? {
                Datum::Text(text) => in_full(versions, text),
                other => in_full(versions, number_text(other, &mut [0; 64])?),
            },
            What::StartsWith(start) => match value? {
                Datum::Text(text) => Some(text.starts_with(&**start)),
                _ => None,
            },
            What::EndsWith(end) => match value? {
                Datum::Text(text) => Some(text.ends_with(&**end)),
                _ => None,
            },
        }
    }
}

#[inline(never)]
fn in_full(versions: &Versions, text: &str) -> Option<bool> {
    let version = Version::parse(text)?;
    Some(versions.relation.holds(&version, &versions.version()))
}
