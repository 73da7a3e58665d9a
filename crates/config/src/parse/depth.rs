//! Tables may not be nested too deeply.

use graylane_diagnostic::{Diagnostic, too_deep_toml};

/// The deepest that a header may be, and a line below it once more. Ours need five together
/// (`lanes.<service>.<name>.respond.status`); a module may need more.
const MOST: usize = 32;

pub(crate) fn check(text: &str) -> Result<(), Diagnostic> {
    match too_deep_toml(text, MOST) {
        None => Ok(()),
        Some(place) => {
            let error = Diagnostic::new(format!("nested more than {MOST} deep"));
            Err(error.hint("no key is so deep").at(place))
        }
    }
}
