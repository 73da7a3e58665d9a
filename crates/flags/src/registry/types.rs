use std::fmt;

use crate::{Kind, Value, ValueRef, Variant};

/// What a flag in code can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any finite number.
    Float,
    /// A string.
    Text,
    /// An object.
    Object,
}

impl Type {
    /// Whether a flag of the files can be read so, whichever of its variants it is.
    pub(super) fn fits(self, kind: Kind, variants: &[Variant]) -> bool {
        match (self, kind) {
            (Self::Integer, Kind::Number) => {
                let mut values = variants.iter().map(|variant| variant.value.as_ref());
                values.all(|value| i64::of(value).is_some())
            }
            (Self::Boolean, Kind::Boolean)
            | (Self::Float, Kind::Number)
            | (Self::Text, Kind::Text)
            | (Self::Object, Kind::Object) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "a boolean",
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::Text => "a string",
            Self::Object => "an object",
        })
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for bool {}
    impl Sealed for i64 {}
    impl Sealed for f64 {}
    impl Sealed for &'static str {}
    impl Sealed for String {}
    impl Sealed for crate::Value {}
}

/// A type that flags in code can have: [`bool`], [`i64`], [`f64`], `&'static str`, [`String`], and [`Value`] for objects.
pub trait FlagType: sealed::Sealed + Sized {
    /// What reading such a flag gives.
    type Read<'a>;
    /// The type.
    const TYPE: Type;

    /// The value of a file as that; `None` where it is of another type.
    fn of(value: ValueRef<'_>) -> Option<Self::Read<'_>>;

    /// The default as that.
    fn read(&self) -> Self::Read<'_>;

    /// The default as a value of a file.
    fn to_value(&self) -> Value;
}

impl FlagType for bool {
    type Read<'a> = Self;
    const TYPE: Type = Type::Boolean;

    #[inline]
    fn of(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Bool(value) => Some(value),
            _ => None,
        }
    }

    #[inline]
    fn read(&self) -> Self {
        *self
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl FlagType for i64 {
    type Read<'a> = Self;
    const TYPE: Type = Type::Integer;

    #[inline]
    fn of(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Integer(value) => Some(value),
            // `1.0` is as whole as `1`; both ends of the range are exact as floats, and the upper one is out of it.
            ValueRef::Float(value)
                if value.fract() == 0.0
                    && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) =>
            {
                Some(value as Self)
            }
            _ => None,
        }
    }

    #[inline]
    fn read(&self) -> Self {
        *self
    }

    fn to_value(&self) -> Value {
        Value::Integer(*self)
    }
}

impl FlagType for f64 {
    type Read<'a> = Self;
    const TYPE: Type = Type::Float;

    #[inline]
    fn of(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Float(value) => Some(value),
            ValueRef::Integer(value) => Some(value as Self),
            _ => None,
        }
    }

    #[inline]
    fn read(&self) -> Self {
        *self
    }

    fn to_value(&self) -> Value {
        Value::Float(*self)
    }
}

impl FlagType for &'static str {
    type Read<'a> = &'a str;
    const TYPE: Type = Type::Text;

    #[inline]
    fn of(value: ValueRef<'_>) -> Option<&str> {
        match value {
            ValueRef::Text(value) => Some(value),
            _ => None,
        }
    }

    #[inline]
    fn read(&self) -> &str {
        self
    }

    fn to_value(&self) -> Value {
        Value::Text((*self).into())
    }
}

impl FlagType for String {
    type Read<'a> = &'a str;
    const TYPE: Type = Type::Text;

    #[inline]
    fn of(value: ValueRef<'_>) -> Option<&str> {
        <&'static str>::of(value)
    }

    #[inline]
    fn read(&self) -> &str {
        self
    }

    fn to_value(&self) -> Value {
        Value::Text(self.as_str().into())
    }
}

impl FlagType for Value {
    type Read<'a> = ValueRef<'a>;
    const TYPE: Type = Type::Object;

    #[inline]
    fn of(value: ValueRef<'_>) -> Option<ValueRef<'_>> {
        match value {
            ValueRef::Map(_) => Some(value),
            _ => None,
        }
    }

    #[inline]
    fn read(&self) -> ValueRef<'_> {
        self.as_ref()
    }

    fn to_value(&self) -> Value {
        self.clone()
    }
}
