use std::cmp::Ordering;

use crate::operator::Datum;

/// A value as a number, as JavaScript's `Number` makes one: `null` and what is blank are 0, a string is read, everything
/// else is not a number.
pub(crate) fn number(value: Datum<'_>) -> f64 {
    match value {
        Datum::Null => 0.0,
        Datum::Bool(value) => f64::from(u8::from(value)),
        Datum::Integer(value) => value as f64,
        Datum::Float(value) => value,
        Datum::Text(text) => number_of_text(text),
        Datum::List(_) | Datum::Map(_) | Datum::Made(_) => f64::NAN,
    }
}

fn number_of_text(text: &str) -> f64 {
    let text = text.trim();
    // Rust also reads words such as `inf` and `nan`, which JavaScript does not.
    let last = text.bytes().last();
    match last {
        None => 0.0,
        Some(b'0'..=b'9' | b'.') => text.parse().unwrap_or(f64::NAN),
        Some(_) => f64::NAN,
    }
}

/// The greatest (or the least) of numbers; `None` without any, not a number where one is none.
pub(crate) fn extreme<'s>(values: impl Iterator<Item = Datum<'s>>, wanted: Ordering) -> Option<Datum<'s>> {
    let mut best = None;
    for value in values {
        let candidate = match value {
            Datum::Integer(_) => value,
            other => Datum::Float(number(other)),
        };
        let new = number(candidate);
        best = match best {
            _ if new.is_nan() => return Some(candidate),
            Some(old) if new.partial_cmp(&number(old)) != Some(wanted) => Some(old),
            _ => Some(candidate),
        };
    }
    best
}
