//! A hash of a context that does not depend on the order of its fields, nor on how a number was written.

use graylane_flags::{Value, ValueRef};
use xxhash_rust::xxh3::Xxh3;

use super::{Caller, TARGETING_KEY};

impl Caller<'_> {
    pub(crate) fn canonical_hash(&self) -> u128 {
        let key = self
            .key
            .as_deref()
            .map(|key| (TARGETING_KEY, ValueRef::Text(key)));
        let fields = self
            .fields
            .iter()
            .map(|(name, held)| (name.as_ref(), held.as_ref()));
        object(key.into_iter().chain(fields))
    }
}

/// The sum of the hashes of its fields: a sum has no order, and no name stands twice.
fn object<'a>(fields: impl Iterator<Item = (&'a str, ValueRef<'a>)>) -> u128 {
    fields.fold(0, |sum, (name, below)| {
        let mut hash = Xxh3::new();
        hash.update(&(name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        value(&mut hash, below);
        sum.wrapping_add(hash.digest128())
    })
}

/// Each type has a first byte of its own, and each length is told, so that no two values have the same bytes.
fn value(hash: &mut Xxh3, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => hash.update(&[0]),
        ValueRef::Bool(value) => hash.update(&[1, u8::from(value)]),
        ValueRef::Integer(number) => {
            hash.update(&[2]);
            hash.update(&number.to_le_bytes());
        }
        // 2^63 as a float is the first that no `i64` is.
        ValueRef::Float(number)
            if number.fract() == 0.0 && (-(2f64.powi(63))..2f64.powi(63)).contains(&number) =>
        {
            self::value(hash, ValueRef::Integer(number as i64));
        }
        ValueRef::Float(number) => {
            hash.update(&[3]);
            hash.update(&number.to_bits().to_le_bytes());
        }
        ValueRef::Text(text) => {
            hash.update(&[4]);
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        ValueRef::List(items) => {
            hash.update(&[5]);
            hash.update(&(items.len() as u64).to_le_bytes());
            items
                .iter()
                .map(Value::as_ref)
                .for_each(|item| self::value(hash, item));
        }
        ValueRef::Map(fields) => {
            hash.update(&[6]);
            let sum = object(fields.iter().map(|(name, below)| (&**name, below.as_ref())));
            hash.update(&sum.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;

    fn hash(context: &str) -> u128 {
        let body = format!(r#"{{"context":{context}}}"#);
        read(body.as_bytes()).expect("a context").canonical_hash()
    }

    #[test]
    fn the_order_of_fields_and_the_spelling_of_numbers_do_not_matter() {
        let one = hash(r#"{"targetingKey":"u","a":1,"m":{"x":-0.0,"y":[2]}}"#);
        let other = hash(r#"{"m":{"y":[2e0],"x":0},"a":1.0,"targetingKey":"\u0075"}"#);

        assert_eq!(one, other);
    }

    #[test]
    fn everything_else_matters() {
        let contexts = [
            "{}",
            r#"{"targetingKey":"u"}"#,
            r#"{"targetingKey":"v"}"#,
            r#"{"a":"u"}"#,
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":true}"#,
            r#"{"a":null}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":[1,2]}"#,
            r#"{"a":[2,1]}"#,
            r#"{"a":[[1],2]}"#,
            r#"{"a":1.5}"#,
            r#"{"a":1e300}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":1,"b":2}"#,
            r#"{"a":2,"b":1}"#,
        ];

        let mut hashes: Vec<_> = contexts.iter().map(|context| hash(context)).collect();
        hashes.sort_unstable();
        hashes.dedup();

        assert_eq!(hashes.len(), contexts.len());
    }
}
