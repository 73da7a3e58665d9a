use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// A value that is owned: of a variant, of metadata, or below a field of a context.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number; always finite.
    Float(f64),
    /// A string.
    Text(Box<str>),
    /// An array.
    List(Box<[Self]>),
    /// An object, in written order; no key stands twice.
    Map(Box<[(Box<str>, Self)]>),
}

/// A value that is borrowed: a field of a context, or what an evaluation gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number; always finite.
    Float(f64),
    /// A string.
    Text(&'a str),
    /// An array.
    List(&'a [Value]),
    /// An object.
    Map(&'a [(Box<str>, Value)]),
}

impl Value {
    /// The same, borrowed.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Bool(*value),
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Float(value) => ValueRef::Float(*value),
            Self::Text(value) => ValueRef::Text(value),
            Self::List(items) => ValueRef::List(items),
            Self::Map(fields) => ValueRef::Map(fields),
        }
    }
}

impl<'a> ValueRef<'a> {
    /// What stands below it: of an object by name, of an array by number.
    pub fn child(self, name: &str) -> Option<Self> {
        match self {
            Self::Map(fields) => fields
                .iter()
                .find(|(field, _)| **field == *name)
                .map(|(_, value)| value.as_ref()),
            Self::List(items) => items.get(name.parse::<usize>().ok()?).map(Value::as_ref),
            _ => None,
        }
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Bool(value) => Self::Bool(value),
            ValueRef::Integer(value) => Self::Integer(value),
            ValueRef::Float(value) => Self::Float(value),
            ValueRef::Text(text) => Self::Text(text.into()),
            ValueRef::List(items) => Self::List(items.into()),
            ValueRef::Map(fields) => Self::Map(fields.into()),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().serialize(serializer)
    }
}

impl Serialize for ValueRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(*items),
            Self::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in *fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}
