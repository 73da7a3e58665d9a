mod tree;

use std::fmt::Write as _;
use std::io::Write;

use graylane_diagnostic::printable;
use graylane_flags::Value;
use serde_json::json;

use super::context::{self, Somebody};
use super::live::Gateway;
use super::source::FlagFiles;
use crate::cli::flags::Explain;
use crate::exit::Failure;

/// Says why somebody gets what.
pub(crate) fn run(asked: &Explain, out: &mut impl Write) -> Result<(), Failure> {
    let told = match Gateway::of(&asked.from)? {
        Some(gateway) => live(asked, &gateway)?,
        None => offline(asked)?,
    };
    if asked.json {
        return crate::command::json(&told, out);
    }
    let mut text = tree::text(&told["explanation"]);
    let place = told["origin"].as_str().map_or_else(|| "-".to_owned(), printable);
    _ = write!(text, "\nfrom {place}");
    if let Some(revision) = told["file_revision"].as_u64() {
        _ = write!(text, ", revision {revision} of the file");
    }
    if let Some(revision) = told["revision"].as_u64() {
        _ = write!(text, ", revision {revision} of the gateway");
    }
    text.push('\n');
    if told["grayscale_on"] == false {
        text.push_str("GRAYSCALE_ON is off: gray flags have their off variant\n");
    }
    out.write_all(text.as_bytes()).map_err(Failure::Output)
}

/// The fields, those by `--field` first.
fn fields(asked: &Explain) -> Result<Vec<(Box<str>, Value)>, Failure> {
    let own = asked.field.iter();
    let own = own.map(|(name, value)| (name.as_str().into(), context::read(value)));
    Ok(own.chain(context::fields(&asked.who)?).collect())
}

fn offline(asked: &Explain) -> Result<serde_json::Value, Failure> {
    let files = FlagFiles::read(&asked.from.files)?;
    let flag = files.flag(&asked.key)?;
    let set = files.compile(asked.gray.grayscale_on)?;
    let Some(id) = set.find(&asked.key) else {
        return Err(super::no_flag(&asked.key, []));
    };
    let others = fields(asked)?;
    let somebody = Somebody {
        targeting_key: asked
            .targeting_key
            .as_deref()
            .or_else(|| context::targeting_key(&others)),
        field: None,
        others: &others,
        unix_seconds: context::now(),
    };
    Ok(json!({
        "origin": files.origin(flag),
        "file_revision": files.revision(flag),
        "grayscale_on": asked.gray.grayscale_on,
        "explanation": set.explain(id, &somebody),
    }))
}

fn live(asked: &Explain, gateway: &Gateway) -> Result<serde_json::Value, Failure> {
    let fields = Value::Map(fields(asked)?.into());
    let context = serde_json::to_string(&fields)?;
    let mut query = vec![("key", asked.key.as_str()), ("context", context.as_str())];
    if let Some(key) = &asked.targeting_key {
        query.push(("targetingKey", key));
    }
    gateway.get_json("/flags/explain", &query)
}
