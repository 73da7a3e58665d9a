//! Text -> typed values, each with its place.

mod depth;
mod draft;
mod owned;
mod section;
mod values;
mod words;

pub(crate) use draft::{Draft, LaneDraft, LaneGroup, ListenerDraft, ServiceDraft};
pub(crate) use section::{Faults, Field};
pub(crate) use words::{Grow, HostWord};

use toml::de::DeTable;

use crate::{Config, validate};
use graylane_diagnostic::quote;
use graylane_diagnostic::{Diagnostic, Diagnostics, Source};

/// The longest text, in bytes.
pub const MAX_TEXT: usize = 1 << 20;

/// Reads a configuration; `known_modules` are the names that `[modules.<name>]` may have: those of every build, so that
/// all channels can share a file.
///
/// # Errors
/// The mistakes in the text: the first one where it is not TOML, else all that do not follow from one another.
pub fn parse(source: &Source, known_modules: &[&str]) -> Result<Config, Diagnostics> {
    let text = source.text();
    if text.len() > MAX_TEXT {
        let length = text.len();
        let error = Diagnostic::new(format!("the text has {length} bytes, more than {MAX_TEXT}"));
        return Err(error
            .hint("a configuration is smaller than 1 MiB: is this the right file?")
            .into());
    }
    depth::check(text)?;
    let root = DeTable::parse(text).map_err(|error| syntax(source, &error))?;
    let mut faults = Faults::default();
    let draft = draft::read(root.get_ref(), known_modules, &mut faults);
    let config = validate::validate(draft, &mut faults);
    match Diagnostics::collect(faults.into_all()) {
        None => Ok(config),
        Some(all) => Err(all),
    }
}

/// A mistake that `toml` found, in our words where we have better ones.
fn syntax(source: &Source, error: &toml::de::Error) -> Diagnostic {
    let end = source.text().len();
    let span = error.span().unwrap_or(end..end);
    let at = source.text().get(span.clone()).unwrap_or_default();
    let (line, part) = source.excerpt(&span);
    let value = line[..part.start]
        .split_once('=')
        .map(|(_, before)| format!("{before}{}", &line[part.start..]));
    let found = match value.as_deref().map(str::trim_start) {
        _ if error.message() == "duplicate key" => Diagnostic::new(format!("{} stands twice", quote(at)))
            .hint("a key and a table header may each stand once: merge the two"),
        Some("") => Diagnostic::new("the value is missing").hint("a value stands on the same line as its key"),
        Some(value) if !value.starts_with(['"', '\'', '[', '{']) => Diagnostic::new(error.message())
            .hint("every value but a number, `true` and `false` stands in quotes: \"127.0.0.1:8080\", \"16KiB\", \"5s\""),
        _ => Diagnostic::new(error.message()).hint("this is not TOML: see https://toml.io/en/v1.0.0"),
    };
    found.at(span)
}
