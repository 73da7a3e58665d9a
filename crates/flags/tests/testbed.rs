//! flagd's own cases for evaluators: every scenario row of its Gherkin files, with the flags of its test kit, on the
//! bucketing that it is for.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod flagd;
mod gherkin;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use graylane_flags::{
    Bucketing, Context, EvaluateError, FlagSet, Kind, Options, Resolution, Value, ValueRef,
};
use serde_json::Value as Json;

use gherkin::{Row, Step};

const ROWS: usize = 140;

/// The folder of the cases, if it is there; a run that must have it fails without.
fn cases() -> Option<PathBuf> {
    let shared = std::env::var_os("GRAYLANE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let folder = shared.join("flagd-evaluator");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{} is missing",
        folder.display()
    );
    eprintln!("SKIPPED: flagd's cases are not at {}", folder.display());
    None
}

#[test]
fn every_case_of_flagds_evaluators_passes() {
    let Some(folder) = cases() else { return };
    let text = std::fs::read_to_string(folder.join("flags/testkit-flags.json")).unwrap();
    let document: Json = serde_json::from_str(&text).unwrap();
    let sets = [Bucketing::V1, Bucketing::V2, Bucketing::V3].map(|bucketing| {
        FlagSet::compile_as_flagd(&flagd::definitions(&document, bucketing), Options::default()).unwrap()
    });
    let mut rows: Vec<Row> = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(folder.join("features"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        rows.extend(gherkin::rows(&std::fs::read_to_string(file).unwrap()));
    }

    let mut passed = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in &rows {
        let sets = match row {
            row if row.has("@fractional-v1") => &sets[..1],
            // The rest of that file was made with the second generation.
            row if row.has("@fractional") => &sets[1..2],
            // What does not bucket is the same for all generations.
            _ => &sets,
        };
        match sets.iter().try_for_each(|set| check(set, row)) {
            Ok(()) => *passed.entry(row.feature.clone()).or_insert(0) += 1,
            Err(why) => wrong.push(format!(
                "{} / {}: {why} ({:?})",
                row.feature, row.scenario, row.steps
            )),
        }
    }

    let count = passed.values().sum::<usize>();
    println!("{count} cases: {passed:#?}");
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!((rows.len(), count), (ROWS, ROWS));
}

/// The context that the steps of a row make.
#[derive(Default)]
struct Given {
    targeting_key: Option<String>,
    fields: Vec<(String, Value)>,
}

impl Context for Given {
    fn targeting_key(&self) -> Option<&str> {
        self.targeting_key.as_deref()
    }

    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        let (_, value) = self.fields.iter().find(|(field, _)| field == name)?;
        Some(value.as_ref())
    }

    fn unix_seconds(&self) -> u64 {
        1_700_000_000
    }
}

/// What a caller sees: flagd's errors, and its own default where there is no value.
fn check(set: &FlagSet, row: &Row) -> Result<(), String> {
    let mut given = Given::default();
    let (mut key, mut kind, mut fallback) = (String::new(), String::new(), Json::Null);
    for step in &row.steps {
        match (&*step.text, &*step.quoted) {
            ("an evaluator" | "the flag was evaluated with details", []) => {}
            (text, [flag, default]) if text.contains("-flag with key") => {
                key.clone_from(flag);
                kind = text
                    .split('-')
                    .next()
                    .unwrap()
                    .trim_start_matches("a ")
                    .to_owned();
                fallback = json(&kind, default);
            }
            ("a context containing a targeting key with value \"\"", [value]) => {
                given.targeting_key = Some(value.clone());
            }
            (text, [name, kind, value]) if text.starts_with("a context containing a key") => {
                given.fields.push((name.clone(), values::of(&json(kind, value))));
            }
            (text, [outer, inner, value]) if text.starts_with("a context containing a nested property") => {
                let inner = (inner.as_str().into(), Value::Text(value.as_str().into()));
                given.fields.push((outer.clone(), Value::Map([inner].into())));
            }
            _ => expect(set, &given, (&key, &kind, &fallback), step)?,
        }
    }
    Ok(())
}

fn expect(
    set: &FlagSet,
    given: &Given,
    (key, kind, fallback): (&str, &str, &Json),
    step: &Step,
) -> Result<(), String> {
    let flag = set.find(key);
    let answer = match flag {
        None => Err("FLAG_NOT_FOUND"),
        Some(id) => match set.evaluate(id, given) {
            Err(EvaluateError::Rule) => Err("PARSE_ERROR"),
            Err(EvaluateError::UnknownVariant(_)) => Err("GENERAL"),
            Ok(_) if !fits(set.flag(id).kind(), kind) => Err("TYPE_MISMATCH"),
            Ok(resolution) => Ok(resolution),
        },
    };
    let seen = || match &answer {
        Ok(Resolution {
            value: Some(value), ..
        }) => of_value(*value),
        _ => fallback.clone(),
    };
    let same = |wanted: &str, is: String| {
        if is == wanted {
            Ok(())
        } else {
            Err(format!("{is} instead of {wanted}"))
        }
    };
    match (&*step.text, &*step.quoted) {
        ("the resolved details value should be \"\"", [wanted]) => {
            let (is, wanted) = (seen(), json(kind, wanted));
            let equal = is == wanted || is.as_f64().is_some_and(|is| Some(is) == wanted.as_f64());
            if equal {
                Ok(())
            } else {
                Err(format!("{is} instead of {wanted}"))
            }
        }
        ("the reason should be \"\"", [wanted]) => same(
            wanted,
            answer.map_or("ERROR".to_owned(), |answer| answer.reason.as_str().to_owned()),
        ),
        ("the error-code should be \"\"", [wanted]) => {
            same(wanted, answer.map_or_else(str::to_owned, |_| "none".to_owned()))
        }
        ("the resolved metadata is empty", []) => {
            same("0", set.flag(flag.unwrap()).metadata().len().to_string())
        }
        ("the resolved metadata should contain", []) => {
            let metadata = set.flag(flag.unwrap()).metadata();
            for row in &step.table {
                let wanted = values::of(&json(&row["metadata_type"], &row["value"]));
                let is = metadata.iter().find(|(name, _)| **name == *row["key"]);
                if is.is_none_or(|(_, is)| *is != wanted) {
                    return Err(format!("metadata {} is {is:?}", row["key"]));
                }
            }
            Ok(())
        }
        (other, _) => Err(format!("there is no such step: {other}")),
    }
}

fn fits(kind: Kind, wanted: &str) -> bool {
    matches!(
        (kind, wanted),
        (Kind::Boolean, "Boolean")
            | (Kind::Text, "String")
            | (Kind::Number, "Integer" | "Float")
            | (Kind::Object, "Object")
    )
}

fn json(kind: &str, text: &str) -> Json {
    match kind {
        "String" => Json::from(text),
        _ => serde_json::from_str(&text.replace("\\\"", "\"")).unwrap(),
    }
}

fn of_value(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Bool(value) => value.into(),
        ValueRef::Integer(value) => value.into(),
        ValueRef::Float(value) => value.into(),
        ValueRef::Text(value) => value.into(),
        ValueRef::List(items) => items.iter().map(|item| of_value(item.as_ref())).collect(),
        ValueRef::Map(fields) => fields
            .iter()
            .map(|(name, value)| (name.to_string(), of_value(value.as_ref())))
            .collect(),
    }
}
