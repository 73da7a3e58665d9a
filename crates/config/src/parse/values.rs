//! Values of one type each.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use graylane_core::{Interval, InvalidWeight, Weight};
use toml::de::{DeInteger, DeValue};

use crate::keys::{Key, Kind};
use crate::units::{show_size, show_time, size, time};
use graylane_diagnostic::Diagnostic;
use graylane_diagnostic::quote;

/// "a string": what a value is, in words.
pub(super) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// The key takes something else.
pub(super) fn wrong_type(key: &Key, value: &DeValue<'_>) -> Diagnostic {
    let takes = match key.kind {
        Kind::Switch => "`true` or `false`",
        Kind::Count { .. } => "a whole number",
        Kind::Size { .. } => "a size",
        Kind::Time { .. } => "a duration",
        Kind::Percent => "a percentage",
        Kind::Text(_) => "a string",
        Kind::List(..) => "an array of strings",
        Kind::Entries(..) => "an array of strings and tables",
        Kind::Range => "an array of two percentages",
        Kind::Table => "a table",
        Kind::Tables(_) => "an array of tables",
    };
    let found = match value {
        DeValue::Float(_) => "a fraction",
        other => kind_of(other),
    };
    Diagnostic::new(format!("`{}` takes {takes}, not {found}", key.name))
        .hint(format!("such as {} = {}", key.name, key.example))
}

/// An item of the key's array is no string.
pub(super) fn wrong_item(key: &Key, value: &DeValue<'_>) -> Diagnostic {
    Diagnostic::new(format!("`{}` takes strings, not {}", key.name, kind_of(value)))
        .hint(format!("such as {} = {}", key.name, key.example))
}

fn out_of_range(key: &Key, value: impl Display, min: impl Display, max: impl Display) -> Diagnostic {
    Diagnostic::new(format!("`{}` is out of range: {value}", key.name))
        .hint(format!("it takes {min} to {max}"))
}

