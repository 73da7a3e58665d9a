use graylane_diagnostic::{Diagnostic, Source};

use super::fields::{Format, wrong_type};
use crate::Rule;
use crate::read::{Place, read_within};
use crate::tape::{Seen, View};

const HINT: &str = "a rule is an object with one operator, such as {\"if\": [{\"==\": [{\"var\": \"country\"}, \"CN\"]}, \"on\"]}";

/// A rule with its references as they were written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) rule: Rule,
    /// It stood in a string, so that it alone may be as deep as a file.
    pub(super) is_apart: bool,
}

/// A rule as it stands in the file. TOML may have it as a string with JSON.
pub(super) fn read(
    what: &str,
    node: View<'_>,
    format: Format,
    source: &Source,
) -> Result<Written, Diagnostic> {
    let apart = match node.data() {
        Seen::Text(text) if format == Format::Toml => Some(read_within(text, place(text, node, source))?),
        _ => None,
    };
    let node = apart.as_ref().map_or(node, |tape| tape.root());
    match node.data() {
        Seen::Map(_) | Seen::Null => Ok(Written {
            rule: node.to_rule(),
            is_apart: apart.is_some(),
        }),
        _ => Err(wrong_type(what, "an object", node).hint(HINT).at(node.span())),
    }
}

/// Where a string of TOML has no escapes, the places within it are those of the file.
fn place(text: &str, node: View<'_>, source: &Source) -> Place {
    let span = node.span();
    let start = span.start - source.base();
    let written = source.text().get(start..span.end - source.base());
    let quotes = [
        "'''\r\n",
        "'''\n",
        "'''",
        "\"\"\"\r\n",
        "\"\"\"\n",
        "\"\"\"",
        "'",
        "\"",
    ];
    let opening = written.and_then(|written| {
        let opening = quotes.iter().find(|opening| written.starts_with(**opening))?;
        written[opening.len()..]
            .starts_with(text)
            .then_some(opening.len())
    });
    opening.map_or_else(
        || Place::Within(span.clone()),
        |opening| Place::From(span.start + opening),
    )
}
