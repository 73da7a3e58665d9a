//! Trees -> definitions, every mistake with its place.

mod copies;
mod faults;
mod fields;
mod file;
mod flag;
mod metadata;
mod names;
mod prerequisites;
mod refs;
mod rule;
mod set;
mod split;
mod state;
mod variants;

use graylane_diagnostic::{Diagnostic, Diagnostics, Source};

use crate::Definitions;

/// How strictly definitions are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// A flag with a mistake, in its rule or anywhere else, is left out, together with those that have it as a prerequisite,
    /// instead of refusing all.
    pub quarantine: bool,
    /// A `$ref` to nothing is no mistake: it stays as it is, and where the rule comes to it, the rule fails. For
    /// [`crate::FlagSet::compile_as_flagd`].
    pub as_flagd: bool,
}

/// What several files define together.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The flags.
    pub definitions: Definitions,
    /// With [`ReadOptions::quarantine`]: what is wrong with the flags that are left out. With [`ReadOptions::as_flagd`]: the
    /// references to nothing as well.
    pub left_out: Vec<Diagnostic>,
    /// The revision of each file, in the order of the files.
    pub revisions: Vec<Option<u64>>,
}

impl Definitions {
    /// Reads flags from files, all of them or none. Files whose name ends with `.toml` are TOML, with `.json` flagd's JSON;
    /// any other is JSON where it starts with `{`. Where a flag stands in several files, the last one counts.
    ///
    /// Both formats have the same keys. As flagd's JSON has it, `$evaluators`, `defaultVariant`, and `bucketing` and
    /// `revision` in `metadata`; as TOML has it, `evaluators`, `default`, and `bucketing` and `revision` at the top. Each format takes
    /// the other's words as well. A key that nobody knows is a mistake in TOML; in JSON, where flagd's schema allows
    /// more keys, only one that looks misspelt.
    ///
    /// A `$ref` names an evaluator of its own file, and the metadata of a file belongs to its own flags, as in flagd: where
    /// files differ in it, it is written to each flag.
    ///
    /// # Errors
    /// All mistakes that do not follow from one another, but for those that only [`crate::FlagSet::compile`] finds. With [`ReadOptions::quarantine`] only those that are not within one
    /// flag: a text that cannot be read, metadata of the set, files for different bucketings.
    pub fn read<'s>(
        files: impl IntoIterator<Item = &'s Source>,
        options: ReadOptions,
    ) -> Result<Reading, Diagnostics> {
        set::read(files, options)
    }
}

#[cfg(test)]
mod tests;
