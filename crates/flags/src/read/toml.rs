//! TOML -> nodes.

use graylane_diagnostic::{Diagnostic, Diagnostics, Source, quote};
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::{MAX_DEPTH, Place, check_size, depth, too_deep};
use crate::{Data, Key, Node, Number};

/// Reads TOML. Dates and times are refused, because flags have none.
///
/// # Errors
/// The first mistake where the text is not TOML, nested too deeply or too long, else all values that flags cannot have.
pub fn read_toml(source: &Source) -> Result<Node, Diagnostics> {
    check_size(source)?;
    let place = Place::From(source.base());
    if let Some(span) = depth::exceeded(source.text()) {
        return Err(too_deep().at(place.of(span)).into());
    }
    let root = DeTable::parse(source.text()).map_err(|error| syntax(source, &place, &error))?;
    let mut maker = Maker {
        place,
        faults: Vec::new(),
    };
    let span = maker.place.of(0..source.text().len());
    let data = maker.table(root.into_inner(), 1);
    match Diagnostics::collect(maker.faults) {
        None => Ok(Node { span, data }),
        Some(all) => Err(all),
    }
}

struct Maker {
    place: Place,
    faults: Vec<Diagnostic>,
}

impl Maker {
    /// The depth is bounded here, so the recursion is.
    fn value(&mut self, value: toml::Spanned<DeValue<'_>>, depth: usize) -> Node {
        let span = self.place.of(value.span());
        let data = match value.into_inner() {
            DeValue::Array(_) | DeValue::Table(_) if depth > MAX_DEPTH => Err(too_deep()),
            DeValue::String(text) => Ok(Data::Text(text.into())),
            DeValue::Boolean(value) => Ok(Data::Bool(value)),
            DeValue::Integer(number) => integer(&number),
            DeValue::Float(number) => float(&number),
            DeValue::Datetime(_) => Err(Diagnostic::new("a flag has no dates or times")
                .hint("write it in quotes; `$flagd.timestamp` in a rule is now, in seconds since 1970")),
            DeValue::Array(items) => {
                let items = items.into_iter().map(|item| self.value(item, depth + 1));
                Ok(Data::List(items.collect()))
            }
            DeValue::Table(table) => Ok(self.table(table, depth)),
        };
        let data = data.unwrap_or_else(|fault| {
            // More are not shown, and in a large file they would be many times its size.
            if self.faults.len() < Diagnostics::MAX {
                self.faults.push(fault.at(span.clone()));
            }
            Data::Null
        });
        Node { span, data }
    }

    fn table(&mut self, table: DeTable<'_>, depth: usize) -> Data {
        let fields = table.into_iter().map(|(key, value)| {
            let span = self.place.of(key.span());
            let name = key.into_inner().into();
            (Key { span, name }, self.value(value, depth + 1))
        });
        Data::Map(fields.collect())
    }
}

fn integer(number: &DeInteger<'_>) -> Result<Data, Diagnostic> {
    let value = i64::from_str_radix(number.as_str(), number.radix());
    value.map(|value| Data::Number(Number::Integer(value))).map_err(|_| {
        Diagnostic::new(format!("{} is too large", quote(number.as_str())))
            .hint("whole numbers go up to 9223372036854775807; others are written with a dot or an exponent: 1e20")
    })
}

fn float(number: &DeFloat<'_>) -> Result<Data, Diagnostic> {
    let value = number.as_str().parse::<f64>().ok();
    value
        .filter(|value| value.is_finite())
        .map(|value| Data::Number(Number::Float(value)))
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
