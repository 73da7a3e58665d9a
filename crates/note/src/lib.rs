//! The ELF note that says which channel, build and modules a binary holds.
//!
//! Constraints: a note must survive fat LTO, `strip -s` and wiped section headers; writing one costs no instruction and
//! no data reference; reading hostile bytes never panics. That is why notes lie in an allocated section of type
//! `SHT_NOTE` ([`SECTION`]), which every linker keeps and which program headers (`PT_NOTE`) describe a second time.
//!
//! | macro | kind | says |
//! |---|---|---|
//! | [`channel!`] | [`Kind::Channel`] | this channel's feature was on; one note per feature |
//! | [`build!`] | [`Kind::Build`] | version and commit |
//! | [`linked!`] | [`Kind::Linked`] | the crate that holds the line was linked |
//! | [`emitted!`] | [`Kind::Emitted`] | the code in which the line stands was emitted |
//!
//! Markers are cooperative. They catch a module that slips into the wrong channel by mistake; they do not stop somebody
//! who deletes the marker on purpose. `grayctl prove` therefore compares them with a witness that nobody writes by
//! hand, the compiler's own list of sources.
//!
//! With fat LTO a marker is exact. Without LTO [`emitted!`] over-reports: linkers keep note sections even where they
//! drop the function around them. That is the safe side: absence can still be trusted.

mod kind;
mod notes;
mod platform;
mod record;

pub use kind::Kind;
pub use notes::{Build, Notes};
pub use platform::{SUPPORTED, own};
pub use record::{Note, encode, padded};

/// The section in which the notes lie.
pub const SECTION: &str = ".note.graylane";

/// The owner of the notes, without its closing NUL.
pub const OWNER: &str = "graylane";

/// The longest text that a note may carry, in bytes.
pub const TEXT_LIMIT: usize = 128;

/// The order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    /// Least significant first.
    Little,
    /// Most significant first.
    Big,
}

impl Endian {
    /// That of the machine for which this code was compiled.
    pub const NATIVE: Self = if cfg!(target_endian = "little") {
        Self::Little
    } else {
        Self::Big
    };
}

/// Writes the note that a channel's feature is on: `graylane_note::channel!("prod");` at crate level.
#[macro_export]
macro_rules! channel {
    ($name:expr) => {
        $crate::place!(Channel, $name);
    };
}

/// Writes the note of the build, `VERSION COMMIT`: `graylane_note::build!(concat!("1.4.2", " ", "ab12cd34"));`.
#[macro_export]
macro_rules! build {
    ($version_and_commit:expr) => {
        $crate::place!(Build, $version_and_commit);
    };
}

/// Writes the note that the crate was linked: `graylane_note::linked!("breaker");` once, at crate level.
#[macro_export]
macro_rules! linked {
    ($name:expr) => {
        $crate::place!(Linked, $name);
    };
}
