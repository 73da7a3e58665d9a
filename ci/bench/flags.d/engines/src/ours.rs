//! Ours, with contexts of fields by name: by the flag's number or by its key, of each bucketing.

use std::hint::black_box;

use graylane_diagnostic::Source;
use graylane_flags::{Definitions, Fields, FlagSet, Options, ReadOptions, ValueRef};
use serde_json::{Value, json};

use crate::shapes::{KEY, Shape, users};
use crate::turns::Mode;

/// How a flag is found, and how a key becomes a bucket.
pub const NAMES: [&str; 4] = ["handle-v2", "handle-v3", "name-v2", "name-v3"];

/// A set is never of one flag alone; more make the search by name an honest one.
const OTHERS: usize = 100;

pub fn run(engine: &str, shape: Shape, mode: Mode) -> bool {
    let Some((by, bucketing)) = engine.split_once('-').filter(|_| NAMES.contains(&engine)) else {
        return false;
    };
    let set = compile(&document(shape, bucketing));
    let contexts = contexts();
    let flag = set.find(KEY).expect("the flag is there");
    if by == "handle" {
        mode.run(|number| on(&set, black_box(flag), &contexts[number]));
    } else {
        mode.run(|number| {
            let flag = set.find(black_box(KEY)).expect("the flag is there");
            on(&set, flag, &contexts[number])
        });
    }
    true
}

/// Reads and compiles a document, as at a start or a reload.
pub fn compile(document: &str) -> FlagSet {
    let source = Source::new("flags.json", document.to_owned());
    let reading = Definitions::read([&source], ReadOptions::default()).expect("the document is good");
    FlagSet::compile(&reading.definitions, Options { gray_on: true }).expect("the definitions compile")
}

fn on(set: &FlagSet, flag: graylane_flags::FlagId, context: &Fields<'_>) -> bool {
    let found = set.evaluate(flag, context).expect("the rule holds");
    matches!(found.value, Some(ValueRef::Bool(true)))
}

fn document(shape: Shape, bucketing: &str) -> String {
    let mut flags: serde_json::Map<String, Value> = (0..OTHERS)
        .map(|number| (format!("other-{number}"), Shape::Static.flag()))
        .collect();
    let mut flag = shape.flag();
    if shape == Shape::Split {
        // The form that we have for it; the answers are those of `fractional`.
        flag["state"] = json!("gray-30");
        flag.as_object_mut().expect("an object").remove("targeting");
    }
    flags.insert(KEY.to_owned(), flag);
    json!({"flags": flags, "metadata": {"bucketing": format!("flagd-{bucketing}")}}).to_string()
}

fn contexts() -> Vec<Fields<'static>> {
    let users = Vec::leak(users());
    users
        .iter()
        .map(|user| Fields {
            targeting_key: Some(&user.id),
            fields: Box::leak(Box::new([
                ("country", ValueRef::Text(user.country)),
                ("version", ValueRef::Text(&user.version)),
                ("email", ValueRef::Text(&user.email)),
            ])),
            unix_seconds: 1_800_000_000,
        })
        .collect()
}
