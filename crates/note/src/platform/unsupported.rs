//! Not supported: this target has no ELF notes. Everything compiles, nothing is written, and [`own`] finds nothing, so
//! that `grayctl` refuses the file instead of calling it clean.

use crate::Notes;

/// Whether this target carries notes.
pub const SUPPORTED: bool = false;

/// The notes of the running program: none on this target.
pub fn own() -> Notes {
    Notes::default()
}

#[doc(hidden)]
#[macro_export]
macro_rules! place {
    ($kind:ident, $text:expr) => {
        const _: &str = $text;
    };
}

/// Writes the note that this code was emitted; nothing on this target.
#[macro_export]
macro_rules! emitted {
    ($name:literal) => {
        ()
    };
}
