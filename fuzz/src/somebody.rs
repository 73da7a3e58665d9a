use graylane_flags::{Context, Value, ValueRef};
use serde_json::Value as Json;

/// Somebody for whom flags are evaluated.
#[derive(Debug)]
pub struct Somebody {
    key: Option<String>,
    fields: Value,
}

impl Somebody {
    /// From the JSON of a context; nobody in particular where it is none.
    pub fn new(json: &str) -> Self {
        let json: Json = serde_json::from_str(json).unwrap_or_default();
        Self {
            key: json["targetingKey"].as_str().map(str::to_owned),
            fields: value(&json),
        }
    }
}

impl Context for Somebody {
    fn targeting_key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        self.fields.as_ref().child(name)
    }

    fn unix_seconds(&self) -> u64 {
        1_800_000_000
    }
}

/// The same value.
pub(crate) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.as_i64().map_or_else(
            || Value::Float(number.as_f64().unwrap_or_default()),
            Value::Integer,
        ),
        Json::String(text) => Value::Text(text.as_str().into()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(fields) => Value::Map(
            fields
                .iter()
                .map(|(name, json)| (name.as_str().into(), value(json)))
                .collect(),
        ),
    }
}
