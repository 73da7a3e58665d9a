use graylane_diagnostic::{Diagnostic, Source};

use super::fields::{Format, wrong_type};
use crate::read::{Place, read_within};
use crate::{Data, Node};

const HINT: &str = "a rule is an object with one operator, such as {\"if\": [{\"==\": [{\"var\": \"country\"}, \"CN\"]}, \"on\"]}";

/// A rule as it stands in the file. TOML may have it as a string with JSON.
pub(super) fn read(what: &str, node: Node, format: Format, source: &Source) -> Result<Node, Diagnostic> {
    let node = match &node.data {
        Data::Text(text) if format == Format::Toml => read_within(text, place(text, &node, source))?,
        _ => node,
    };
    match &node.data {
        Data::Map(_) | Data::Null => Ok(node),
        data => Err(wrong_type(what, "an object", data).hint(HINT).at(node.span)),
    }
}

/// Where a string of TOML has no escapes, the places within it are those of the file.
fn place(text: &str, node: &Node, source: &Source) -> Place {
    let start = node.span.start - source.base();
    let written = source.text().get(start..node.span.end - source.base());
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
        || Place::Within(node.span.clone()),
        |opening| Place::From(node.span.start + opening),
    )
}
