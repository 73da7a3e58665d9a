use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;

use crate::elf::{self, Elf, ElfError};

/// The largest file that is read, in bytes.
pub const SIZE_LIMIT: u64 = 512 << 20;

/// Why a file says nothing about itself.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It cannot be opened or read.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// It is a folder, a pipe or a device.
    #[error("is no regular file")]
    NotAFile,
    /// It is larger than [`SIZE_LIMIT`].
    #[error("has {size} bytes, more than the limit of {SIZE_LIMIT}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
    /// It does not begin as ELF files do.
    #[error("is not an ELF file")]
    NotElf,
    /// It is an ELF file whose parts lie past its end or contradict each other.
    #[error("is a damaged or cut-off ELF file")]
    Damaged,
    /// No channel or no build note. Such a file must never be called clean.
    #[error("is not a graylane binary, or its notes were removed")]
    NoNotes,
    /// Notes of ours that cannot be read, or two builds in one file.
    #[error("has notes that contradict each other or cannot be read")]
    BadNotes,
}

/// What a binary says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The channel features that were on; more than one in a build that must not be shipped.
    pub channels: Vec<String>,
    /// The version of the gateway.
    pub version: String,
    /// The commit that it was built from, or `unknown`.
    pub commit: String,
    /// The GNU build id: the same in the stripped file and in its debug file.
    pub build_id: Option<String>,
    /// The modules that left a marker, in alphabetical order.
    pub modules: Vec<Module>,
    /// Marked statements that were compiled in, such as `log:debug`. Their names have a colon; modules' have none.
    pub statements: Vec<String>,
    /// The size of the file in bytes.
    pub size: u64,
    /// The size of `.text` in bytes, where section headers exist.
    pub text: Option<u64>,
    /// The size of `.rodata` in bytes, where section headers exist.
    pub rodata: Option<u64>,
}

/// A module's markers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Module {
    /// Its name, as in the table of modules.
    pub name: String,
    /// Its crate was linked.
    pub linked: bool,
    /// Its hot function was emitted.
    pub emitted: bool,
}

/// Reads what a binary says about itself. Works on stripped files and on files without section headers.
///
/// # Errors
/// The file cannot be read or understood, or has no root note; see [`InspectError`].
pub fn inspect(path: &Path) -> Result<Report, InspectError> {
    report(&content(path)?)
}

/// The bytes of a regular file within [`SIZE_LIMIT`].
pub(crate) fn content(path: &Path) -> Result<Vec<u8>, InspectError> {
    // Asked before opening: opening a pipe would wait for somebody to write into it.
    let kind = std::fs::metadata(path).map_err(InspectError::Unreadable)?;
    if !kind.is_file() {
        return Err(InspectError::NotAFile);
    }
    if kind.len() > SIZE_LIMIT {
        return Err(InspectError::TooLarge { size: kind.len() });
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(InspectError::Unreadable)?;
    // One byte more than the limit shows that the file has grown meanwhile.
    file.take(SIZE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(InspectError::Unreadable)?;
    let size = bytes.len() as u64;
    if size > SIZE_LIMIT {
        Err(InspectError::TooLarge { size })
    } else {
        Ok(bytes)
    }
}

/// The report on a file's bytes.
pub(crate) fn report(bytes: &[u8]) -> Result<Report, InspectError> {
    let Elf { notes, sections } = elf::read(bytes).map_err(|error| match error {
        ElfError::NotElf => InspectError::NotElf,
        ElfError::CutOff | ElfError::Damaged(_) => InspectError::Damaged,
    })?;
    if !notes.are_rooted() {
        return Err(InspectError::NoNotes);
    }
    if notes.unreadable > 0 || notes.builds.len() != 1 {
        return Err(InspectError::BadNotes);
    }
    let build = notes.builds.into_iter().next().ok_or(InspectError::NoNotes)?;
    let size_of = |name: &[u8]| {
        sections
            .iter()
            .find(|section| section.name == name)
            .map(|section| section.size)
    };
    let is_statement = |name: &&String| name.contains(':');
    let names: BTreeSet<_> = notes
        .linked
        .union(&notes.emitted)
        .filter(|name| !is_statement(name))
        .cloned()
        .collect();
    Ok(Report {
        channels: notes.channels.into_iter().collect(),
        version: build.version,
        commit: build.commit,
        build_id: notes.build_id,
        statements: notes.emitted.iter().filter(is_statement).cloned().collect(),
        modules: names
            .into_iter()
            .map(|name| Module {
                linked: notes.linked.contains(&name),
                emitted: notes.emitted.contains(&name),
                name,
            })
            .collect(),
        size: bytes.len() as u64,
        text: size_of(b".text"),
        rodata: size_of(b".rodata"),
    })
}

#[cfg(test)]
mod tests;
