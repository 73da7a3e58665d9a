//! A value that outlives the text that it was read from.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use graylane_diagnostic::Diagnostic;

/// The longest number in a module's section, in bytes.
const LONGEST_NUMBER: usize = 64;

/// The same value with the same places, borrowing nothing.
pub(super) fn owned(value: &Spanned<DeValue<'_>>) -> Result<Spanned<DeValue<'static>>, Diagnostic> {
    let place = value.span();
    let copy = match value.get_ref() {
        DeValue::String(text) => DeValue::String(text.clone().into_owned().into()),
        DeValue::Integer(number) => {
            owned_number(&number.to_string()).map_err(|error| error.at(place.clone()))?
        }
        DeValue::Float(number) => owned_number(number.as_str()).map_err(|error| error.at(place.clone()))?,
        DeValue::Boolean(value) => DeValue::Boolean(*value),
        DeValue::Datetime(value) => DeValue::Datetime(*value),
        DeValue::Array(items) => DeValue::Array(items.iter().map(owned).collect::<Result<DeArray<'_>, _>>()?),
        DeValue::Table(table) => DeValue::Table(owned_table(table)?),
    };
    Ok(Spanned::new(place, copy))
}

fn owned_table(table: &DeTable<'_>) -> Result<DeTable<'static>, Diagnostic> {
    let copy = |(key, value): (&Spanned<_>, _)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        let key = Spanned::new(key.span(), name.clone().into_owned().into());
        owned(value).map(|value| (key, value))
    };
    table.iter().map(copy).collect()
}

/// `toml` makes numbers only by parsing, and then they borrow the text; so their text must live for ever.
fn owned_number(text: &str) -> Result<DeValue<'static>, Diagnostic> {
    if text.len() > LONGEST_NUMBER {
        return Err(Diagnostic::new("a number of too many digits"));
    }
    // A number's own text is a number again, so the error arises only where `toml` breaks its word.
    match DeValue::parse(immortal(text)) {
        Ok(value) => Ok(value.into_inner()),
        Err(error) => Err(Diagnostic::new(error.message())),
    }
}

/// One copy of each text for the life of the process. Only numbers in sections of modules come here, so what stays is as
/// many short texts as an operator ever wrote different numbers, and a reload of the same file adds nothing. The
/// alternatives were `unsafe` to stretch a lifetime, and a reload that leaks its whole text.
fn immortal(text: &str) -> &'static str {
    static ALL: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(text) {
        return known;
    }
    let text: &'static str = Box::leak(text.into());
    all.insert(text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_values_and_places() {
        let text = "i = 0x1F\nn = -1_000\nf = 1e3\ninf = -inf\ns = 'x'\nb = true\nd = 1979-05-27\na = [1, { k.l = 2 }]\n";

        let copy = {
            let text = text.to_owned();
            let table = DeTable::parse(&text).unwrap();
            let value = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
            owned(&value).unwrap()
        };

        let whole = DeTable::parse(text).unwrap();
        assert_eq!(
            format!("{:?}", copy.get_ref().as_table().unwrap()),
            format!("{:?}", whole.get_ref())
        );
    }

    #[test]
    fn the_same_number_is_kept_once() {
        let first = immortal("123456789");

        let second = immortal(&format!("{}{}", "12345", "6789"));

        assert!(std::ptr::eq(first, second));
    }

    #[test]
    fn a_number_without_end_is_refused() {
        let text = format!("1{}", "0".repeat(LONGEST_NUMBER));

        assert!(owned(&DeValue::parse(&text).unwrap()).is_err());
    }
}
