//! Files of flags -> definitions, as the gateway reads them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use graylane_diagnostic::{Diagnostics, Source, Sources, Texts};
use graylane_flags::{Definition, Definitions, FlagSet, MAX_TEXT, Options, ReadOptions, Reading};

use crate::exit::Failure;

/// What several files define together.
#[derive(Debug)]
pub(super) struct FlagFiles {
    pub(super) sources: Sources,
    pub(super) definitions: Definitions,
    /// Of each file.
    revisions: Vec<Option<u64>>,
}

impl FlagFiles {
    /// Reads files; each mistake in them is told.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        Self::of(texts(paths)?)
    }

    /// The same of texts that were read.
    pub(super) fn of(texts: Vec<Source>) -> Result<Self, Failure> {
        let sources = sources(texts);
        let wrong = |found: Diagnostics| Failure::Invalid(found.render(&sources));
        let Reading {
            definitions,
            revisions,
            ..
        } = Definitions::read(sources.iter(), ReadOptions::default()).map_err(wrong)?;
        // A rule that cannot be compiled is a mistake too.
        FlagSet::compile(&definitions, Options::default()).map_err(wrong)?;
        Ok(Self {
            definitions,
            revisions,
            sources,
        })
    }

    /// The flag of a key.
    pub(super) fn flag(&self, key: &str) -> Result<&Definition, Failure> {
        let mut flags = self.definitions.flags.iter();
        flags
            .find(|flag| *flag.key == *key)
            .ok_or_else(|| super::no_flag(key, self.definitions.flags.iter().map(|flag| &*flag.key)))
    }

    /// The number of the file where a flag stands.
    pub(super) fn file_of(&self, flag: &Definition) -> usize {
        let base = self.sources.source_of(Some(flag.span.start)).base();
        let mut sources = self.sources.iter();
        // It is one of them.
        sources
            .position(|source| source.base() == base)
            .unwrap_or_default()
    }

    /// File and line of a flag.
    pub(super) fn origin(&self, flag: &Definition) -> String {
        let source = self.sources.source_of(Some(flag.span.start));
        format!("{}:{}", source.name(), source.place(flag.span.start).0)
    }

    /// The revision of the file where a flag stands.
    pub(super) fn revision(&self, flag: &Definition) -> Option<u64> {
        self.revisions[self.file_of(flag)]
    }

    /// The flags compiled. What is wrong with them was told when they were read.
    pub(super) fn compile(&self, gray_on: bool) -> Result<FlagSet, Failure> {
        FlagSet::compile(&self.definitions, Options { gray_on })
            .map_err(|found| Failure::Invalid(found.render(&self.sources)))
    }
}

/// Reads the texts of files.
pub(super) fn texts(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let text = |path: &PathBuf| Ok(Source::new(path.display().to_string(), text(path)?));
    paths.iter().map(text).collect()
}

/// Texts on one line of offsets.
pub(super) fn sources(texts: Vec<Source>) -> Sources {
    let mut texts = texts.into_iter();
    let first = texts.next().unwrap_or_else(|| Source::new("", String::new()));
    let mut sources = Sources::new(first);
    for text in texts {
        sources.add(text);
    }
    sources
}

/// Reads a file that is not larger than a file of flags may be.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let unreadable = |source| Failure::File {
        verb: "read",
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_TEXT as u64 + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    // One byte more than allowed is told by the reader of flags.
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        let message = format!("line {} is not UTF-8", line + 1);
        unreadable(io::Error::new(io::ErrorKind::InvalidData, message))
    })
}
