use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use graylane_config::{Environment, Folded, Layers, Modules, Shown};
use graylane_diagnostic::Source;
use serde_json::json;

use crate::cli::config::Compare;
use crate::exit::Failure;

/// A key that differs, with the value on each side that has it.
type Change<'a> = (&'a str, Option<&'a Shown>, Option<&'a Shown>);

/// Prints the keys that differ.
pub(crate) fn run(asked: &Compare, out: &mut impl Write) -> Result<(), Failure> {
    let environment = asked.env.map(Environment::from);
    let (old, new) = (read(&asked.old, environment)?, read(&asked.new, environment)?);
    let changes = changes(&old, &new);
    let restart = old.config.restart_needed(&new.config);
    if asked.json {
        let change = |(key, old, new): &Change<'_>| {
            json!({
                "key": key,
                "old": old.map(ToString::to_string),
                "new": new.map(ToString::to_string),
                "restart": restart.iter().any(|other| other == key),
            })
        };
        let keys: Vec<_> = changes.iter().map(change).collect();
        crate::command::json(&json!({ "same": changes.is_empty(), "keys": keys }), out)?;
    } else {
        let width = changes
            .iter()
            .map(|(key, ..)| key.chars().count())
            .max()
            .unwrap_or(0);
        for (key, old, new) in &changes {
            let word =
                |value: &Option<&Shown>| value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            let note = if restart.iter().any(|other| other == key) {
                "  (needs a restart)"
            } else {
                ""
            };
            writeln!(out, "{key:width$}  {} -> {}{note}", word(old), word(new)).map_err(Failure::Output)?;
        }
    }
    if changes.is_empty() {
        Ok(())
    } else {
        Err(Failure::Different)
    }
}

/// Where no environment is named, the file alone counts.
fn read(file: &Path, environment: Option<Environment>) -> Result<Folded, Failure> {
    if let Some(environment) = environment {
        return super::fold(&super::files_of(file, environment));
    }
    let bytes = graylane_load::read(file)?;
    let name = file.display().to_string();
    let layers = Layers::new(Source::new(name, String::from_utf8_lossy(&bytes).into_owned()));
    graylane_config::parse(&layers, Environment::Dev, Modules::Any)
        .map_err(|found| Failure::Invalid(found.render(layers.sources())))
}

/// In the order of the keys.
fn changes<'a>(old: &'a Folded, new: &'a Folded) -> Vec<Change<'a>> {
    let values = |folded: &'a Folded| -> BTreeMap<&'a str, &'a Shown> {
        folded
            .values
            .iter()
            .map(|one| (one.key.as_str(), &one.value))
            .collect()
    };
    let (old, new) = (values(old), values(new));
    let mut keys: Vec<&str> = old.keys().chain(new.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .map(|key| (key, old.get(key).copied(), new.get(key).copied()))
        .filter(|(_, old, new)| old != new)
        .collect()
}
