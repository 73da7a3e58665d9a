//! TOML -> a tape.

use std::ops::Range;
use std::sync::Arc;

use graylane_diagnostic::{Diagnostic, Diagnostics, Source, quote, too_deep_toml};
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::{MAX_DEPTH, Place, check_size, too_deep};
use crate::tape::{Builder, Tape};
use crate::{Node, Number};

/// Reads TOML. Dates and times are refused, because flags have none.
///
/// # Errors
/// The first mistake where the text is not TOML, nested too deeply or too long, else all values that flags cannot have.
pub fn read_toml(source: &Source) -> Result<Node, Diagnostics> {
    Ok(toml_tape(source)?.root().to_node())
}

/// The same, as it is read.
pub(crate) fn toml_tape(source: &Source) -> Result<Arc<Tape>, Diagnostics> {
    check_size(source)?;
    let place = Place::From(source.base());
    // The whole is bounded when the tree is made.
    if let Some(span) = too_deep_toml(source.text(), MAX_DEPTH) {
        return Err(too_deep().at(place.of(span)).into());
    }
    let root = DeTable::parse(source.text()).map_err(|error| syntax(source, &place, &error))?;
    let mut maker = Maker {
        tape: Builder::new("", place),
        faults: Vec::new(),
    };
    maker.table(0..source.text().len(), root.get_ref(), 1);
    match Diagnostics::collect(maker.faults) {
        None => Ok(maker.tape.finish()),
        Some(all) => Err(all),
    }
}

struct Maker {
    tape: Builder<'static>,
    faults: Vec<Diagnostic>,
}

impl Maker {
    /// The depth is bounded here, so the recursion is.
    fn value(&mut self, value: &toml::Spanned<DeValue<'_>>, depth: usize) {
        let span = value.span();
        let number = match value.get_ref() {
            DeValue::Array(_) | DeValue::Table(_) if depth > MAX_DEPTH => Err(too_deep()),
            DeValue::String(text) => return self.tape.text(span, text),
            DeValue::Boolean(value) => return self.tape.bool(span, *value),
            DeValue::Integer(number) => integer(number),
            DeValue::Float(number) => float(number),
            DeValue::Datetime(_) => Err(Diagnostic::new("a flag has no dates or times")
                .hint("write it in quotes; `$flagd.timestamp` in a rule is now, in seconds since 1970")),
            DeValue::Array(items) => {
                let place = self.tape.open();
                items.iter().for_each(|item| self.value(item, depth + 1));
                return self.tape.close_list(place, span, items.len());
            }
            DeValue::Table(table) => return self.table(span, table, depth),
        };
        match number {
            Ok(number) => self.tape.number(span, number),
            Err(fault) => {
                // More are not shown, and in a large file they would be many times its size.
                if self.faults.len() < Diagnostics::MAX {
                    self.faults.push(fault.at(self.tape.place(span.clone())));
                }
                self.tape.null(span);
            }
        }
    }

    fn table(&mut self, span: Range<usize>, table: &DeTable<'_>, depth: usize) {
        let place = self.tape.open();
        for (key, value) in table {
            self.tape.text(key.span(), key.get_ref());
            self.value(value, depth + 1);
        }
        self.tape.close_map(place, span, table.len());
    }
}

fn integer(number: &DeInteger<'_>) -> Result<Number, Diagnostic> {
    let value = i64::from_str_radix(number.as_str(), number.radix());
    value.map(Number::Integer).map_err(|_| {
        Diagnostic::new(format!("{} is too large", quote(number.as_str()))).hint(
            "whole numbers go up to 9223372036854775807; others are written with a dot or an exponent: 1e20",
        )
    })
}

fn float(number: &DeFloat<'_>) -> Result<Number, Diagnostic> {
    let value = number.as_str().parse::<f64>().ok();
    value
        .filter(|value| value.is_finite())
        .map(Number::Float)
        .ok_or_else(|| {
            Diagnostic::new(format!("{} is not a finite number", quote(number.as_str())))
                .hint("numbers go up to 1.7976931348623157e308")
        })
}

/// A mistake that `toml` found, in our words where we have better ones.
fn syntax(source: &Source, place: &Place, error: &toml::de::Error) -> Diagnostic {
    let end = source.text().len();
    let span = error.span().unwrap_or(end..end);
    let at = source.text().get(span.clone()).unwrap_or_default();
    let found = match error.message() {
        "duplicate key" => Diagnostic::new(format!("{} stands twice", quote(at)))
            .hint("a key and a table header may each stand once: merge the two"),
        message if source.text().trim_start().starts_with('{') => {
            Diagnostic::new(message).hint("this looks like JSON: the name of such a file ends with .json")
        }
        message => Diagnostic::new(message).hint(
            "every value but a number, `true` and `false` stands in quotes, and a key with other characters than \
             letters, digits, - and _ as well: [flags.\"shop.v2\"]",
        ),
    };
    found.at(place.of(span))
}

#[cfg(test)]
mod tests;
