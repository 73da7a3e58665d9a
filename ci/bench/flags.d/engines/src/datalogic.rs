//! datalogic-rs as its documentation says it is fastest: the rule compiled, the contexts parsed, the arena kept.

use datalogic_rs::{Engine, ParsedData};
use serde_json::json;

use crate::shapes::{KEY, Shape, users};
use crate::turns::Mode;

pub fn run(shape: Shape, mode: Mode) {
    let engine = Engine::new();
    let rule = shape
        .targeting()
        .map_or_else(|| json!("on").to_string(), |rule| rule.to_string());
    let logic = engine.compile(rule.as_str()).expect("the rule compiles");
    let contexts: Vec<ParsedData> = users()
        .iter()
        .map(|user| {
            let context = json!({
                "$flagd": {"flagKey": KEY, "timestamp": 1_800_000_000},
                "targetingKey": user.id,
                "country": user.country,
                "version": user.version,
                "email": user.email,
            });
            ParsedData::from_json(&context.to_string()).expect("a context is JSON")
        })
        .collect();
    let mut session = engine.session();
    mode.run(|number| {
        session.reset();
        let answer = session
            .eval_borrowed(&logic, &contexts[number])
            .expect("the rule holds");
        answer.as_str() == Some("on")
    });
}
