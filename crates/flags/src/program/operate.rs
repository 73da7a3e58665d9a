use std::cmp::Ordering;

use crate::Context;
use crate::operator::{
    Datum, Relation, Version, compare, extreme, loosely_equal, number, part, strictly_equal,
};
use crate::program::run::{Failed, Run, number_text};
use crate::program::{Call, Expr, Scope, Word};

impl<'r, C: Context> Run<'r, C> {
    pub(super) fn call(&mut self, call: &'r Call) -> Result<Datum<'r>, Failed> {
        let operands = &*call.operands;
        Ok(match call.word {
            Word::Equal => Datum::Bool(self.pair(operands, loosely_equal)?),
            Word::NotEqual => Datum::Bool(!self.pair(operands, loosely_equal)?),
            Word::StrictlyEqual => Datum::Bool(self.pair(operands, strictly_equal)?),
            Word::StrictlyNotEqual => Datum::Bool(!self.pair(operands, strictly_equal)?),
            Word::Less => Datum::Bool(self.ordered(operands, Ordering::is_lt)?),
            Word::AtMost => Datum::Bool(self.ordered(operands, Ordering::is_le)?),
            Word::Greater => Datum::Bool(self.ordered(operands, Ordering::is_gt)?),
            Word::AtLeast => Datum::Bool(self.ordered(operands, Ordering::is_ge)?),
            Word::In => Datum::Bool(self.pair(operands, is_in)?),
            Word::StartsWith => self.texts(operands, |text, start| text.starts_with(start))?,
            Word::EndsWith => self.texts(operands, |text, end| text.ends_with(end))?,
            Word::SemVer => self.sem_ver(operands)?,
            Word::Add => self.fold(operands, Datum::Integer(0), i64::checked_add, |a, b| a + b)?,
            Word::Multiply => self.fold(operands, Datum::Integer(1), i64::checked_mul, |a, b| a * b)?,
            Word::Subtract => match operands {
                [only] => {
                    let value = self.value(only)?;
                    arithmetic(Datum::Integer(0), value, i64::checked_sub, |a, b| a - b)
                }
                _ => self.left_fold(operands, i64::checked_sub, |a, b| a - b)?,
            },
            Word::Divide => self.left_fold(operands, exact_quotient, |a, b| a / b)?,
            Word::Remainder => self.left_fold(operands, i64::checked_rem, |a, b| a % b)?,
            Word::Min => self.extreme(operands, Ordering::Less)?,
            Word::Max => self.extreme(operands, Ordering::Greater)?,
            Word::Cat => match operands {
                [only] => {
                    let value = self.value(only)?;
                    Datum::Text(self.text_of(value)?)
                }
                _ => {
                    let values = self.values(operands)?;
                    Datum::Text(self.write(values)?)
                }
            },
            Word::Substr => self.substr(operands)?,
            Word::Merge => self.merge(operands)?,
            Word::Missing => {
                let keys = self.values(operands)?;
                let keys = match keys {
                    [only] if only.is_list() => *only,
                    keys => Datum::Made(keys),
                };
                Datum::Made(self.missing(call.scope, keys)?)
            }
            Word::MissingSome => {
                let [wanted, keys] = operands else {
                    return Err(Failed);
                };
                let wanted = number(self.value(wanted)?);
                let keys = self.value(keys)?;
                let missing = self.missing(call.scope, keys)?;
                let found = keys.items().len() - missing.len();
                Datum::Made(if found as f64 >= wanted { &[] } else { missing })
            }
        })
    }

    #[inline]
    fn pair(
        &mut self,
        operands: &'r [Expr],
        test: impl Fn(Datum<'r>, Datum<'r>) -> bool,
    ) -> Result<bool, Failed> {
        let [a, b] = operands else { return Err(Failed) };
        Ok(test(self.value(a)?, self.value(b)?))
    }

    /// An order between two operands, or between each of three and the next one.
    #[inline]
    fn ordered(&mut self, operands: &'r [Expr], test: impl Fn(Ordering) -> bool) -> Result<bool, Failed> {
        let holds = |a, b| compare(a, b).is_some_and(&test);
        match operands {
            [a, b] => Ok(holds(self.value(a)?, self.value(b)?)),
            [a, b, c] => {
                let b = self.value(b)?;
                Ok(holds(self.value(a)?, b) && holds(b, self.value(c)?))
            }
            _ => Err(Failed),
        }
    }

    /// A test of two strings; `null` where one is none.
    fn texts(
        &mut self,
        operands: &'r [Expr],
        test: impl Fn(&str, &str) -> bool,
    ) -> Result<Datum<'r>, Failed> {
        let [a, b] = operands else { return Ok(Datum::Null) };
        Ok(match (self.value(a)?, self.value(b)?) {
            (Datum::Text(a), Datum::Text(b)) => Datum::Bool(test(a, b)),
            _ => Datum::Null,
        })
    }

