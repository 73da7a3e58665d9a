//! JSON as values, for contexts.

use graylane_flags::Value;
use serde_json::Value as Json;

/// The same as a value.
pub(crate) fn of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::Text(text.as_str().into()),
        Json::Array(items) => Value::List(items.iter().map(of).collect()),
        Json::Object(fields) => Value::Map(
            fields
                .iter()
                .map(|(name, json)| (name.as_str().into(), of(json)))
                .collect(),
        ),
    }
}
