use crate::{Value, ValueRef};

/// A value while a rule runs: of the context, of the rule, or made by an operator.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Datum<'s> {
    Null,
    Bool(bool),
    Integer(i64),
    /// Unlike in a [`Value`], it may be infinite or not a number.
    Float(f64),
    Text(&'s str),
    List(&'s [Value]),
    Map(&'s [(Box<str>, Value)]),
    /// A list that an operator made, in the scratch space.
    Made(&'s [Self]),
}

impl<'s> From<ValueRef<'s>> for Datum<'s> {
    #[inline(always)]
    fn from(value: ValueRef<'s>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Bool(value) => Self::Bool(value),
            ValueRef::Integer(value) => Self::Integer(value),
            ValueRef::Float(value) => Self::Float(value),
            ValueRef::Text(value) => Self::Text(value),
            ValueRef::List(items) => Self::List(items),
            ValueRef::Map(fields) => Self::Map(fields),
        }
    }
}

impl<'s> Datum<'s> {
    /// Whether it counts as true: all but `null`, `false`, zero, what is not a number, and what is empty.
    #[inline]
    pub(crate) fn truth(self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => value,
            Self::Integer(value) => value != 0,
            Self::Float(value) => value != 0.0 && !value.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(fields) => !fields.is_empty(),
            Self::Made(items) => !items.is_empty(),
        }
    }

    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::List(_) | Self::Made(_))
    }

    /// The items of a list; of everything else none.
    pub(crate) fn items(self) -> Items<'s> {
        match self {
            Self::List(items) => Items::Values(items.iter()),
            Self::Made(items) => Items::Made(items.iter()),
            _ => Items::Values([].iter()),
        }
    }

    /// What stands below it: of an object by name, of an array by number.
    pub(crate) fn child(self, name: &str) -> Option<Self> {
        match self {
            Self::Map(fields) => ValueRef::Map(fields).child(name).map(Self::from),
            Self::List(items) => ValueRef::List(items).child(name).map(Self::from),
            Self::Made(items) => items.get(name.parse::<usize>().ok()?).copied(),
            _ => None,
        }
    }
}

/// The items of a list, one after the other.
#[derive(Debug, Clone)]
pub(crate) enum Items<'s> {
    Values(std::slice::Iter<'s, Value>),
    Made(std::slice::Iter<'s, Datum<'s>>),
}

impl<'s> Iterator for Items<'s> {
    type Item = Datum<'s>;

    fn next(&mut self) -> Option<Datum<'s>> {
        match self {
            Self::Values(items) => items.next().map(|item| item.as_ref().into()),
            Self::Made(items) => items.next().copied(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Values(items) => items.size_hint(),
            Self::Made(items) => items.size_hint(),
        }
    }
}

impl ExactSizeIterator for Items<'_> {}
