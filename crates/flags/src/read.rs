//! Text -> a tape, which is a tree with places.

mod json;
mod place;
mod toml;

pub use json::read_json;
pub use toml::read_toml;

pub(crate) use json::{json_tape, read_within};
pub(crate) use place::Place;
pub(crate) use toml::toml_tape;

use graylane_diagnostic::{Diagnostic, Source};

/// The longest text of one file, in bytes: 32 MiB.
pub const MAX_TEXT: usize = 32 << 20;
/// The deepest nesting. What reads a tree later may therefore recurse.
pub const MAX_DEPTH: usize = 64;

fn check_size(source: &Source) -> Result<(), Diagnostic> {
    let length = source.text().len();
    if length <= MAX_TEXT {
        return Ok(());
    }
    let fault = Diagnostic::new(format!("the text has {length} bytes, more than {MAX_TEXT}"));
    Err(fault
        .hint("a file of flags is smaller than 32 MiB: is this the right file? Flags may stand in several files")
        .at(source.base()..source.base()))
}

fn too_deep() -> Diagnostic {
    Diagnostic::new(format!("nested more than {MAX_DEPTH} deep"))
        .hint("a part of a rule that is used often may stand among the evaluators, and be used by `$ref`")
}
