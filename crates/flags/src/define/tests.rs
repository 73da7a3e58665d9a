mod formats;
mod mistakes;
mod prerequisites;
mod quarantine;
mod refs;
mod several;
mod splits;

use graylane_diagnostic::Source;

use super::*;
use crate::{Definition, Metadata, Node, Rule};

fn source(name: &str, text: &str) -> Source {
    Source::new(name, text.to_owned())
}

/// Reads one file; the text tells which format it is.
fn reading(text: &str, options: ReadOptions) -> Result<Reading, String> {
    let name = if text.trim_start().starts_with('{') {
        "flags.json"
    } else {
        "flags.toml"
    };
    let source = source(name, text);
    Definitions::read([&source], options).map_err(|faults| faults.render(&source))
}

fn read(text: &str) -> Result<Definitions, String> {
    reading(text, ReadOptions::default()).map(|reading| reading.definitions)
}

fn good(text: &str) -> Definitions {
    read(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn bad(text: &str) -> String {
    read(text).expect_err(text)
}

fn keys(definitions: &Definitions) -> Vec<&str> {
    definitions.flags.iter().map(|flag| &*flag.key).collect()
}

/// What one flag with these lines becomes.
fn one(lines: &str) -> Definition {
    good(&format!("[flags.f]\n{lines}")).flags.remove(0)
}

/// JSON of a rule.
fn rule(text: &str) -> Node {
    let mut node = crate::read_json(&source("rule", text)).unwrap();
    forget(&mut node);
    node
}

/// A rule with its places set to 0.
fn plain(rule: &Rule) -> Node {
    let mut node = rule.to_node();
    forget(&mut node);
    node
}

/// Its places set to 0, to compare what was read from different texts.
fn forget(node: &mut Node) {
    use crate::Data;
    node.span = 0..0;
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(forget),
        Data::Map(fields) => {
            for (key, node) in fields {
                key.span = 0..0;
                forget(node);
            }
        }
        _ => {}
    }
}

fn without_places(mut definitions: Definitions) -> String {
    for flag in &mut definitions.flags {
        flag.span = 0..0;
        flag.targeting = flag.targeting.take().map(|rule| Rule::from(&plain(&rule)));
    }
    format!("{definitions:?}")
}

fn names(metadata: &Metadata) -> Vec<&str> {
    metadata.iter().map(|(name, _)| &**name).collect()
}
