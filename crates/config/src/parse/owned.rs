//! A value that outlives the text that it was read from.
//!
//! `toml` makes numbers only by parsing, and then they borrow the text. So the value is kept in a tree of our own, from
//! which the tree of `toml` is made again, borrowing, for whoever reads it. The alternatives were text that lives for
//! ever, of which each reload would add some, and `unsafe` to stretch a lifetime.

use toml::Spanned;
use toml::de::DeValue;

use graylane_diagnostic::Diagnostic;

/// A value with its places.
#[derive(Debug, Clone)]
pub(crate) struct Owned(Spanned<Node>);

#[derive(Debug, Clone)]
enum Node {
    Text(Box<str>),
    /// As written; it was parsed once, so it can be again.
    Number(Box<str>),
    /// Booleans, dates and times.
    Plain(DeValue<'static>),
    Array(Vec<Owned>),
    Table(Vec<(Spanned<Box<str>>, Owned)>),
}

impl Owned {
    /// The same value with the same places, borrowing nothing.
    pub(super) fn new(value: &Spanned<DeValue<'_>>) -> Result<Self, Diagnostic> {
        let place = value.span();
        let node = match value.get_ref() {
            DeValue::String(text) => Node::Text((&**text).into()),
            DeValue::Integer(number) => {
                number_of(number.to_string()).map_err(|fault| fault.at(place.clone()))?
            }
            DeValue::Float(number) => {
                number_of(number.as_str().to_owned()).map_err(|fault| fault.at(place.clone()))?
            }
            DeValue::Boolean(on) => Node::Plain(DeValue::Boolean(*on)),
            DeValue::Datetime(time) => Node::Plain(DeValue::Datetime(*time)),
            DeValue::Array(items) => Node::Array(items.iter().map(Self::new).collect::<Result<_, _>>()?),
            DeValue::Table(table) => {
                let entry = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, _)| {
                    let name = Spanned::new(name.span(), Box::from(&**name.get_ref()));
                    Self::new(value).map(|value| (name, value))
                };
                Node::Table(table.iter().map(entry).collect::<Result<_, _>>()?)
            }
        };
        Ok(Self(Spanned::new(place, node)))
    }

    /// The value as `toml` has it.
    pub(crate) fn borrowed(&self) -> Spanned<DeValue<'_>> {
        let value = match self.0.get_ref() {
            Node::Text(text) => DeValue::String((&**text).into()),
            Node::Number(text) => match DeValue::parse(text) {
                Ok(number) => number.into_inner(),
                // `new` parsed it.
                Err(_) => unreachable!("{text} was a number"),
            },
            Node::Plain(value) => value.clone(),
            Node::Array(items) => DeValue::Array(items.iter().map(Self::borrowed).collect()),
            Node::Table(entries) => {
                let mut table = toml::de::DeTable::new();
                for (name, value) in entries {
                    table.insert(
                        Spanned::new(name.span(), (&**name.get_ref()).into()),
                        value.borrowed(),
                    );
                }
                DeValue::Table(table)
            }
        };
        Spanned::new(self.0.span(), value)
    }
}

/// A number's own text is a number again, so the error arises only where `toml` breaks its word.
fn number_of(text: String) -> Result<Node, Diagnostic> {
    match DeValue::parse(&text) {
        Ok(_) => Ok(Node::Number(text.into())),
        Err(error) => Err(Diagnostic::new(error.message())),
    }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    #[test]
    fn a_copy_keeps_values_and_places() {
        let text = "i = 0x1F\nn = -1_000\nf = 1e3\ninf = -inf\ns = 'x'\nb = true\nd = 1979-05-27\na = [1, { k.l = 2 }]\n";

        let copy = {
            let text = text.to_owned();
            let table = DeTable::parse(&text).unwrap();
            let value = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
            Owned::new(&value).unwrap()
        };

        let whole = DeTable::parse(text).unwrap();
        assert_eq!(
            format!("{:?}", copy.borrowed().get_ref().as_table().unwrap()),
            format!("{:?}", whole.get_ref())
        );
    }
}
