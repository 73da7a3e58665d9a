use std::fmt::Write as _;
use std::io::Write;

use graylane_diagnostic::printable;
use serde_json::Value;

use super::list::views;
use super::view::{View, pretty, share_of, spaced};
use crate::cli::flags::Get;
use crate::exit::Failure;

/// Shows one flag.
pub(crate) fn run(asked: &Get, out: &mut impl Write) -> Result<(), Failure> {
    if asked.json && asked.from.live.is_none() {
        // As it is, because a tree of JSON would order the variants anew.
        let files = super::source::FlagFiles::read(&asked.from.files)?;
        let text = files.definitions.canonical(files.flag(&asked.key)?);
        return writeln!(out, "{text}").map_err(Failure::Output);
    }
    let views = views(&asked.from)?;
    let Some(view) = views.iter().find(|view| view.key == asked.key) else {
        return Err(super::no_flag(
            &asked.key,
            views.iter().map(|view| view.key.as_str()),
        ));
    };
    let text = if asked.json {
        format!("{}\n", view.definition)
    } else {
        full(view)
    };
    out.write_all(text.as_bytes()).map_err(Failure::Output)
}

fn full(view: &View) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| _ = writeln!(text, "{name:<13}  {value}");
    line("flag", &printable(&view.key));
    line("where", &printable(view.place.as_deref().unwrap_or("-")));
    line("state", &view.state);
    line("type", view.kind);
    let variant =
        |(name, value): &(String, Value)| format!("{} = {}", printable(name), printable(&spaced(value)));
    let variants: Vec<String> = view.variants.iter().map(variant).collect();
    line("variants", &variants.join(", "));
    let default = view.default.as_deref().map(printable);
    line("default", default.as_deref().unwrap_or("as the code has it"));
    let definition = &view.definition;
    if let Some(split) = definition.get("split") {
        let share = share_of(
            split["share"].as_u64().unwrap_or(0),
            split["of"].as_u64().unwrap_or(0),
        );
        let unit = if share.contains('/') { "" } else { " %" };
        let name = |field: &str| printable(split[field].as_str().unwrap_or("-"));
        let by = match split["by"].as_str() {
            Some(field) => format!("the field {}", printable(field)),
            None => "the targeting key".to_owned(),
        };
        line(
            "split",
            &format!("{share}{unit} {}, else {}, by {by}", name("on"), name("off")),
        );
    }
    for (flag, variants) in definition["prerequisites"].as_object().into_iter().flatten() {
        let variants = variants.as_array().map(Vec::as_slice).unwrap_or_default();
        let names: Vec<String> = variants.iter().filter_map(Value::as_str).map(printable).collect();
        line(
            "prerequisite",
            &format!("{} is {}", printable(flag), names.join(" or ")),
        );
    }
    for (name, value) in definition["metadata"].as_object().into_iter().flatten() {
        line(
            "metadata",
            &format!("{} = {}", printable(name), printable(&value.to_string())),
        );
    }
    if let Some(rule) = definition.get("targeting") {
        let lines = pretty(rule, 0);
        let lines: Vec<String> = lines.lines().map(printable).collect();
        _ = write!(text, "targeting\n  {}\n", lines.join("\n  "));
    }
    text
}
