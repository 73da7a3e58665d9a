//! Keys may not be too long.
//!
//! The key of each value is written out, in lists of origins and in messages: below one of half the size of a file, a
//! hundred thousand values would take tens of gigabytes.

use graylane_diagnostic::{Diagnostic, quote};
use toml::de::{DeTable, DeValue};

/// The most bytes of all parts of a key together. Ours need some dozens, and a name has at most 63.
const MOST: usize = 512;

/// Finds a key that is too long.
pub(crate) fn check(table: &DeTable<'_>) -> Result<(), Diagnostic> {
    below(table, MOST)
}

/// The same for a value that stands at a key.
pub(crate) fn check_assigned(key: &[&str], value: &DeValue<'_>) -> Result<(), Diagnostic> {
    let left = key.iter().try_fold(MOST, |left, part| shorter(left, part))?;
    within(value, left)
}

// The depth was checked, so this ends.
fn below(table: &DeTable<'_>, left: usize) -> Result<(), Diagnostic> {
    for (name, value) in table {
        let rest = shorter(left, name.get_ref()).map_err(|fault| fault.at(name.span()))?;
        within(value.get_ref(), rest)?;
    }
    Ok(())
}

fn shorter(left: usize, part: &str) -> Result<usize, Diagnostic> {
    left.checked_sub(part.len()).ok_or_else(|| {
        Diagnostic::new(format!("the key {} is too long", quote(part)))
            .hint(format!("all parts of a key together have at most {MOST} bytes"))
    })
}

fn within(value: &DeValue<'_>, left: usize) -> Result<(), Diagnostic> {
    match value {
        DeValue::Table(table) => below(table, left),
        DeValue::Array(items) => items.iter().try_for_each(|item| within(item.get_ref(), left)),
        _ => Ok(()),
    }
}
