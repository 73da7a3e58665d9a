mod reach;
mod warnings;

pub(crate) use warnings::{is_json, tree};

use std::io::Write;

use graylane_diagnostic::{Diagnostic, Diagnostics};
use graylane_flags::{Definitions, FlagSet, Options, ReadOptions};
use serde_json::json;

use crate::cli::flags::Lint;
use crate::command::flags::source;
use crate::exit::Failure;

/// Finds mistakes, and what is probably one.
pub(crate) fn run(asked: &Lint, out: &mut impl Write) -> Result<(), Failure> {
    let sources = source::sources(source::texts(&asked.files)?);
    let read = Definitions::read(sources.iter(), ReadOptions::default()).and_then(|reading| {
        FlagSet::compile(&reading.definitions, Options::default())?;
        Ok(reading.definitions)
    });
    let (definitions, mistakes) = match read {
        Ok(definitions) => (Some(definitions), None),
        Err(mistakes) => (None, Some(mistakes)),
    };
    // What a rule can give is known of good rules only.
    let found: Vec<Diagnostic> = definitions
        .iter()
        .flat_map(|all| warnings::of(all, &sources))
        .collect();
    let count = found.len();
    let warnings = Diagnostics::collect(found);
    if asked.json {
        let reports =
            |all: &Option<Diagnostics>| all.as_ref().map_or_else(Vec::new, |all| all.reports(&sources));
        let value = json!({ "mistakes": reports(&mistakes), "warnings": reports(&warnings) });
        crate::command::json(&value, out)?;
    } else if let Some(warnings) = &warnings {
        let texts: Vec<String> = warnings
            .iter()
            .map(|one| as_warning(&one.render(&sources)))
            .collect();
        out.write_all(texts.join("\n").as_bytes())
            .map_err(Failure::Output)?;
    }
    match mistakes {
        Some(mistakes) => Err(Failure::Invalid(mistakes.render(&sources))),
        None if count > 0 && asked.strict => Err(Failure::Warnings(count)),
        None if asked.json || count > 0 => Ok(()),
        None => {
            let flags = definitions.map_or(0, |all| all.flags.len());
            writeln!(out, "{flags} flag(s), nothing to say").map_err(Failure::Output)
        }
    }
}

fn as_warning(text: &str) -> String {
    text.strip_prefix("error:")
        .map_or_else(|| text.to_owned(), |rest| format!("warning:{rest}"))
}
