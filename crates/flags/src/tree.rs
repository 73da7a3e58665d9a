use std::ops::Range;

use crate::Value;

/// A string of a tree. A short one, as most are, stands in place: it takes no memory of its own.
pub type Text = smol_str::SmolStr;

/// A value as it was written, with its place: what JSON and TOML have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its bytes, on the line of offsets of the texts that are read together.
    pub span: Range<usize>,
    /// The value.
    pub data: Data,
}

/// What stands at a [`Node`].
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// `null`; TOML has none.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number.
    Number(Number),
    /// A string.
    Text(Text),
    /// An array.
    List(Vec<Node>),
    /// An object, in written order; no key stands twice.
    Map(Vec<(Key, Node)>),
}

impl Data {
    /// "a string": what it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Map(_) => "an object",
        }
    }
}

impl Node {
    /// The value without its places.
    pub fn into_value(self) -> Value {
        match self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(value),
            Data::Number(Number::Integer(value)) => Value::Integer(value),
            Data::Number(Number::Float(value)) => Value::Float(value),
            Data::Text(text) => Value::Text(text.as_str().into()),
            Data::List(items) => Value::List(items.into_iter().map(Self::into_value).collect()),
            Data::Map(fields) => {
                let fields = fields
                    .into_iter()
                    .map(|(key, node)| (key.name.as_str().into(), node.into_value()));
                Value::Map(fields.collect())
            }
        }
    }
}

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Without fraction and exponent, and small enough.
    Integer(i64),
    /// Any other; always finite.
    Float(f64),
}

/// A key of an object, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its bytes.
    pub span: Range<usize>,
    /// The key.
    pub name: Text,
}
