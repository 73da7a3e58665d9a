use std::io::Write;

use graylane_config::{Override, Value, origin_table};
use graylane_load::Asked;
use serde_json::json;

use crate::cli::config::Show;
use crate::exit::Failure;

/// Prints every value with its origin.
pub(crate) fn run(asked: &Show, out: &mut impl Write) -> Result<(), Failure> {
    let folded = super::fold(&Asked {
        variables: std::env::vars_os().collect(),
        assignments: asked.set.clone(),
        ..super::files_of(&asked.config, asked.env.into())
    })?;
    if !asked.json {
        let table = origin_table(&folded.values);
        return out.write_all(table.as_bytes()).map_err(Failure::Output);
    }
    let value = |one: &Value| json!({ "key": one.key, "value": one.value.to_string(), "origin": one.origin.to_string() });
    let change = |one: &Override| {
        json!({
            "key": one.key,
            "old": one.old.as_ref().map(ToString::to_string),
            "new": one.new.to_string(),
            "origin": one.origin.to_string(),
        })
    };
    let shown = json!({
        "environment": graylane_config::Environment::from(asked.env).as_str(),
        "revision": folded.config.revision,
        "values": folded.values.iter().map(value).collect::<Vec<_>>(),
        "overrides": folded.overrides.iter().map(change).collect::<Vec<_>>(),
    });
    crate::command::json(&shown, out)
}
