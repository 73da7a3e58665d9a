use std::io::Write;

use graylane_diagnostic::printable;
use serde_json::{Value, json};

use super::live::Gateway;
use super::source::FlagFiles;
use super::view::{View, table};
use crate::cli::flags::{From, List};
use crate::exit::Failure;

/// Lists the flags.
pub(crate) fn run(asked: &List, out: &mut impl Write) -> Result<(), Failure> {
    let views = views(&asked.from)?;
    if asked.json {
        return crate::command::json(&json!({ "flags": views }), out);
    }
    let head = ["flag", "state", "type", "variants", "default", "rule", "where"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(views.iter().map(row));
    out.write_all(table(&rows).as_bytes()).map_err(Failure::Output)
}

fn row(view: &View) -> Vec<String> {
    let names: Vec<String> = view.variants.iter().map(|(name, _)| printable(name)).collect();
    let default = view.default.as_deref().map_or_else(|| "-".to_owned(), printable);
    let place = view.place.as_deref().map_or_else(|| "-".to_owned(), printable);
    let rule = if view.rule { "yes" } else { "no" };
    vec![
        printable(&view.key),
        view.state.clone(),
        view.kind.to_owned(),
        names.join(","),
        default,
        rule.to_owned(),
        place,
    ]
}

/// All flags of a source.
pub(super) fn views(from: &From) -> Result<Vec<View>, Failure> {
    if let Some(gateway) = Gateway::of(from)? {
        let told = gateway.get_json("/flags", &[])?;
        let flags = told["flags"].as_array().map(Vec::as_slice).unwrap_or_default();
        return Ok(flags.iter().map(of_gateway).collect());
    }
    let files = FlagFiles::read(&from.files)?;
    let flags = files.definitions.flags.iter();
    Ok(flags.map(|flag| View::of(&files, flag)).collect())
}

fn of_gateway(flag: &Value) -> View {
    let text = |name: &str| flag[name].as_str().map(str::to_owned);
    let mut view = View::told(
        &text("key").unwrap_or_default(),
        text("origin"),
        flag["definition"].clone(),
    );
    let written = flag["variants"].as_array().map(Vec::as_slice).unwrap_or_default();
    let place = |name: &str| written.iter().position(|one| one == name);
    view.variants.sort_by_key(|(name, _)| place(name));
    view
}
