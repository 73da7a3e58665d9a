//! What a variable or an assignment gives: a value of TOML where the text is one, else the text as a string.

use std::ops::Range;

use graylane_diagnostic::Diagnostic;
use toml::Spanned;
use toml::de::DeValue;

use crate::keys::Kind;
use crate::parse::depth;

/// The value, with places in the text; `kind` is what the key takes, where that is known.
pub(super) fn read(text: &str, kind: Option<Kind>) -> Result<Spanned<DeValue<'_>>, Diagnostic> {
    let whole: Range<usize> = 0..text.len();
    let as_text = || Spanned::new(0..text.len(), DeValue::String(text.into()));
    let word = match kind {
        Some(Kind::Switch) => switch(text),
        _ => None,
    };
    if let Some(on) = word {
        return Ok(Spanned::new(whole, DeValue::Boolean(on)));
    }
    let wants_text = matches!(kind, Some(Kind::Text(_)));
    if !wants_text {
        depth::check(text)?;
    }
    // One line: what follows it would be dropped in silence.
    let parsed = DeValue::parse(text).ok().filter(|_| !text.contains(['\n', '\r']));
    match parsed {
        Some(value) if !wants_text || value.get_ref().is_str() => Ok(value),
        None if !wants_text && text.starts_with(['[', '{', '"', '\'']) => {
            let error = Diagnostic::new("the value begins as TOML and is none");
            Err(error
                .hint("such as [\"a\", \"b\"] or { status = 503 }; mind the quotes of the shell")
                .at(whole))
        }
        _ => Ok(as_text()),
    }
}

/// The words that people set a switch with.
fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" => Some(true),
        "false" | "off" | "0" => Some(false),
        _ => None,
    }
}
