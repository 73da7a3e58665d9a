//! For whom flags are evaluated.

use std::path::Path;

use graylane_diagnostic::Source;
use graylane_flags::{Context, Node, Value, ValueRef};

use crate::cli::flags::Who;
use crate::exit::Failure;

/// The fields of a context.
pub(super) type Object = Box<[(Box<str>, Value)]>;

/// Somebody: an id and what is the same for all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Somebody<'a> {
    pub(super) targeting_key: Option<&'a str>,
    /// A field of its own, before the others.
    pub(super) field: Option<(&'a str, &'a str)>,
    pub(super) others: &'a [(Box<str>, Value)],
    pub(super) unix_seconds: u64,
}

impl Context for Somebody<'_> {
    #[inline]
    fn targeting_key(&self) -> Option<&str> {
        self.targeting_key
    }

    #[inline]
    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        match self.field {
            Some((own, value)) if own == name => Some(ValueRef::Text(value)),
            _ => self
                .others
                .iter()
                .find(|(other, _)| **other == *name)
                .map(|(_, value)| value.as_ref()),
        }
    }

    #[inline]
    fn unix_seconds(&self) -> u64 {
        self.unix_seconds
    }
}

/// The fields that `--context` gives.
pub(super) fn fields(who: &Who) -> Result<Object, Failure> {
    let Some(given) = &who.context else {
        return Ok(Object::default());
    };
    let source = match given.strip_prefix('@') {
        Some(path) => Source::new(path, super::source::text(Path::new(path))?),
        None => Source::new("--context", given.clone()),
    };
    match graylane_flags::read_json(&source).map(Node::into_value) {
        Ok(Value::Map(fields)) => Ok(fields),
        Ok(_) => Err(Failure::Context("a context is a JSON object".to_owned())),
        Err(found) => Err(Failure::Context(found.render(&source))),
    }
}

/// The targeting key among fields.
pub(super) fn targeting_key(fields: &[(Box<str>, Value)]) -> Option<&str> {
    match fields.iter().find(|(name, _)| **name == *"targetingKey") {
        Some((_, Value::Text(key))) => Some(key),
        _ => None,
    }
}

/// A field as it is meant: a number or a switch where it reads as one, else a string.
pub(super) fn read(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::Integer(number),
            (_, Ok(number)) if number.is_finite() => Value::Float(number),
            _ => Value::Text(text.into()),
        },
    }
}

/// Now, in whole seconds since 1970.
pub(super) fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
