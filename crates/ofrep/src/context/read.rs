use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use graylane_flags::{Value, ValueRef};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::error::Category;

use super::{Caller, Held, TARGETING_KEY};

/// Fields of a context. A rule looks through all of them for each that it wants.
const MAX_FIELDS: usize = 1_000;
/// Values of a context, at every depth.
const MAX_VALUES: usize = 10_000;
/// Names of an object that are compared one by one before a set of them is kept.
const FEW: usize = 16;
/// Characters of a message before its place; it may quote the body.
const MAX_DETAILS: usize = 160;

/// Why a body is no context.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The protocol's word: `PARSE_ERROR` or `INVALID_CONTEXT`.
    pub(crate) code: &'static str,
    /// What is wrong, and where.
    pub(crate) details: String,
}

/// Reads the body of a request: `{"context":{…}}`. An empty one is an empty context.
///
/// # Errors
/// It is no JSON, has a name twice, is nested too deep, has too many values or a number that no `f64` is near to; or its
/// context is no object, or the targeting key no string.
pub(crate) fn read(body: &[u8]) -> Result<Caller<'_>, Mistake> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Caller::default());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let values = Cell::new(0);
    Body(&values)
        .deserialize(&mut json)
        .and_then(|caller| json.end().map(|()| caller))
        .map_err(|error| mistake(&error))
}

fn mistake(error: &serde_json::Error) -> Mistake {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    let cut: String = what.chars().take(MAX_DETAILS).collect();
    let dots = if cut.len() < what.len() { "…" } else { "" };
    Mistake {
        code: match error.classify() {
            Category::Data => "INVALID_CONTEXT",
            Category::Syntax | Category::Eof | Category::Io => "PARSE_ERROR",
        },
        details: format!("{cut}{dots}{place}"),
    }
}

/// Counts a value.
fn count<E: serde::de::Error>(values: &Cell<usize>) -> Result<(), E> {
    values.set(values.get() + 1);
    if values.get() > MAX_VALUES {
        return Err(E::custom(format_args!("more than {MAX_VALUES} values")));
    }
    Ok(())
}

/// The names of an object so far. Linear for few; a set of them after that, lest many cost the square of their number.
#[derive(Default)]
struct Names(HashSet<Box<str>>);

impl Names {
    fn check<'a, E: serde::de::Error>(
        &mut self,
        name: &str,
        before: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<(), E> {
        let new = if before.len() < FEW {
            !{ before }.any(|other| other == name)
        } else {
            if self.0.is_empty() {
                self.0.extend(before.map(Box::from));
            }
            self.0.insert(name.into())
        };
        if new {
            return Ok(());
        }
        Err(E::custom(format_args!("the name {name:?} stands twice")))
    }
}

/// The whole body.
struct Body<'s>(&'s Cell<usize>);

impl<'de> DeserializeSeed<'de> for Body<'_> {
    type Value = Caller<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Caller<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = Caller<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a context")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Caller<'de>, A::Error> {
        let mut caller = None;
        while let Some(name) = map.next_key_seed(Name)? {
            if name != "context" {
                map.next_value::<IgnoredAny>()?;
            } else if caller.is_some() {
                return Err(A::Error::custom("the name \"context\" stands twice"));
            } else {
                caller = Some(map.next_value_seed(Fields(self.0))?);
            }
        }
        Ok(caller.unwrap_or_default())
    }
}

/// The context.
struct Fields<'s>(&'s Cell<usize>);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = Caller<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Caller<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Caller<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object as context")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Caller<'de>, A::Error> {
        let mut caller = Caller {
            fields: Vec::with_capacity(8),
            ..Caller::default()
        };
        let mut names = Names::default();
        let mut has_key = false;
        while let Some(name) = map.next_key_seed(Name)? {
            if name == TARGETING_KEY {
                if has_key {
                    return Err(A::Error::custom("the name \"targetingKey\" stands twice"));
                }
                has_key = true;
                caller.key = map.next_value_seed(TargetingKey)?;
                continue;
            }
            names.check(&name, caller.fields.iter().map(|(field, _)| field.as_ref()))?;
            if caller.fields.len() == MAX_FIELDS {
                return Err(A::Error::custom(format_args!("more than {MAX_FIELDS} fields")));
            }
            let held = map.next_value_seed(Field(self.0))?;
            caller.fields.push((name, held));
        }
        Ok(caller)
    }
}

/// A name, borrowed unless it is escaped.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// The targeting key: a string. `null` is none: that is how some SDKs send one that is not set.
struct TargetingKey;

impl<'de> DeserializeSeed<'de> for TargetingKey {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match Field(&Cell::new(0)).deserialize(deserializer)? {
            Held::Plain(ValueRef::Null) => Ok(None),
            Held::Plain(ValueRef::Text(text)) => Ok(Some(Cow::Borrowed(text))),
            Held::Own(Value::Text(text)) => Ok(Some(Cow::Owned(text.into()))),
            other => Err(D::Error::invalid_type(
                kind(other.as_ref()),
                &"a string as targetingKey",
            )),
        }
    }
}

fn kind(value: ValueRef<'_>) -> Unexpected<'_> {
    match value {
        ValueRef::Null => Unexpected::Unit,
        ValueRef::Bool(value) => Unexpected::Bool(value),
        ValueRef::Integer(value) => Unexpected::Signed(value),
        ValueRef::Float(value) => Unexpected::Float(value),
        ValueRef::Text(text) => Unexpected::Str(text),
        ValueRef::List(_) => Unexpected::Seq,
        ValueRef::Map(_) => Unexpected::Map,
    }
}

/// A value of the context.
struct Field<'s>(&'s Cell<usize>);

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = Held<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Held<'de>, D::Error> {
        count(self.0)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = Held<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Held<'de>, E> {
        Ok(Held::Plain(ValueRef::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Held<'de>, E> {
        Ok(Held::Plain(ValueRef::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Held<'de>, E> {
        Ok(Held::Plain(ValueRef::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Held<'de>, E> {
        Ok(Held::Plain(
            i64::try_from(value).map_or(ValueRef::Float(value as f64), ValueRef::Integer),
        ))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Held<'de>, E> {
        Ok(Held::Plain(ValueRef::Float(value)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Held<'de>, E> {
        Ok(Held::Plain(ValueRef::Text(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Held<'de>, E> {
        Ok(Held::Own(Value::Text(text.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Held<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Field(self.0))? {
            list.push(own(item));
        }
        Ok(Held::Own(Value::List(list.into_boxed_slice())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Held<'de>, A::Error> {
        let mut fields: Vec<(Box<str>, Value)> = Vec::new();
        let mut names = Names::default();
        while let Some(name) = map.next_key_seed(Name)? {
            names.check(&name, fields.iter().map(|(field, _)| &**field))?;
            let value = map.next_value_seed(Field(self.0))?;
            fields.push((name.into(), own(value)));
        }
        Ok(Held::Own(Value::Map(fields.into_boxed_slice())))
    }
}

fn own(held: Held<'_>) -> Value {
    match held {
        Held::Own(value) => value,
        Held::Plain(ValueRef::Null) => Value::Null,
        Held::Plain(ValueRef::Bool(value)) => Value::Bool(value),
        Held::Plain(ValueRef::Integer(value)) => Value::Integer(value),
        Held::Plain(ValueRef::Float(value)) => Value::Float(value),
        Held::Plain(ValueRef::Text(text)) => Value::Text(text.into()),
        Held::Plain(ValueRef::List(items)) => Value::List(items.into()),
        Held::Plain(ValueRef::Map(fields)) => Value::Map(fields.into()),
    }
}

#[cfg(test)]
mod tests;
