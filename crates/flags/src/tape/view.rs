use std::ops::Range;
use std::sync::Arc;

use super::{Inner, REF, Rule, Tape, What};
use crate::{Number, Value};

/// A value of a tape, or a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'t> {
    tape: &'t Arc<Tape>,
    at: u32,
}

/// What it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(&'t str),
    List(Items<'t>),
    Map(Entries<'t>),
}

/// The items of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Items<'t> {
    next: View<'t>,
    left: u32,
}

/// The fields of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entries<'t> {
    next: View<'t>,
    left: u32,
}

/// One value of several, of a list or an object only how much is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark<'t> {
    Null,
    Bool(bool),
    Integer(i64),
    Float(u64),
    Text(&'t str),
    List(u32),
    Map(u32),
}

impl<'t> View<'t> {
    pub(crate) fn new(tape: &'t Arc<Tape>, at: u32) -> Self {
        Self { tape, at }
    }

    /// Where it stands on the tape, for [`View::new`].
    pub(crate) fn at(self) -> u32 {
        self.at
    }

    /// Its bytes, on the line of offsets of the texts that are read together.
    pub(crate) fn span(self) -> Range<usize> {
        self.tape.place.of(self.tape.item(self.at).span())
    }

    #[inline]
    pub(crate) fn data(self) -> Seen<'t> {
        match self.tape.item(self.at).what {
            What::Null => Seen::Null,
            What::Bool(value) => Seen::Bool(value),
            What::Integer(value) => Seen::Number(Number::Integer(value)),
            What::Float(value) => Seen::Number(Number::Float(value)),
            What::Text { start, end } => Seen::Text(&self.tape.text[start as usize..end as usize]),
            What::List(inner) => {
                let (next, left) = self.within(inner);
                Seen::List(Items { next, left })
            }
            What::Map(inner) => {
                let (next, left) = self.within(inner);
                Seen::Map(Entries { next, left })
            }
        }
    }

    fn within(self, inner: Inner) -> (Self, u32) {
        let first = Self {
            at: self.at + 1,
            ..self
        };
        (first, inner.count)
    }

    /// Its own text, where that is known: whatever has the same text is the same.
    pub(crate) fn written(self) -> Option<&'t str> {
        let (item, text) = (self.tape.item(self.at), &self.tape.text);
        let has_read = self.tape.has_read;
        has_read.then(|| &text[item.start as usize..item.end as usize])
    }

    /// The string; an empty one where it is none.
    #[inline]
    pub(crate) fn text(self) -> &'t str {
        match self.data() {
            Seen::Text(text) => text,
            _ => "",
        }
    }

    /// "a string": what it is, in words.
    pub(crate) fn kind(self) -> &'static str {
        match self.data() {
            Seen::Null => "null",
            Seen::Bool(_) => "a boolean",
            Seen::Number(_) => "a number",
            Seen::Text(_) => "a string",
            Seen::List(_) => "an array",
            Seen::Map(_) => "an object",
        }
    }

    /// The value without its places.
    pub(crate) fn to_value(self) -> Value {
        match self.data() {
            Seen::Null => Value::Null,
            Seen::Bool(value) => Value::Bool(value),
            Seen::Number(Number::Integer(value)) => Value::Integer(value),
            Seen::Number(Number::Float(value)) => Value::Float(value),
            Seen::Text(text) => Value::Text(text.into()),
            Seen::List(items) => Value::List(items.map(View::to_value).collect()),
            Seen::Map(fields) => {
                let fields = fields.map(|(key, value)| (key.text().into(), value.to_value()));
                Value::Map(fields.collect())
            }
        }
    }

    /// As a rule of its own.
    pub(crate) fn to_rule(self) -> Rule {
        Rule {
            tape: Arc::clone(self.tape),
            at: self.at,
        }
    }

    /// Whether [`REF`] stands anywhere in it.
    pub(crate) fn refers(self) -> bool {
        self.tape.refers && self.items().any(|one| one == Mark::Text(REF))
    }

    /// Everything in it in written order, itself first, each without what it consists of: two are the same if these are.
    pub(crate) fn items(self) -> impl ExactSizeIterator<Item = Mark<'t>> {
        let Tape { text, items, .. } = &**self.tape;
        let items = &items[self.at as usize..self.after().at as usize];
        items.iter().map(|item| match item.what {
            What::Null => Mark::Null,
            What::Bool(value) => Mark::Bool(value),
            What::Integer(value) => Mark::Integer(value),
            What::Float(value) => Mark::Float(value.to_bits()),
            What::Text { start, end } => Mark::Text(&text[start as usize..end as usize]),
            What::List(inner) => Mark::List(inner.count),
            What::Map(inner) => Mark::Map(inner.count),
        })
    }

    /// What stands behind it.
    #[inline]
    fn after(self) -> Self {
        let at = self.tape.item(self.at).what.next(self.at as usize);
        Self {
            at: at as u32,
            ..self
        }
    }
}

impl<'t> Iterator for Items<'t> {
    type Item = View<'t>;

    #[inline]
    fn next(&mut self) -> Option<View<'t>> {
        self.left = self.left.checked_sub(1)?;
        let item = self.next;
        self.next = item.after();
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Items<'_> {}

impl<'t> Iterator for Entries<'t> {
    /// A key and its value.
    type Item = (View<'t>, View<'t>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let key = self.next;
        let value = View {
            at: key.at + 1,
            ..key
        };
        self.next = value.after();
        Some((key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Entries<'_> {}