    fn sem_ver(&mut self, operands: &'r [Expr]) -> Result<Datum<'r>, Failed> {
        let [a, relation, b] = operands else {
            return Ok(Datum::Null);
        };
        let (a, relation, b) = (self.value(a)?, self.value(relation)?, self.value(b)?);
        let Datum::Text(relation) = relation else {
            return Ok(Datum::Null);
        };
        let mut spaces = [[0; 64]; 2];
        let [first, second] = &mut spaces;
        let holds = || {
            let a = Version::parse(version_text(a, first)?)?;
            let b = Version::parse(version_text(b, second)?)?;
            Some(Relation::parse(relation)?.holds(&a, &b))
        };
        Ok(({ holds })().map_or(Datum::Null, Datum::Bool))
    }

    /// Folds all operands; the items of a list, where it is the only operand.
    fn fold(
        &mut self,
        operands: &'r [Expr],
        start: Datum<'r>,
        exact: fn(i64, i64) -> Option<i64>,
        rounded: fn(f64, f64) -> f64,
    ) -> Result<Datum<'r>, Failed> {
        let mut result = start;
        if let [only] = operands {
            let value = self.value(only)?;
            if value.is_list() {
                let items = value.items();
                return Ok(items.fold(start, |a, b| arithmetic(a, b, exact, rounded)));
            }
            return Ok(arithmetic(start, value, exact, rounded));
        }
        for operand in operands {
            result = arithmetic(result, self.value(operand)?, exact, rounded);
        }
        Ok(result)
    }

    fn left_fold(
        &mut self,
        operands: &'r [Expr],
        exact: fn(i64, i64) -> Option<i64>,
        rounded: fn(f64, f64) -> f64,
    ) -> Result<Datum<'r>, Failed> {
        let (first, rest) = operands.split_first().ok_or(Failed)?;
        let mut result = self.value(first)?;
        for operand in rest {
            result = arithmetic(result, self.value(operand)?, exact, rounded);
        }
        Ok(result)
    }

    fn extreme(&mut self, operands: &'r [Expr], wanted: Ordering) -> Result<Datum<'r>, Failed> {
        let values = self.values(operands)?;
        let best = match values {
            [only] if only.is_list() => extreme(only.items(), wanted),
            values => extreme(values.iter().copied(), wanted),
        };
        Ok(best.unwrap_or(Datum::Null))
    }

    fn substr(&mut self, operands: &'r [Expr]) -> Result<Datum<'r>, Failed> {
        let (text, start, length) = match operands {
            [text, start] => (text, start, None),
            [text, start, length] => (text, start, Some(length)),
            _ => return Err(Failed),
        };
        let text = self.value(text)?;
        let text = self.text_of(text)?;
        // Saturating: beyond any string is beyond any string. What is not a number counts as 0.
        let start = number(self.value(start)?) as i64;
        let length = match length {
            Some(length) => Some(number(self.value(length)?) as i64),
            None => None,
        };
        Ok(Datum::Text(part(text, start, length)))
    }

    fn merge(&mut self, operands: &'r [Expr]) -> Result<Datum<'r>, Failed> {
        let values = self.values(operands)?;
        let count = |value: &Datum<'r>| if value.is_list() { value.items().len() } else { 1 };
        let merged = self.take(values.iter().map(count).sum())?;
        let mut places = merged.iter_mut();
        for value in values {
            if value.is_list() {
                for (item, place) in std::iter::zip(value.items(), &mut places) {
                    *place = item;
                }
            } else if let Some(place) = places.next() {
                *place = *value;
            }
        }
        Ok(Datum::Made(merged))
    }

    /// The keys of fields that are missing: there is none, or it is `null` or the empty string.
    fn missing(&mut self, scope: Scope, keys: Datum<'r>) -> Result<&'r [Datum<'r>], Failed> {
        let missing = self.take(keys.items().len())?;
        let mut count = 0;
        for key in keys.items() {
            let path = self.text_of(key)?;
            if matches!(
                self.read_path(scope, path),
                None | Some(Datum::Null | Datum::Text(""))
            ) {
                missing[count] = key;
                count += 1;
            }
        }
        Ok(&missing[..count])
    }
}

fn version_text<'b>(value: Datum<'b>, space: &'b mut [u8]) -> Option<&'b str> {
    match value {
        Datum::Text(text) => Some(text),
        other => number_text(other, space),
    }
}

/// Exact where both are whole numbers and the result is one, else rounded.
fn arithmetic<'r>(
    a: Datum<'r>,
    b: Datum<'r>,
    exact: fn(i64, i64) -> Option<i64>,
    rounded: fn(f64, f64) -> f64,
) -> Datum<'r> {
    if let (Datum::Integer(a), Datum::Integer(b)) = (a, b)
        && let Some(result) = exact(a, b)
    {
        return Datum::Integer(result);
    }
    Datum::Float(rounded(number(a), number(b)))
}

fn exact_quotient(a: i64, b: i64) -> Option<i64> {
    (a.checked_rem(b)? == 0).then(|| a.checked_div(b)).flatten()
}

/// `in`: an item of a list, or a part of a string.
fn is_in(needle: Datum<'_>, hay: Datum<'_>) -> bool {
    match hay {
        Datum::Text(hay) => {
            let mut space = [0; 64];
            match needle {
                Datum::Text(needle) => hay.contains(needle),
                other => number_text(other, &mut space).is_some_and(|needle| hay.contains(needle)),
            }
        }
        list => list.items().any(|item| strictly_equal(item, needle)),
    }
}