/// The number; `None` where it is negative or has too many digits.
fn integer(number: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The value as a number from 0; `None` where it is none.
pub(crate) fn whole_number(value: &DeValue<'_>) -> Option<u64> {
    match value {
        DeValue::Integer(number) => integer(number),
        _ => None,
    }
}

/// `true` or `false`.
pub(super) fn switch(value: &DeValue<'_>, key: &'static Key) -> Result<bool, Diagnostic> {
    value.as_bool().ok_or_else(|| wrong_type(key, value))
}

/// A whole number within the declared range.
pub(super) fn count(value: &DeValue<'_>, key: &'static Key) -> Result<u64, Diagnostic> {
    let DeValue::Integer(number) = value else {
        return Err(wrong_type(key, value));
    };
    let range = range(key);
    integer(number)
        .filter(|number| range.contains(number))
        .ok_or_else(|| out_of_range(key, quote(&number.to_string()), range.start(), range.end()))
}

fn range(key: &Key) -> RangeInclusive<u64> {
    match key.kind {
        Kind::Count { min, max } | Kind::Size { min, max } => min..=max,
        _ => 0..=u64::MAX,
    }
}

/// A size within the declared range: `"16KiB"` or a number of bytes.
pub(super) fn bytes(value: &DeValue<'_>, key: &'static Key) -> Result<u64, Diagnostic> {
    let (bytes, shown) = match value {
        DeValue::Integer(number) => (integer(number), number.to_string()),
        DeValue::String(text) => {
            let Some(bytes) = size(text) else {
                let fault = Diagnostic::new(format!("{} is not a size", quote(text)));
                return Err(fault.hint(
                    "a whole number with B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB (powers of 1024), such as \
                     \"16KiB\"",
                ));
            };
            (Some(bytes), text.clone().into_owned())
        }
        other => return Err(wrong_type(key, other)),
    };
    let range = range(key);
    bytes.filter(|bytes| range.contains(bytes)).ok_or_else(|| {
        out_of_range(
            key,
            quote(&shown),
            show_size(*range.start()),
            show_size(*range.end()),
        )
    })
}

/// A duration within the declared range, with its unit.
pub(super) fn duration(value: &DeValue<'_>, key: &'static Key) -> Result<Duration, Diagnostic> {
    let (name, bare) = (key.name, |number: &str| {
        let fault = Diagnostic::new(format!(
            "`{}` takes a duration, and {} has no unit",
            key.name,
            quote(number)
        ));
        let digits: String = number.chars().filter(char::is_ascii_digit).take(6).collect();
        fault.hint(format!("for seconds write {} = \"{digits}s\"", key.name))
    });
    let text = match value {
        DeValue::String(text) if text.parse::<u64>().is_ok() => return Err(bare(text)),
        DeValue::String(text) => text,
        DeValue::Integer(number) => return Err(bare(&number.to_string())),
        DeValue::Float(_) => {
            let fault = Diagnostic::new(format!("`{name}` takes a duration, and this has no unit"));
            return Err(fault.hint(format!("such as {name} = \"500ms\"")));
        }
        other => return Err(wrong_type(key, other)),
    };
    let Some(read) = time(text) else {
        let fault = Diagnostic::new(format!("{} is not a duration", quote(text)));
        return Err(fault.hint("such as \"500ms\", \"5s\" or \"1m 30s\""));
    };
    match key.kind {
        Kind::Time { min, max } if !(min..=max).contains(&read) => {
            Err(out_of_range(key, quote(text), show_time(min), show_time(max)))
        }
        _ => Ok(read),
    }
}

/// A percentage in steps of 0.001: `5`, `0.5` or `"0.5%"`.
pub(super) fn percent(value: &DeValue<'_>, key: &'static Key) -> Result<Weight, Diagnostic> {
    let result = match value {
        DeValue::Integer(number) => match integer(number) {
            // A percentage has few digits, so the cast is exact for every number in range.
            Some(number) => Weight::from_percent(number as f64),
            None => Err(InvalidWeight::OutOfRange),
        },
        DeValue::Float(number) => number.as_str().parse(),
        DeValue::String(text) => text.parse(),
        other => return Err(wrong_type(key, other)),
    };
    let shown = match value {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.as_str().to_owned(),
        _ => String::new(),
    };
    result.map_err(|error| {
        let (message, hint) = match error {
            InvalidWeight::OutOfRange => ("is out of range", "a percentage goes from 0 to 100"),
            InvalidWeight::TooFine => ("is too fine", "a percentage has steps of 0.001"),
            InvalidWeight::NotANumber => ("is not a percentage", "such as 5, 0.5 or \"0.5%\""),
        };
        Diagnostic::new(format!("`{}` {message}: {}", key.name, quote(&shown))).hint(hint)
    })
}

/// Two percentages, the first the smaller.
pub(super) fn reserve(value: &DeValue<'_>, key: &'static Key) -> Result<Interval, Diagnostic> {
    let pair = || {
        let [from, to] = value.as_array()?.get(..)? else {
            return None;
        };
        Some((from, to))
    };
    let (from, to) = pair().ok_or_else(|| {
        let fault = wrong_type(key, value);
        match value.as_array() {
            Some(items) => Diagnostic {
                message: format!("`{}` takes two percentages, not {}", key.name, items.len()),
                ..fault
            },
            None => fault,
        }
    })?;
    let start = percent(from.get_ref(), key).map_err(|fault| fault.at(from.span()))?;
    let end = percent(to.get_ref(), key).map_err(|fault| fault.at(to.span()))?;
    if start >= end {
        let fault = Diagnostic::new(format!("`{}` is empty: from {start} to {end}", key.name));
        return Err(fault.hint("the first number is where the lane starts, the second how far it may grow"));
    }
    Ok(Interval::new(start.steps(), end.steps()))
}
