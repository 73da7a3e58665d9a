//! The evaluator behind JSON lines, for `ci/crosscheck`.
//!
//! A line in: `{"set": {...}, "asks": [[key, context], ...]}`. A line out: one array `[variant, value, reason, error]` per
//! ask; a set that is refused answers every ask with the mistake.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use graylane_diagnostic::Source;
use graylane_flags::{Definitions, EvaluateError, Fields, FlagSet, Options, ReadOptions, Value, ValueRef};
use serde_json::{Value as Json, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: Json = serde_json::from_str(&line?)?;
        let asks = case["asks"].as_array().ok_or("no asks")?;
        let answers: Vec<Json> = match compile(&case["set"].to_string()) {
            Ok(set) => asks.iter().map(|ask| answer(&set, ask)).collect(),
            Err(mistakes) => vec![json!([null, null, "ERROR", format!("REFUSED {mistakes}")]); asks.len()],
        };
        writeln!(out, "{}", Json::from(answers))?;
    }
    Ok(())
}

fn compile(text: &str) -> Result<FlagSet, String> {
    let source = Source::new("set.json", text.to_owned());
    let reading =
        Definitions::read([&source], ReadOptions::default()).map_err(|mistakes| format!("{mistakes:?}"))?;
    FlagSet::compile(&reading.definitions, Options { gray_on: true })
        .map_err(|mistakes| format!("{mistakes:?}"))
}

fn answer(set: &FlagSet, ask: &Json) -> Json {
    let Some(flag) = ask[0].as_str().and_then(|key| set.find(key)) else {
        return json!([null, null, "ERROR", "FLAG_NOT_FOUND"]);
    };
    let context = ask[1].as_object().into_iter().flatten();
    let owned: Vec<(&str, Value)> = context
        .map(|(name, value)| (name.as_str(), value_of(value)))
        .collect();
    let fields: Vec<(&str, ValueRef<'_>)> = owned
        .iter()
        .map(|(name, value)| (*name, value.as_ref()))
        .collect();
    let context = Fields {
        targeting_key: ask[1]["targetingKey"].as_str(),
        fields: &fields,
        unix_seconds: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_secs()),
    };
    match set.evaluate(flag, &context) {
        Ok(found) => json!([
            found.variant.map(|(_, name)| name),
            found.value.map(json_of),
            found.reason.as_str(),
            null,
        ]),
        Err(EvaluateError::Rule) => json!([null, null, "ERROR", "PARSE_ERROR"]),
        Err(EvaluateError::UnknownVariant(_)) => json!([null, null, "ERROR", "GENERAL"]),
    }
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Float(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => Value::Text(text.as_str().into()),
        Json::Array(items) => Value::List(items.iter().map(value_of).collect()),
        Json::Object(fields) => Value::Map(
            fields
                .iter()
                .map(|(name, value)| (name.as_str().into(), value_of(value)))
                .collect(),
        ),
    }
}

fn json_of(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Bool(value) => value.into(),
        ValueRef::Integer(value) => value.into(),
        ValueRef::Float(value) => value.into(),
        ValueRef::Text(value) => value.into(),
        ValueRef::List(items) => items.iter().map(|item| json_of(item.as_ref())).collect(),
        ValueRef::Map(fields) => Json::Object(
            fields
                .iter()
                .map(|(name, value)| (name.to_string(), json_of(value.as_ref())))
                .collect(),
        ),
    }
}
