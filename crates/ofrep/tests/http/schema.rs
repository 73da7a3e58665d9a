//! The protocol's `openapi.yaml`, and a check of JSON against its schemas.
//!
//! Only the keywords that stand there are known; another one fails the test. `oneOf` is taken as `anyOf`: the protocol's own
//! alternatives of a value overlap (an integer is a number, and `codeDefaultFlag` fits everything).

use std::iter::Peekable;
use std::path::PathBuf;
use std::sync::LazyLock;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

static DOCUMENT: LazyLock<Option<Value>> = LazyLock::new(load);

/// Panics unless the value is what the schema of that name says.
pub(crate) fn conforms(name: &str, value: &Value) {
    if let Some(document) = &*DOCUMENT {
        let schema = &document["components"]["schemas"][name];
        assert!(schema.is_object(), "there is no schema {name}");
        if let Err(wrong) = check(document, schema, value) {
            panic!("{wrong}\nin {value:#}\nwhich is no {name}");
        }
    }
}

fn load() -> Option<Value> {
    let folder = std::env::var_os("GRAYLANE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = folder.join("ofrep/openapi.yaml");
    match std::fs::read_to_string(&file) {
        Ok(text) => Some(yaml(&text)),
        Err(error) => {
            eprintln!(
                "ANSWERS ARE NOT CHECKED AGAINST THE PROTOCOL: {}: {error}",
                file.display()
            );
            assert!(
                std::env::var_os("CI").is_none(),
                "in CI this file has to be there"
            );
            None
        }
    }
}

fn check(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    for (keyword, rule) in schema.as_object().unwrap() {
        let right = match keyword.as_str() {
            "description" | "example" | "examples" | "default" | "contentMediaType" | "contentSchema" => true,
            // An annotation, unless a tool says that it checks it; the dates of the protocol are integers here.
            "format" => true,
            "$ref" => {
                check(
                    document,
                    document.pointer(&rule.as_str().unwrap()[1..]).unwrap(),
                    value,
                )?;
                true
            }
            "allOf" => {
                each(rule).try_for_each(|one| check(document, one, value))?;
                true
            }
            "oneOf" => each(rule).any(|one| check(document, one, value).is_ok()),
            "not" => check(document, rule, value).is_err(),
            "type" => is(rule.as_str().unwrap(), value),
            "enum" => each(rule).any(|one| one == value),
            "pattern" => rule == "^/" && value.as_str().is_none_or(|text| text.starts_with('/')),
            "minimum" => value
                .as_f64()
                .is_none_or(|number| number >= rule.as_f64().unwrap()),
            "required" => value
                .as_object()
                .is_none_or(|fields| each(rule).all(|name| fields.contains_key(name.as_str().unwrap()))),
            "items" => {
                let items = value.as_array().into_iter().flatten();
                items.clone().try_for_each(|item| check(document, rule, item))?;
                true
            }
            "properties" => {
                for (name, below) in rule.as_object().unwrap() {
                    value
                        .get(name)
                        .map_or(Ok(()), |value| check(document, below, value))?;
                }
                true
            }
            "additionalProperties" if rule.is_boolean() => rule == true,
            "additionalProperties" => {
                let fields = value.as_object().into_iter().flatten();
                fields
                    .clone()
                    .try_for_each(|(_, value)| check(document, rule, value))?;
                true
            }
            other => panic!("the schema has the keyword {other}, which this check does not know"),
        };
        if !right {
            return Err(format!("{value} is against {keyword}: {rule}"));
        }
    }
    Ok(())
}

fn each(list: &Value) -> std::slice::Iter<'_, Value> {
    list.as_array().unwrap().iter()
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("the schema has the type {other}"),
    }
}

fn yaml(text: &str) -> Value {
    let mut events = Parser::new_from_str(text)
        .map(|event| event.unwrap().0)
        .filter(|event| {
            !matches!(
                event,
                Event::Nothing
                    | Event::StreamStart
                    | Event::StreamEnd
                    | Event::DocumentStart(_)
                    | Event::DocumentEnd
            )
        })
        .peekable();
    node(&mut events)
}

fn node<'t>(events: &mut Peekable<impl Iterator<Item = Event<'t>>>) -> Value {
    match events.next().unwrap() {
        Event::Scalar(text, ScalarStyle::Plain, ..) => {
            serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))
        }
        Event::Scalar(text, ..) => Value::String(text.into_owned()),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            while events.next_if_eq(&Event::SequenceEnd).is_none() {
                items.push(node(events));
            }
            Value::Array(items)
        }
        Event::MappingStart(..) => {
            let mut fields = Map::new();
            while events.next_if_eq(&Event::MappingEnd).is_none() {
                let Value::String(name) = node(events) else {
                    // A status as a name; schemas have none.
                    node(events);
                    continue;
                };
                fields.insert(name, node(events));
            }
            Value::Object(fields)
        }
        other => panic!("{other:?}"),
    }
}

mod tests {
    use serde_json::json;

    use super::*;

    /// The check itself: what breaks a schema has to be found.
    #[test]
    fn an_answer_against_the_protocol_is_found() {
        let Some(document) = &*DOCUMENT else { return };
        let ok = |name: &str, value: &Value| {
            check(document, &document["components"]["schemas"][name], value).is_ok()
        };

        assert!(ok(
            "evaluationSuccess",
            &json!({"key": "a", "reason": "STATIC", "value": 1})
        ));
        assert!(!ok(
            "evaluationSuccess",
            &json!({"key": "a", "reason": "DEFAULT", "value": 1})
        ));
        assert!(!ok("evaluationSuccess", &json!({"key": "a"})));
        assert!(!ok("evaluationSuccess", &json!({"key": 1, "reason": "STATIC"})));
        assert!(!ok(
            "evaluationSuccess",
            &json!({"key": "a", "reason": "STATIC", "metadata": {"a": []}})
        ));
        assert!(!ok(
            "evaluationFailure",
            &json!({"key": "a", "errorCode": "FLAG_NOT_FOUND"})
        ));
        assert!(!ok("bulkEvaluationSuccess", &json!({"flags": [{}]})));
        assert!(!ok("eventStream", &json!({"type": "sse"})));
        assert!(!ok(
            "eventStream",
            &json!({"type": "sse", "endpoint": {"requestUri": "ofrep"}})
        ));
        assert!(!ok("sseEventData", &json!({"type": "a", "lastModified": -1})));
    }
}
